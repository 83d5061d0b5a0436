// SPDX-License-Identifier: GPL-2.0-only
/* The pause between attempts: grows, is bounded, and differs from client to client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backoff.h"

static void within_its_bounds(void **state)
{
	static const u32 randoms[] = { 0, 1, 25, 26, 1000, 1001, UINT32_MAX - 1, UINT32_MAX };
	static const u32 attempts[] = { 0, 1, 5, 6, 15, 16, 31, 32, 1000, UINT32_MAX };
	size_t a, r;

	for (a = 0; a < sizeof(attempts) / sizeof(*attempts); a++)
		for (r = 0; r < sizeof(randoms) / sizeof(*randoms); r++)
			assert_in_range(fsr_backoff_ms(attempts[a], randoms[r]),
					FSR_BACKOFF_FIRST_MS / 2, FSR_BACKOFF_MAX_MS);
}

static void doubles_up_to_the_bound(void **state)
{
	u32 attempt, last = 0, ms;

	assert_int_equal(fsr_backoff_ms(0, 0), FSR_BACKOFF_FIRST_MS / 2);
	for (attempt = 0; attempt < 40; attempt++) {
		ms = fsr_backoff_ms(attempt, 0);
		assert_true(ms == 2 * last || !last || ms == FSR_BACKOFF_MAX_MS / 2);
		last = ms;
	}
	assert_int_equal(last, FSR_BACKOFF_MAX_MS / 2);
}

static void half_of_it_is_random(void **state)
{
	assert_int_equal(fsr_backoff_ms(100, FSR_BACKOFF_MAX_MS / 2), FSR_BACKOFF_MAX_MS);
	assert_int_equal(fsr_backoff_ms(100, FSR_BACKOFF_MAX_MS / 2 + 1), FSR_BACKOFF_MAX_MS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_its_bounds),
		cmocka_unit_test(doubles_up_to_the_bound),
		cmocka_unit_test(half_of_it_is_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
