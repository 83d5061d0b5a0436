// SPDX-License-Identifier: GPL-2.0-only
/* Grants of a friendly and of a hostile server; extents and frames; how much to ask for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chunkmap.h"

#define SHIFT	23		/* four extents */
#define CHUNK	(1ULL << SHIFT)
#define EXTENT	(1ULL << FSR_EXTENT_SHIFT)
#define PER	(1u << (SHIFT - FSR_EXTENT_SHIFT))
#define NR	4
#define ADDR(chunk) (((chunk) + 1) * 0x100000000ULL)

static struct fsr_chunk chunks[NR + 1];
static u32 extents[NR * PER + 1];
static unsigned long frames[1];

static struct fsr_chunkmap new_map(void)
{
	struct fsr_chunkmap map = { .chunks = chunks, .extents = extents, .frames = frames };

	memset(chunks, 0, sizeof(chunks));
	memset(extents, 0, sizeof(extents));
	memset(frames, 0, sizeof(frames));
	fsr_chunkmap_lay_out(&map, SHIFT, NR);
	return map;
}

/* A frame that is in use besides those of the extents: one of the two of an extent that moves. */
static u32 extra = UINT32_MAX;

/* What always holds. */
static void check(const struct fsr_chunkmap *map)
{
	u32 in[FSR_NR_CHUNK_STATES] = { 0 }, used[NR] = { 0 }, taken = 0, i;
	bool seen[NR * PER] = { false };

	for (i = 0; i < map->nr_extents; i++) {
		u32 frame = map->extents[i] & FSR_EXTENT_FRAME;

		if (!map->extents[i])
			continue;
		assert_true(map->extents[i] & FSR_EXTENT_MAPPED);
		assert_true(frame < map->nr_extents && !seen[frame]);
		seen[frame] = true;
		used[frame / PER]++;
		assert_int_equal(map->chunks[frame / PER].state, FSR_CHUNK_GRANTED);
	}
	if (extra < map->nr_extents) {
		assert_false(seen[extra]);
		seen[extra] = true;
		used[extra / PER]++;
	}
	for (i = 0; i < map->nr_extents; i++)
		assert_int_equal(!!(map->frames[0] & 1UL << i), seen[i]);
	for (i = 0; i < map->nr; i++) {
		in[map->chunks[i].state]++;
		taken += used[i];
		assert_int_equal(map->chunks[i].used, used[i]);
		if (i < map->hint && map->chunks[i].state == FSR_CHUNK_GRANTED)
			assert_int_equal(used[i], PER);
	}
	assert_memory_equal(in, map->in, sizeof(in));
	assert_int_equal(map->free, in[FSR_CHUNK_GRANTED] * PER - taken);
}

static struct fsw_grant grant(u32 chunk, u64 addr, u32 rkey)
{
	return (struct fsw_grant){
		.addr = fsw_htole64(addr),
		.rkey = fsw_htole32(rkey),
		.chunk = fsw_htole32(chunk),
	};
}

/* Ask for so many and get them. */
static void get(struct fsr_chunkmap *map, u32 count, u32 now)
{
	u32 first, i;

	assert_int_equal(fsr_chunkmap_ask(map, count, &first), count);
	for (i = 0; i < count; i++) {
		struct fsw_grant one = grant(first + i, ADDR(first + i), 100 + first + i);

		assert_true(fsr_chunkmap_grant(map, &one, 1, now));
	}
	check(map);
}

static void expect(const struct fsr_chunkmap *map, u64 offset, u64 addr, u32 rkey)
{
	u64 found;
	u32 key;

	assert_true(fsr_chunkmap_find(map, offset, &found, &key));
	assert_true(found == addr);
	assert_int_equal(key, rkey);
}

static void sizes(void **state)
{
	struct fsr_chunkmap map = new_map();

	assert_int_equal(map.nr_extents, NR * PER);
	assert_true(fsr_chunkmap_bytes(&map) == NR * CHUNK);
	/* Chunks that are smaller than an extent usually is. */
	fsr_chunkmap_lay_out(&map, 20, NR);
	assert_int_equal(map.extent_shift, 20);
	assert_int_equal(map.nr_extents, NR);
	/* The most there can be: 16 TiB in slots, and the largest chunks. */
	fsr_chunkmap_lay_out(&map, FSW_CHUNK_SHIFT_MAX, 1 << 14);
	assert_int_equal(map.nr_extents, 1 << 23);
}

