// SPDX-License-Identifier: GPL-2.0-only
/* Every set of replicas in every state: who gets a bio is never one that must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy.h"

#define ALL 0x7	/* three replicas */

#define FOR_EACH_VIEW(v)								\
	for (v.live = 0; v.live <= ALL; v.live++)					\
		for (v.holding = 0; v.holding <= ALL; v.holding++)			\
			for (v.has = 0; v.has <= ALL; v.has++)				\
				for (v.refused = 0; v.refused <= ALL; v.refused++)	\
					if (!(v.live & v.holding))

static void reads(void **state)
{
	struct fsm_view v;
	enum fsm_way way;
	u8 to;

	FOR_EACH_VIEW(v)
	{
		way = fsm_read_way(&v, &to);
		/* Never from one without the data, or that is away, or has failed it. */
		assert_int_equal(to & ~v.has, 0);
		assert_int_equal(to & ~v.live, 0);
		assert_int_equal(to & v.refused, 0);
		assert_int_equal(way == FSM_GO, to != 0);
		if (way == FSM_WAIT)
			assert_int_not_equal(v.has & v.holding & ~v.refused, 0);
		/* It fails only if nobody who has the data is there, or will be. */
		if (way == FSM_FAIL)
			assert_int_equal(v.has & ~v.refused & (v.holding | v.live), 0);
	}
}

static void writes(void **state)
{
	struct fsm_view v;
	enum fsm_way way;
	u8 to;

	FOR_EACH_VIEW(v)
	{
		way = fsm_write_way(&v, &to);
		assert_int_equal(to, v.live & ~v.refused);
		assert_int_equal(way == FSM_GO, to != 0);
		if (way == FSM_WAIT)
			assert_int_not_equal(v.holding & ~v.refused, 0);
		if (way == FSM_FAIL)
			assert_int_equal(v.holding & ~v.refused, 0);
	}
}

static void fastest(void **state)
{
	const u32 ns[FSM_REPLICAS_MAX] = { 300, 100, 200, 50 };
	const u32 unknown[FSM_REPLICAS_MAX] = { 300, 0, 200, 50 };
	u8 among;
	u32 turn;

	assert_int_equal(fsm_fastest(0xf, ns, 1), 3);
	assert_int_equal(fsm_fastest(0x7, ns, 1), 1);
	assert_int_equal(fsm_fastest(0x5, ns, 1), 2);
	assert_int_equal(fsm_fastest(0x1, ns, 1), 0);
	/* Found out first. */
	assert_int_equal(fsm_fastest(0xf, unknown, 1), 1);
	for (among = 1; among <= 0xf; among++)
		for (turn = 0; turn < 8 * FSM_PROBE; turn++)
			assert_true(among & 1 << fsm_fastest(among, ns, turn));
}

static void the_slow_ones_are_asked_now_and_then(void **state)
{
	const u32 ns[FSM_REPLICAS_MAX] = { 100, 900, 900 };
	unsigned int nr[FSM_REPLICAS_MAX] = { 0 };
	u32 turn;

	for (turn = 0; turn < 3 * FSM_PROBE; turn++)
		nr[fsm_fastest(ALL, ns, turn)]++;
	assert_int_equal(nr[0], 3 * FSM_PROBE - 2);
	assert_int_equal(nr[1], 1);
	assert_int_equal(nr[2], 1);
}

static void health(void **state)
{
	assert_int_equal(fsm_health(ALL, ALL, 0, ALL), FSM_ALL);
	assert_int_equal(fsm_health(ALL, ALL, 0, 0x3), FSM_SOME);
	assert_int_equal(fsm_health(ALL, 0x3, 0x4, ALL), FSM_SOME);
	assert_int_equal(fsm_health(ALL, 0x1, 0, 0), FSM_SOME);
	assert_int_equal(fsm_health(ALL, 0, 0x2, ALL), FSM_NONE_YET);
	assert_int_equal(fsm_health(ALL, 0, 0, ALL), FSM_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(writes),
		cmocka_unit_test(fastest),
		cmocka_unit_test(the_slow_ones_are_asked_now_and_then),
		cmocka_unit_test(health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
