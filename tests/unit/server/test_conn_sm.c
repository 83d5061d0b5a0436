// SPDX-License-Identifier: GPL-2.0-only
/* The whole table of the connection's states, pair by pair, against a second copy of the intent. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "conn_sm.h"

/*
 * Per state one character per event, in the order of CONN_EVENTS:
 * '-' nothing, 'i' ignored, both without a change of state; 'a' to ACCEPTED and
 * await; 'L' to LIVE and start; 'c' to CLOSING and disconnect; 'x' to DOWN and
 * tear down.
 */
static const char *const expected[CONN_NR_STATES] = {
	/*		   ARCDCRECURDTDAAM */
	[CONN_NEW]	= "axxxxiixxxxxxiii",
	[CONN_ACCEPTED]	= "ixcxxiLxxxxxxiii",
	[CONN_LIVE]	= "iicixiixxxxxxiii",
	[CONN_CLOSING]	= "ix-xxi-xxxxxxiii",
	[CONN_DOWN]	= "ii---i-------iii",
};

static void every_pair(void **state)
{
	static const struct {
		char code;
		int next;	/* -1: stays */
		enum conn_action action;
	} codes[] = {
		{ '-', -1, CONN_DO_NONE },
		{ 'i', -1, CONN_DO_IGNORE },
		{ 'a', CONN_ACCEPTED, CONN_DO_AWAIT },
		{ 'L', CONN_LIVE, CONN_DO_START },
		{ 'c', CONN_CLOSING, CONN_DO_DISCONNECT },
		{ 'x', CONN_DOWN, CONN_DO_TEAR_DOWN },
	};
	int s, e;
	size_t i;

	for (s = 0; s < CONN_NR_STATES; s++) {
		assert_int_equal(strlen(expected[s]), CONN_NR_EVENTS);
		for (e = 0; e < CONN_NR_EVENTS; e++) {
			struct conn_step step = conn_sm_step(s, e);

			for (i = 0; codes[i].code != expected[s][e]; i++)
				assert_true(i + 1 < sizeof(codes) / sizeof(codes[0]));
			if (step.action != codes[i].action ||
			    (int)step.next != (codes[i].next < 0 ? s : codes[i].next))
				fail_msg("%s, %s: got %s to %s", conn_state_name(s),
					 conn_event_name(e), conn_action_name(step.action),
					 conn_state_name(step.next));
		}
	}
}

/* What must hold whatever the table says in detail. */
static void rules(void **state)
{
	int s, e;

	for (s = 0; s < CONN_NR_STATES; s++) {
		for (e = 0; e < CONN_NR_EVENTS; e++) {
			struct conn_step step = conn_sm_step(s, e);

			assert_true(step.action != CONN_DO_UNDECIDED);
			/* Torn down exactly once, on the way to DOWN. */
			assert_int_equal(step.action == CONN_DO_TEAR_DOWN,
					 s != CONN_DOWN && step.next == CONN_DOWN);
			/* Nobody comes back, and nobody becomes live unconfirmed. */
			if (s == CONN_DOWN)
				assert_int_equal(step.next, CONN_DOWN);
			if (step.next == CONN_LIVE && s != CONN_LIVE)
				assert_true(s == CONN_ACCEPTED && e == CONN_EV_ESTABLISHED);
		}
		/* However it stands, the server can get rid of it. */
		assert_int_equal(conn_sm_step(s, CONN_EV_CUT).next, CONN_DOWN);
		assert_int_equal(conn_sm_step(s, CONN_EV_DEVICE_REMOVAL).next, CONN_DOWN);
	}
}

static void out_of_range(void **state)
{
	struct conn_step step = conn_sm_step(CONN_NR_STATES, CONN_EV_CLOSE);

	assert_int_equal(step.next, CONN_DOWN);
	assert_int_equal(step.action, CONN_DO_TEAR_DOWN);
	step = conn_sm_step(CONN_LIVE, CONN_NR_EVENTS);
	assert_int_equal(step.next, CONN_DOWN);
	assert_int_equal(step.action, CONN_DO_TEAR_DOWN);
	/* What is torn down must not be so twice. */
	step = conn_sm_step(CONN_DOWN, CONN_NR_EVENTS);
	assert_int_equal(step.next, CONN_DOWN);
	assert_int_equal(step.action, CONN_DO_IGNORE);
	step = conn_sm_step(CONN_DOWN, UINT_MAX);
	assert_int_equal(step.action, CONN_DO_IGNORE);
	step = conn_sm_step(UINT_MAX, UINT_MAX);
	assert_int_equal(step.action, CONN_DO_TEAR_DOWN);
}

static void names(void **state)
{
	assert_string_equal(conn_state_name(CONN_LIVE), "LIVE");
	assert_string_equal(conn_event_name(CONN_EV_TIMEWAIT_EXIT), "TIMEWAIT_EXIT");
	assert_string_equal(conn_action_name(CONN_DO_TEAR_DOWN), "TEAR_DOWN");
	assert_string_equal(conn_state_name(CONN_NR_STATES), "?");
	assert_string_equal(conn_event_name(CONN_NR_EVENTS), "?");
	assert_string_equal(conn_action_name(CONN_NR_ACTIONS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(rules),
		cmocka_unit_test(out_of_range),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
