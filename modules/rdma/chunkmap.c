// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kernel.h>

#include "chunkmap.h"

/**
 * fsr_chunkmap_grant - take over what a GRANT message says
 * @map: the map
 * @grants: as received; nothing of it has been checked
 * @nr: how many
 *
 * Return: false if a grant is not the one that comes next, or is beyond what
 * was asked for, or wraps around the address space. Nothing is taken over then.
 */
bool fsr_chunkmap_grant(struct fsr_chunkmap *map, const struct fsw_grant *grants, size_t nr)
{
	u64 last = (1ULL << map->shift) - 1;
	size_t i;

	if (nr > map->nr - map->granted)
		return false;

	for (i = 0; i < nr; i++) {
		u64 addr = fsw_letoh64(grants[i].addr);

		if (fsw_letoh32(grants[i].chunk) != map->granted + i || addr + last < addr)
			return false;
	}

	for (i = 0; i < nr; i++) {
		map->chunks[map->granted + i].addr = fsw_letoh64(grants[i].addr);
		map->chunks[map->granted + i].rkey = fsw_letoh32(grants[i].rkey);
	}
	map->granted += nr;
	return true;
}

/**
 * fsr_chunkmap_plan - how many chunks to ask for
 * @welcome: what the server offers; has passed fsw_welcome_check()
 * @size: bytes of the device, or 0 for as much as there is
 * @nr: set to the number of chunks
 * @error: gets the reason of a failure in words
 * @len: bytes of @error
 *
 * Return: 0, or -ENOSPC if the server has not got that much or does not give
 * it to one client.
 */
int fsr_chunkmap_plan(const struct fsw_welcome *welcome, u64 size, u32 *nr, char *error,
		      size_t len)
{
	unsigned int shift = welcome->chunk_shift;
	u64 available = fsw_letoh64(welcome->available) >> shift;
	u32 max = fsw_letoh32(welcome->max_chunks);
	u64 chunks;

	if (!available) {
		snprintf(error, len, "the server has no memory left");
		return -ENOSPC;
	}
	if (!size) {
		*nr = available < max ? available : max;
		return 0;
	}

	/* Rounded up; size + chunk size - 1 might overflow. */
	chunks = (size >> shift) + !!(size & ((1ULL << shift) - 1));
	if (chunks > max) {
		snprintf(error, len, "the server gives at most %llu MiB to one client",
			 (unsigned long long)(((u64)max << shift) >> 20));
		return -ENOSPC;
	}
	if (chunks > available) {
		snprintf(error, len, "the server has only %llu MiB left, %llu MiB were asked for",
			 (unsigned long long)((available << shift) >> 20),
			 (unsigned long long)((size >> 20) + !!(size & ((1ULL << 20) - 1))));
		return -ENOSPC;
	}
	*nr = chunks;
	return 0;
}
