// SPDX-License-Identifier: GPL-2.0-only
/* The latency histogram: buckets without gaps, in order, of the promised width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/kernel.h>

#include "histogram.h"

#define LAST	(FASTSWAP_HIST_BUCKETS - 1)

static void test_known_values(void **state)
{
	static const struct {
		u64 ns;
		unsigned int bucket;
	} t[] = {
		{ 0, 0 },
		{ 1, 0 },
		{ 255, 0 },
		{ 256, 1 },
		{ 287, 1 },
		{ 288, 2 },
		{ 511, 8 },
		{ 512, 9 },
		{ 575, 9 },
		{ 576, 10 },
		{ (1ULL << FASTSWAP_HIST_MAX_SHIFT) - 1, LAST - 1 },
		{ 1ULL << FASTSWAP_HIST_MAX_SHIFT, LAST },
		{ 1ULL << 63, LAST },
		{ U64_MAX, LAST },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(fastswap_hist_bucket(t[i].ns), t[i].bucket);
}

/* What is below a bound is in that bucket or before, the bound itself behind it. */
static void test_bounds_meet(void **state)
{
	unsigned int i;

	for (i = 0; i < LAST; i++) {
		u64 upper = fastswap_hist_upper(i);

		assert_int_equal(fastswap_hist_bucket(upper - 1), i);
		assert_int_equal(fastswap_hist_bucket(upper), i + 1);
	}
	assert_true(fastswap_hist_upper(LAST) == U64_MAX);
}

static void test_bounds_ascend_in_steps_of_an_eighth(void **state)
{
	unsigned int i;

	for (i = 1; i < LAST; i++) {
		u64 lower = fastswap_hist_upper(i - 1), upper = fastswap_hist_upper(i);

		assert_true(upper > lower);
		assert_true(upper - lower <= lower / FASTSWAP_HIST_SUB);
	}
}

static void test_behind_the_last(void **state)
{
	assert_true(fastswap_hist_upper(FASTSWAP_HIST_BUCKETS) == U64_MAX);
	assert_true(fastswap_hist_upper(UINT_MAX) == U64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_bounds_meet),
		cmocka_unit_test(test_bounds_ascend_in_steps_of_an_eighth),
		cmocka_unit_test(test_behind_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
