// SPDX-License-Identifier: GPL-2.0-only
/* The whole table, and what data that is never old rests on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ahead_sm.h"

#define NEXT(state, event) fastswap_ahead_next(FASTSWAP_AHEAD_##state, FASTSWAP_AHEAD_##event)
#define GOES(from, event, to) assert_int_equal(NEXT(from, event), FASTSWAP_AHEAD_##to)

static void every_state_and_event(void **state)
{
	GOES(FREE, ASK, FLYING);
	GOES(FREE, WANT, NO);
	GOES(FREE, WRITTEN, FREE);
	GOES(FREE, ARRIVED, NO);
	GOES(FREE, FAILED, NO);
	GOES(FREE, COPIED, NO);

	GOES(FLYING, ASK, NO);
	GOES(FLYING, WANT, AWAITED);
	GOES(FLYING, WRITTEN, STALE);
	GOES(FLYING, ARRIVED, READY);
	GOES(FLYING, FAILED, FREE);
	GOES(FLYING, COPIED, NO);

	GOES(STALE, ASK, NO);
	GOES(STALE, WANT, NO);
	GOES(STALE, WRITTEN, STALE);
	GOES(STALE, ARRIVED, FREE);
	GOES(STALE, FAILED, FREE);
	GOES(STALE, COPIED, NO);

	GOES(AWAITED, ASK, NO);
	GOES(AWAITED, WANT, NO);
	GOES(AWAITED, WRITTEN, AWAITED);
	GOES(AWAITED, ARRIVED, TAKEN);
	GOES(AWAITED, FAILED, TAKEN);
	GOES(AWAITED, COPIED, NO);

	GOES(READY, ASK, FLYING);
	GOES(READY, WANT, TAKEN);
	GOES(READY, WRITTEN, FREE);
	GOES(READY, ARRIVED, NO);
	GOES(READY, FAILED, NO);
	GOES(READY, COPIED, NO);

	GOES(TAKEN, ASK, NO);
	GOES(TAKEN, WANT, NO);
	GOES(TAKEN, WRITTEN, TAKEN);
	GOES(TAKEN, ARRIVED, NO);
	GOES(TAKEN, FAILED, NO);
	GOES(TAKEN, COPIED, FREE);
}

/*
 * From any state, whatever happens: a reader that comes after a write gets
 * nothing that was asked for before it.
 */
static void nobody_gets_what_is_older_than_a_write(void **unused)
{
	static const enum fastswap_ahead_event ends[] = {
		FASTSWAP_AHEAD_ARRIVED,
		FASTSWAP_AHEAD_FAILED,
		FASTSWAP_AHEAD_COPIED,
		FASTSWAP_AHEAD_WRITTEN,
	};
	unsigned int state, first, second;

	for (state = 0; state < FASTSWAP_AHEAD_NR_STATES; state++) {
		unsigned int written = fastswap_ahead_next(state, FASTSWAP_AHEAD_WRITTEN);

		assert_int_not_equal(written, FASTSWAP_AHEAD_NO);
		assert_int_equal(fastswap_ahead_next(written, FASTSWAP_AHEAD_WANT),
				 FASTSWAP_AHEAD_NO);
		for (first = 0; first < 4; first++) {
			unsigned int then = fastswap_ahead_next(written, ends[first]);

			if (then == FASTSWAP_AHEAD_NO)
				continue;
			assert_int_equal(fastswap_ahead_next(then, FASTSWAP_AHEAD_WANT),
					 FASTSWAP_AHEAD_NO);
			for (second = 0; second < 4; second++) {
				unsigned int last = fastswap_ahead_next(then, ends[second]);

				if (last != FASTSWAP_AHEAD_NO)
					assert_int_equal(
						fastswap_ahead_next(last, FASTSWAP_AHEAD_WANT),
						FASTSWAP_AHEAD_NO);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_and_event),
		cmocka_unit_test(nobody_gets_what_is_older_than_a_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
