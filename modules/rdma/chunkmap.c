// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <asm/barrier.h>

#include "chunkmap.h"

/* fsr_chunkmap_lay_out - what the sizes follow from; the memory is zeroed, or to be allocated */
void fsr_chunkmap_lay_out(struct fsr_chunkmap *map, unsigned int shift, u32 nr)
{
	map->shift = shift;
	map->extent_shift = shift < FSR_EXTENT_SHIFT ? shift : FSR_EXTENT_SHIFT;
	map->nr = nr;
	map->nr_extents = nr << fsr_chunkmap_frame_shift(map);
	map->in[FSR_CHUNK_ABSENT] = nr;
	map->leaving = FSR_NO_CHUNK;
}

/* fsr_chunkmap_shrink - the device is smaller than it was going to be; those behind are absent */
void fsr_chunkmap_shrink(struct fsr_chunkmap *map, u32 nr)
{
	map->in[FSR_CHUNK_ABSENT] -= map->nr - nr;
	map->nr = nr;
	map->nr_extents = nr << fsr_chunkmap_frame_shift(map);
}

static u32 frames_per_chunk(const struct fsr_chunkmap *map)
{
	return 1u << fsr_chunkmap_frame_shift(map);
}

static bool is_in(const struct fsr_chunkmap *map, u32 chunk, enum fsr_chunk_state state)
{
	return map->chunks[chunk].state == state;
}

/* The only place where a chunk changes its state. */
static bool step(struct fsr_chunkmap *map, u32 chunk, enum fsr_chunk_event event)
{
	struct fsr_chunk *c = &map->chunks[chunk];
	enum fsr_chunk_state next;

	if (!fsr_chunk_step(c->state, event, &next))
		return false;
	map->in[c->state]--;
	map->in[next]++;
	if (c->state == FSR_CHUNK_GRANTED && next != FSR_CHUNK_GRANTED) {
		map->free -= frames_per_chunk(map) - c->used;
		if (chunk == map->leaving)
			map->leaving = FSR_NO_CHUNK;
	}
	if (c->state != FSR_CHUNK_GRANTED && next == FSR_CHUNK_GRANTED) {
		map->free += frames_per_chunk(map);
		if (chunk < map->hint)
			map->hint = chunk;
	}
	c->state = next;
	return true;
}

static void step_all(struct fsr_chunkmap *map, u32 first, u32 end, enum fsr_chunk_event event)
{
	for (; first < end; first++)
		step(map, first, event);
}

/**
 * fsr_chunkmap_shortage - how many chunks are missing?
 * @map: the map; nothing is asked
 * @frames: that should be free
 *
 * Return: chunks to ask for, which may be more than can be asked for.
 */
u32 fsr_chunkmap_shortage(const struct fsr_chunkmap *map, u64 frames)
{
	unsigned int shift = fsr_chunkmap_frame_shift(map);
	u64 all = map->nr_extents, used = fsr_chunkmap_used(map);

	/* There is not more to be written than the device has room for. */
	if (frames > all - used)
		frames = all - used;
	if (frames <= map->free)
		return 0;
	return (frames - map->free + (1u << shift) - 1) >> shift;
}

/**
 * fsr_chunkmap_ask - choose chunks to ask for, those with the lowest numbers
 * @map: the map; nothing is asked
 * @max: how many at most
 * @first: set to the first
 *
 * Return: how many; 0 if there are none.
 */
u32 fsr_chunkmap_ask(struct fsr_chunkmap *map, u32 max, u32 *first)
{
	u32 i = 0, n;

	while (i < map->nr && !is_in(map, i, FSR_CHUNK_ABSENT))
		i++;
	for (n = 0; n < max && i + n < map->nr && is_in(map, i + n, FSR_CHUNK_ABSENT); n++)
		step(map, i + n, FSR_CHUNK_EV_ASK);
	*first = map->first = i;
	map->end = i + n;
	return n;
}

static bool is_idle(const struct fsr_chunkmap *map, u32 chunk, u32 now, u32 age)
{
	const struct fsr_chunk *c = &map->chunks[chunk];

	return c->state == FSR_CHUNK_GRANTED && !c->used && now - c->idle_since >= age;
}

