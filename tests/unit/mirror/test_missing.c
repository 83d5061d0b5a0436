// SPDX-License-Identifier: GPL-2.0-only
/* Who has what, against a model that keeps a byte for each slot and replica. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "missing.h"

#define NR	3
#define SLOTS	200	/* ends within a word */

static unsigned long words[NR][4];
static unsigned long *has[NR] = { words[0], words[1], words[2] };
static struct fsm_map map = { .has = has, .nr = NR, .nr_slots = SLOTS };
static uint8_t model[SLOTS];

static int start(void **state)
{
	memset(words, 0, sizeof(words));
	memset(model, 0, sizeof(model));
	return 0;
}

static void compare(void)
{
	u64 slot, next, count;
	unsigned int r;

	for (slot = 0; slot < SLOTS; slot++)
		assert_int_equal(fsm_map_who(&map, slot), model[slot]);
	for (r = 0; r < NR; r++) {
		count = 0;
		next = SLOTS;
		for (slot = SLOTS; slot-- > 0;) {
			if (model[slot] && !(model[slot] & 1 << r)) {
				count++;
				next = slot;
			}
			assert_int_equal(fsm_map_next_missing(&map, r, slot), next);
		}
		assert_int_equal(fsm_map_count_missing(&map, r), count);
		assert_int_equal(fsm_map_next_missing(&map, r, SLOTS), SLOTS);
		assert_int_equal(fsm_map_next_missing(&map, r, SLOTS + 1000), SLOTS);
	}
}

static void any_of_a_range(void **state)
{
	u64 first, end;

	fsm_map_written(&map, 70, 1, 1 << 1);
	fsm_map_written(&map, SLOTS - 1, 1, 1 << 1);
	for (first = 0; first < SLOTS; first++) {
		for (end = first; end <= SLOTS; end++) {
			assert_int_equal(fsm_map_any(&map, 1, first, end),
					 (first <= 70 && end > 70) || end == SLOTS);
			assert_false(fsm_map_any(&map, 0, first, end));
		}
	}
	assert_false(fsm_map_any(&map, 1, SLOTS, SLOTS));
}

static void empty(void **state)
{
	compare();
}

static void what_nobody_has_is_not_missing(void **state)
{
	assert_int_equal(fsm_map_written(&map, 0, SLOTS, 0x7), 0);
	/* A write that nobody has acknowledged: whatever was there is unknown. */
	assert_int_equal(fsm_map_written(&map, 10, 5, 0), 0);
	memset(model, 0x7, SLOTS);
	memset(model + 10, 0, 5);
	compare();
}

static void runs(void **state)
{
	fsm_map_written(&map, 60, 10, 0x1);
	fsm_map_written(&map, 65, 5, 0x2);
	assert_int_equal(fsm_map_run(&map, 0, 60, 10), 5);
	assert_int_equal(fsm_map_run(&map, 0, 60, 3), 3);
	assert_int_equal(fsm_map_run(&map, 1, 65, 10), 5);
	assert_int_equal(fsm_map_run(&map, 0, 65, 1), 0);
	assert_int_equal(fsm_map_run(&map, 2, 60, 10), 0);
}

static void at_random(void **state)
{
	unsigned int round, n;

	srand(1);
	for (round = 0; round < 2000; round++) {
		u64 first = rand() % SLOTS;
		u32 count = rand() % (SLOTS - first) + 1;
		u8 by = rand() % (1 << NR);

		if (rand() % 4) {
			assert_int_equal(fsm_map_written(&map, first, count, by),
					 by ? 0x7 & ~by : 0);
		} else {
			by = 0;
			fsm_map_freed(&map, first, count);
		}
		for (n = 0; n < count; n++)
			model[first + n] = by;
		if (round % 20 == 0)
			compare();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(any_of_a_range, start),
		cmocka_unit_test_setup(empty, start),
		cmocka_unit_test_setup(what_nobody_has_is_not_missing, start),
		cmocka_unit_test_setup(runs, start),
		cmocka_unit_test_setup(at_random, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
