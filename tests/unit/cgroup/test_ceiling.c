// SPDX-License-Identifier: GPL-2.0-only
/* The law of the ceiling, in the loop with a simulated job that stalls when it lacks memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ceiling.h"

#define MIB		(UINT64_C(1) << 20)
#define SECOND		UINT64_C(1000000000)

static const struct ceiling_rules rules = { .low_ppm = 1000, .high_ppm = 10000 };

/*
 * A job that has @has bytes and needs @needs of them: it stalls the more, the more of what it
 * needs is not there, and what it does not need it keeps until it is taken away.
 */
struct sim {
	struct ceiling law;
	uint64_t now, has, needs, limit, floor, stall_ns;
	uint64_t raises, low, high;
};

static void sim_init(struct sim *s, uint64_t has, uint64_t needs)
{
	*s = (struct sim) {
		.has = has,
		.needs = needs,
		.limit = 1024 * MIB,
		.floor = 128 * MIB,
		.now = SECOND,
	};
	ceiling_init(&s->law, &rules);
}

static void sim_run(struct sim *s, unsigned int seconds)
{
	s->raises = 0;
	s->low = UINT64_MAX;
	s->high = 0;
	while (seconds--) {
		struct ceiling_sample sample;
		uint64_t before = s->law.bytes, ceiling;

		if (s->has < s->needs)
			s->stall_ns += (s->needs - s->has) * SECOND / s->needs / 2;
		s->now += SECOND;
		sample = (struct ceiling_sample) { s->now, s->stall_ns, s->has, s->floor,
						  s->limit, false };
		ceiling = ceiling_look(&s->law, &sample);
		assert_in_range(ceiling, s->floor, s->limit);
		s->raises += before != UINT64_MAX && ceiling > before;
		if (ceiling < s->low)
			s->low = ceiling;
		if (ceiling > s->high)
			s->high = ceiling;
		/* It is made to shrink, and grows when it may, as far as it needs. */
		if (s->has > ceiling)
			s->has = ceiling;
		else if (s->has < s->needs)
			s->has = s->needs < ceiling ? s->needs : ceiling;
	}
}

/* What a job does not need is taken away; what it needs, it gets. */
static void test_finds_the_need(void **state)
{
	struct sim s;

	sim_init(&s, 1000 * MIB, 400 * MIB);
	sim_run(&s, 1800);
	printf("between %u and %u MiB\n", (unsigned int)(s.law.bytes / MIB),
	       (unsigned int)(s.has / MIB));
	assert_in_range(s.law.bytes, 380 * MIB, 480 * MIB);
}

/* Once found, the ceiling hardly moves: fewer and fewer trials, small ones. */
static void test_no_oscillation(void **state)
{
	uint64_t early;
	struct sim s;

	sim_init(&s, 1000 * MIB, 400 * MIB);
	sim_run(&s, 600);
	sim_run(&s, 600);
	early = s.raises;
	sim_run(&s, 3600);
	printf("%u raises in 10 min, then %u in 60; from %u to %u MiB\n", (unsigned int)early,
	       (unsigned int)s.raises, (unsigned int)(s.low / MIB), (unsigned int)(s.high / MIB));
	assert_in_range(s.low, 380 * MIB, 400 * MIB);
	assert_true(s.high < 480 * MIB);
	assert_true(s.raises < 30);
}

/* A job that begins to need more gets it within seconds. */
static void test_grows_fast(void **state)
{
	struct sim s;

	sim_init(&s, 1000 * MIB, 300 * MIB);
	sim_run(&s, 1800);
	s.needs = 900 * MIB;
	sim_run(&s, 20);
	assert_true(s.law.bytes >= 880 * MIB);
}

