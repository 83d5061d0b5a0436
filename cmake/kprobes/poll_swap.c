// SPDX-License-Identifier: GPL-2.0-only
/*
 * With the patches of kernel/patches a block driver has ->poll_swap, which the kernel
 * calls before a task sleeps for a page that is being read ("mm/swap: poll for a folio that
 * is being read instead of sleeping"). No released kernel has it.
 *
 * Expect: 6.1 no, 6.12 no
 */
#include <linux/blkdev.h>

static bool probe_poll(struct block_device *bdev, sector_t sector, u64 waited_ns)
{
	return false;
}

extern const struct block_device_operations probe;
const struct block_device_operations probe = {
	.poll_swap = probe_poll,
};