/**
 * fsr_chunkmap_release - choose chunks to give back, those with the highest numbers
 * @map: the map; nothing is asked
 * @now: in the owner's seconds
 * @age: nothing has been in them for so long
 * @keep: frames that stay free
 * @max: how many at most
 * @first: set to the first
 *
 * Return: how many; 0 if there are none.
 */
u32 fsr_chunkmap_release(struct fsr_chunkmap *map, u32 now, u32 age, u64 keep, u32 max, u32 *first)
{
	u32 end = map->nr, i;

	while (end && !is_idle(map, end - 1, now, age))
		end--;
	for (i = end; i && is_idle(map, i - 1, now, age); i--) {
		if (end - i == max || map->free < keep + frames_per_chunk(map))
			break;
		step(map, i - 1, FSR_CHUNK_EV_RELEASE);
	}
	*first = map->first = i;
	map->end = end;
	return end - i;
}

/**
 * fsr_chunkmap_settle - choose chunks to give back that we may not have
 * @map: the map; nothing is asked
 * @first: set to the first
 *
 * Return: how many; 0 if there are none.
 */
u32 fsr_chunkmap_settle(struct fsr_chunkmap *map, u32 *first)
{
	u32 i = 0, n;

	if (!map->in[FSR_CHUNK_UNSURE])
		return 0;
	while (!is_in(map, i, FSR_CHUNK_UNSURE))
		i++;
	for (n = 0; i + n < map->nr && is_in(map, i + n, FSR_CHUNK_UNSURE); n++)
		step(map, i + n, FSR_CHUNK_EV_RELEASE);
	*first = map->first = i;
	map->end = i + n;
	return n;
}

/**
 * fsr_chunkmap_grant - take over what a GRANT message says
 * @map: the map
 * @grants: as received; nothing of it has been checked
 * @nr: how many
 * @now: in the owner's seconds
 *
 * Return: false if a grant is not the one that comes next, or is beyond what
 * was asked for, or wraps around the address space. Nothing is taken over then.
 */
bool fsr_chunkmap_grant(struct fsr_chunkmap *map, const struct fsw_grant *grants, size_t nr,
			u32 now)
{
	u64 last = (1ULL << map->shift) - 1;
	size_t i;

	if (nr > map->end - map->first)
		return false;

	for (i = 0; i < nr; i++) {
		u64 addr = fsw_letoh64(grants[i].addr);

		if (fsw_letoh32(grants[i].chunk) != map->first + i || addr + last < addr ||
		    !is_in(map, map->first + i, FSR_CHUNK_ASKED))
			return false;
	}

	for (i = 0; i < nr; i++) {
		struct fsr_chunk *chunk = &map->chunks[map->first + i];

		chunk->addr = fsw_letoh64(grants[i].addr);
		chunk->rkey = fsw_letoh32(grants[i].rkey);
		chunk->idle_since = now;
		chunk->used = 0;
		step(map, map->first + i, FSR_CHUNK_EV_GRANT);
	}
	map->first += nr;
	return true;
}

/**
 * fsr_chunkmap_deny - the rest of what was asked for cannot be had
 * @map: the map
 * @first: first chunk of the rest, as received
 *
 * Return: false if that is not the one that comes next.
 */
bool fsr_chunkmap_deny(struct fsr_chunkmap *map, u32 first)
{
	if (map->first == map->end || first != map->first || !is_in(map, first, FSR_CHUNK_ASKED))
		return false;
	step_all(map, map->first, map->end, FSR_CHUNK_EV_DENY);
	map->first = map->end;
	return true;
}

/**
 * fsr_chunkmap_taken - the server has taken back what we gave back
 * @map: the map
 * @first: what it says it is, as received
 * @count: likewise
 *
 * Return: false if it is not that.
 */
bool fsr_chunkmap_taken(struct fsr_chunkmap *map, u32 first, u32 count)
{
	if (map->first == map->end || first != map->first || count != map->end - first ||
	    !is_in(map, first, FSR_CHUNK_RELEASED))
		return false;
	step_all(map, map->first, map->end, FSR_CHUNK_EV_TAKEN);
	map->first = map->end;
	return true;
}

