// SPDX-License-Identifier: GPL-2.0-only
/*
 * Until 6.10 a queue is rotational unless it has this flag; since 6.11 it is
 * not unless its limits say so ("block: move the nonrot flag to queue_limits").
 *
 * Expect: 6.1 yes, 6.12 no
 */
#include <linux/blkdev.h>

void probe(struct request_queue *q);
void probe(struct request_queue *q)
{
	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
}
