// SPDX-License-Identifier: GPL-2.0-only
/* The end of the wait for a link: in every state of a session, and to the millisecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hold.h"

static void time_that_is_left(void **state)
{
	assert_int_equal(fsr_hold_left_ms(30, 0), 30000);
	assert_int_equal(fsr_hold_left_ms(30, 1), 29999);
	assert_int_equal(fsr_hold_left_ms(30, 29999), 1);
	assert_int_equal(fsr_hold_left_ms(30, 30000), 0);
	assert_int_equal(fsr_hold_left_ms(30, 30001), 0);
	assert_int_equal(fsr_hold_left_ms(30, UINT64_MAX), 0);
}

static void no_time_at_all(void **state)
{
	assert_int_equal(fsr_hold_left_ms(0, 0), 0);
	assert_int_equal(fsr_hold_left_ms(0, 1), 0);
}

static void times_that_do_not_fit_into_32_bits(void **state)
{
	assert_int_equal(fsr_hold_left_ms(UINT32_MAX, 0), UINT32_MAX * 1000ull);
	assert_int_equal(fsr_hold_left_ms(UINT32_MAX, UINT32_MAX), UINT32_MAX * 999ull);
}

static void every_state(void **state)
{
	static const bool waits[FSR_NR_STATES] = {
		[FSR_BROKEN] = true,
		[FSR_RECONNECTING] = true,
	};
	unsigned int i;

	for (i = 0; i < FSR_NR_STATES; i++) {
		assert_int_equal(fsr_hold_look(i, false, 1),
				 waits[i] ? FSR_HOLD_WAIT : FSR_HOLD_NONE);
		assert_int_equal(fsr_hold_look(i, false, UINT64_MAX),
				 waits[i] ? FSR_HOLD_WAIT : FSR_HOLD_NONE);
		assert_int_equal(fsr_hold_look(i, false, 0),
				 waits[i] ? FSR_HOLD_OVER : FSR_HOLD_NONE);
		/* Once in an outage. */
		assert_int_equal(fsr_hold_look(i, true, 0), FSR_HOLD_NONE);
		assert_int_equal(fsr_hold_look(i, true, 1), FSR_HOLD_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_that_is_left),
		cmocka_unit_test(no_time_at_all),
		cmocka_unit_test(times_that_do_not_fit_into_32_bits),
		cmocka_unit_test(every_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