static void grants_in_several_messages(void **state)
{
	struct fsw_grant first[] = { grant(0, 0x10000000, 7), grant(1, 0x50000000, 8) };
	struct fsw_grant second[] = { grant(2, 0x20000000, 9) };
	struct fsr_chunkmap map = new_map();
	u32 at, i;

	assert_int_equal(fsr_chunkmap_ask(&map, 3, &at), 3);
	assert_int_equal(at, 0);
	assert_true(fsr_chunkmap_grant(&map, first, 2, 5));
	assert_int_equal(map.free, 2 * PER);
	assert_true(fsr_chunkmap_grant(&map, second, 1, 6));
	assert_int_equal(map.in[FSR_CHUNK_GRANTED], 3);
	assert_int_equal(map.in[FSR_CHUNK_ABSENT], 1);
	/* More than was asked for. */
	second[0] = grant(3, 0, 1);
	assert_false(fsr_chunkmap_grant(&map, second, 1, 6));
	check(&map);

	/* Frames from the first chunk on, whatever the extent. */
	for (i = 0; i < PER; i++)
		assert_true(fsr_chunkmap_map(&map, NR * PER - 1 - i));
	assert_true(fsr_chunkmap_map(&map, 0));
	expect(&map, (NR * PER - 1) * EXTENT + 4096, 0x10001000, 7);
	expect(&map, (NR * PER - 2) * EXTENT, 0x10000000 + EXTENT, 7);
	expect(&map, EXTENT - 1, 0x50000000 + EXTENT - 1, 8);
	check(&map);
}

static void refuse(const struct fsw_grant *grants, size_t nr)
{
	struct fsr_chunkmap map = new_map();
	u32 first;

	assert_int_equal(fsr_chunkmap_ask(&map, NR, &first), NR);
	assert_false(fsr_chunkmap_grant(&map, grants, nr, 0));
	assert_int_equal(map.in[FSR_CHUNK_ASKED], NR);
	assert_int_equal(chunks[0].rkey, 0);
	check(&map);
}

static void grants_that_break_the_protocol(void **state)
{
	struct fsr_chunkmap map = new_map();
	struct fsw_grant many[NR + 1];
	u32 i;

	/* Not from the first on; a gap; twice the same; descending. */
	refuse((struct fsw_grant[]){ grant(1, 0, 1) }, 1);
	refuse((struct fsw_grant[]){ grant(0, 0, 1), grant(2, 0, 1) }, 2);
	refuse((struct fsw_grant[]){ grant(0, 0, 1), grant(0, 0, 1) }, 2);
	refuse((struct fsw_grant[]){ grant(1, 0, 1), grant(0, 0, 1) }, 2);
	refuse((struct fsw_grant[]){ grant(UINT32_MAX, 0, 1) }, 1);
	/* Around the end of the address space. */
	refuse((struct fsw_grant[]){ grant(0, UINT64_MAX - CHUNK + 2, 1) }, 1);
	refuse((struct fsw_grant[]){ grant(0, 0, 1), grant(1, UINT64_MAX, 1) }, 2);

	for (i = 0; i <= NR; i++)
		many[i] = grant(i, 0, 1);
	refuse(many, NR + 1);
	refuse(many, SIZE_MAX / sizeof(*many));

	/* Nothing was asked for. */
	map = new_map();
	assert_false(fsr_chunkmap_grant(&map, many, 1, 0));
	assert_false(fsr_chunkmap_deny(&map, 0));
	assert_false(fsr_chunkmap_taken(&map, 0, 1));
	check(&map);
}

static void the_last_address_is_fine(void **state)
{
	struct fsw_grant last = grant(0, UINT64_MAX - CHUNK + 1, 1);
	struct fsr_chunkmap map = new_map();
	u32 first;

	fsr_chunkmap_ask(&map, 1, &first);
	assert_true(fsr_chunkmap_grant(&map, &last, 1, 0));
}

static void denied(void **state)
{
	struct fsr_chunkmap map = new_map();
	struct fsw_grant one = grant(0, 0, 1);
	u32 first;

	fsr_chunkmap_ask(&map, 3, &first);
	assert_true(fsr_chunkmap_grant(&map, &one, 1, 0));
	/* It says how far it got, and knows it. */
	assert_false(fsr_chunkmap_deny(&map, 0));
	assert_false(fsr_chunkmap_deny(&map, 2));
	assert_false(fsr_chunkmap_taken(&map, 1, 2));
	assert_true(fsr_chunkmap_deny(&map, 1));
	assert_false(fsr_chunkmap_deny(&map, 1));
	assert_int_equal(map.in[FSR_CHUNK_GRANTED], 1);
	assert_int_equal(map.in[FSR_CHUNK_ABSENT], NR - 1);
	check(&map);
	fsr_chunkmap_shrink(&map, 1);
	check(&map);
	assert_int_equal(map.nr_extents, PER);
}

