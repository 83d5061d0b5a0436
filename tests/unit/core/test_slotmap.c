// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slot map against a plain array: every state, every range around the
 * edges of words, random sequences, threads on neighbouring slots.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/bitops.h>
#include <linux/kernel.h>

#include "slotmap.h"

#define NR_SLOTS	333	/* some words and a part of one */
#define GUARD		0x5a

/**
 * struct model - a map and what it ought to say
 * @map: under test; a guard byte follows each bitmap
 * @bytes: of one bitmap
 * @slot: states
 */
struct model {
	struct fastswap_slotmap map;
	size_t bytes;
	enum fastswap_slot_state slot[NR_SLOTS];
};

static unsigned long *alloc_bitmap(size_t bytes)
{
	unsigned char *bits = calloc(1, bytes + 1);

	assert_non_null(bits);
	bits[bytes] = GUARD;
	return (unsigned long *)bits;
}

static int setup(void **state)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->bytes = fastswap_slotmap_bytes(NR_SLOTS);
	m->map.nr_slots = NR_SLOTS;
	m->map.data = alloc_bitmap(m->bytes);
	m->map.lost = alloc_bitmap(m->bytes);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct model *m = *state;

	free(m->map.data);
	free(m->map.lost);
	free(m);
	return 0;
}

static void mark(struct model *m, u64 first, u64 count, enum fastswap_slot_state state)
{
	u64 i;

	fastswap_slotmap_mark(&m->map, first, count, state);
	for (i = first; i < first + count; i++)
		m->slot[i] = state;
}

static void check(const struct model *m)
{
	u64 count[3] = { 0 };
	u64 i;

	for (i = 0; i < NR_SLOTS; i++) {
		assert_int_equal(fastswap_slotmap_get(&m->map, i), m->slot[i]);
		count[m->slot[i]]++;
	}
	for (i = 0; i < ARRAY_SIZE(count); i++)
		assert_int_equal(fastswap_slotmap_count(&m->map, i), count[i]);
	/* No bit behind the last slot: the counts would be wrong. */
	for (i = NR_SLOTS; i < m->bytes * BITS_PER_BYTE; i++) {
		assert_false(test_bit(i, m->map.data));
		assert_false(test_bit(i, m->map.lost));
	}
	assert_int_equal(((unsigned char *)m->map.data)[m->bytes], GUARD);
	assert_int_equal(((unsigned char *)m->map.lost)[m->bytes], GUARD);
}

/* Every range, against a look at each slot. */
static void test_any(void **state)
{
	struct model *m = *state;
	u64 first, count, i;
	bool any;

	assert_false(fastswap_slotmap_any(&m->map, 0, NR_SLOTS));
	mark(m, 3, 1, FASTSWAP_SLOT_DATA);
	mark(m, 63, 2, FASTSWAP_SLOT_DATA);
	mark(m, 200, 1, FASTSWAP_SLOT_LOST);
	mark(m, NR_SLOTS - 1, 1, FASTSWAP_SLOT_DATA);
	for (first = 0; first < NR_SLOTS; first++) {
		for (count = 0; count <= NR_SLOTS + 70; count++) {
			any = false;
			for (i = first; i < first + count && i < NR_SLOTS; i++)
				any |= m->slot[i] == FASTSWAP_SLOT_DATA;
			assert_int_equal(fastswap_slotmap_any(&m->map, first, count), any);
		}
	}
	assert_false(fastswap_slotmap_any(&m->map, NR_SLOTS, 512));
	assert_false(fastswap_slotmap_any(&m->map, 512, 512));
}

static void test_bytes(void **state)
{
	assert_int_equal(fastswap_slotmap_bytes(0), 0);
	assert_int_equal(fastswap_slotmap_bytes(1), sizeof(long));
	assert_int_equal(fastswap_slotmap_bytes(BITS_PER_LONG), sizeof(long));
	assert_int_equal(fastswap_slotmap_bytes(BITS_PER_LONG + 1), 2 * sizeof(long));
	/* 32 GiB: 1 MiB of map */
	assert_int_equal(fastswap_slotmap_bytes(32ULL << 30 >> 12), 1 << 20);
}

