// SPDX-License-Identifier: GPL-2.0-only
/*
 * The law of the headroom, in the loop with simulated jobs and a simulated kernel: a job that
 * grows when it faults, reclaims itself at its limit, and a thread that looks when it is told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "headroom.h"

#define KIB		UINT64_C(1024)
#define MIB		(1024 * KIB)
#define GIB		(1024 * MIB)
#define BATCH		(128 * KIB)	/* that a task at the limit reclaims */
#define TICK		(10 * NSEC_PER_USEC)

static const struct headroom_bounds bounds = {
	.min = 256 * KIB,
	.max = 32 * MIB,
	.step = 512 * KIB,
	.min_chunk = 128 * KIB,
	.chunk = MIB,
	.min_period = 200 * NSEC_PER_USEC,
	.max_period = 250 * NSEC_PER_MSEC,
};

/* Of a group without a limit. */
static const struct headroom_bounds none = { .min_period = 1, .max_period = 1 };

/*
 * The world: time goes on in ticks. The thread sleeps until @wake, or writes until then, and may
 * come later than it wanted. A job at its limit has to reclaim, and is held up.
 */
struct sim {
	struct headroom law;
	uint64_t now, wake;
	uint64_t current, limit;
	uint64_t batch;			/* that is charged at once, in advance; 0: what is used */
	uint64_t rate;			/* bytes per second that the job wants to grow by */
	uint64_t appetite;		/* it stops growing at that size; 0: never */
	uint64_t reclaim_rate;		/* bytes per second, of the thread */
	uint64_t late;			/* of each wake-up */
	uint64_t look_cost;		/* as the thread is told */
	uint64_t worst;			/* the longest time above the level */
	uint64_t max_events;
	uint64_t pending;		/* bytes of a write under way */
	uint64_t looks, writes;
	bool stuck;			/* nothing can be reclaimed */
	bool off;			/* nobody looks */
	uint64_t fastest;		/* that the law has taken the job for */
	uint64_t low, high;		/* of the headroom, since they were reset */
};

static void sim_init(struct sim *s, uint64_t limit, uint64_t rate)
{
	*s = (struct sim) {
		.limit = limit,
		.rate = rate,
		.reclaim_rate = 4 * GIB,
		.late = 50 * NSEC_PER_USEC,
		.low = UINT64_MAX,
	};
	headroom_init(&s->law, &bounds);
}

static void job_runs(struct sim *s)
{
	uint64_t grow = s->rate * TICK / NSEC_PER_SEC;

	if (s->appetite && s->current >= s->appetite)
		return;
	while (s->current + grow > s->limit) {
		s->max_events++;
		s->current -= BATCH;
		/* A thread that waits is told. */
		if (s->wake > s->now + s->late && !s->pending)
			s->wake = s->now + s->late;
	}
	s->current += grow;
}

static uint64_t charged(const struct sim *s)
{
	return s->batch ? (s->current / s->batch + 1) * s->batch : s->current;
}

static void thread_runs(struct sim *s)
{
	struct headroom_sample sample = { .ceiling = UINT64_MAX };
	struct headroom_order order;

	if (s->off || s->now < s->wake)
		return;
	if (s->pending) {
		uint64_t got = s->pending < s->current ? s->pending : s->current;

		if (s->stuck)
			got = 0;
		s->current -= got;
		headroom_reclaimed(&s->law, s->pending, s->now, charged(s), got == s->pending);
		s->pending = 0;
	}
	sample.now = s->now;
	sample.current = charged(s);
	sample.limit = s->limit;
	sample.max_events = s->max_events;
	sample.look_cost = s->look_cost;
	order = headroom_look(&s->law, &sample);
	s->looks++;
	if (order.is_first && order.above > s->worst)
		s->worst = order.above;
	assert_in_range(s->law.bytes, bounds.min, bounds.max);
	assert_true(order.reclaim <= bounds.chunk);
	assert_true(order.reclaim <= sample.current);
	if (s->law.rate > s->fastest)
		s->fastest = s->law.rate;
	if (s->law.bytes < s->low)
		s->low = s->law.bytes;
	if (s->law.bytes > s->high)
		s->high = s->law.bytes;
	if (order.reclaim) {
		s->writes++;
		s->pending = order.reclaim;
		s->wake = s->now + order.reclaim * NSEC_PER_SEC / s->reclaim_rate;
	} else {
		assert_in_range(order.delay, bounds.min_period, NSEC_PER_SEC);
		s->wake = s->now + order.delay + s->late;
	}
}