static void extents_come_and_go(void **state)
{
	struct fsr_chunkmap map = new_map();
	u64 addr;
	u32 key, i;

	assert_false(fsr_chunkmap_map(&map, 0));
	assert_false(fsr_chunkmap_is_ready(&map, 0));
	assert_false(fsr_chunkmap_find(&map, 0, &addr, &key));
	get(&map, 1, 1);
	for (i = 0; i < PER; i++)
		assert_true(fsr_chunkmap_map(&map, 2 * i));
	/* It has one. */
	assert_true(fsr_chunkmap_map(&map, 0));
	assert_false(fsr_chunkmap_map(&map, 1));
	assert_int_equal(map.free, 0);
	check(&map);

	/* Used meanwhile. */
	fsr_chunkmap_drain(&map, 2);
	assert_false(fsr_chunkmap_is_ready(&map, 2 * EXTENT));
	assert_true(fsr_chunkmap_find(&map, 2 * EXTENT, &addr, &key));
	assert_true(fsr_chunkmap_keep(&map, 2));
	assert_true(fsr_chunkmap_is_ready(&map, 2 * EXTENT));
	assert_false(fsr_chunkmap_unmap(&map, 2, 2));
	fsr_chunkmap_drain(&map, 2);
	assert_true(fsr_chunkmap_map(&map, 2));
	assert_false(fsr_chunkmap_unmap(&map, 2, 2));

	/* And not. */
	fsr_chunkmap_drain(&map, 2);
	assert_true(fsr_chunkmap_unmap(&map, 2, 3));
	assert_false(fsr_chunkmap_unmap(&map, 2, 3));
	assert_false(fsr_chunkmap_keep(&map, 2));
	assert_false(fsr_chunkmap_find(&map, 2 * EXTENT, &addr, &key));
	check(&map);
	/* Another one gets its frame. */
	assert_true(fsr_chunkmap_map(&map, 1));
	expect(&map, EXTENT, ADDR(0) + EXTENT, 100);
	check(&map);

	/* There is no such thing. */
	fsr_chunkmap_drain(&map, 3);
	assert_false(fsr_chunkmap_unmap(&map, 3, 3));
	assert_false(fsr_chunkmap_map(&map, NR * PER));
	assert_false(fsr_chunkmap_keep(&map, UINT64_MAX >> FSR_EXTENT_SHIFT));
	assert_false(fsr_chunkmap_is_ready(&map, UINT64_MAX));
	assert_false(fsr_chunkmap_find(&map, UINT64_MAX, &addr, &key));
	assert_int_equal(extents[NR * PER], 0);
}

static void chunks_that_are_empty_go_back(void **state)
{
	struct fsr_chunkmap map = new_map();
	u32 first, i;

	get(&map, NR, 10);
	for (i = 0; i < 2 * PER; i++)
		assert_true(fsr_chunkmap_map(&map, i));
	/* Not for long enough; as many as are to stay. */
	assert_int_equal(fsr_chunkmap_release(&map, 14, 5, 0, NR, &first), 0);
	assert_int_equal(fsr_chunkmap_release(&map, 15, 5, 2 * PER, NR, &first), 0);
	assert_int_equal(fsr_chunkmap_release(&map, 15, 5, PER + 1, NR, &first), 0);
	assert_int_equal(fsr_chunkmap_release(&map, 15, 5, 0, 0, &first), 0);
	assert_int_equal(fsr_chunkmap_release(&map, 15, 5, PER, NR, &first), 1);
	assert_int_equal(first, 3);
	check(&map);
	assert_int_equal(map.free, PER);
	assert_false(fsr_chunkmap_taken(&map, 3, 2));
	assert_false(fsr_chunkmap_taken(&map, 2, 1));
	assert_true(fsr_chunkmap_taken(&map, 3, 1));
	assert_false(fsr_chunkmap_taken(&map, 3, 1));

	/* The first two get empty. The clock goes round. */
	for (i = 0; i < 2 * PER; i++) {
		fsr_chunkmap_drain(&map, i);
		assert_true(fsr_chunkmap_unmap(&map, i, UINT32_MAX - 2));
	}
	check(&map);
	assert_int_equal(fsr_chunkmap_release(&map, 1, 5, 0, NR, &first), 1);
	assert_int_equal(first, 2);
	assert_true(fsr_chunkmap_taken(&map, 2, 1));
	assert_int_equal(fsr_chunkmap_release(&map, 2, 5, 0, NR, &first), 2);
	assert_int_equal(first, 0);
	assert_true(fsr_chunkmap_taken(&map, 0, 2));
	assert_int_equal(map.in[FSR_CHUNK_ABSENT], NR);
	check(&map);
}

