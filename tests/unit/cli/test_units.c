// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, sizes and durations: what is taken, what is refused, how they are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "units.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static void test_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		bool ok;
		uint64_t value;
	} t[] = {
		{ "0", 0, 10, true, 0 },
		{ "10", 0, 10, true, 10 },
		{ "010", 0, 10, true, 10 },
		{ "11", 0, 10, false, 0 },
		{ "0", 1, 10, false, 0 },
		{ "", 0, 10, false, 0 },
		{ " 1", 0, 10, false, 0 },
		{ "1 ", 0, 10, false, 0 },
		{ "+1", 0, 10, false, 0 },
		{ "-1", 0, UINT64_MAX, false, 0 },
		{ "0x1", 0, 10, false, 0 },
		{ "1e1", 0, 10, false, 0 },
		{ "18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX, false, 0 },
		{ "99999999999999999999999999", 0, UINT64_MAX, false, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t value = 77;

		assert_int_equal(parse_number(t[i].text, t[i].min, t[i].max, &value), t[i].ok);
		assert_true(value == (t[i].ok ? t[i].value : 77));
	}
}

static void test_size(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "4096", 4096 },
		{ "4k", 4096 },
		{ "40K", 40960 },
		{ "1M", 1ull << 20 },
		{ "3m", 3ull << 20 },
		{ "2G", 2ull << 30 },
		{ "1T", 1ull << 40 },
		{ "16777215T", 16777215ull << 40 },
		{ "4KiB", 4096 },
		{ "3mib", 3ull << 20 },
		{ "2gIb", 2ull << 30 },
		{ "1TIB", 1ull << 40 },
	};
	static const char *const bad[] = {
		"", "0", "0G", "G", "-1G", "+1G", " 1G", "1G ", "1 G", "1GB", "1Gi",
		"1GiBs", "1G iB", "1iB", "1X", "1@", "4 ", "1.5G", "0x10", "1", "4095",
		"4097", "5K", "4096\n", "16777216T", "18446744073709551616",
		"99999999999999999999G"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t bytes = 0;

		assert_null(parse_size(good[i].text, &bytes));
		assert_true(bytes == good[i].bytes);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t bytes = 77;

		assert_non_null(parse_size(bad[i], &bytes));
		assert_true(bytes == 77);
	}
}

static void test_seconds(void **state)
{
	static const struct {
		const char *text;
		unsigned int ms;
	} good[] = {
		{ "1", 1000 },
		{ "60", 60000 },
		{ "60.0", 60000 },
		{ "0.5", 500 },
		{ "0.25", 250 },
		{ "0.001", 1 },
		{ "2.125", 2125 },
	};
	static const char *const bad[] = {
		"", "0", "0.0", "61", "60.001", "-1", "1.", ".5", "1.2345", "1,5", "1s", "x",
		"99999999999999999999"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		unsigned int ms = 0;

		assert_true(parse_seconds(good[i].text, 60, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		unsigned int ms = 77;

		assert_false(parse_seconds(bad[i], 60, &ms));
		assert_int_equal(ms, 77);
	}
}

static void test_format_size(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} t[] = {
		{ 0, "0" },
		{ 1023, "1023" },
		{ 1024, "1K" },
		{ 4096, "4K" },
		{ 1536, "1.5K" },
		{ 1 << 20, "1M" },
		{ (1 << 20) - 1, "1023K" },
		{ 10 << 20, "10M" },
		{ (10 << 20) + (600 << 10), "10M" },
		{ 3ull << 29, "1.5G" },
		{ 1ull << 40, "1T" },
	};
	char buf[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		assert_string_equal(format_size(t[i].bytes, buf, sizeof(buf)), t[i].text);
	/* Whatever it says, it fits the promised room. */
	format_size(UINT64_MAX, buf, sizeof(buf));
	assert_true(strlen(buf) < 8);
}

static void test_format_ns(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} t[] = {
		{ 0, "0ns" },
		{ 999, "999ns" },
		{ 1000, "1us" },
		{ 12500, "12.5us" },
		{ 99999, "99.9us" },
		{ 123456, "123us" },
		{ 4000000, "4ms" },
		{ 1500000000, "1.5s" },
		{ 17179869184, "17.1s" },
		{ UINT64_MAX - 1, "18446744073s" },
		{ UINT64_MAX, ">17s" },
	};
	char buf[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		assert_string_equal(format_ns(t[i].ns, buf, sizeof(buf)), t[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_format_size),
		cmocka_unit_test(test_format_ns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