static void sim_run(struct sim *s, uint64_t duration)
{
	uint64_t end = s->now + duration;

	for (; s->now < end; s->now += TICK) {
		job_runs(s);
		thread_runs(s);
	}
}

static void forget_extremes(struct sim *s)
{
	s->low = UINT64_MAX;
	s->high = 0;
	s->looks = s->writes = s->worst = s->fastest = 0;
	s->max_events = 0;
	s->law.max_events = 0;
}

/* Of a job that faults all the time, the limit is hardly ever hit. */
static void test_steady(void **state)
{
	static const uint64_t rates[] = { 10 * MIB, 100 * MIB, 400 * MIB, GIB };
	size_t i;

	for (i = 0; i < 4; i++) {
		struct sim with, without;

		sim_init(&without, 256 * MIB, rates[i]);
		without.off = true;
		without.current = 255 * MIB;
		sim_run(&without, 10 * NSEC_PER_SEC);
		assert_true(without.max_events > 500);

		sim_init(&with, 256 * MIB, rates[i]);
		with.current = 255 * MIB;
		sim_run(&with, 10 * NSEC_PER_SEC);
		printf("%4u MiB/s: %u hits, %u without; headroom %u KiB\n",
		       (unsigned int)(rates[i] / MIB), (unsigned int)with.max_events,
		       (unsigned int)without.max_events, (unsigned int)(with.law.bytes / KIB));
		assert_true(with.max_events * 50 < without.max_events);
		/* And the job gets as much as it wants: nothing is taken away in vain. */
		assert_true(with.limit - with.current < 8 * MIB);
	}
}

/*
 * Looks at a job that goes on as before are as rare after a write as before it: about as many as
 * the law says, and those that follow the writes.
 */
static void test_few_looks(void **state)
{
	struct sim s;

	sim_init(&s, 256 * MIB, 30 * MIB);
	s.current = 250 * MIB;
	s.reclaim_rate = 64 * MIB;
	sim_run(&s, 60 * NSEC_PER_SEC);
	forget_extremes(&s);
	sim_run(&s, 10 * NSEC_PER_SEC);
	printf("%u looks, %u writes in 10 s\n", (unsigned int)s.looks, (unsigned int)s.writes);
	assert_int_equal(s.max_events, 0);
	assert_true(s.looks < 3 * s.writes);
}

/* A whole batch between two looks right after each other is no growth of gigabytes per second. */
static void test_batches(void **state)
{
	static const uint64_t rates[] = { 30 * MIB, 300 * MIB };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct sim s;

		sim_init(&s, 256 * MIB, rates[i]);
		s.current = 250 * MIB;
		s.batch = 256 * KIB;
		s.look_cost = 5 * NSEC_PER_USEC;
		sim_run(&s, 60 * NSEC_PER_SEC);
		forget_extremes(&s);
		sim_run(&s, 10 * NSEC_PER_SEC);
		printf("%4u MiB/s: taken for %u at most; headroom up to %u KiB, %u looks\n",
		       (unsigned int)(rates[i] / MIB), (unsigned int)(s.fastest / MIB),
		       (unsigned int)(s.high / KIB), (unsigned int)s.looks);
		assert_int_equal(s.max_events, 0);
		/* Two batches more, in the shortest time that growth is measured in: 2 ms. */
		assert_true(s.fastest <= rates[i] + 2 * s.batch * 500);
	}
}

/* Where looks are cheap, a busy job is reacted to in well under a millisecond. */
static void test_reacts(void **state)
{
	static const uint64_t rates[] = { 30 * MIB, 300 * MIB, GIB };
	size_t i;

	for (i = 0; i < 3; i++) {
		struct sim s;

		sim_init(&s, 256 * MIB, rates[i]);
		s.current = 250 * MIB;
		s.look_cost = 5 * NSEC_PER_USEC;
		sim_run(&s, 20 * NSEC_PER_SEC);
		forget_extremes(&s);
		sim_run(&s, 10 * NSEC_PER_SEC);
		printf("%4u MiB/s: %u us at most, %u looks per s\n", (unsigned int)(rates[i] / MIB),
		       (unsigned int)(s.worst / NSEC_PER_USEC), (unsigned int)(s.looks / 10));
		assert_in_range(s.worst, 1, 800 * NSEC_PER_USEC);
		assert_int_equal(s.max_events, 0);
	}
}

