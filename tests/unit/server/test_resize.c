// SPDX-License-Identifier: GPL-2.0-only
/* The pool gets larger and smaller while chunks are lent; the thread that does it is a real one. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_memory.h"
#include "helpers.h"
#include "resize.h"

static struct {
	struct pool pool;
	struct mailbox inbox;
	struct resizer resizer;
} f;

static int setup(void **state)
{
	fake_reset();
	fake_page_size = 4096;
	fake_release_errno = 0;
	make_pool(&f.pool, 8);
	assert_int_equal(mailbox_init(&f.inbox), 0);
	assert_int_equal(resize_init(&f.resizer, &f.pool, &f.inbox), 0);
	return 0;
}

static int teardown(void **state)
{
	fake_fail(0);
	resize_stop(&f.resizer);
	resize_stop(&f.resizer);
	mailbox_destroy(&f.inbox);
	assert_all_back(&f.pool);
	pool_destroy(&f.pool);
	assert_nothing_left();
	return 0;
}

/* Takes a letter, if one has come. */
static void take_letter(void)
{
	struct letter *letter = mailbox_take(&f.inbox);

	if (!letter)
		return;
	assert_int_equal(letter->kind, LETTER_GROWN);
	assert_null(letter->next);
	resize_grown(&f.resizer);
}

static void until(enum resize_phase phase, uint32_t nr)
{
	struct pool_counts counts;
	unsigned int turns;

	for (turns = 0; turns < 5000; turns++) {
		take_letter();
		pool_count(&f.pool, &counts);
		if (resize_phase(&f.resizer) == phase && counts.nr == nr)
			return;
		poll(NULL, 0, 2);
	}
	fail_msg("%s, %u chunks", resize_phase_name(resize_phase(&f.resizer)), counts.nr);
}

static void claim(struct region_list *list, uint32_t nr)
{
	uint32_t nr_claimed = 0;

	assert_int_equal(pool_claim(&f.pool, nr, list, &nr_claimed), 0);
	assert_int_equal(nr_claimed, nr);
}

static void nothing_to_do(void **state)
{
	assert_int_equal(resize_phase(&f.resizer), RESIZE_NONE);
	resize_want(&f.resizer, 8);
	assert_false(f.resizer.running);
}

static void grow(void **state)
{
	struct region_list list = STAILQ_HEAD_INITIALIZER(list);
	struct share share = { 0 };
	uint32_t index = 0;
	struct region *region;

	claim(&list, 8);
	resize_want(&f.resizer, 12);
	assert_int_equal(pool_ledger(&f.pool).total, 8);
	until(RESIZE_NONE, 12);
	assert_int_equal(pool_ledger(&f.pool).total, 12);
	assert_int_equal(pool_available(&f.pool), 4ull * TEST_CHUNK);
	assert_int_equal(pool_promise(&f.pool, NULL, &share, 12, 0), POOL_PROMISED);
	assert_int_equal(pool_promise(&f.pool, NULL, &share, 0, 0), POOL_PROMISED);
	claim(&list, 4);
	STAILQ_FOREACH(region, &list, link)
		assert_int_equal(region->index, index++);
	pool_unclaim(&f.pool, &list);
}

static void shrink_when_idle(void **state)
{
	resize_want(&f.resizer, 3);
	until(RESIZE_NONE, 3);
	assert_int_equal(pool_ledger(&f.pool).total, 3);
	assert_int_equal(pool_available(&f.pool), 3ull * TEST_CHUNK);
	/* What is gone is gone: the pool grows by another piece. */
	resize_want(&f.resizer, 5);
	until(RESIZE_NONE, 5);
	/* Which goes as a whole. */
	resize_want(&f.resizer, 3);
	until(RESIZE_NONE, 3);
	resize_stop(&f.resizer);
	assert_null(STAILQ_NEXT(STAILQ_FIRST(&f.pool.pieces), link));
}

static void what_is_held_stays(void **state)
{
	struct region_list held = STAILQ_HEAD_INITIALIZER(held);
	struct region_list more = STAILQ_HEAD_INITIALIZER(more);
	uint32_t nr_claimed = 0;
	struct share share = { 0 };

	assert_int_equal(pool_promise(&f.pool, NULL, &share, 8, 0), POOL_PROMISED);
	assert_true(pool_take(&f.pool, NULL, &share, 6));
	claim(&held, 6);
	resize_want(&f.resizer, 2);
	until(RESIZE_SHRINKING, 6);
	assert_int_equal(pool_available(&f.pool), 0);
	assert_int_equal(pool_coming(&f.pool), 0);
	/* More than what is to be there is not granted, though it was promised. */
	assert_false(pool_take(&f.pool, NULL, &share, 1));
	assert_int_equal(pool_claim(&f.pool, 1, &more, &nr_claimed), ENOMEM);

	/* As it is given back it goes, as far as it has to. */
	pool_unclaim(&f.pool, &held);
	pool_give(&f.pool, NULL, &share, 6);
	until(RESIZE_NONE, 2);
	assert_true(pool_take(&f.pool, NULL, &share, 2));
	assert_false(pool_take(&f.pool, NULL, &share, 1));
	pool_give(&f.pool, NULL, &share, 2);
	assert_int_equal(pool_promise(&f.pool, NULL, &share, 0, 0), POOL_PROMISED);
}

