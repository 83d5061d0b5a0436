/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the data of a device is in the server's memory. Pure.
 *
 * The swap core spreads what it writes: of every 64 MiB of the device it takes 1 or 2, then it
 * begins again at the front. A chunk for each 64 MiB would soon be needed for all of the device. So
 * the device is cut into extents, the chunks into frames of the same size, and an extent gets a
 * frame when it is first written and loses it when nothing is in it any more. Frames come from the
 * chunks with the lowest numbers, so those with higher ones get empty and can be given back. Where
 * that does not do, an extent can get another frame when what is in it has been copied (move.c).
 *
 * Concurrency: the owner's lock is held for all of it but fsr_chunkmap_find() and
 * fsr_chunkmap_is_ready(). These may be called at any time for an extent that is not about to lose
 * its frame; elastic.c sees to that.
 */
#ifndef _FSR_CHUNKMAP_H
#define _FSR_CHUNKMAP_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/types.h>

#include <fastswap/proto.h>

#include "chunk_sm.h"

/* Of an extent, if a chunk is not less: the largest cluster that the swap core fills at a time. */
#define FSR_EXTENT_SHIFT	21

/* An entry of @extents: 0, or these and the number of a frame. */
#define FSR_EXTENT_MAPPED	(1u << 31)
#define FSR_EXTENT_DRAINING	(1u << 30)	/* about to lose its frame, if nobody uses it */
#define FSR_EXTENT_MOVING	(1u << 29)	/* being copied: nothing may be written */
#define FSR_EXTENT_FRAME	(FSR_EXTENT_MOVING - 1)

/* Bytes; slots of swap are counted in 32 bits. */
#define FSR_MAX_DEVICE		((u64)U32_MAX << 12)
#define FSR_NO_CHUNK		U32_MAX

/**
 * struct fsr_chunk - one chunk
 * @addr: remote address of its first byte
 * @rkey: remote key
 * @idle_since: when its last frame became free, in the owner's seconds
 * @used: frames that are in use
 * @state: enum fsr_chunk_state
 */
struct fsr_chunk {
	u64 addr;
	u32 rkey;
	u32 idle_since;
	u16 used;
	u8 state;
};

/**
 * struct fsr_chunkmap - the chunks and extents of a device
 * @chunks: memory of the owner, @nr entries, zeroed at first
 * @extents: likewise, @nr_extents entries
 * @frames: likewise, a bitmap of @nr_extents: is the frame in use?
 * @nr: chunks that the device may come to need
 * @nr_extents: its extents, and frames of all its chunks
 * @in: how many chunks are in each state
 * @free: frames of granted chunks that are not in use
 * @hint: no chunk below has a free frame, but for that which is left
 * @leaving: chunk that extents leave, so that no other gets a frame of it; or FSR_NO_CHUNK
 * @first: first chunk that the server has yet to say something about
 * @end: first one behind those; @first: nothing was asked
 * @shift: log2 of the size of a chunk
 * @extent_shift: log2 of the size of an extent
 */
struct fsr_chunkmap {
	struct fsr_chunk *chunks;
	u32 *extents;
	unsigned long *frames;
	u32 nr;
	u32 nr_extents;
	u32 in[FSR_NR_CHUNK_STATES];
	u32 free;
	u32 hint;
	u32 leaving;
	u32 first;
	u32 end;
	u8 shift;
	u8 extent_shift;
};

static inline u64 fsr_chunkmap_bytes(const struct fsr_chunkmap *map)
{
	return (u64)map->nr << map->shift;
}

/* log2 of the frames of a chunk */
static inline unsigned int fsr_chunkmap_frame_shift(const struct fsr_chunkmap *map)
{
	return map->shift - map->extent_shift;
}

/* Frames that extents have */
static inline u64 fsr_chunkmap_used(const struct fsr_chunkmap *map)
{
	return ((u64)map->in[FSR_CHUNK_GRANTED] << fsr_chunkmap_frame_shift(map)) - map->free;
}

/* Extent of a byte of the device; may be beyond the last. */
static inline u64 fsr_chunkmap_extent(const struct fsr_chunkmap *map, u64 offset)
{
	return offset >> map->extent_shift;
}

/* May what is at this byte of the device be read and written right away? */
static inline bool fsr_chunkmap_is_ready(const struct fsr_chunkmap *map, u64 offset)
{
	u64 extent = fsr_chunkmap_extent(map, offset);

	return extent < map->nr_extents &&
	       (READ_ONCE(map->extents[extent]) &
		(FSR_EXTENT_MAPPED | FSR_EXTENT_DRAINING | FSR_EXTENT_MOVING)) ==
		       FSR_EXTENT_MAPPED;
}

