// SPDX-License-Identifier: GPL-2.0-only
/* Who may be promised and hold how much, also against a ledger that adds up everything anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger.h"
#include "util.h"

#define NR_CLIENTS	3
#define NR_SESSIONS	5

static struct ledger l;
static struct account account[NR_CLIENTS];
static struct share share[NR_SESSIONS];

/* The last client has two sessions, and there is one of nobody. */
static struct account *of(unsigned int session)
{
	return session < NR_SESSIONS - 1 ? &account[session < 2 ? session : 2] : NULL;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void start(uint64_t total, unsigned int percent)
{
	memset(account, 0, sizeof(account));
	memset(share, 0, sizeof(share));
	l = (struct ledger) { .total = total, .percent = percent };
}

static bool promise(unsigned int session, uint64_t chunks)
{
	return ledger_promise(&l, of(session), &share[session], chunks);
}

static bool take(unsigned int session, uint64_t chunks)
{
	return ledger_take(&l, of(session), &share[session], chunks);
}

static void give(unsigned int session, uint64_t chunks)
{
	ledger_give(&l, of(session), &share[session], chunks);
}

static void reserve(unsigned int client, uint64_t chunks)
{
	l.reserved += chunks - account[client].reserved;
	ledger_reserve(&l, &account[client], chunks);
}

/* What is owed, and what is spoken for; and all sums are what they say they are. */
static void add_up(uint64_t *owed, uint64_t *spoken_for)
{
	uint64_t committed[NR_CLIENTS + 1] = { 0 }, held[NR_CLIENTS + 1] = { 0 };
	uint64_t here = 0, all_held = 0, all_committed = 0;
	unsigned int i;

	for (i = 0; i < NR_SESSIONS; i++) {
		unsigned int client = of(i) ? of(i) - account : NR_CLIENTS;

		committed[client] += max(share[i].promised, share[i].held);
		held[client] += share[i].held;
	}
	*owed = committed[NR_CLIENTS];
	*spoken_for = held[NR_CLIENTS];
	for (i = 0; i < NR_CLIENTS; i++) {
		assert_int_equal(account[i].held, held[i]);
		assert_int_equal(account[i].committed, committed[i]);
		*owed += max(committed[i], account[i].reserved);
		*spoken_for += max(held[i], account[i].reserved);
		here += account[i].reserved;
	}
	for (i = 0; i <= NR_CLIENTS; i++) {
		all_held += held[i];
		all_committed += committed[i];
	}
	/* Of clients that are not here. */
	*owed += l.reserved - here;
	*spoken_for += l.reserved - here;
	assert_int_equal(l.held, all_held);
	assert_int_equal(l.committed, all_committed);
	assert_int_equal(l.committed + l.reserved - l.backed, *owed);
	assert_int_equal(l.held + l.reserved - l.filled, *spoken_for);
}

static void promises_are_kept(void **state)
{
	start(10, LEDGER_PERCENT);
	assert_int_equal(ledger_offer(&l, NULL), 10);
	assert_false(promise(0, 11));
	assert_true(promise(0, 6));
	assert_int_equal(ledger_offer(&l, NULL), 4);
	assert_false(promise(1, 5));
	assert_true(promise(1, 4));
	assert_false(promise(2, 1));
	/* One that asks for no promise gets what nobody is promised. */
	assert_false(take(4, 1));
	assert_true(promise(1, 3));
	assert_true(take(4, 1));
	assert_false(take(4, 1));
	/* Those that are promised them get them all. */
	assert_true(take(0, 6));
	assert_true(take(1, 3));
	assert_int_equal(l.held, 10);
	/* What is held is not promised to others, even if its own promise is gone. */
	assert_true(promise(0, 0));
	assert_false(promise(1, 4));
	give(0, 2);
	assert_true(promise(1, 5));
	assert_true(take(1, 2));
}

static void more_is_promised_than_there_is(void **state)
{
	start(10, 150);
	assert_int_equal(ledger_offer(&l, NULL), 15);
	assert_true(promise(0, 10));
	assert_false(promise(1, 6));
	assert_true(promise(1, 5));
	assert_true(take(0, 8));
	assert_true(take(1, 2));
	assert_false(take(1, 1));
	assert_false(take(0, 1));
	give(0, 1);
	assert_true(take(1, 1));
}

/* Two sessions of a client, and what it may have. */
static void within_a_quota(void **state)
{
	start(20, 100);
	assert_true(ledger_is_within(&account[2], &share[2], 8, 8));
	assert_false(ledger_is_within(&account[2], &share[2], 9, 8));
	assert_true(promise(2, 5));
	assert_true(ledger_is_within(&account[2], &share[3], 3, 8));
	assert_false(ledger_is_within(&account[2], &share[3], 4, 8));
	/* In the place of what it was promised before. */
	assert_true(ledger_is_within(&account[2], &share[2], 8, 8));
	/* It holds more than it is promised; less is right, however small the quota is now. */
	assert_true(take(3, 3));
	assert_false(ledger_is_within(&account[2], &share[2], 6, 8));
	assert_true(ledger_is_within(&account[2], &share[2], 4, 1));
}

static void reservations(void **state)
{
	start(10, 200);
	reserve(0, 4);
	l.reserved += 2;	/* of somebody who is not here */
	assert_int_equal(ledger_offer(&l, NULL), 14);
	assert_int_equal(ledger_offer(&l, &account[0]), 18);
	assert_true(promise(1, 14));
	/* What remains has to do for the others. */
	assert_true(take(1, 4));
	assert_false(take(1, 1));
	assert_true(promise(0, 4));
	assert_true(take(0, 4));
	assert_false(take(0, 1));
	assert_false(take(1, 1));
	/* As its own are gone it is like the others. */
	give(0, 4);
	assert_false(take(1, 1));
	reserve(0, 0);
	assert_true(take(1, 4));
	assert_false(take(1, 1));
	assert_false(take(0, 1));
}

/* The pool was made smaller, or more was reserved, than anybody would have been promised. */
static void less_is_always_possible(void **state)
{
	start(10, 100);
	assert_true(promise(0, 10));
	assert_true(take(0, 8));
	l.total = 5;
	assert_int_equal(ledger_offer(&l, NULL), 0);
	assert_true(promise(0, 9));
	assert_false(promise(0, 10));
	assert_false(take(0, 1));
	give(0, 4);
	assert_true(take(0, 1));
	assert_false(take(0, 1));
	reserve(1, 5);
	assert_false(promise(1, 6));
	/* What it is promised it was owed before. */
	assert_true(promise(1, 5));
}

static void at_random(void **state)
{
	uint64_t owed, spoken_for, limit;
	unsigned int i;

	srandom(1);
	start(100, 130);
	for (i = 0; i < 200000; i++) {
		unsigned int s = random() % NR_SESSIONS;
		uint64_t nr = random() % 12, owed_before, spoken_before;
		struct ledger before = l;
		bool done = true;

		add_up(&owed_before, &spoken_before);
		switch (random() % 8) {
		case 0:
			if (!(i % 64))
				reserve(random() % NR_CLIENTS, nr * 2);
			break;
		case 1:
		case 2:
			done = promise(s, nr * 3);
			break;
		case 3:
		case 4:
		case 5:
			done = take(s, nr);
			break;
		default:
			give(s, nr < share[s].held ? nr : share[s].held);
			break;
		}
		add_up(&owed, &spoken_for);
		limit = l.total * l.percent / LEDGER_PERCENT;
		if (!done)
			assert_memory_equal(&before, &l, sizeof(l));
		else if (before.reserved == l.reserved)
			assert_true((owed <= limit || owed <= owed_before) &&
				    (spoken_for <= l.total || spoken_for <= spoken_before));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promises_are_kept),
		cmocka_unit_test(more_is_promised_than_there_is),
		cmocka_unit_test(within_a_quota),
		cmocka_unit_test(reservations),
		cmocka_unit_test(less_is_always_possible),
		cmocka_unit_test(at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
