// SPDX-License-Identifier: GPL-2.0-only
/* Every event in every state of a client's authentication, and what can never be. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "auth_sm.h"

static const char states[] = "LKOAPF";	/* by state; L: KEYLESS */
static const char actions[] = "?GPLDIB";	/* by action */

/* Per state and event: next state, action. */
static const char *const expected[FSR_AUTH_NR_STATES] = {
	/*			WELCOME CHALLENGE GOOD BAD */
	[FSR_AUTH_KEYLESS]	= "OG FL FB FB",
	[FSR_AUTH_KEYED]	= "FD AP FB FB",
	[FSR_AUTH_OPEN]		= "FB FB FB FB",
	[FSR_AUTH_ASKED]	= "FB FB PG FI",
	[FSR_AUTH_PROVEN]	= "FB FB FB FB",
	[FSR_AUTH_FAILED]	= "FB FB FB FB",
};

static void every_pair(void **state)
{
	unsigned int s, e;

	assert_int_equal(strlen(states), FSR_AUTH_NR_STATES);
	assert_int_equal(strlen(actions), FSR_AUTH_NR_ACTIONS);
	for (s = 0; s < FSR_AUTH_NR_STATES; s++) {
		assert_int_equal(strlen(expected[s]), 3 * FSR_AUTH_NR_EVENTS - 1);
		for (e = 0; e < FSR_AUTH_NR_EVENTS; e++) {
			struct fsr_auth_step step = fsr_auth_sm_step(s, e);

			if (states[step.next] != expected[s][3 * e] ||
			    actions[step.action] != expected[s][3 * e + 1])
				fail_msg("state %u, event %u: %c%c", s, e, states[step.next],
					 actions[step.action]);
		}
	}
}

static void nonsense(void **state)
{
	static const unsigned int values[] = { FSR_AUTH_NR_STATES, 100, UINT_MAX, INT_MAX };
	unsigned int i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(fsr_auth_sm_step(values[i], FSR_AUTH_EV_GOOD).next,
				 FSR_AUTH_FAILED);
		assert_int_equal(fsr_auth_sm_step(FSR_AUTH_ASKED, values[i]).action,
				 FSR_AUTH_DO_BREACH);
	}
}

/* Who has a key goes on with nobody who does not have it, whatever comes in which order. */
static void no_way_around_the_proof(void **state)
{
	unsigned int first, second, third;

	for (first = 0; first < FSR_AUTH_NR_EVENTS; first++) {
		struct fsr_auth_step a = fsr_auth_sm_step(FSR_AUTH_KEYED, first);

		assert_int_not_equal(a.action, FSR_AUTH_DO_GO_ON);
		for (second = 0; second < FSR_AUTH_NR_EVENTS; second++) {
			struct fsr_auth_step b = fsr_auth_sm_step(a.next, second);

			assert_int_equal(b.action == FSR_AUTH_DO_GO_ON,
					 first == FSR_AUTH_EV_CHALLENGE &&
						 second == FSR_AUTH_EV_GOOD);
			for (third = 0; third < FSR_AUTH_NR_EVENTS; third++)
				assert_int_equal(fsr_auth_sm_step(b.next, third).next,
						 FSR_AUTH_FAILED);
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
