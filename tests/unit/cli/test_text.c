// SPDX-License-Identifier: GPL-2.0-only
/* Counters, histograms and /proc/swaps, well formed, cut off and mangled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static void test_counters(void **state)
{
	static const char text[] = "demand_pages 12\n"
				   "demand_errors 1\n"
				   "\n"
				   "lonely\n"
				   " 5\n"
				   "no_value \n"
				   "prefetch_errors 2\n"
				   "generation 0x17 b\n"
				   "big 18446744073709551615\n"
				   "cut 12";
	const char *cursor = text;
	struct counter c;

	assert_true(counter_next(&cursor, &c));
	assert_string_equal(c.name, "demand_pages");
	assert_true(c.is_number);
	assert_true(c.value == 12);
	assert_true(counter_next(&cursor, &c));
	assert_true(counter_next(&cursor, &c));
	assert_string_equal(c.name, "prefetch_errors");
	assert_true(counter_next(&cursor, &c));
	assert_string_equal(c.name, "generation");
	assert_string_equal(c.text, "0x17 b");
	assert_false(c.is_number);
	assert_true(c.value == 0);
	assert_true(counter_next(&cursor, &c));
	assert_true(c.value == UINT64_MAX);
	assert_false(counter_next(&cursor, &c));

	assert_true(counter_get(text, "demand_pages") == 12);
	assert_true(counter_get(text, "demand") == 0);
	assert_true(counter_get(text, "cut") == 0);
	assert_true(counter_get("", "x") == 0);
	assert_true(counter_sum_suffix(text, "_errors") == 3);
	assert_true(counter_sum_suffix(text, "_none") == 0);
}

static void test_counters_too_long(void **state)
{
	char text[2048];
	struct counter c;
	const char *cursor;

	/* A name, then a value, then a line beyond all bounds; the next line counts. */
	memset(text, 'x', sizeof(text));
	strcpy(text + sizeof(c.name), " 1\nok 2\n");
	cursor = text;
	assert_true(counter_next(&cursor, &c));
	assert_string_equal(c.name, "ok");

	memset(text, 'x', sizeof(text));
	memcpy(text, "name ", 5);
	strcpy(text + 5 + sizeof(c.text), "\nok 2\n");
	cursor = text;
	assert_true(counter_next(&cursor, &c));
	assert_string_equal(c.name, "ok");

	memset(text, 'x', sizeof(text));
	strcpy(text + 1000, " 1\nok 2\n");
	cursor = text;
	assert_true(counter_next(&cursor, &c));
	assert_string_equal(c.name, "ok");
}

static void test_hist(void **state)
{
	struct hist *h = malloc(sizeof(*h));

	assert_non_null(h);
	assert_true(hist_parse("", h));
	assert_int_equal(h->nr, 0);

	assert_true(hist_parse("256 3\n288 0\n18446744073709551615 1\n", h));
	assert_int_equal(h->nr, 3);
	assert_true(h->total == 4);
	assert_true(h->upper[2] == UINT64_MAX);

	/* The kernel cut it: what is whole counts. */
	assert_true(hist_parse("256 3\n288 12345", h));
	assert_int_equal(h->nr, 1);
	assert_true(h->total == 3);
	free(h);
}

static void test_hist_malformed(void **state)
{
	static const char *const t[] = {
		"\n",
		"256\n",
		"256 \n",
		" 3\n",
		"256 3 4\n",
		"256 -3\n",
		"0 3\n",
		"x 3\n",
		"256 3\n256 3\n",
		"256 3\n128 3\n",
		"256 18446744073709551615\n288 1\n",
		"256 99999999999999999999\n",
		"256 000000000000000000000000000000000000000000000000000000000000000000001\n",
	};
	struct hist *h = malloc(sizeof(*h));
	size_t i;

	assert_non_null(h);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		assert_false(hist_parse(t[i], h));
		assert_int_equal(h->nr, 0);
		assert_true(h->total == 0);
	}
	free(h);
}

static void test_hist_too_many(void **state)
{
	struct hist *h = malloc(sizeof(*h));
	char *text = malloc(HIST_MAX * 16 + 16);
	size_t len = 0;
	int i;

	assert_non_null(h);
	assert_non_null(text);
	for (i = 1; i <= HIST_MAX; i++)
		len += sprintf(text + len, "%d 1\n", i);
	assert_true(hist_parse(text, h));
	assert_int_equal(h->nr, HIST_MAX);
	sprintf(text + len, "%d 1\n", i);
	assert_false(hist_parse(text, h));
	free(text);
	free(h);
}

