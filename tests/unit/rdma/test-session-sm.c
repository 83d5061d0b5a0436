// SPDX-License-Identifier: GPL-2.0-only
/* The whole table: every pair of states, written down a second time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session_sm.h"

static void every_pair(void **state)
{
	static const bool may[FSR_NR_STATES][FSR_NR_STATES] = {
		[FSR_CONNECTING] = {
			[FSR_LIVE] = true,
			[FSR_FAILED] = true,
			[FSR_CLOSING] = true,
		},
		[FSR_LIVE] = { [FSR_BROKEN] = true, [FSR_CLOSING] = true },
		[FSR_BROKEN] = { [FSR_RECONNECTING] = true, [FSR_CLOSING] = true },
		[FSR_RECONNECTING] = {
			[FSR_LIVE] = true,
			[FSR_BROKEN] = true,
			[FSR_CLOSING] = true,
		},
		[FSR_FAILED] = { [FSR_CLOSING] = true },
		[FSR_CLOSING] = { [FSR_CLOSED] = true },
	};
	int from, to;

	for (from = 0; from < FSR_NR_STATES; from++)
		for (to = 0; to < FSR_NR_STATES; to++)
			assert_int_equal(fsr_state_may_change(from, to), may[from][to]);
}

/* What the rest of the module relies on. */
static void a_failure_happens_once(void **state)
{
	int to;

	for (to = 0; to < FSR_NR_STATES; to++)
		assert_false(fsr_state_may_change(to, to));
	assert_false(fsr_state_may_change(FSR_FAILED, FSR_LIVE));
	assert_false(fsr_state_may_change(FSR_CLOSING, FSR_FAILED));
	for (to = 0; to < FSR_NR_STATES; to++)
		assert_false(fsr_state_may_change(FSR_CLOSED, to));
}

static void where_a_failure_leads(void **state)
{
	assert_int_equal(fsr_state_after_failure(FSR_CONNECTING), FSR_FAILED);
	assert_int_equal(fsr_state_after_failure(FSR_LIVE), FSR_BROKEN);
	assert_int_equal(fsr_state_after_failure(FSR_BROKEN), FSR_BROKEN);
	assert_int_equal(fsr_state_after_failure(FSR_RECONNECTING), FSR_BROKEN);
	assert_int_equal(fsr_state_after_failure(FSR_FAILED), FSR_FAILED);
	assert_int_equal(fsr_state_after_failure(FSR_CLOSING), FSR_CLOSING);
	assert_int_equal(fsr_state_after_failure(FSR_CLOSED), FSR_CLOSED);
	assert_int_equal(fsr_state_after_failure(FSR_NR_STATES), FSR_NR_STATES);
}

static void states_that_do_not_exist(void **state)
{
	assert_false(fsr_state_may_change(FSR_NR_STATES, FSR_LIVE));
	assert_false(fsr_state_may_change(FSR_LIVE, FSR_NR_STATES));
	assert_false(fsr_state_may_change(-1, FSR_LIVE));
	assert_false(fsr_state_may_change(FSR_LIVE, -1));
	assert_false(fsr_state_may_change(FSR_LIVE, 1000));
	assert_string_equal(fsr_state_name(FSR_NR_STATES), "unknown");
	assert_string_equal(fsr_state_name(-1), "unknown");
}

static void names(void **state)
{
	int a, b;

	assert_string_equal(fsr_state_name(FSR_LIVE), "live");
	assert_string_equal(fsr_state_name(FSR_FAILED), "failed");
	for (a = 0; a < FSR_NR_STATES; a++)
		for (b = 0; b < a; b++)
			assert_string_not_equal(fsr_state_name(a), fsr_state_name(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(a_failure_happens_once),
		cmocka_unit_test(where_a_failure_leads),
		cmocka_unit_test(states_that_do_not_exist),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
