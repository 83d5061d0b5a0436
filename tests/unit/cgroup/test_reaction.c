// SPDX-License-Identifier: GPL-2.0-only
/* The histogram of reaction times: the ends of its buckets, sums, quantiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reaction.h"

#define US	UINT64_C(1000)
#define MS	UINT64_C(1000000)

static void test_buckets(void **state)
{
	struct reactions r = { 0 };
	unsigned int i;

	for (i = 0; i < NR_REACTIONS - 1; i++) {
		if (i)
			assert_true(reaction_bounds[i] > reaction_bounds[i - 1]);
		reactions_add(&r, reaction_bounds[i]);
		reactions_add(&r, reaction_bounds[i] + 1);
	}
	reactions_add(&r, 0);
	reactions_add(&r, 3600 * 1000 * MS);
	for (i = 0; i < NR_REACTIONS; i++)
		assert_int_equal(r.counts[i], 2);
	assert_int_equal(reactions_count(&r), 2 * NR_REACTIONS);
	assert_true(r.max_ns == 3600 * 1000 * MS);
}

static void test_quantiles(void **state)
{
	struct reactions r = { 0 };
	unsigned int i;

	assert_int_equal(reactions_quantile(&r, 50), 0);
	reactions_add(&r, 30 * US);
	/* The longest is known better than by its bucket. */
	assert_int_equal(reactions_quantile(&r, 1), 30 * US);
	assert_int_equal(reactions_quantile(&r, 100), 30 * US);
	for (i = 0; i < 98; i++)
		reactions_add(&r, 150 * US);
	reactions_add(&r, 700 * MS);
	assert_int_equal(reactions_quantile(&r, 1), 50 * US);
	assert_int_equal(reactions_quantile(&r, 2), 200 * US);
	assert_int_equal(reactions_quantile(&r, 99), 200 * US);
	assert_int_equal(reactions_quantile(&r, 100), 700 * MS);
	assert_int_equal(r.total_ns, 30 * US + 98 * 150 * US + 700 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_quantiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