static void test_percentile(void **state)
{
	static const struct {
		const char *text;
		unsigned int percent;
		uint64_t ns;
	} t[] = {
		{ "10 1\n", 1, 10 },
		{ "10 1\n", 50, 10 },
		{ "10 1\n", 100, 10 },
		{ "10 1\n20 1\n", 50, 10 },
		{ "10 1\n20 1\n", 51, 20 },
		{ "10 1\n20 1\n", 99, 20 },
		{ "10 99\n20 1\n", 99, 10 },
		{ "10 98\n20 2\n", 99, 20 },
		{ "10 0\n20 5\n30 0\n", 50, 20 },
		{ "10 990\n20 9\n18446744073709551615 1\n", 99, 10 },
		{ "10 990\n20 9\n18446744073709551615 1\n", 100, UINT64_MAX },
		/* Where total * percent would overflow. */
		{ "10 9223372036854775807\n20 9223372036854775807\n", 50, 10 },
		{ "10 9223372036854775807\n20 9223372036854775807\n", 99, 20 },
	};
	struct hist *h = malloc(sizeof(*h));
	uint64_t ns = 77;
	size_t i;

	assert_non_null(h);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		assert_true(hist_parse(t[i].text, h));
		assert_true(hist_percentile(h, t[i].percent, &ns));
		assert_true(ns == t[i].ns);
	}

	ns = 77;
	assert_true(hist_parse("", h));
	assert_false(hist_percentile(h, 50, &ns));
	assert_true(hist_parse("10 0\n", h));
	assert_false(hist_percentile(h, 50, &ns));
	assert_true(ns == 77);
	free(h);
}

static const char swaps_header[] = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

static void test_swaps(void **state)
{
	static const char text[] =
		"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
		"/dev/vda2                               partition\t999420\t\t512\t\t-2\n"
		"/swap\\040file\\134x                       file\t\t4\t\t0\t\t32767\n"
		"/dev/fastswap0                          partition\t262140\t\t104\t\t5\n";
	const char *cursor = text;
	struct swap_entry *e = malloc(sizeof(*e));

	assert_non_null(e);
	assert_true(swaps_next(&cursor, e));
	assert_string_equal(e->path, "/dev/vda2");
	assert_true(e->size == 999420 * 1024ull);
	assert_true(e->used == 512 * 1024);
	assert_int_equal(e->priority, -2);
	assert_true(swaps_next(&cursor, e));
	assert_string_equal(e->path, "/swap file\\x");
	assert_int_equal(e->priority, 32767);
	assert_true(swaps_next(&cursor, e));
	assert_string_equal(e->path, "/dev/fastswap0");
	assert_false(swaps_next(&cursor, e));

	cursor = swaps_header;
	assert_false(swaps_next(&cursor, e));
	cursor = "";
	assert_false(swaps_next(&cursor, e));
	free(e);
}

static void test_swaps_malformed(void **state)
{
	static const char *const t[] = {
		"\n",
		"/dev/a\n",
		"/dev/a partition\n",
		"/dev/a partition 4 0\n",
		"/dev/a partition 4 0 -\n",
		"/dev/a partition 4 0 --1\n",
		"/dev/a partition -4 0 1\n",
		"/dev/a partition 4 x 1\n",
		"/dev/a partition 4 0 99999999999\n",
		"/dev/a partition 4 0 1 2\n",
		"/dev/a partition 18014398509481984 0 1\n",
		"/dev/a partition 4 0 1",
	};
	struct swap_entry *e = malloc(sizeof(*e));
	size_t i;

	assert_non_null(e);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		const char *cursor = t[i];

		assert_false(swaps_next(&cursor, e));
	}
	free(e);
}

/* Paths at and beyond the limit, escapes that are none, lines that no kernel writes. */
static void test_swaps_paths(void **state)
{
	static const char tail[] = " file 4 0 1\n";
	struct swap_entry *e = malloc(sizeof(*e));
	size_t len = 8 * PATH_MAX;
	char *text = malloc(len);
	const char *cursor;

	assert_non_null(e);
	assert_non_null(text);

	memset(text, 'x', len);
	strcpy(text + PATH_MAX - 1, tail);
	cursor = text;
	assert_true(swaps_next(&cursor, e));
	assert_int_equal(strlen(e->path), PATH_MAX - 1);

	memset(text, 'x', len);
	strcpy(text + PATH_MAX, tail);
	cursor = text;
	assert_false(swaps_next(&cursor, e));

	memset(text, 'x', len);
	strcpy(text + 5 * PATH_MAX, tail);
	strcat(text, "/ok file 4 0 1\n");
	cursor = text;
	assert_true(swaps_next(&cursor, e));
	assert_string_equal(e->path, "/ok");

	cursor = "/a\\04 file 4 0 1\n";
	assert_true(swaps_next(&cursor, e));
	assert_string_equal(e->path, "/a\\04");
	cursor = "/a\\777 file 4 0 1\n";
	assert_true(swaps_next(&cursor, e));
	assert_string_equal(e->path, "/a\\777");
	free(text);
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_counters_too_long),
		cmocka_unit_test(test_hist),
		cmocka_unit_test(test_hist_malformed),
		cmocka_unit_test(test_hist_too_many),
		cmocka_unit_test(test_percentile),
		cmocka_unit_test(test_swaps),
		cmocka_unit_test(test_swaps_malformed),
		cmocka_unit_test(test_swaps_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