/* No more than were asked for. */
static void some_of_them_go_back(void **state)
{
	struct fsr_chunkmap map = new_map();
	u32 first;

	get(&map, NR, 10);
	assert_int_equal(fsr_chunkmap_release(&map, 10, 0, 0, 2, &first), 2);
	assert_int_equal(first, NR - 2);
	assert_true(fsr_chunkmap_taken(&map, first, 2));
	assert_int_equal(fsr_chunkmap_release(&map, 10, 0, 0, NR, &first), NR - 2);
	assert_true(fsr_chunkmap_taken(&map, 0, NR - 2));
	check(&map);
}

static void how_many_are_missing(void **state)
{
	struct fsr_chunkmap map = new_map();
	u32 i;

	assert_int_equal(fsr_chunkmap_shortage(&map, 0), 0);
	assert_int_equal(fsr_chunkmap_shortage(&map, 1), 1);
	assert_int_equal(fsr_chunkmap_shortage(&map, PER + 1), 2);
	assert_int_equal(fsr_chunkmap_shortage(&map, UINT64_MAX >> 1), NR);
	get(&map, 1, 0);
	assert_int_equal(fsr_chunkmap_shortage(&map, PER), 0);
	for (i = 0; i < PER; i++)
		fsr_chunkmap_map(&map, i);
	assert_int_equal(fsr_chunkmap_shortage(&map, PER), 1);
	/* The rest of the device needs no more than this. */
	assert_int_equal(fsr_chunkmap_shortage(&map, 100 * PER), NR - 1);
	get(&map, NR - 1, 0);
	assert_int_equal(fsr_chunkmap_shortage(&map, 100 * PER), 0);
}

static void the_link_breaks(void **state)
{
	struct fsr_chunkmap map = new_map();
	struct fsw_grant late = grant(1, 0, 1);
	u32 first;

	get(&map, 1, 0);
	assert_true(fsr_chunkmap_map(&map, 7));
	assert_int_equal(fsr_chunkmap_ask(&map, 2, &first), 2);
	fsr_chunkmap_break(&map);
	fsr_chunkmap_break(&map);
	assert_int_equal(map.in[FSR_CHUNK_UNSURE], 2);
	assert_false(fsr_chunkmap_grant(&map, &late, 1, 0));
	expect(&map, 7 * EXTENT, ADDR(0), 100);
	check(&map);
	/* Not these, as long as nobody knows. */
	assert_int_equal(fsr_chunkmap_ask(&map, 1, &first), 1);
	assert_int_equal(first, 3);
	assert_true(fsr_chunkmap_deny(&map, 3));

	assert_int_equal(fsr_chunkmap_settle(&map, &first), 2);
	assert_int_equal(first, 1);
	fsr_chunkmap_break(&map);
	assert_int_equal(fsr_chunkmap_settle(&map, &first), 2);
	assert_true(fsr_chunkmap_taken(&map, 1, 2));
	assert_int_equal(fsr_chunkmap_settle(&map, &first), 0);
	get(&map, 3, 0);
}

static void everything_is_lost(void **state)
{
	struct fsr_chunkmap map = new_map();
	u32 first, i;
	u64 addr;

	get(&map, 2, 0);
	for (i = 0; i < PER + 1; i++)
		assert_true(fsr_chunkmap_map(&map, i));
	fsr_chunkmap_drain(&map, 1);
	fsr_chunkmap_ask(&map, 1, &first);
	fsr_chunkmap_lose(&map);
	check(&map);
	assert_int_equal(map.in[FSR_CHUNK_ABSENT], NR);
	assert_int_equal(map.free, 0);
	assert_false(fsr_chunkmap_find(&map, 0, &addr, &first));
	assert_false(fsr_chunkmap_unmap(&map, 1, 0));
	get(&map, NR, 0);
	assert_true(fsr_chunkmap_map(&map, 5));
	check(&map);
}

