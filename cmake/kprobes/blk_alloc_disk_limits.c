// SPDX-License-Identifier: GPL-2.0-only
/*
 * Since 6.9 blk_alloc_disk() takes the queue's limits and returns an ERR_PTR
 * ("block: pass a queue_limits argument to blk_alloc_disk"). Before, limits
 * are set one by one with blk_queue_*(), which 6.11 removed.
 *
 * Expect: 6.1 no, 6.12 yes
 */
#include <linux/blkdev.h>

struct gendisk *probe(struct queue_limits *lim, int node);
struct gendisk *probe(struct queue_limits *lim, int node)
{
	return blk_alloc_disk(lim, node);
}
