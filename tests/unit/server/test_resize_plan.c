// SPDX-License-Identifier: GPL-2.0-only
/* Which chunks go, and how many may be held meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "region.h"
#include "resize_plan.h"
#include "util.h"

#define NR	64

static struct region regions[NR];

/* One character per chunk: '.' free. */
static uint32_t set(const char *text)
{
	uint32_t i;

	memset(regions, 0, sizeof(regions));
	for (i = 0; text[i]; i++)
		regions[i].listed = text[i] == '.';
	return i;
}

static void chosen(const char *text, uint32_t unit, uint32_t most, uint32_t first, uint32_t count)
{
	struct resize_run run;
	uint32_t nr = set(text);

	assert_int_equal(resize_choose(regions, nr, unit, most, &run), count > 0);
	assert_int_equal(run.count, count);
	if (count)
		assert_int_equal(run.first, first);
}

static void from_the_end(void **state)
{
	chosen("", 1, 5, 0, 0);
	chosen("....", 1, 0, 0, 0);
	chosen("....", 1, 1, 3, 1);
	chosen("....", 1, 3, 1, 3);
	chosen("....", 1, 9, 0, 4);
	chosen("..x.", 1, 9, 3, 1);
	chosen("..xx", 1, 9, 0, 2);
	chosen("x..x", 1, 9, 1, 2);
	chosen("x..x", 1, 1, 2, 1);
	chosen("xxxx", 1, 9, 0, 0);
}

/* Chunks of one page go together or not at all; the last page may not be full. */
static void in_units(void **state)
{
	chosen("........", 4, 8, 0, 8);
	chosen("........", 4, 7, 4, 4);
	chosen("........", 4, 3, 0, 0);
	chosen(".....x..", 4, 8, 0, 4);
	chosen(".x...x..", 4, 8, 0, 0);
	chosen("....x.....", 4, 9, 8, 2);
	chosen("..........", 4, 9, 4, 6);
	chosen("..........", 4, 2, 8, 2);
	chosen("..........", 4, 1, 0, 0);
	chosen("..........", 16, 10, 0, 10);
}

static void whatever_is_free(void **state)
{
	unsigned int i;

	srandom(3);
	for (i = 0; i < 100000; i++) {
		uint32_t nr = random() % (NR + 1), unit = 1 + random() % 5, most = random() % 20;
		struct resize_run run;
		uint32_t k;

		for (k = 0; k < nr; k++)
			regions[k].listed = random() % 8;
		if (!resize_choose(regions, nr, unit, most, &run))
			continue;
		assert_true(run.count && run.count <= most && run.first + run.count <= nr);
		assert_int_equal(run.first % unit, 0);
		assert_true(!((run.first + run.count) % unit) || run.first + run.count == nr);
		for (k = 0; k < run.count; k++)
			assert_true(regions[run.first + k].listed);
	}
}

static void units(void **state)
{
	assert_int_equal(resize_unit(4096, 20), 1);
	assert_int_equal(resize_unit(2 * MIB, 20), 2);
	assert_int_equal(resize_unit(2 * MIB, 21), 1);
	assert_int_equal(resize_unit(GIB, 26), 16);
	assert_int_equal(resize_unit(GIB, 30), 1);
}

static void how_it_stands(void **state)
{
	assert_int_equal(resize_look(8, 8, 1, false), RESIZE_NONE);
	assert_int_equal(resize_look(8, 8, 1, true), RESIZE_NONE);
	assert_int_equal(resize_look(8, 9, 1, false), RESIZE_GROWING);
	assert_int_equal(resize_look(8, 9, 16, false), RESIZE_GROWING);
	assert_int_equal(resize_look(8, 7, 1, false), RESIZE_SHRINKING);
	assert_int_equal(resize_look(8, 7, 2, false), RESIZE_NONE);
	assert_int_equal(resize_look(8, 6, 2, false), RESIZE_SHRINKING);
	assert_int_equal(resize_look(8, 9, 1, true), RESIZE_STUCK);
	assert_int_equal(resize_look(8, 7, 1, true), RESIZE_STUCK);
	assert_string_equal(resize_phase_name(RESIZE_SHRINKING), "shrinking");
}

static void what_may_be_held(void **state)
{
	assert_int_equal(resize_usable(8, 8, 0), 8);
	assert_int_equal(resize_usable(8, 10, 1), 7);
	assert_int_equal(resize_usable(8, 5, 1), 4);
	assert_int_equal(resize_usable(8, 5, 6), 0);
	/* What is free is for clients, but for what is to go. */
	assert_int_equal(resize_coming(8, 8, 3, 2), 5);
	assert_int_equal(resize_coming(8, 9, 3, 2), 5);
	assert_int_equal(resize_coming(8, 5, 3, 2), 2);
	assert_int_equal(resize_coming(8, 3, 3, 2), 0);
	assert_int_equal(resize_coming(8, 1, 3, 2), 0);
}

static void what_is_recalled(void **state)
{
	assert_int_equal(resize_recall(0, 0, 0), 0);
	assert_int_equal(resize_recall(8, 8, 8), 0);
	assert_int_equal(resize_recall(8, 20, 8), 0);
	assert_int_equal(resize_recall(8, 5, 8), 3);
	assert_int_equal(resize_recall(8, 5, 4), 2);
	assert_int_equal(resize_recall(8, 5, 1), 1);
	assert_int_equal(resize_recall(8, 5, 0), 0);
	assert_int_equal(resize_recall(8, 0, 3), 3);
	assert_int_equal(resize_recall(8, 5, 9), 3);
	assert_int_equal(resize_recall(UINT32_MAX, 0, UINT32_MAX), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_the_end),
		cmocka_unit_test(in_units),
		cmocka_unit_test(whatever_is_free),
		cmocka_unit_test(units),
		cmocka_unit_test(how_it_stands),
		cmocka_unit_test(what_may_be_held),
		cmocka_unit_test(what_is_recalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