/* Three chunks, of which the second has the fewest extents: 4, 1, 2. */
static struct fsr_chunkmap scattered(void)
{
	static const u32 gone[] = { 5, 6, 7, 9, 11 };
	struct fsr_chunkmap map = new_map();
	u32 i;

	get(&map, 3, 0);
	for (i = 0; i < 3 * PER; i++)
		assert_true(fsr_chunkmap_map(&map, i));
	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		fsr_chunkmap_drain(&map, gone[i]);
		assert_true(fsr_chunkmap_unmap(&map, gone[i], 1));
	}
	check(&map);
	return map;
}

static void a_chunk_is_emptied(void **state)
{
	struct fsr_chunkmap map = scattered();
	u32 frame, old, first;

	assert_int_equal(map.leaving, FSR_NO_CHUNK);
	assert_true(fsr_chunkmap_leave(&map));
	assert_int_equal(map.leaving, 1);
	/* Not of that chunk; nothing is in it; there is no such. */
	assert_false(fsr_chunkmap_begin_move(&map, 0, &frame));
	assert_false(fsr_chunkmap_begin_move(&map, 5, &frame));
	assert_false(fsr_chunkmap_begin_move(&map, 15, &frame));
	/* About to lose its frame. */
	fsr_chunkmap_drain(&map, 4);
	assert_false(fsr_chunkmap_begin_move(&map, 4, &frame));
	assert_true(fsr_chunkmap_keep(&map, 4));

	assert_true(fsr_chunkmap_begin_move(&map, 4, &frame));
	assert_int_equal(frame / PER, 2);
	assert_true(fsr_chunkmap_is_moving(&map, 4));
	assert_false(fsr_chunkmap_is_ready(&map, 4 * EXTENT));
	/* It can be read, and stays. */
	assert_true(fsr_chunkmap_keep(&map, 4));
	assert_true(fsr_chunkmap_is_moving(&map, 4));
	expect(&map, 4 * EXTENT, ADDR(1), 101);
	fsr_chunkmap_drain(&map, 4);
	assert_false(fsr_chunkmap_unmap(&map, 4, 0));
	assert_false(fsr_chunkmap_begin_move(&map, 4, &first));
	extra = frame;
	check(&map);
	/* Nobody else gets a frame there meanwhile. */
	assert_true(fsr_chunkmap_map(&map, 5));
	expect(&map, 5 * EXTENT, ADDR(2) + 3 * EXTENT, 102);
	check(&map);

	assert_true(fsr_chunkmap_end_move(&map, 4, frame, &old));
	assert_int_equal(old, PER);
	extra = old;
	check(&map);
	assert_true(fsr_chunkmap_is_ready(&map, 4 * EXTENT));
	expect(&map, 4 * EXTENT + 4096, ADDR(2) + EXTENT + 4096, 102);
	assert_int_equal(fsr_chunkmap_release(&map, 9, 0, 0, NR, &first), 0);
	fsr_chunkmap_put(&map, old, 7);
	extra = UINT32_MAX;
	check(&map);
	/* The next one is this, or none: it is empty. */
	assert_int_equal(fsr_chunkmap_release(&map, 7, 0, 0, NR, &first), 1);
	assert_int_equal(first, 1);
	assert_int_equal(map.leaving, FSR_NO_CHUNK);
	check(&map);
	assert_true(fsr_chunkmap_taken(&map, 1, 1));
	assert_false(fsr_chunkmap_leave(&map));
}

static void what_cannot_be_moved(void **state)
{
	struct fsr_chunkmap map = scattered();
	u32 frame, i;

	/* It stays where it was. */
	assert_true(fsr_chunkmap_leave(&map));
	assert_true(fsr_chunkmap_begin_move(&map, 4, &frame));
	fsr_chunkmap_abort_move(&map, 4, frame, 5);
	check(&map);
	assert_true(fsr_chunkmap_is_ready(&map, 4 * EXTENT));
	expect(&map, 4 * EXTENT, ADDR(1), 101);

	/* Others have taken what there was: they get the rest, too. */
	assert_true(fsr_chunkmap_map(&map, 12));
	assert_true(fsr_chunkmap_map(&map, 13));
	expect(&map, 13 * EXTENT, ADDR(2) + 3 * EXTENT, 102);
	check(&map);
	assert_false(fsr_chunkmap_begin_move(&map, 4, &frame));
	assert_int_equal(map.leaving, FSR_NO_CHUNK);
	check(&map);
	assert_false(fsr_chunkmap_leave(&map));
	for (i = 5; i < 8; i++)
		assert_true(fsr_chunkmap_map(&map, i));
	assert_int_equal(map.free, 0);
	check(&map);

	/* One that is empty can be given back as it is. */
	get(&map, 1, 0);
	assert_false(fsr_chunkmap_leave(&map));
}

