/* SPDX-License-Identifier: GPL-2.0-only */
/* Which bios fit into one work request. Pure. */
#ifndef _FSR_MERGE_H
#define _FSR_MERGE_H

#include <linux/types.h>

/**
 * struct fsr_run - a work request that is being put together
 * @start: first byte on the device
 * @bytes: length so far
 * @segments: SGEs so far
 * @max_bytes: most that one work request may carry
 * @max_segments: most SGEs
 * @chunk_shift: log2 of the size of a chunk; a work request stays inside one
 */
struct fsr_run {
	u64 start;
	u32 bytes;
	u32 segments;
	u32 max_bytes;
	u32 max_segments;
	u8 chunk_shift;
};

/**
 * fsr_run_add - add a bio to the run if it belongs there
 * @run: the run; @bytes is 0 for a new one
 * @offset: first byte of the bio on the device
 * @bytes: its length
 * @segments: its bvecs
 *
 * Return: false if the bio is no continuation of the run or does not fit any
 * more; the run is as before. A run that takes no first bio takes it never.
 */
static inline bool fsr_run_add(struct fsr_run *run, u64 offset, u32 bytes, u32 segments)
{
	u64 last = offset + bytes - 1;

	if (!bytes || bytes > run->max_bytes - run->bytes ||
	    segments > run->max_segments - run->segments)
		return false;
	if (!run->bytes)
		run->start = offset;
	else if (offset != run->start + run->bytes)
		return false;
	if (run->start >> run->chunk_shift != last >> run->chunk_shift)
		return false;

	run->bytes += bytes;
	run->segments += segments;
	return true;
}

#endif /* _FSR_MERGE_H */