/* fsr_chunkmap_break - the link is lost: what was asked is not answered any more */
void fsr_chunkmap_break(struct fsr_chunkmap *map)
{
	step_all(map, 0, map->nr, FSR_CHUNK_EV_BREAK);
	map->first = map->end;
}

/* fsr_chunkmap_lose - the server has nothing any more: no extent has a frame, no chunk is there */
void fsr_chunkmap_lose(struct fsr_chunkmap *map)
{
	u32 i;

	step_all(map, 0, map->nr, FSR_CHUNK_EV_LOSE);
	for (i = 0; i < map->nr; i++)
		map->chunks[i].used = 0;
	for (i = 0; i < map->nr_extents; i++) {
		WRITE_ONCE(map->extents[i], 0);
		__clear_bit(i, map->frames);
	}
	map->free = 0;
	map->hint = 0;
	map->leaving = FSR_NO_CHUNK;
	map->first = map->end;
}

static void put_frame(struct fsr_chunkmap *map, u32 frame, u32 now)
{
	u32 chunk = fsr_chunkmap_chunk(map, frame);

	__clear_bit(frame, map->frames);
	map->chunks[chunk].used--;
	map->chunks[chunk].idle_since = now;
	map->free++;
	if (chunk < map->hint)
		map->hint = chunk;
}

static void set_entry(struct fsr_chunkmap *map, u64 extent, u32 entry)
{
	/* For fsr_chunkmap_find(): where the chunk is was written before. */
	smp_store_release(&map->extents[extent], entry);
}

/* Return: false if there is no free frame. */
static bool take_frame(struct fsr_chunkmap *map, u32 *frame)
{
	u32 nr = frames_per_chunk(map), i = map->hint;

	if (!map->free)
		return false;
	/* Better one of these than none: that chunk is not given back, then. */
	if (map->leaving != FSR_NO_CHUNK && map->free == nr - map->chunks[map->leaving].used)
		map->leaving = FSR_NO_CHUNK;
	while (!is_in(map, i, FSR_CHUNK_GRANTED) || map->chunks[i].used == nr || i == map->leaving)
		i++;
	if (i < map->leaving)
		map->hint = i;
	map->chunks[i].used++;
	map->free--;
	for (*frame = i * nr; test_bit(*frame, map->frames); ++*frame)
		;
	__set_bit(*frame, map->frames);
	return true;
}

/**
 * fsr_chunkmap_map - see to it that an extent has a frame, and keeps it
 * @map: the map
 * @extent: the extent
 *
 * Return: false if there is none, or no such extent.
 */
bool fsr_chunkmap_map(struct fsr_chunkmap *map, u64 extent)
{
	u32 frame;

	if (fsr_chunkmap_keep(map, extent))
		return true;
	if (extent >= map->nr_extents || !take_frame(map, &frame))
		return false;
	set_entry(map, extent, FSR_EXTENT_MAPPED | frame);
	return true;
}

/**
 * fsr_chunkmap_keep - see to it that an extent keeps its frame, if it has one
 * @map: the map
 * @extent: the extent
 *
 * Return: does it?
 */
bool fsr_chunkmap_keep(struct fsr_chunkmap *map, u64 extent)
{
	if (extent >= map->nr_extents || !(map->extents[extent] & FSR_EXTENT_MAPPED))
		return false;
	if (map->extents[extent] & FSR_EXTENT_DRAINING)
		set_entry(map, extent, map->extents[extent] & ~FSR_EXTENT_DRAINING);
	return true;
}

/* fsr_chunkmap_drain - let an extent that has a frame lose it soon, see fsr_chunkmap_unmap() */
void fsr_chunkmap_drain(struct fsr_chunkmap *map, u64 extent)
{
	if ((map->extents[extent] & (FSR_EXTENT_MAPPED | FSR_EXTENT_MOVING)) == FSR_EXTENT_MAPPED)
		set_entry(map, extent, map->extents[extent] | FSR_EXTENT_DRAINING);
}

/**
 * fsr_chunkmap_unmap - take an extent its frame
 * @map: the map
 * @extent: the extent
 * @now: in the owner's seconds
 *
 * Return: false if it has none, or somebody has used it since fsr_chunkmap_drain().
 */
