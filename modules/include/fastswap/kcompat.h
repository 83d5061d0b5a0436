/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that the modules are built for, and
 * nothing else. The only reader of the probes' results (cmake/kprobes/): code
 * elsewhere is the same for every kernel.
 */
#ifndef _FASTSWAP_KCOMPAT_H
#define _FASTSWAP_KCOMPAT_H

#include <linux/blkdev.h>
#include <linux/err.h>

#include <fastswap/kconfig_probe.h>

/**
 * struct fsw_limits - limits of a block device's queue; sectors are of 512 bytes
 * @logical_block_size: bytes; also the physical block size
 * @io_min: bytes; preferred smallest request, or 0
 * @io_opt: bytes; preferred request, or 0
 * @max_sectors: largest bio
 * @chunk_sectors: no bio crosses a multiple of this (a power of two); 0: no such boundary
 * @max_segments: bvecs of one bio
 * @max_segment_size: bytes of one bvec, at least PAGE_SIZE
 * @discard_granularity: bytes; matters with @max_discard_sectors only
 * @max_discard_sectors: largest discard, 0: not supported
 * @max_write_zeroes_sectors: largest write of zeroes, 0: not supported
 *
 * The device is not rotational: a single rotational swap device turns off the
 * kernel's readahead along a task's addresses, for all swap devices.
 */
struct fsw_limits {
	unsigned int logical_block_size;
	unsigned int io_min;
	unsigned int io_opt;
	unsigned int max_sectors;
	unsigned int chunk_sectors;
	unsigned short max_segments;
	unsigned int max_segment_size;
	unsigned int discard_granularity;
	unsigned int max_discard_sectors;
	unsigned int max_write_zeroes_sectors;
};

/**
 * fsw_alloc_disk - allocate the disk of a bio-based driver
 * @lim: its limits
 * @node: NUMA node to allocate on, or NUMA_NO_NODE
 *
 * Context: may sleep.
 * Return: the disk, or an ERR_PTR.
 */
static inline struct gendisk *fsw_alloc_disk(const struct fsw_limits *lim, int node)
{
	struct gendisk *disk;
#ifdef FASTSWAP_HAVE_BLK_ALLOC_DISK_LIMITS
	struct queue_limits limits = {
		.logical_block_size = lim->logical_block_size,
		.physical_block_size = lim->logical_block_size,
		.io_min = lim->io_min,
		.io_opt = lim->io_opt,
		.max_hw_sectors = lim->max_sectors,
		.chunk_sectors = lim->chunk_sectors,
		.max_segments = lim->max_segments,
		.max_segment_size = lim->max_segment_size,
		.discard_granularity = lim->discard_granularity,
		.max_hw_discard_sectors = lim->max_discard_sectors,
		.max_write_zeroes_sectors = lim->max_write_zeroes_sectors,
	};

	disk = blk_alloc_disk(&limits, node);
	if (IS_ERR(disk))
		return disk;
#else
	struct request_queue *q;

	disk = blk_alloc_disk(node);
	if (!disk)
		return ERR_PTR(-ENOMEM);

	q = disk->queue;
	/* First: later setters round to it. */
	blk_queue_logical_block_size(q, lim->logical_block_size);
	blk_queue_physical_block_size(q, lim->logical_block_size);
	if (lim->io_min)
		blk_queue_io_min(q, lim->io_min);
	blk_queue_io_opt(q, lim->io_opt);
	blk_queue_max_hw_sectors(q, lim->max_sectors);
	blk_queue_chunk_sectors(q, lim->chunk_sectors);
	blk_queue_max_segments(q, lim->max_segments);
	blk_queue_max_segment_size(q, lim->max_segment_size);
	if (lim->max_discard_sectors)
		q->limits.discard_granularity = lim->discard_granularity;
	blk_queue_max_discard_sectors(q, lim->max_discard_sectors);
	blk_queue_max_write_zeroes_sectors(q, lim->max_write_zeroes_sectors);
#endif
#ifdef FASTSWAP_HAVE_QUEUE_FLAG_NONROT
	blk_queue_flag_set(QUEUE_FLAG_NONROT, disk->queue);
#endif
	return disk;
}

/*
 * FSW_BDEV_OPEN(fn) and FSW_BDEV_RELEASE(fn) define fn_op(), fit for a
 * block_device_operations, around
 *	static int fn(struct gendisk *disk)	(open)
 *	static void fn(struct gendisk *disk)	(release)
 */
#ifdef FASTSWAP_HAVE_BDEV_OPS_GENDISK
#define FSW_BDEV_OPEN(fn)						\
	static int fn##_op(struct gendisk *disk, blk_mode_t mode)	\
	{								\
		return fn(disk);					\
	}
#define FSW_BDEV_RELEASE(fn)						\
	static void fn##_op(struct gendisk *disk)			\
	{								\
		fn(disk);						\
	}
#else
#define FSW_BDEV_OPEN(fn)						\
	static int fn##_op(struct block_device *bdev, fmode_t mode)	\
	{								\
		return fn(bdev->bd_disk);				\
	}
#define FSW_BDEV_RELEASE(fn)						\
	static void fn##_op(struct gendisk *disk, fmode_t mode)		\
	{								\
		fn(disk);						\
	}
#endif

/*
 * fsw_has_poll_swap: the kernel asks the driver before a task sleeps for a page that is
 * being read, as with kernel/patches. FSW_POLL_SWAP(fn) is the member of a
 * block_device_operations for it, or nothing.
 */
#ifdef FASTSWAP_HAVE_POLL_SWAP
#define fsw_has_poll_swap	1
#define FSW_POLL_SWAP(fn)	.poll_swap = fn,
#else
#define fsw_has_poll_swap	0
#define FSW_POLL_SWAP(fn)
#endif

#endif /* _FASTSWAP_KCOMPAT_H */
