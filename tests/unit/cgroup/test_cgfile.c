// SPDX-License-Identifier: GPL-2.0-only
/* What is read of the files of a cgroup, and what is not taken for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cgfile.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static void test_value(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t value;
	} t[] = {
		{ "0\n", true, 0 },
		{ "4096\n", true, 4096 },
		{ "4096", true, 4096 },
		{ "max\n", true, CG_NO_LIMIT },
		{ "max", true, CG_NO_LIMIT },
		{ "maximum\n", false, 0 },
		{ "", false, 0 },
		{ "\n", false, 0 },
		{ "-1\n", false, 0 },
		{ "12x\n", false, 0 },
		{ "18446744073709551615\n", true, UINT64_MAX },
		{ "18446744073709551616\n", false, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t value = 77;

		assert_int_equal(cgfile_value(t[i].text, &value), t[i].ok);
		assert_true(value == (t[i].ok ? t[i].value : 77));
	}
}

static void test_key(void **state)
{
	static const char text[] = "low 1\nhigh 2\nmax 30\nmaximum 4\noom x\noom_kill 5";
	uint64_t value = 77;

	assert_true(cgfile_key(text, "low", &value));
	assert_int_equal(value, 1);
	assert_true(cgfile_key(text, "max", &value));
	assert_int_equal(value, 30);
	assert_true(cgfile_key(text, "oom_kill", &value));
	assert_int_equal(value, 5);
	assert_false(cgfile_key(text, "oom", &value));
	assert_false(cgfile_key(text, "ma", &value));
	assert_false(cgfile_key(text, "igh", &value));
	assert_false(cgfile_key(text, "kill", &value));
	assert_false(cgfile_key("", "low", &value));
	assert_int_equal(value, 5);
}

static void test_stall(void **state)
{
	static const char text[] =
		"some avg10=0.00 avg60=1.23 avg300=0.00 total=4567\n"
		"full avg10=0.00 avg60=0.00 avg300=0.00 total=89\n";
	uint64_t us = 77;

	assert_true(cgfile_stall(text, "some", &us));
	assert_int_equal(us, 4567);
	assert_true(cgfile_stall(text, "full", &us));
	assert_int_equal(us, 89);
	assert_false(cgfile_stall(text, "none", &us));
	/* The total of another line is none of this one. */
	assert_false(cgfile_stall("some avg10=0.00\nfull total=5\n", "some", &us));
	assert_false(cgfile_stall("some total=\n", "some", &us));
	assert_int_equal(us, 89);
}

static void test_histogram(void **state)
{
	uint64_t count = 1, total = 10;

	/* The middle of a bucket that ends at 1600 and is an eighth wide; the last line is cut. */
	cgfile_histogram("1600 2\n3200 1\n6400 10", &count, &total);
	assert_int_equal(count, 4);
	assert_int_equal(total, 10 + 2 * 1500 + 3000);
	cgfile_histogram("", &count, &total);
	cgfile_histogram("nonsense\n12 x\n x 3\n", &count, &total);
	assert_int_equal(count, 4);
	cgfile_histogram("18446744073709551615 1\n", &count, &total);
	assert_int_equal(count, 5);
	assert_true(total < UINT64_C(1) << 35);
}

static void test_word(void **state)
{
	assert_true(cgfile_word("cpu memory pids\n", "memory"));
	assert_true(cgfile_word("memory\n", "memory"));
	assert_true(cgfile_word("memory", "memory"));
	assert_true(cgfile_word("cpu pids memory", "memory"));
	assert_false(cgfile_word("cpu memory2 pids\n", "memory"));
	assert_false(cgfile_word("cpu mem\n", "memory"));
	assert_false(cgfile_word("\n", "memory"));
	assert_false(cgfile_word("", "memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_stall),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
