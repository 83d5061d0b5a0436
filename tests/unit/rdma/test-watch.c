// SPDX-License-Identifier: GPL-2.0-only
/* A queue whose completions do not come: found in time, and never by mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch.h"

static void idle_is_not_still(void **state)
{
	struct fsr_watch watch = { 0 };
	u32 i;

	for (i = 0; i < 100; i++)
		assert_int_equal(fsr_watch_tick(&watch, 7, 7), 0);
}

static void what_gets_on_is_not_still(void **state)
{
	struct fsr_watch watch = { 0 };
	u32 i;

	for (i = 1; i < 100; i++)
		assert_int_equal(fsr_watch_tick(&watch, i + 5, i), 0);
	/* Around the end of the numbers. */
	for (i = UINT32_MAX - 5; i != 5; i++)
		assert_int_equal(fsr_watch_tick(&watch, i + 3, i), 0);
}

static void ticks_without_progress_are_counted(void **state)
{
	struct fsr_watch watch = { 0 };
	u32 i;

	fsr_watch_tick(&watch, 10, 4);
	for (i = 1; i < 10; i++)
		assert_int_equal(fsr_watch_tick(&watch, 10 + i, 4), i);
	assert_int_equal(fsr_watch_tick(&watch, 20, 5), 0);
	assert_int_equal(fsr_watch_tick(&watch, 20, 5), 1);
	assert_int_equal(fsr_watch_tick(&watch, 20, 20), 0);
	assert_int_equal(fsr_watch_tick(&watch, 21, 20), 1);
}

static void stuck_after_the_time_and_not_before(void **state)
{
	static const u32 ticks[] = { 1, 50, 250, 1000, 5000, FSR_WATCH_MS, 3600000 };
	u32 i, still;

	for (i = 0; i < sizeof(ticks) / sizeof(*ticks); i++) {
		for (still = 0; !fsr_watch_is_stuck(still, ticks[i]); still++)
			assert_true(still < 2 || (u64)(still - 1) * ticks[i] < FSR_WATCH_MS);
		assert_true((u64)(still - 1) * ticks[i] >= FSR_WATCH_MS);
		/* One look may fall at any moment: at least two. */
		assert_true(still >= 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_is_not_still),
		cmocka_unit_test(what_gets_on_is_not_still),
		cmocka_unit_test(ticks_without_progress_are_counted),
		cmocka_unit_test(stuck_after_the_time_and_not_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
