// SPDX-License-Identifier: GPL-2.0-only
/* The bound of a spin, for everything that may be known of a queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spin.h"

#define MAX	1000000ULL

static void unknown_spins_as_the_user_says(void **state)
{
	assert_int_equal(fastswap_spin_ns(MAX, 0), MAX);
	assert_int_equal(fastswap_spin_ns(0, 0), 0);
}

static void a_fast_queue_gets_a_multiple(void **state)
{
	assert_int_equal(fastswap_spin_ns(MAX, 100000), 100000 * FASTSWAP_SPIN_FACTOR);
	/* But not less than what sleeping would take. */
	assert_int_equal(fastswap_spin_ns(MAX, 1), FASTSWAP_SPIN_FLOOR);
	assert_int_equal(fastswap_spin_ns(MAX, FASTSWAP_SPIN_FLOOR / FASTSWAP_SPIN_FACTOR),
			 FASTSWAP_SPIN_FLOOR);
}

static void the_user_has_the_last_word(void **state)
{
	assert_int_equal(fastswap_spin_ns(MAX, 900000), MAX);
	assert_int_equal(fastswap_spin_ns(MAX, MAX), MAX);
	assert_int_equal(fastswap_spin_ns(1000, 500), 1000);
	assert_int_equal(fastswap_spin_ns(0, 1), 0);
}

static void a_slow_queue_gets_none(void **state)
{
	assert_int_equal(fastswap_spin_ns(MAX, MAX + 1), 0);
	assert_int_equal(fastswap_spin_ns(MAX, UINT32_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_spins_as_the_user_says),
		cmocka_unit_test(a_fast_queue_gets_a_multiple),
		cmocka_unit_test(the_user_has_the_last_word),
		cmocka_unit_test(a_slow_queue_gets_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