/* Where they are not, they take no more than their share of a CPU because of that. */
static void test_costly_looks(void **state)
{
	struct sim s;

	sim_init(&s, 256 * MIB, 30 * MIB);
	s.current = 250 * MIB;
	s.reclaim_rate = 64 * MIB;
	s.look_cost = 80 * NSEC_PER_USEC;
	sim_run(&s, 60 * NSEC_PER_SEC);
	forget_extremes(&s);
	sim_run(&s, 10 * NSEC_PER_SEC);
	printf("%u looks, %u writes in 10 s\n", (unsigned int)s.looks, (unsigned int)s.writes);
	assert_true(s.looks < 3 * s.writes);
}

/* A headroom that has found its size stays there. */
static void test_no_oscillation(void **state)
{
	struct sim s;

	sim_init(&s, 256 * MIB, 400 * MIB);
	s.late = 200 * NSEC_PER_USEC;
	/* What it began with has to be forgotten first. */
	sim_run(&s, 150 * NSEC_PER_SEC);
	forget_extremes(&s);
	sim_run(&s, 20 * NSEC_PER_SEC);
	printf("headroom from %u to %u KiB\n", (unsigned int)(s.low / KIB),
	       (unsigned int)(s.high / KIB));
	assert_true(s.high - s.low < s.high / 4);
	assert_int_equal(s.max_events, 0);
}

/* A thread that comes late, or writes slowly, needs more headroom, and takes it. */
static void test_late(void **state)
{
	struct sim prompt, late;

	sim_init(&prompt, 512 * MIB, 300 * MIB);
	sim_init(&late, 512 * MIB, 300 * MIB);
	late.late = 4 * NSEC_PER_MSEC;
	prompt.current = late.current = 500 * MIB;
	sim_run(&prompt, 60 * NSEC_PER_SEC);
	sim_run(&late, 60 * NSEC_PER_SEC);
	assert_true(late.law.bytes > 2 * prompt.law.bytes);
	forget_extremes(&late);
	sim_run(&late, 5 * NSEC_PER_SEC);
	assert_true(late.max_events < 5);
}

/* Faster than anybody can reclaim: the bounds hold, and nothing else breaks. */
static void test_hopeless(void **state)
{
	struct sim s;

	sim_init(&s, 256 * MIB, 8 * GIB);
	s.reclaim_rate = GIB;
	s.late = 20 * NSEC_PER_MSEC;
	sim_run(&s, 2 * NSEC_PER_SEC);
	assert_true(s.max_events > 0);
	assert_int_equal(s.law.bytes, bounds.max);
	/* What it has learned is forgotten when the job becomes quiet. */
	s.rate = 0;
	sim_run(&s, 300 * NSEC_PER_SEC);
	assert_true(s.law.bytes < 2 * MIB);
}

/* A job that does nothing costs a few looks per second. */
static void test_idle(void **state)
{
	struct sim s;

	sim_init(&s, 256 * MIB, 400 * MIB);
	sim_run(&s, 3 * NSEC_PER_SEC);
	s.rate = 0;
	sim_run(&s, 10 * NSEC_PER_SEC);
	forget_extremes(&s);
	sim_run(&s, 10 * NSEC_PER_SEC);
	assert_in_range(s.looks, 1, 45);
	assert_int_equal(s.writes, 0);
}

/* Bursts after silence: each may hit the limit a few times before we are awake. */
static void test_bursts(void **state)
{
	struct sim with, without;
	unsigned int i;

	sim_init(&with, 256 * MIB, 0);
	sim_init(&without, 256 * MIB, 0);
	without.off = true;
	with.current = without.current = 250 * MIB;
	for (i = 0; i < 20; i++) {
		with.rate = without.rate = 500 * MIB;
		sim_run(&with, 300 * NSEC_PER_MSEC);
		sim_run(&without, 300 * NSEC_PER_MSEC);
		with.rate = without.rate = 0;
		sim_run(&with, 2 * NSEC_PER_SEC);
		sim_run(&without, 2 * NSEC_PER_SEC);
	}
	printf("bursts: %u hits, %u without\n", (unsigned int)with.max_events,
	       (unsigned int)without.max_events);
	assert_true(with.max_events * 20 < without.max_events);
}

