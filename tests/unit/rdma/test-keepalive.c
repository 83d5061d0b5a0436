// SPDX-License-Identifier: GPL-2.0-only
/* A server that dies is found within two intervals, one that lives is never given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keepalive.h"

#define STEPS		100	/* of time, in a tick */
#define INTERVAL	(FSW_KEEPALIVE_PARTS * STEPS)
#define NEVER		UINT32_MAX

/* The moment at which a server is found dead that says something every @period up to @death. */
static unsigned int found_dead(unsigned int phase, unsigned int period, unsigned int death,
			       unsigned int end)
{
	struct fsr_keepalive k = { 0 };
	unsigned int now;

	for (now = 0; now < end; now++) {
		if (now % STEPS == phase && fsr_keepalive_tick(&k) == FSR_KEEPALIVE_DEAD)
			return now;
		if (now % period == 0 && now <= death)
			fsr_keepalive_heard(&k);
	}
	return NEVER;
}

static void found_within_two_intervals(void **state)
{
	unsigned int phase, death, found;

	for (phase = 0; phase < STEPS; phase++) {
		for (death = 0; death < 2 * INTERVAL; death += 7) {
			found = found_dead(phase, INTERVAL / 2, death, 10 * INTERVAL);
			/* The rest is for timers, each of which comes a little late. */
			assert_in_range(found, death, death + 2 * INTERVAL - 2 * STEPS);
		}
	}
}

static void two_late_messages_are_no_death(void **state)
{
	unsigned int phase;

	for (phase = 0; phase < STEPS; phase++)
		assert_int_equal(found_dead(phase, 3 * INTERVAL / 2, NEVER, 50 * INTERVAL), NEVER);
}

static void never_at_once(void **state)
{
	unsigned int phase;

	/* Nothing was ever heard: the clock runs from the start, and not faster. */
	for (phase = 0; phase < STEPS; phase++)
		assert_in_range(found_dead(phase, 1, 0, 10 * INTERVAL), 3 * INTERVAL / 2,
				2 * INTERVAL);
}

/* Whoever has nothing to say pings twice per interval, and never leaves a longer gap. */
static void pings_twice_per_interval(void **state)
{
	struct fsr_keepalive k = { 0 };
	unsigned int tick, pings = 0;

	for (tick = 0; tick < 10 * FSW_KEEPALIVE_PARTS; tick++) {
		fsr_keepalive_heard(&k);
		if (fsr_keepalive_tick(&k) != FSR_KEEPALIVE_PING)
			continue;
		assert_int_equal((tick + 1) % FSW_PING_PARTS, 0);
		fsr_keepalive_said(&k);
		pings++;
	}
	assert_int_equal(pings, 2 * 10);
}

static void other_messages_will_do(void **state)
{
	struct fsr_keepalive k = { 0 };
	unsigned int tick;

	for (tick = 0; tick < 1000; tick++) {
		if (tick % (FSW_PING_PARTS - 1) == 0)
			fsr_keepalive_said(&k);
		fsr_keepalive_heard(&k);
		assert_int_equal(fsr_keepalive_tick(&k), FSR_KEEPALIVE_FINE);
	}
}

/* There was no room for it: the next tick tries again. */
static void an_unsent_ping_stays_due(void **state)
{
	struct fsr_keepalive k = { 0 };
	unsigned int tick;

	for (tick = 1; tick < 1000; tick++) {
		fsr_keepalive_heard(&k);
		assert_int_equal(fsr_keepalive_tick(&k), tick < FSW_PING_PARTS ?
								 FSR_KEEPALIVE_FINE :
								 FSR_KEEPALIVE_PING);
	}
}

static void bounded_ticks(void **state)
{
	assert_int_equal(fsr_keepalive_tick_ms(5000), 625);
	assert_int_equal(fsr_keepalive_tick_ms(1000), 125);
	assert_int_equal(fsr_keepalive_tick_ms(1), FSR_KEEPALIVE_MIN_MS / FSW_KEEPALIVE_PARTS);
	assert_int_equal(fsr_keepalive_tick_ms(UINT32_MAX),
			 FSR_KEEPALIVE_MAX_MS / FSW_KEEPALIVE_PARTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_within_two_intervals),
		cmocka_unit_test(two_late_messages_are_no_death),
		cmocka_unit_test(never_at_once),
		cmocka_unit_test(pings_twice_per_interval),
		cmocka_unit_test(other_messages_will_do),
		cmocka_unit_test(an_unsent_ping_stays_due),
		cmocka_unit_test(bounded_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
