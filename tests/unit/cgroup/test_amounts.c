// SPDX-License-Identifier: GPL-2.0-only
/* Sizes, percentages and lists of CPUs: what is taken, what is refused, and back to text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "amounts.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static void test_share(void **state)
{
	static const struct {
		const char *text;
		bool is_part;
		uint64_t value;
		const char *back;	/* NULL: the same */
	} good[] = {
		{ "256M", false, 256 << 20, NULL },
		{ "4096", false, 4096, "4K" },
		{ "12K", false, 12288, NULL },
		{ "1025M", false, 1025ull << 20, NULL },
		{ "2T", false, 2ull << 40, NULL },
		{ "1024M", false, 1ull << 30, "1G" },
		{ "50%", true, 5000, NULL },
		{ "12.5%", true, 1250, NULL },
		{ "0.01%", true, 1, NULL },
		{ "99.99%", true, 9999, NULL },
		{ "12.50%", true, 1250, "12.5%" },
		{ "100%", true, SHARE_WHOLE, NULL },
		{ "100.0%", true, SHARE_WHOLE, "100%" },
	};
	static const char *const bad[] = {
		"", "%", "0%", "0.0%", "101%", "100.01%", "-1%", "1.%", ".5%", "1.234%", "5%%",
		"5 %", "x%", "0", "5000", "1M5", "12.5M", "99999999999999999999%", "9999999999999T"
	};
	char buf[24];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct share share = { 0 };

		assert_null(share_parse(good[i].text, &share));
		assert_int_equal(share.is_part, good[i].is_part);
		assert_true(share.value == good[i].value);
		assert_string_equal(share_text(share, buf, sizeof(buf)),
				    good[i].back ? good[i].back : good[i].text);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct share share = { true, 77 };

		assert_non_null(share_parse(bad[i], &share));
		assert_true(share.is_part && share.value == 77);
	}
}

static void test_share_of(void **state)
{
	const struct share half = { true, 5000 }, size = { false, 8192 };
	const struct share little = { true, 1 };

	assert_true(share_of(half, 1 << 20) == 1 << 19);
	assert_true(share_of(size, 1 << 20) == 8192);
	/* Whole pages, downwards. */
	assert_true(share_of(half, 3 * 4096) == 4096);
	assert_true(share_of(little, 1 << 20) == 0);
	assert_true(share_of(half, 1ull << 50) == 1ull << 49);
}

static void test_cpus(void **state)
{
	static const struct {
		const char *text;
		int count;
		int has, lacks;
		const char *back;	/* NULL: the same */
	} good[] = {
		{ "0", 1, 0, 1, NULL },
		{ "1,3", 2, 3, 2, NULL },
		{ "0-3", 4, 2, 4, NULL },
		{ "0,2-5,7", 6, 5, 6, NULL },
		{ "3,2,1", 3, 2, 0, "1-3" },
		{ "1,1", 1, 1, 0, "1" },
		{ "1023", 1, 1023, 0, NULL },
	};
	static const char *const bad[] = {
		"", ",", "0,", ",0", "-1", "1-", "3-1", "1--2", "0 1", "all", "1024", "0-1024",
		"99999999999999", "0x1", "1.5"
	};
	char buf[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		cpu_set_t cpus;

		assert_null(cpus_parse(good[i].text, &cpus));
		assert_int_equal(CPU_COUNT(&cpus), good[i].count);
		assert_true(CPU_ISSET(good[i].has, &cpus));
		assert_false(CPU_ISSET(good[i].lacks, &cpus));
		assert_string_equal(cpus_text(&cpus, buf, sizeof(buf)),
				    good[i].back ? good[i].back : good[i].text);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cpu_set_t cpus;

		CPU_ZERO(&cpus);
		assert_non_null(cpus_parse(bad[i], &cpus));
		assert_int_equal(CPU_COUNT(&cpus), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_share_of),
		cmocka_unit_test(test_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