/* A job that fits is left alone. */
static void test_fits(void **state)
{
	struct sim s;

	sim_init(&s, 256 * MIB, 400 * MIB);
	s.appetite = 200 * MIB;
	sim_run(&s, 5 * NSEC_PER_SEC);
	assert_int_equal(s.writes, 0);
	assert_int_equal(s.max_events, 0);
	assert_true(s.current >= 200 * MIB);
}

/* Nothing can be reclaimed: it is tried ever more rarely, and as soon as it works, often. */
static void test_stuck(void **state)
{
	struct sim s;

	sim_init(&s, 256 * MIB, 0);
	s.current = 256 * MIB;
	s.stuck = true;
	sim_run(&s, 10 * NSEC_PER_SEC);
	assert_in_range(s.writes, 5, 40);
	s.stuck = false;
	sim_run(&s, 2 * NSEC_PER_SEC);
	assert_true(s.current <= s.limit - s.law.bytes);
}

/* How long it has been above its level, as far as two looks can tell. */
static void test_time_above(void **state)
{
	struct headroom_sample sample = {
		.now = NSEC_PER_SEC,
		.limit = 100 * MIB,
		.ceiling = 80 * MIB,
		.current = 79 * MIB,
	};
	struct headroom_order order;
	struct headroom h;

	headroom_init(&h, &bounds);
	assert_int_equal(headroom_look(&h, &sample).reclaim, 0);
	sample.now += 4 * NSEC_PER_MSEC;
	sample.current = 83 * MIB;
	order = headroom_look(&h, &sample);
	assert_true(order.reclaim > 0 && order.is_first);
	assert_int_equal(order.above, 3 * NSEC_PER_MSEC);
	headroom_reclaimed(&h, order.reclaim, sample.now, 82 * MIB, true);

	/* The next write belongs to the same. */
	sample.now += NSEC_PER_MSEC;
	sample.current = 82 * MIB;
	order = headroom_look(&h, &sample);
	assert_true(order.reclaim > 0 && !order.is_first);
	headroom_reclaimed(&h, order.reclaim, sample.now, 80 * MIB, true);
	sample.now += NSEC_PER_MSEC;
	sample.current = 80 * MIB;
	assert_int_equal(headroom_look(&h, &sample).reclaim, 0);

	/* The level has come down: it is above it since now. */
	sample.now += NSEC_PER_MSEC;
	sample.ceiling = 70 * MIB;
	order = headroom_look(&h, &sample);
	assert_true(order.reclaim > 0 && order.is_first);
	assert_int_equal(order.above, 0);
}

/* Who could not reclaim may try once more at once, and has to wait then. */
static void test_second_try(void **state)
{
	struct headroom_sample sample = {
		.now = NSEC_PER_SEC,
		.current = 100 * MIB,
		.limit = 100 * MIB,
		.ceiling = UINT64_MAX,
	};
	struct headroom_order order;
	struct headroom h;

	headroom_init(&h, &bounds);
	order = headroom_look(&h, &sample);
	assert_true(order.reclaim > 0);
	headroom_reclaimed(&h, order.reclaim, sample.now, sample.current, false);
	sample.now += NSEC_PER_USEC;
	assert_true(headroom_look(&h, &sample).reclaim > 0);
	headroom_reclaimed(&h, order.reclaim, sample.now, sample.current, false);
	sample.now += NSEC_PER_USEC;
	order = headroom_look(&h, &sample);
	assert_int_equal(order.reclaim, 0);
	assert_in_range(order.delay, bounds.min_period, 4 * bounds.min_period);
}

