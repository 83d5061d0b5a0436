// SPDX-License-Identifier: GPL-2.0-only
/* Grants of a friendly and of a hostile server, look-ups, and how much to ask for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chunkmap.h"

#define SHIFT	20
#define CHUNK	(1ULL << SHIFT)
#define NR	4

static struct fsr_chunk chunks[NR + 1];

static struct fsr_chunkmap new_map(void)
{
	memset(chunks, 0x5a, sizeof(chunks));
	return (struct fsr_chunkmap){ .chunks = chunks, .nr = NR, .shift = SHIFT };
}

static struct fsw_grant grant(u32 chunk, u64 addr, u32 rkey)
{
	return (struct fsw_grant){
		.addr = fsw_htole64(addr),
		.rkey = fsw_htole32(rkey),
		.chunk = fsw_htole32(chunk),
	};
}

static void grants_in_several_messages(void **state)
{
	struct fsr_chunkmap map = new_map();
	struct fsw_grant first[] = { grant(0, 0x10000000, 7), grant(1, 0x50000000, 8) };
	struct fsw_grant second[] = { grant(2, 0x20000000, 9), grant(3, 0, 10) };
	u64 addr;
	u32 rkey;

	assert_false(fsr_chunkmap_find(&map, 0, &addr, &rkey));
	assert_int_equal(fsr_chunkmap_bytes(&map), 0);

	assert_true(fsr_chunkmap_grant(&map, first, 2));
	assert_true(fsr_chunkmap_find(&map, CHUNK + 4096, &addr, &rkey));
	assert_int_equal(addr, 0x50001000);
	assert_int_equal(rkey, 8);
	assert_true(fsr_chunkmap_find(&map, CHUNK - 1, &addr, &rkey));
	assert_int_equal(addr, 0x10000000 + CHUNK - 1);
	assert_int_equal(rkey, 7);
	assert_false(fsr_chunkmap_find(&map, 2 * CHUNK, &addr, &rkey));

	assert_true(fsr_chunkmap_grant(&map, second, 2));
	assert_int_equal(map.granted, NR);
	assert_int_equal(fsr_chunkmap_bytes(&map), NR * CHUNK);
	assert_true(fsr_chunkmap_find(&map, 3 * CHUNK, &addr, &rkey));
	assert_int_equal(addr, 0);
	assert_int_equal(rkey, 10);
	assert_false(fsr_chunkmap_find(&map, NR * CHUNK, &addr, &rkey));
	assert_false(fsr_chunkmap_find(&map, UINT64_MAX, &addr, &rkey));

	/* One more than was asked for. */
	assert_false(fsr_chunkmap_grant(&map, first, 1));
	assert_int_equal(chunks[NR].rkey, 0x5a5a5a5a);
}

static void refuse(const struct fsw_grant *grants, size_t nr)
{
	struct fsr_chunkmap map = new_map();

	assert_false(fsr_chunkmap_grant(&map, grants, nr));
	assert_int_equal(map.granted, 0);
	assert_int_equal(chunks[0].rkey, 0x5a5a5a5a);
}

static void grants_that_break_the_protocol(void **state)
{
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
}

static void the_last_address_is_fine(void **state)
{
	struct fsr_chunkmap map = new_map();
	struct fsw_grant last = grant(0, UINT64_MAX - CHUNK + 1, 1);

	assert_true(fsr_chunkmap_grant(&map, &last, 1));
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
			      "the server has only 10 MiB left, 11 MiB were asked for"),
			 -ENOSPC);
	assert_int_equal(plan(10 * CHUNK, 5, 6 * CHUNK, &nr,
			      "the server gives at most 5 MiB to one client"),
			 -ENOSPC);
	assert_int_equal(plan(10 * CHUNK, 5, UINT64_MAX - 4095, &nr, NULL), -ENOSPC);
	assert_int_equal(nr, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grants_in_several_messages),
		cmocka_unit_test(grants_that_break_the_protocol),
		cmocka_unit_test(the_last_address_is_fine),
		cmocka_unit_test(how_much_to_ask_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
