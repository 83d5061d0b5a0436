// SPDX-License-Identifier: GPL-2.0-only
/*
 * Since 6.5 a block driver's ->open gets (gendisk, blk_mode_t) and its
 * ->release only the gendisk ("block: pass a gendisk to ->open", "block:
 * remove the unused mode argument to ->release"). Before, both got an fmode_t
 * and ->open the block device.
 *
 * Expect: 6.1 no, 6.12 yes
 */
#include <linux/blkdev.h>

static int probe_open(struct gendisk *disk, blk_mode_t mode)
{
	return 0;
}

static void probe_release(struct gendisk *disk)
{
}

extern const struct block_device_operations probe;
const struct block_device_operations probe = {
	.open = probe_open,
	.release = probe_release,
};