/* Neither limit nor ceiling: nothing to do. A ceiling alone counts, too; the lower does. */
static void test_limits(void **state)
{
	struct headroom_sample sample = {
		.now = NSEC_PER_SEC,
		.current = 100 * MIB,
		.limit = UINT64_MAX,
		.ceiling = UINT64_MAX,
	};
	struct headroom h;

	headroom_init(&h, &bounds);
	assert_int_equal(headroom_look(&h, &sample).reclaim, 0);
	assert_true(headroom_level(&h, UINT64_MAX, UINT64_MAX) == UINT64_MAX);

	sample.now += NSEC_PER_SEC;
	sample.ceiling = 90 * MIB;
	assert_int_equal(headroom_look(&h, &sample).reclaim, bounds.min_chunk);
	assert_true(headroom_level(&h, 80 * MIB, 90 * MIB) < 80 * MIB);
	assert_true(headroom_level(&h, 100 * MIB, 90 * MIB) == 90 * MIB);
	/* A limit below the headroom is nothing to stumble over. */
	assert_int_equal(headroom_level(&h, 4096, UINT64_MAX), 0);
}

/* What is less than a page cannot be reclaimed, and would be tried for ever. */
static void test_whole_pages(void **state)
{
	struct headroom_sample sample = {
		.now = NSEC_PER_SEC,
		.current = 100 * MIB,
		.limit = UINT64_MAX,
		.ceiling = 100 * MIB - 1,
	};
	struct headroom h;

	headroom_init(&h, &none);
	assert_int_equal(headroom_look(&h, &sample).reclaim, 4096);
}

/* When the limit was hit, what the group grew by does not tell: what comes in from swap does. */
static void test_censored(void **state)
{
	struct headroom_sample sample = {
		.now = NSEC_PER_SEC,
		.current = 100 * MIB,
		.limit = 100 * MIB,
		.ceiling = UINT64_MAX,
		.swapin_rate = 300 * MIB,
	};
	struct headroom h;

	headroom_init(&h, &bounds);
	headroom_look(&h, &sample);
	sample.now += NSEC_PER_MSEC;
	headroom_look(&h, &sample);
	assert_int_equal(h.rate, 0);
	sample.now += NSEC_PER_MSEC;
	sample.max_events = 3;
	headroom_look(&h, &sample);
	assert_in_range(h.rate, 100 * MIB, 300 * MIB);
	assert_true(h.learned > 0);
}

/* Other bounds from one moment to the next, as the limit has changed. */
static void test_rebound(void **state)
{
	struct headroom_bounds narrow = bounds;
	struct headroom_sample sample = { .limit = GIB, .ceiling = UINT64_MAX };
	struct headroom h;

	headroom_init(&h, &bounds);
	h.bytes = h.learned = bounds.max;
	narrow.max = MIB;
	headroom_rebound(&h, &narrow);
	assert_int_equal(h.bytes, MIB);
	sample.now = NSEC_PER_SEC;
	headroom_look(&h, &sample);
	assert_in_range(h.bytes, narrow.min, narrow.max);
	/* Time that stands still, or a counter that goes back, does no harm. */
	sample.max_events = 7;
	headroom_look(&h, &sample);
	sample.now--;
	sample.max_events = 2;
	headroom_look(&h, &sample);
	sample.now += NSEC_PER_SEC;
	assert_in_range(headroom_look(&h, &sample).delay, 1, NSEC_PER_SEC);
}

/* A limit that comes late finds a group of which as little is known as of a new one. */
static void test_late_limit(void **state)
{
	struct headroom_sample sample = {
		.now = NSEC_PER_SEC,
		.current = 10 * MIB,
		.limit = UINT64_MAX,
		.ceiling = UINT64_MAX,
	};
	struct headroom h;

	headroom_init(&h, &none);
	headroom_look(&h, &sample);
	assert_int_equal(h.learned, 0);
	headroom_rebound(&h, &bounds);
	assert_int_equal(h.learned, bounds.max / 8);
	/* Another limit is no reason to forget. */
	h.learned = MIB;
	headroom_rebound(&h, &bounds);
	assert_int_equal(h.learned, MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_few_looks),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_reacts),
		cmocka_unit_test(test_costly_looks),
		cmocka_unit_test(test_no_oscillation),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_hopeless),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_time_above),
		cmocka_unit_test(test_second_try),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_whole_pages),
		cmocka_unit_test(test_censored),
		cmocka_unit_test(test_rebound),
		cmocka_unit_test(test_late_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
