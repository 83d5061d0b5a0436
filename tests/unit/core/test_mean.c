// SPDX-License-Identifier: GPL-2.0-only
/* The learned round trip: its beginning, its course, its extremes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fastswap/mean.h>

static void the_first_sample_is_the_mean(void **state)
{
	assert_int_equal(fastswap_mean_add(0, 5000), 5000);
	assert_int_equal(fastswap_mean_add(0, 1), 1);
	/* 0 would mean that there is none. */
	assert_int_equal(fastswap_mean_add(0, 0), 1);
}

static void a_sample_counts_an_eighth(void **state)
{
	assert_int_equal(fastswap_mean_add(8000, 16000), 9000);
	assert_int_equal(fastswap_mean_add(8000, 0), 7000);
	assert_int_equal(fastswap_mean_add(8000, 8000), 8000);
}

static void follows_in_both_directions(void **state)
{
	u32 mean = 10000;
	int i;

	for (i = 0; i < 100; i++)
		mean = fastswap_mean_add(mean, 1000000);
	assert_in_range(mean, 990000, 1000000);
	for (i = 0; i < 100; i++)
		mean = fastswap_mean_add(mean, 10000);
	assert_in_range(mean, 10000, 10100);
	for (i = 0; i < 1000; i++)
		mean = fastswap_mean_add(mean, 0);
	assert_in_range(mean, 1, 8);
}

static void saturates(void **state)
{
	u32 mean = fastswap_mean_add(0, UINT64_MAX);
	int i;

	assert_int_equal(mean, FASTSWAP_MEAN_MAX);
	for (i = 0; i < 100; i++)
		mean = fastswap_mean_add(mean, UINT64_MAX);
	assert_int_equal(mean, FASTSWAP_MEAN_MAX);
	assert_true(fastswap_mean_add(mean, 0) < mean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_sample_is_the_mean),
		cmocka_unit_test(a_sample_counts_an_eighth),
		cmocka_unit_test(follows_in_both_directions),
		cmocka_unit_test(saturates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