static void test_contains(void **state)
{
	const struct fastswap_slotmap map = { .nr_slots = 100 };
	static const struct {
		u64 first, count;
		bool inside;
	} t[] = {
		{ 0, 0, true },
		{ 0, 100, true },
		{ 0, 101, false },
		{ 99, 1, true },
		{ 99, 2, false },
		{ 100, 0, true },
		{ 100, 1, false },
		{ 101, 0, false },
		{ U64_MAX, 0, false },
		{ U64_MAX, 1, false },
		{ 1, U64_MAX, false },
		{ 50, U64_MAX - 49, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(fastswap_slotmap_contains(&map, t[i].first, t[i].count),
				 t[i].inside);
}

static void test_empty_at_first(void **state)
{
	check(*state);
}

static void test_every_transition(void **state)
{
	struct model *m = *state;
	int from, to;

	for (from = FASTSWAP_SLOT_EMPTY; from <= FASTSWAP_SLOT_LOST; from++) {
		for (to = FASTSWAP_SLOT_EMPTY; to <= FASTSWAP_SLOT_LOST; to++) {
			mark(m, 70, 1, from);
			mark(m, 70, 1, to);
			check(m);
		}
	}
}

/* The same before anything was ever lost, which takes other branches. */
static void test_transitions_without_loss(void **state)
{
	struct model *m = *state;

	mark(m, 5, 3, FASTSWAP_SLOT_DATA);
	mark(m, 5, 3, FASTSWAP_SLOT_DATA);
	check(m);
	mark(m, 6, 1, FASTSWAP_SLOT_EMPTY);
	check(m);
	assert_false(m->map.any_lost);
	mark(m, 6, 1, FASTSWAP_SLOT_LOST);
	assert_true(m->map.any_lost);
	check(m);
}

static void test_ranges_around_words(void **state)
{
	static const u64 counts[] = { 0, 1, 2, 63, 64, 65, 127, 128, 129, 192 };
	struct model *m = *state;
	u64 first;
	size_t i;
	int to;

	for (first = 0; first <= 130; first++) {
		for (i = 0; i < ARRAY_SIZE(counts); i++) {
			for (to = FASTSWAP_SLOT_EMPTY; to <= FASTSWAP_SLOT_LOST; to++) {
				mark(m, 0, NR_SLOTS, (to + 1) % 3);
				mark(m, first, counts[i], to);
				check(m);
			}
		}
	}
}

static void test_up_to_the_end(void **state)
{
	struct model *m = *state;

	mark(m, 0, NR_SLOTS, FASTSWAP_SLOT_DATA);
	check(m);
	mark(m, NR_SLOTS - 1, 1, FASTSWAP_SLOT_LOST);
	check(m);
	mark(m, NR_SLOTS, 0, FASTSWAP_SLOT_DATA);
	check(m);
}

static void test_run(void **state)
{
	struct model *m = *state;
	enum fastswap_slot_state found;

	mark(m, 10, 100, FASTSWAP_SLOT_DATA);
	mark(m, 50, 1, FASTSWAP_SLOT_LOST);

	assert_int_equal(fastswap_slotmap_run(&m->map, 0, 20, &found), 10);
	assert_int_equal(found, FASTSWAP_SLOT_EMPTY);
	assert_int_equal(fastswap_slotmap_run(&m->map, 10, 300, &found), 40);
	assert_int_equal(found, FASTSWAP_SLOT_DATA);
	assert_int_equal(fastswap_slotmap_run(&m->map, 50, 5, &found), 1);
	assert_int_equal(found, FASTSWAP_SLOT_LOST);
	assert_int_equal(fastswap_slotmap_run(&m->map, 51, 59, &found), 59);
	assert_int_equal(found, FASTSWAP_SLOT_DATA);
	assert_int_equal(fastswap_slotmap_run(&m->map, 109, 1, &found), 1);
	assert_int_equal(found, FASTSWAP_SLOT_DATA);
	assert_int_equal(fastswap_slotmap_run(&m->map, 110, NR_SLOTS - 110, &found),
			 NR_SLOTS - 110);
	assert_int_equal(found, FASTSWAP_SLOT_EMPTY);
}

static void test_random(void **state)
{
	struct model *m = *state;
	unsigned int seed = 1, i;

	for (i = 0; i < 3000; i++) {
		u64 first = rand_r(&seed) % NR_SLOTS;
		u64 count = rand_r(&seed) % (NR_SLOTS - first + 1);

		if (rand_r(&seed) % 2)
			count %= 4;
		mark(m, first, count, rand_r(&seed) % 3);
		check(m);
	}
}

static void test_lose(void **state)
{
	struct model *m = *state;
	u64 i;

	mark(m, 3, 1, FASTSWAP_SLOT_DATA);
	mark(m, 60, 200, FASTSWAP_SLOT_DATA);
	mark(m, 100, 1, FASTSWAP_SLOT_LOST);
	mark(m, 110, 5, FASTSWAP_SLOT_EMPTY);
	mark(m, NR_SLOTS - 1, 1, FASTSWAP_SLOT_DATA);
	for (i = 0; i < NR_SLOTS; i++)
		if (m->slot[i] == FASTSWAP_SLOT_DATA)
			m->slot[i] = FASTSWAP_SLOT_LOST;
	assert_int_equal(fastswap_slotmap_lose(&m->map), 1 + 200 - 1 - 5 + 1);
	check(m);
	assert_int_equal(fastswap_slotmap_lose(&m->map), 0);
	check(m);
	/* And what is written then is there. */
	mark(m, 61, 2, FASTSWAP_SLOT_DATA);
	check(m);
}

#define NR_THREADS	4
#define ROUNDS		20000
#define LOSSES		2000

struct racer {
	struct fastswap_slotmap *map;
	u64 slot;
	pthread_t thread;
};

/* Every thread has a slot of its own, all in one word: nobody's mark may get lost. */
static void *race(void *arg)
{
	struct racer *r = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		enum fastswap_slot_state to = i % 3;

		fastswap_slotmap_mark(r->map, r->slot, 1, to);
		if (fastswap_slotmap_get(r->map, r->slot) != to)
			return r;
	}
	return NULL;
}

static pthread_barrier_t round_begins, round_ends;

static void *refuse_all(void *arg)
{
	struct fastswap_slotmap *map = arg;
	int round;
	u64 i;

	for (round = 0; round < LOSSES; round++) {
		pthread_barrier_wait(&round_begins);
		for (i = 0; i < NR_SLOTS; i++)
			fastswap_slotmap_mark(map, i, 1, FASTSWAP_SLOT_LOST);
		pthread_barrier_wait(&round_ends);
	}
	return NULL;
}

/* What is lost twice in the same moment is lost: it must not read as zeros. */
static void test_lose_twice(void **state)
{
	struct model *m = *state;
	pthread_t thread;
	int round;

	pthread_barrier_init(&round_begins, NULL, 2);
	pthread_barrier_init(&round_ends, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, refuse_all, &m->map), 0);
	for (round = 0; round < LOSSES; round++) {
		mark(m, 0, NR_SLOTS, FASTSWAP_SLOT_DATA);
		pthread_barrier_wait(&round_begins);
		fastswap_slotmap_lose(&m->map);
		pthread_barrier_wait(&round_ends);
		assert_int_equal(fastswap_slotmap_count(&m->map, FASTSWAP_SLOT_LOST), NR_SLOTS);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_barrier_destroy(&round_begins);
	pthread_barrier_destroy(&round_ends);
}

static void test_threads(void **state)
{
	struct model *m = *state;
	struct racer racers[NR_THREADS];
	void *failed;
	int i;

	/* What was ever lost stays so: the threads do not race for the first time. */
	m->map.any_lost = true;
	for (i = 0; i < NR_THREADS; i++) {
		racers[i] = (struct racer){ .map = &m->map, .slot = 64 + i };
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (i = 0; i < NR_THREADS; i++) {
		assert_int_equal(pthread_join(racers[i].thread, &failed), 0);
		assert_null(failed);
		m->slot[64 + i] = (ROUNDS - 1) % 3;
	}
	check(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_any, setup, teardown),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_contains),
		cmocka_unit_test_setup_teardown(test_empty_at_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_transition, setup, teardown),
		cmocka_unit_test_setup_teardown(test_transitions_without_loss, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ranges_around_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_up_to_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lose, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lose_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