bool fsr_chunkmap_unmap(struct fsr_chunkmap *map, u64 extent, u32 now)
{
	u32 frame = map->extents[extent] & FSR_EXTENT_FRAME;

	if (!(map->extents[extent] & FSR_EXTENT_DRAINING))
		return false;
	set_entry(map, extent, 0);
	put_frame(map, frame, now);
	return true;
}

/**
 * fsr_chunkmap_leave - choose a chunk that all extents shall leave: that with the fewest of them
 * @map: the map
 *
 * Return: false if there is none: the others have no room for these, or one is empty as it is.
 */
bool fsr_chunkmap_leave(struct fsr_chunkmap *map)
{
	u32 best = FSR_NO_CHUNK, i;

	map->leaving = FSR_NO_CHUNK;
	/* With those of the chunk itself. */
	if (map->free < frames_per_chunk(map))
		return false;
	for (i = 0; i < map->nr; i++) {
		if (!is_in(map, i, FSR_CHUNK_GRANTED))
			continue;
		if (!map->chunks[i].used)
			return false;
		if (best == FSR_NO_CHUNK || map->chunks[i].used <= map->chunks[best].used)
			best = i;
	}
	map->leaving = best;
	return best != FSR_NO_CHUNK;
}

/* fsr_chunkmap_stay - no chunk is to be left any more */
void fsr_chunkmap_stay(struct fsr_chunkmap *map)
{
	map->leaving = FSR_NO_CHUNK;
}

/**
 * fsr_chunkmap_begin_move - get another frame for an extent of the chunk that is left
 * @map: the map
 * @extent: the extent; nothing may be written to it from now on
 * @frame: set to the frame
 *
 * Return: false if there is none, or the extent is not in that chunk, or about to lose its frame.
 */
bool fsr_chunkmap_begin_move(struct fsr_chunkmap *map, u32 extent, u32 *frame)
{
	const u32 entry = map->extents[extent];

	if ((entry & ~FSR_EXTENT_FRAME) != FSR_EXTENT_MAPPED ||
	    fsr_chunkmap_chunk(map, entry & FSR_EXTENT_FRAME) != map->leaving)
		return false;
	if (!take_frame(map, frame))
		return false;
	if (map->leaving == FSR_NO_CHUNK) {
		put_frame(map, *frame, map->chunks[fsr_chunkmap_chunk(map, *frame)].idle_since);
		return false;
	}
	set_entry(map, extent, entry | FSR_EXTENT_MOVING);
	return true;
}

/**
 * fsr_chunkmap_end_move - all that is in an extent is in its other frame as well
 * @map: the map
 * @extent: the extent; it has that frame from now on
 * @frame: of fsr_chunkmap_begin_move()
 * @old: set to the frame that it had, which stays in use until fsr_chunkmap_put()
 *
 * Return: false if everything was lost meanwhile.
 */
bool fsr_chunkmap_end_move(struct fsr_chunkmap *map, u32 extent, u32 frame, u32 *old)
{
	if (!(map->extents[extent] & FSR_EXTENT_MOVING))
		return false;
	*old = map->extents[extent] & FSR_EXTENT_FRAME;
	set_entry(map, extent, FSR_EXTENT_MAPPED | frame);
	return true;
}

/* fsr_chunkmap_abort_move - the extent stays where it is, unless everything was lost meanwhile */
void fsr_chunkmap_abort_move(struct fsr_chunkmap *map, u32 extent, u32 frame, u32 now)
{
	if (!(map->extents[extent] & FSR_EXTENT_MOVING))
		return;
	set_entry(map, extent, map->extents[extent] & ~FSR_EXTENT_MOVING);
	put_frame(map, frame, now);
}

/* fsr_chunkmap_put - nobody uses this frame any more; nothing if everything was lost meanwhile */
void fsr_chunkmap_put(struct fsr_chunkmap *map, u32 frame, u32 now)
{
	if (test_bit(frame, map->frames))
		put_frame(map, frame, now);
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
		/* No swap device has more, whatever a server says. */
		available = min(available, FSR_MAX_DEVICE >> shift);
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