/* What is kept for a client stays, though it is not here; others are asked for theirs. */
static void what_is_reserved_stays(void **state)
{
	struct region_list held = STAILQ_HEAD_INITIALIZER(held);
	struct share share = { 0 };

	pool_set_ledger(&f.pool, LEDGER_PERCENT, 3);
	assert_true(pool_take(&f.pool, NULL, &share, 5));
	claim(&held, 5);
	assert_int_equal(pool_recall(&f.pool, NULL, 5), 0);
	resize_want(&f.resizer, 4);
	until(RESIZE_SHRINKING, 8);
	assert_int_equal(pool_available(&f.pool), 0);
	/* One is left that is nobody's. */
	assert_int_equal(pool_recall(&f.pool, NULL, 5), 4);
	/* Not what is reserved for itself. */
	assert_int_equal(pool_recall(&f.pool, &(struct account) { .reserved = 5 }, 5), 0);
	pool_unclaim(&f.pool, &held);
	pool_give(&f.pool, NULL, &share, 5);
	until(RESIZE_NONE, 4);
	assert_int_equal(pool_recall(&f.pool, NULL, 0), 0);
	pool_set_ledger(&f.pool, LEDGER_PERCENT, 0);
}

/* What is not gone yet need not be got. */
static void another_wish_meanwhile(void **state)
{
	struct region_list held = STAILQ_HEAD_INITIALIZER(held);

	claim(&held, 6);
	resize_want(&f.resizer, 2);
	until(RESIZE_SHRINKING, 6);
	resize_want(&f.resizer, 5);
	until(RESIZE_SHRINKING, 6);
	resize_want(&f.resizer, 7);
	until(RESIZE_NONE, 7);
	assert_int_equal(STAILQ_NEXT(STAILQ_FIRST(&f.pool.pieces), link)->nr_regions, 1);
	pool_unclaim(&f.pool, &held);
}

static void the_wish_is_taken_back(void **state)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		resize_want(&f.resizer, 8 + i % 7);
		if (i % 3)
			poll(NULL, 0, i % 5);
		resize_want(&f.resizer, 8 - i % 3);
		take_letter();
	}
	resize_want(&f.resizer, 6);
	until(RESIZE_NONE, 6);
}

static void no_memory_to_grow(void **state)
{
	unsigned int n;

	/* The piece, its chunks, its memory. */
	for (n = 1; n <= 3; n++) {
		fake_fail(n);
		resize_want(&f.resizer, 12);
		until(RESIZE_STUCK, 8);
		fake_fail(0);
		/* Nobody tries again by himself. */
		poll(NULL, 0, 20);
		until(RESIZE_STUCK, 8);
		assert_int_equal(pool_ledger(&f.pool).total, 8);
	}
	/* The same once more is another attempt. */
	resize_want(&f.resizer, 12);
	until(RESIZE_NONE, 12);
}

static void memory_does_not_go(void **state)
{
	fake_release_errno = ENOMEM;
	resize_want(&f.resizer, 4);
	until(RESIZE_STUCK, 8);
	assert_int_equal(pool_ledger(&f.pool).total, 4);
	fake_release_errno = 0;
	resize_want(&f.resizer, 4);
	until(RESIZE_NONE, 4);
}

static void nobody_takes_the_letter(void **state)
{
	resize_want(&f.resizer, 12);
	poll(NULL, 0, 20);
	/* teardown() */
}

/* Chunks that share a page go together. */
static void large_pages(void **state)
{
	struct region_list held = STAILQ_HEAD_INITIALIZER(held);
	struct region_list rest = STAILQ_HEAD_INITIALIZER(rest);
	struct region *region;

	pool_destroy(&f.pool);
	fake_page_size = 4 * TEST_CHUNK;
	make_pool(&f.pool, 10);
	assert_int_equal(f.pool.unit, 4);
	claim(&held, 9);
	region = STAILQ_FIRST(&held);
	STAILQ_REMOVE_HEAD(&held, link);
	STAILQ_INSERT_TAIL(&rest, region, link);
	resize_want(&f.resizer, 5);
	until(RESIZE_SHRINKING, 10);
	/* All but the first. */
	pool_unclaim(&f.pool, &held);
	/* The two of a part of a page; another four would be too many. */
	until(RESIZE_NONE, 8);
	assert_int_equal(pool_ledger(&f.pool).total, 5);
	pool_unclaim(&f.pool, &rest);
	resize_want(&f.resizer, 1);
	until(RESIZE_NONE, 4);
}

#define RESIZE(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESIZE(nothing_to_do),
		RESIZE(grow),
		RESIZE(shrink_when_idle),
		RESIZE(what_is_held_stays),
		RESIZE(what_is_reserved_stays),
		RESIZE(another_wish_meanwhile),
		RESIZE(the_wish_is_taken_back),
		RESIZE(no_memory_to_grow),
		RESIZE(memory_does_not_go),
		RESIZE(nobody_takes_the_letter),
		RESIZE(large_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
