/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the chunks of a device are in the server's memory. Pure.
 *
 * Filled in by grants while a session connects, in ascending order without
 * gaps; read without a lock from then on.
 */
#ifndef _FSR_CHUNKMAP_H
#define _FSR_CHUNKMAP_H

#include <linux/types.h>

#include <fastswap/proto.h>

/**
 * struct fsr_chunk - one chunk
 * @addr: remote address of its first byte
 * @rkey: remote key
 */
struct fsr_chunk {
	u64 addr;
	u32 rkey;
};

/**
 * struct fsr_chunkmap - the chunks of a device
 * @chunks: memory of the owner, @nr entries
 * @nr: chunks that the device consists of
 * @granted: chunks that it has, from the first on
 * @shift: log2 of the size of a chunk
 */
struct fsr_chunkmap {
	struct fsr_chunk *chunks;
	u32 nr;
	u32 granted;
	u8 shift;
};

static inline u64 fsr_chunkmap_bytes(const struct fsr_chunkmap *map)
{
	return (u64)map->granted << map->shift;
}

/**
 * fsr_chunkmap_find - where a byte of the device is
 * @map: the map
 * @offset: the byte
 * @addr: set to its remote address
 * @rkey: set to the remote key
 *
 * Return: false if no chunk is there.
 */
static inline bool fsr_chunkmap_find(const struct fsr_chunkmap *map, u64 offset, u64 *addr,
				     u32 *rkey)
{
	u64 index = offset >> map->shift;
	const struct fsr_chunk *chunk;

	if (index >= map->granted)
		return false;
	chunk = &map->chunks[index];
	*addr = chunk->addr + (offset & ((1ULL << map->shift) - 1));
	*rkey = chunk->rkey;
	return true;
}

bool fsr_chunkmap_grant(struct fsr_chunkmap *map, const struct fsw_grant *grants, size_t nr);
int fsr_chunkmap_plan(const struct fsw_welcome *welcome, u64 size, u32 *nr, char *error,
		      size_t len);

#endif /* _FSR_CHUNKMAP_H */