/* May nothing be written to it now, as it is being copied? */
static inline bool fsr_chunkmap_is_moving(const struct fsr_chunkmap *map, u64 extent)
{
	return extent < map->nr_extents && map->extents[extent] & FSR_EXTENT_MOVING;
}

/* Chunk that a frame is in */
static inline u32 fsr_chunkmap_chunk(const struct fsr_chunkmap *map, u32 frame)
{
	return frame >> fsr_chunkmap_frame_shift(map);
}

/* Where a byte of a frame is */
static inline void fsr_chunkmap_where(const struct fsr_chunkmap *map, u32 frame, u64 at, u64 *addr,
				      u32 *rkey)
{
	const struct fsr_chunk *chunk = &map->chunks[fsr_chunkmap_chunk(map, frame)];
	const u32 mask = (1u << fsr_chunkmap_frame_shift(map)) - 1;

	*addr = chunk->addr + ((u64)(frame & mask) << map->extent_shift) + at;
	*rkey = chunk->rkey;
}

/**
 * fsr_chunkmap_find - where a byte of the device is
 * @map: the map
 * @offset: the byte
 * @addr: set to its remote address
 * @rkey: set to the remote key
 *
 * Return: false if its extent has no frame.
 */
static inline bool fsr_chunkmap_find(const struct fsr_chunkmap *map, u64 offset, u64 *addr,
				     u32 *rkey)
{
	u64 extent = fsr_chunkmap_extent(map, offset);
	u32 entry;

	if (extent >= map->nr_extents)
		return false;
	entry = READ_ONCE(map->extents[extent]);
	if (!(entry & FSR_EXTENT_MAPPED))
		return false;
	/* Of the chunk: written before the entry, which set_entry() has released. */
	fsr_chunkmap_where(map, entry & FSR_EXTENT_FRAME,
			   offset & ((1ULL << map->extent_shift) - 1), addr, rkey);
	return true;
}

void fsr_chunkmap_lay_out(struct fsr_chunkmap *map, unsigned int shift, u32 nr);
void fsr_chunkmap_shrink(struct fsr_chunkmap *map, u32 nr);

/* What is said to the server, and what it says. */
u32 fsr_chunkmap_shortage(const struct fsr_chunkmap *map, u64 frames);
u32 fsr_chunkmap_ask(struct fsr_chunkmap *map, u32 max, u32 *first);
u32 fsr_chunkmap_release(struct fsr_chunkmap *map, u32 now, u32 age, u64 keep, u32 max, u32 *first);
u32 fsr_chunkmap_settle(struct fsr_chunkmap *map, u32 *first);
bool fsr_chunkmap_grant(struct fsr_chunkmap *map, const struct fsw_grant *grants, size_t nr,
			u32 now);
bool fsr_chunkmap_deny(struct fsr_chunkmap *map, u32 first);
bool fsr_chunkmap_taken(struct fsr_chunkmap *map, u32 first, u32 count);
void fsr_chunkmap_break(struct fsr_chunkmap *map);
void fsr_chunkmap_lose(struct fsr_chunkmap *map);

/* Extents. */
bool fsr_chunkmap_map(struct fsr_chunkmap *map, u64 extent);
bool fsr_chunkmap_keep(struct fsr_chunkmap *map, u64 extent);
void fsr_chunkmap_drain(struct fsr_chunkmap *map, u64 extent);
bool fsr_chunkmap_unmap(struct fsr_chunkmap *map, u64 extent, u32 now);

/* Extents that get another frame. */
bool fsr_chunkmap_leave(struct fsr_chunkmap *map);
void fsr_chunkmap_stay(struct fsr_chunkmap *map);
bool fsr_chunkmap_begin_move(struct fsr_chunkmap *map, u32 extent, u32 *frame);
bool fsr_chunkmap_end_move(struct fsr_chunkmap *map, u32 extent, u32 frame, u32 *old);
void fsr_chunkmap_abort_move(struct fsr_chunkmap *map, u32 extent, u32 frame, u32 now);
void fsr_chunkmap_put(struct fsr_chunkmap *map, u32 frame, u32 now);

int fsr_chunkmap_plan(const struct fsw_welcome *welcome, u64 size, u32 *nr, char *error,
		      size_t len);

#endif /* _FSR_CHUNKMAP_H */
