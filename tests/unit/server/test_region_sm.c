// SPDX-License-Identifier: GPL-2.0-only
/* The whole table of the chunk's states, and the promise that it makes to clients. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "region_sm.h"

/* Per state one character per event: first letter of the next state ('z' ZEROING), '.' refused. */
static const char *const expected[REGION_NR_STATES] = {
	/*		       CURFRDDGZZRR */
	[REGION_FREE]		= "C.........R.",
	[REGION_CLAIMED]	= ".FGC........",
	[REGION_GRANTED]	= "....X.......",
	[REGION_CONDEMNED]	= ".....DLD....",
	[REGION_DIRTY]		= "........z...",
	[REGION_ZEROING]	= ".........F..",
	[REGION_LOST]		= "............",
	[REGION_RETIRED]	= "...........F",
};

static void every_pair(void **state)
{
	static const char letters[] = "FCGXDzLR";	/* by state */
	enum region_state next;
	int s, e;

	assert_int_equal(strlen(letters), REGION_NR_STATES);
	for (s = 0; s < REGION_NR_STATES; s++) {
		assert_int_equal(strlen(expected[s]), REGION_NR_EVENTS);
		for (e = 0; e < REGION_NR_EVENTS; e++) {
			bool ok = region_sm_step(s, e, &next);

			if (expected[s][e] == '.') {
				assert_false(ok);
				assert_int_equal(next, s);
			} else if (!ok || letters[next] != expected[s][e]) {
				fail_msg("%s, %s: got %s", region_state_name(s),
					 region_event_name(e), region_state_name(next));
			}
		}
	}
}

/*
 * Whatever order of events: a chunk that was granted is free again only after it
 * was deregistered and then zeroed, in this order.
 */
static void no_way_around_zeroing(void **state)
{
	/* Reachable (state, what happened since the grant): bit 0 deregistered, bit 1 zeroed. */
	bool seen[REGION_NR_STATES][4] = { { false } };
	struct {
		enum region_state s;
		int did;
	} todo[64];
	enum region_state next;
	int nr = 0, e;

	todo[nr].s = REGION_GRANTED;
	todo[nr++].did = 0;
	seen[REGION_GRANTED][0] = true;
	while (nr) {
		enum region_state s = todo[--nr].s;
		int did = todo[nr].did;

		for (e = 0; e < REGION_NR_EVENTS; e++) {
			int now = did;

			if (!region_sm_step(s, e, &next))
				continue;
			/* Either way no access is possible any more. */
			if (e == REGION_EV_DEREGISTERED || e == REGION_EV_DEVICE_GONE)
				now |= 1;
			if (e == REGION_EV_ZERO_BEGIN)
				assert_true(now & 1);
			if (e == REGION_EV_ZERO_DONE)
				now |= 2;
			if (next == REGION_FREE) {
				assert_int_equal(now, 3);
				continue;	/* the next owner's story */
			}
			assert_true(next != REGION_CLAIMED);
			if (!seen[next][now]) {
				seen[next][now] = true;
				todo[nr].s = next;
				todo[nr++].did = now;
			}
		}
	}
	assert_true(seen[REGION_LOST][0]);
}

static void registration(void **state)
{
	assert_false(region_sm_has_mr(REGION_FREE));
	assert_false(region_sm_has_mr(REGION_CLAIMED));
	assert_true(region_sm_has_mr(REGION_GRANTED));
	assert_true(region_sm_has_mr(REGION_CONDEMNED));
	assert_false(region_sm_has_mr(REGION_DIRTY));
	assert_false(region_sm_has_mr(REGION_ZEROING));
	assert_true(region_sm_has_mr(REGION_LOST));
	assert_false(region_sm_has_mr(REGION_RETIRED));
}

static void out_of_range(void **state)
{
	enum region_state next;

	assert_false(region_sm_step(REGION_NR_STATES, REGION_EV_CLAIM, &next));
	assert_false(region_sm_step(REGION_FREE, REGION_NR_EVENTS, &next));
	assert_false(region_sm_step(UINT_MAX, UINT_MAX, &next));
	assert_string_equal(region_state_name(REGION_NR_STATES), "?");
	assert_string_equal(region_event_name(REGION_NR_EVENTS), "?");
	assert_string_equal(region_state_name(REGION_LOST), "LOST");
	assert_string_equal(region_event_name(REGION_EV_ZERO_DONE), "ZERO_DONE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(no_way_around_zeroing),
		cmocka_unit_test(registration),
		cmocka_unit_test(out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
