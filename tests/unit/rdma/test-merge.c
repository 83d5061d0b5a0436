// SPDX-License-Identifier: GPL-2.0-only
/* Which bios go into one work request, at every limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "merge.h"

#define PAGE	4096u
#define CHUNK	(1ULL << 20)

static struct fsr_run new_run(void)
{
	return (struct fsr_run){ .max_bytes = 64 * PAGE, .max_segments = 4, .chunk_shift = 20 };
}

static void neighbours(void **state)
{
	struct fsr_run run = new_run();

	assert_true(fsr_run_add(&run, 8 * PAGE, PAGE, 1));
	assert_true(fsr_run_add(&run, 9 * PAGE, 16 * PAGE, 1));
	assert_true(fsr_run_add(&run, 25 * PAGE, PAGE, 2));
	assert_int_equal(run.start, 8 * PAGE);
	assert_int_equal(run.bytes, 18 * PAGE);
	assert_int_equal(run.segments, 4);
}

static void strangers(void **state)
{
	static const u64 offsets[] = { 0, 7 * PAGE, 8 * PAGE, 10 * PAGE, CHUNK };
	struct fsr_run run = new_run();
	size_t i;

	assert_true(fsr_run_add(&run, 8 * PAGE, PAGE, 1));
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		assert_false(fsr_run_add(&run, offsets[i], PAGE, 1));
	/* And are no harm. */
	assert_int_equal(run.bytes, PAGE);
	assert_int_equal(run.segments, 1);
	assert_true(fsr_run_add(&run, 9 * PAGE, PAGE, 1));
}

static void segments_run_out(void **state)
{
	struct fsr_run run = new_run();

	assert_false(fsr_run_add(&run, 0, PAGE, 5));
	assert_true(fsr_run_add(&run, 0, PAGE, 3));
	assert_false(fsr_run_add(&run, PAGE, PAGE, 2));
	assert_true(fsr_run_add(&run, PAGE, PAGE, 1));
	assert_false(fsr_run_add(&run, 2 * PAGE, PAGE, 1));
	/* Not even with a number that wraps. */
	assert_false(fsr_run_add(&run, 2 * PAGE, PAGE, UINT32_MAX));
}

static void bytes_run_out(void **state)
{
	struct fsr_run run = new_run();

	assert_false(fsr_run_add(&run, 0, 65 * PAGE, 1));
	assert_false(fsr_run_add(&run, 0, 0, 0));
	assert_true(fsr_run_add(&run, 0, 64 * PAGE, 1));
	assert_false(fsr_run_add(&run, 64 * PAGE, PAGE, 1));
	assert_false(fsr_run_add(&run, 64 * PAGE, UINT32_MAX, 1));
}

static void a_chunk_ends(void **state)
{
	struct fsr_run run = new_run();

	assert_true(fsr_run_add(&run, CHUNK - 2 * PAGE, PAGE, 1));
	assert_false(fsr_run_add(&run, CHUNK - PAGE, 2 * PAGE, 1));
	assert_true(fsr_run_add(&run, CHUNK - PAGE, PAGE, 1));
	assert_false(fsr_run_add(&run, CHUNK, PAGE, 1));

	/* A first bio that crosses belongs nowhere. */
	run = new_run();
	assert_false(fsr_run_add(&run, CHUNK - PAGE, 2 * PAGE, 1));
	assert_true(fsr_run_add(&run, 5 * CHUNK, PAGE, 1));

	/* Beyond 4 GiB. */
	run = new_run();
	assert_true(fsr_run_add(&run, (5000ULL << 20) + CHUNK - PAGE, PAGE, 1));
	assert_false(fsr_run_add(&run, 5001ULL << 20, PAGE, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours),
		cmocka_unit_test(strangers),
		cmocka_unit_test(segments_run_out),
		cmocka_unit_test(bytes_run_out),
		cmocka_unit_test(a_chunk_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