static void everything_is_lost_meanwhile(void **state)
{
	struct fsr_chunkmap map = scattered();
	u32 frame, old;

	assert_true(fsr_chunkmap_leave(&map));
	assert_true(fsr_chunkmap_begin_move(&map, 4, &frame));
	fsr_chunkmap_lose(&map);
	check(&map);
	assert_false(fsr_chunkmap_end_move(&map, 4, frame, &old));
	fsr_chunkmap_abort_move(&map, 4, frame, 0);
	fsr_chunkmap_put(&map, frame, 0);
	check(&map);

	map = scattered();
	assert_true(fsr_chunkmap_leave(&map));
	assert_true(fsr_chunkmap_begin_move(&map, 4, &frame));
	assert_true(fsr_chunkmap_end_move(&map, 4, frame, &old));
	fsr_chunkmap_lose(&map);
	fsr_chunkmap_put(&map, old, 0);
	check(&map);
}

static int plan(u64 available, u32 max, u64 size, u32 *nr, const char *text)
{
	struct fsw_welcome welcome = {
		.chunk_shift = SHIFT,
		.available = fsw_htole64(available),
		.max_chunks = fsw_htole32(max),
	};
	char error[128] = "";
	int err = fsr_chunkmap_plan(&welcome, size, nr, error, sizeof(error));

	if (text)
		assert_string_equal(error, text);
	assert_int_equal(!err, !error[0]);
	return err;
}

static void how_much_to_ask_for(void **state)
{
	u32 nr = 0;

	/* As much as there is, in whole chunks, within what the server allows. */
	assert_int_equal(plan(10 * CHUNK + 5, 100, 0, &nr, NULL), 0);
	assert_int_equal(nr, 10);
	assert_int_equal(plan(10 * CHUNK, 7, 0, &nr, NULL), 0);
	assert_int_equal(nr, 7);
	assert_int_equal(plan(UINT64_MAX, FSW_MAX_CHUNKS, 0, &nr, NULL), 0);
	assert_int_equal(nr, FSW_MAX_CHUNKS);

	/* What was asked for, rounded up to chunks. */
	assert_int_equal(plan(10 * CHUNK, 100, 10 * CHUNK, &nr, NULL), 0);
	assert_int_equal(nr, 10);
	assert_int_equal(plan(10 * CHUNK, 100, 4096, &nr, NULL), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(plan(10 * CHUNK, 100, 9 * CHUNK + 4096, &nr, NULL), 0);
	assert_int_equal(nr, 10);

	nr = 77;
	assert_int_equal(plan(0, 100, 0, &nr, "the server has no memory left"), -ENOSPC);
	assert_int_equal(plan(CHUNK - 1, 100, 4096, &nr, "the server has no memory left"),
			 -ENOSPC);
	assert_int_equal(plan(10 * CHUNK, 100, 10 * CHUNK + 4096, &nr,
			      "the server has only 80 MiB left, 81 MiB were asked for"),
			 -ENOSPC);
	assert_int_equal(plan(10 * CHUNK, 5, 6 * CHUNK, &nr,
			      "the server gives at most 40 MiB to one client"),
			 -ENOSPC);
	assert_int_equal(plan(10 * CHUNK, 5, UINT64_MAX - 4095, &nr, NULL), -ENOSPC);
	assert_int_equal(nr, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(grants_in_several_messages),
		cmocka_unit_test(grants_that_break_the_protocol),
		cmocka_unit_test(the_last_address_is_fine),
		cmocka_unit_test(denied),
		cmocka_unit_test(extents_come_and_go),
		cmocka_unit_test(chunks_that_are_empty_go_back),
		cmocka_unit_test(some_of_them_go_back),
		cmocka_unit_test(how_many_are_missing),
		cmocka_unit_test(the_link_breaks),
		cmocka_unit_test(everything_is_lost),
		cmocka_unit_test(a_chunk_is_emptied),
		cmocka_unit_test(what_cannot_be_moved),
		cmocka_unit_test(everything_is_lost_meanwhile),
		cmocka_unit_test(how_much_to_ask_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
