// SPDX-License-Identifier: GPL-2.0-only
/* Every event in every state of an authentication, and what can never be. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "auth_sm.h"

static const char states[] = "OACPF";	/* by state */
static const char actions[] = "?.TCKRDB";	/* by action; K: CONFIRM */

/* Per state and event: next state, action. */
static const char *const expected[AUTH_NR_STATES] = {
	/*		    PROOF WISH SIGN GOOD BAD DEADLINE */
	[AUTH_OPEN]	= "OB OT OT O. O. O.",
	[AUTH_AWAITED]	= "CC FD AT A. A. FD",
	[AUTH_CHECKING]	= "FB FD CT PK FR C.",
	[AUTH_PROVEN]	= "PB PT PT P. P. P.",
	[AUTH_FAILED]	= "F. F. F. F. F. F.",
};

static void every_pair(void **state)
{
	unsigned int s, e;

	assert_int_equal(strlen(states), AUTH_NR_STATES);
	assert_int_equal(strlen(actions), AUTH_NR_ACTIONS);
	for (s = 0; s < AUTH_NR_STATES; s++) {
		assert_int_equal(strlen(expected[s]), 3 * AUTH_NR_EVENTS - 1);
		for (e = 0; e < AUTH_NR_EVENTS; e++) {
			struct auth_step step = auth_sm_step(s, e);

			if (states[step.next] != expected[s][3 * e] ||
			    actions[step.action] != expected[s][3 * e + 1])
				fail_msg("state %u, event %u: %c%c", s, e, states[step.next],
					 actions[step.action]);
			assert_int_not_equal(step.action, AUTH_DO_UNDECIDED);
		}
	}
}

static void nonsense(void **state)
{
	static const unsigned int values[] = { AUTH_NR_STATES, 100, UINT_MAX, INT_MAX };
	unsigned int i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(auth_sm_step(values[i], AUTH_EV_GOOD).next, AUTH_FAILED);
		assert_int_equal(auth_sm_step(values[i], AUTH_EV_GOOD).action, AUTH_DO_BREACH);
	}
	assert_int_equal(auth_sm_step(AUTH_PROVEN, AUTH_NR_EVENTS).next, AUTH_FAILED);
	assert_int_equal(auth_sm_step(AUTH_PROVEN, UINT_MAX).action, AUTH_DO_BREACH);
}

/* Who has to prove himself gets nothing before he did, whatever happens in which order. */
static void no_way_around_the_proof(void **state)
{
	bool reached[AUTH_NR_STATES][2] = { { false } };	/* [state][was the proof good?] */
	unsigned int round, s, good, e;

	reached[AUTH_AWAITED][0] = true;
	for (round = 0; round < 2 * AUTH_NR_STATES; round++) {
		for (s = 0; s < AUTH_NR_STATES; s++) {
			for (good = 0; good < 2; good++) {
				for (e = 0; reached[s][good] && e < AUTH_NR_EVENTS; e++) {
					struct auth_step step = auth_sm_step(s, e);

					reached[step.next][good || (s == AUTH_CHECKING &&
								    e == AUTH_EV_GOOD)] = true;
				}
			}
		}
	}
	assert_true(reached[AUTH_PROVEN][1]);
	assert_false(reached[AUTH_PROVEN][0]);
	assert_false(reached[AUTH_OPEN][0] || reached[AUTH_OPEN][1]);
	for (s = 0; s < AUTH_NR_STATES; s++) {
		bool counts = s == AUTH_OPEN || s == AUTH_PROVEN;

		assert_int_equal(auth_sm_counts(s), counts);
		assert_int_equal(auth_sm_step(s, AUTH_EV_WISH).action == AUTH_DO_TAKE, counts);
		/* One proof is looked at, and confirmed once. */
		for (e = 0; e < AUTH_NR_EVENTS; e++) {
			assert_int_equal(auth_sm_step(s, e).action == AUTH_DO_CHECK,
					 s == AUTH_AWAITED && e == AUTH_EV_PROOF);
			assert_int_equal(auth_sm_step(s, e).action == AUTH_DO_CONFIRM,
					 s == AUTH_CHECKING && e == AUTH_EV_GOOD);
			assert_true(s != AUTH_FAILED || auth_sm_step(s, e).next == AUTH_FAILED);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(no_way_around_the_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
