// SPDX-License-Identifier: GPL-2.0-only
/* Readers in order are recognised, others are left alone, nothing is asked for twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stream.h"

#define DEPTH	32
#define SLOTS	100000ULL
#define WINDOW	8

static struct fastswap_range window(struct fastswap_streams *streams, u64 first)
{
	return fastswap_streams_next(streams, first, first + WINDOW - 1, DEPTH, SLOTS);
}

static void the_third_window_is_a_stream(void **state)
{
	struct fastswap_streams streams = { };
	struct fastswap_range range;

	assert_int_equal(window(&streams, 1000).count, 0);
	assert_int_equal(window(&streams, 1008).count, 0);
	range = window(&streams, 1016);
	assert_int_equal(range.first, 1024);
	assert_int_equal(range.count, DEPTH);
}

/* Every slot ahead of the third window is asked for once, DEPTH ahead at most. */
static void goes_up(void **state)
{
	struct fastswap_streams streams = { };
	u64 first, asked = 24;

	for (first = 0; first + WINDOW <= SLOTS; first += WINDOW) {
		struct fastswap_range range = window(&streams, first);

		if (!range.count)
			continue;
		assert_int_equal(range.first, asked);
		asked += range.count;
		assert_in_range(asked, first + WINDOW + DEPTH / 2, first + WINDOW + DEPTH);
		assert_in_range(asked, 0, SLOTS);
	}
	assert_int_equal(asked, SLOTS);
}

static void goes_down(void **state)
{
	struct fastswap_streams streams = { };
	u64 first, above = SLOTS - 24;

	for (first = SLOTS - WINDOW; first < SLOTS; first -= WINDOW) {
		struct fastswap_range range = window(&streams, first);

		if (!range.count)
			continue;
		assert_int_equal(range.first + range.count, above);
		above = range.first;
		assert_true(above + DEPTH >= first);
	}
	assert_int_equal(above, 0);
}

static void follows_gaps_and_overtaking(void **state)
{
	struct fastswap_streams streams = { };
	struct fastswap_range range;

	window(&streams, 1000);
	window(&streams, 1016);
	range = window(&streams, 1032);
	assert_int_equal(range.first, 1040);
	/* More is skipped than was read: another reader. */
	assert_int_equal(window(&streams, 1049).count, 0);
	assert_int_equal(window(&streams, 2000).count, 0);
	window(&streams, 2008);
	range = window(&streams, 2016);
	assert_int_equal(range.first, 2024);
	/* The reader is further than what was asked for: no slot behind it is asked for. */
	range = fastswap_streams_next(&streams, 2030, 2099, DEPTH, SLOTS);
	assert_int_equal(range.first, 2100);
	assert_int_equal(range.count, DEPTH);
}

static void a_turn_begins_anew(void **state)
{
	struct fastswap_streams streams = { };

	window(&streams, 1000);
	window(&streams, 1008);
	assert_int_not_equal(window(&streams, 1016).count, 0);
	assert_int_equal(window(&streams, 1008).count, 0);
	assert_int_not_equal(window(&streams, 1000).count, 0);
}

static void strides_are_no_stream(void **state)
{
	struct fastswap_streams streams = { };
	u64 slot;

	for (slot = 0; slot < SLOTS; slot += 16)
		assert_int_equal(
			fastswap_streams_next(&streams, slot, slot, DEPTH, SLOTS).count, 0);
	for (slot = SLOTS - 1; slot > 3; slot -= 3)
		assert_int_equal(
			fastswap_streams_next(&streams, slot, slot, DEPTH, SLOTS).count, 0);
}

static void several_at_a_time(void **state)
{
	struct fastswap_streams streams = { };
	u64 step, reader;

	for (step = 0; step < 100; step++)
		for (reader = 0; reader < FASTSWAP_STREAMS; reader++) {
			u64 first = reader * 10000 + step * WINDOW;
			struct fastswap_range range = window(&streams, first);

			if (step == 2)
				assert_int_equal(range.count, DEPTH);
			if (range.count)
				assert_in_range(range.first, first + WINDOW,
						first + WINDOW + DEPTH);
		}
}

static void random_windows_ask_for_little(void **state)
{
	struct fastswap_streams streams = { };
	unsigned int i;
	u64 asked = 0;

	srand(1);
	for (i = 0; i < 100000; i++) {
		u64 slot = (u64)rand() % SLOTS;

		asked += fastswap_streams_next(&streams, slot, slot, DEPTH, SLOTS).count;
	}
	assert_in_range(asked, 0, 100);
}

static void edges(void **state)
{
	struct fastswap_streams streams = { };

	/* A device of a few slots, a window of all of it. */
	assert_int_equal(fastswap_streams_next(&streams, 0, 2, DEPTH, 3).count, 0);
	assert_int_equal(fastswap_streams_next(&streams, 0, 2, DEPTH, 3).count, 0);
	assert_int_equal(fastswap_streams_next(&streams, 0, 0, 1, 3).count, 0);
	assert_int_equal(fastswap_streams_next(&streams, 1, 1, 1, 3).count, 0);
	assert_int_equal(fastswap_streams_next(&streams, 2, 2, 1, 3).count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_third_window_is_a_stream),
		cmocka_unit_test(goes_up),
		cmocka_unit_test(goes_down),
		cmocka_unit_test(follows_gaps_and_overtaking),
		cmocka_unit_test(a_turn_begins_anew),
		cmocka_unit_test(strides_are_no_stream),
		cmocka_unit_test(several_at_a_time),
		cmocka_unit_test(random_windows_ask_for_little),
		cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