/* Neither below the floor nor above the limit, whatever happens. */
static void test_bounds(void **state)
{
	struct sim s;

	sim_init(&s, 1000 * MIB, 0);
	sim_run(&s, 7200);
	assert_int_equal(s.law.bytes, s.floor);

	sim_init(&s, 1000 * MIB, 5000 * MIB);
	sim_run(&s, 600);
	assert_int_equal(s.law.bytes, s.limit);
	/* A limit that is lowered below the floor. */
	s.limit = 64 * MIB;
	s.floor = 32 * MIB;
	sim_run(&s, 5);
	assert_int_equal(s.law.bytes, 64 * MIB);
}

/* Between the two shares nothing moves. */
static void test_rests(void **state)
{
	struct ceiling_sample sample = { SECOND, 0, 500 * MIB, 100 * MIB, 1024 * MIB, false };
	struct ceiling c;
	uint64_t before;
	unsigned int i;

	ceiling_init(&c, &rules);
	ceiling_look(&c, &sample);
	sample.now += SECOND;
	before = ceiling_look(&c, &sample);
	assert_true(before < 500 * MIB);
	for (i = 0; i < 100; i++) {
		sample.now += SECOND;
		sample.stall_ns += SECOND / 200;
		assert_true(ceiling_look(&c, &sample) == before);
	}
	/* A counter that goes back says nothing, and no time at all neither. */
	sample.stall_ns = 0;
	sample.now += SECOND;
	assert_true(ceiling_look(&c, &sample) == before);
	sample.stall_ns = SECOND;
	assert_true(ceiling_look(&c, &sample) == before);
}

/* A job that is being filled is not held up, and gives back afterwards what it does not use. */
static void test_fills(void **state)
{
	struct ceiling_sample sample = { SECOND, 0, 0, 100 * MIB, 1024 * MIB, false };
	struct ceiling c;
	unsigned int i;

	ceiling_init(&c, &rules);
	for (i = 0; i < 50; i++) {
		sample.current = i * 10 * MIB;
		assert_true(ceiling_look(&c, &sample) == 1024 * MIB);
		sample.now += SECOND;
	}
	assert_in_range(ceiling_look(&c, &sample), 480 * MIB, 490 * MIB);
	/* A little is no growth. */
	sample.current += MIB;
	sample.now += SECOND;
	assert_in_range(ceiling_look(&c, &sample), 480 * MIB, 489 * MIB);
}

/* Looks may be far apart: as much is taken away in all, but no more than for 16 seconds at once. */
static void test_rare_looks(void **state)
{
	struct ceiling_sample sample = { SECOND, 0, 512 * MIB, 100 * MIB, 1024 * MIB, false };
	struct ceiling c;

	ceiling_init(&c, &rules);
	ceiling_look(&c, &sample);
	sample.now += 10 * SECOND;
	assert_true(ceiling_look(&c, &sample) == 492 * MIB);
	sample.now += 3600 * SECOND;
	sample.current = 256 * MIB;
	assert_true(ceiling_look(&c, &sample) == 240 * MIB);
}

/* What the kernel says of the last second counts, however little it is of the time since. */
static void test_told_of_stalls(void **state)
{
	struct ceiling_sample sample = { SECOND, 0, 512 * MIB, 100 * MIB, 1024 * MIB, false };
	struct ceiling c;
	uint64_t before;

	ceiling_init(&c, &rules);
	ceiling_look(&c, &sample);
	sample.now += SECOND;
	before = ceiling_look(&c, &sample);
	sample.now += 30 * SECOND;
	sample.stall_ns += SECOND / 90;
	sample.stalls = true;
	assert_true(ceiling_look(&c, &sample) == before + before / 8);
	/* And then it rests, as after any raise. */
	sample.now += SECOND;
	sample.stalls = false;
	assert_true(ceiling_look(&c, &sample) == before + before / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_the_need),
		cmocka_unit_test(test_no_oscillation),
		cmocka_unit_test(test_grows_fast),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_rests),
		cmocka_unit_test(test_fills),
		cmocka_unit_test(test_rare_looks),
		cmocka_unit_test(test_told_of_stalls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
