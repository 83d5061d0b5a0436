// SPDX-License-Identifier: GPL-2.0-only
/* An extent that is moved: the whole table, written down a second time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "move_sm.h"

#define NO	(-1)
#define S(state) FSR_MOVE_##state

static void every_pair(void **state)
{
	/*                      BEGIN        SETTLED     READ        WRITTEN COPIED LEFT FAIL */
	static const int to[FSR_NR_MOVE_STATES][FSR_NR_MOVE_EVENTS] = {
		[S(NONE)] = { S(SETTLING), NO, NO, NO, NO, NO, NO },
		[S(SETTLING)] = { NO, S(READING), NO, NO, NO, NO, S(NONE) },
		[S(READING)] = { NO, NO, S(WRITING), NO, NO, NO, S(NONE) },
		[S(WRITING)] = { NO, NO, NO, S(READING), S(LEAVING), NO, S(NONE) },
		[S(LEAVING)] = { NO, NO, NO, NO, NO, S(NONE), NO },
	};
	enum fsr_move_state next;
	int from, event;

	for (from = 0; from < FSR_NR_MOVE_STATES; from++) {
		for (event = 0; event < FSR_NR_MOVE_EVENTS; event++) {
			bool may = fsr_move_step(from, event, &next);

			assert_int_equal(may, to[from][event] != NO);
			assert_int_equal(next, may ? to[from][event] : from);
		}
	}
}

static void what_does_not_exist(void **state)
{
	enum fsr_move_state next;

	assert_false(fsr_move_step(FSR_NR_MOVE_STATES, FSR_MOVE_EV_FAIL, &next));
	assert_false(fsr_move_step(S(NONE), FSR_NR_MOVE_EVENTS, &next));
	assert_int_equal(next, S(NONE));
	assert_false(fsr_move_step(-1, FSR_MOVE_EV_FAIL, &next));
	assert_false(fsr_move_step(S(NONE), -1, &next));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(what_does_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
