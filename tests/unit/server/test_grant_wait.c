// SPDX-License-Identifier: GPL-2.0-only
/* Requests that wait for chunks that are being cleared. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "granting.h"

static void waits_for_the_pool(void **state)
{
	ask(FSW_MSG_REQUEST, 1, 0, CHUNKS);
	assert_int_equal(run(1), GRANTS_IDLE);
	next_answer(1);
	ask(FSW_MSG_RELEASE, 2, 0, CHUNKS);
	ask(FSW_MSG_REQUEST, 3, 0, 1);
	assert_int_equal(run(1000), GRANTS_WAITING);
	assert_int_equal(next_answer(2), FSW_MSG_RELEASED);
	clear_all(&f.pool, &f.dirty);
	assert_int_equal(run(2000), GRANTS_IDLE);
	assert_int_equal(next_answer(3), FSW_MSG_GRANT);

	/* Not for ever. */
	ask(FSW_MSG_RELEASE, 4, 0, 1);
	ask(FSW_MSG_REQUEST, 5, 0, CHUNKS);
	assert_int_equal(run(3000), GRANTS_WAITING);
	assert_int_equal(next_answer(4), FSW_MSG_RELEASED);
	assert_int_equal(run(7999), GRANTS_WAITING);
	assert_int_equal(run(8000), GRANTS_IDLE);
	assert_int_equal(next_answer(5), FSW_MSG_DENY);
}

/* Clearing all of a large pool may take longer than the wait for one chunk. */
static void waits_while_the_pool_recovers(void **state)
{
	struct region *region;
	unsigned int i;

	ask(FSW_MSG_REQUEST, 1, 0, CHUNKS);
	assert_int_equal(run(1), GRANTS_IDLE);
	next_answer(1);
	ask(FSW_MSG_RELEASE, 2, 0, CHUNKS);
	ask(FSW_MSG_REQUEST, 3, 0, CHUNKS);
	assert_int_equal(run(1000), GRANTS_WAITING);
	assert_int_equal(next_answer(2), FSW_MSG_RELEASED);
	for (i = 1; i < CHUNKS; i++) {
		region = STAILQ_FIRST(&f.dirty.regions);
		while (!region_zero(region, TEST_CHUNK))
			;
		backlog_take(&f.dirty);
		pool_put_zeroed(&f.pool, region);
		assert_int_equal(run(1000 + i * 4000), GRANTS_WAITING);
	}
	/* Nothing moves any more. */
	assert_int_equal(run(1000 + (CHUNKS - 1) * 4000 + 4999), GRANTS_WAITING);
	assert_int_equal(run(1000 + (CHUNKS - 1) * 4000 + 5000), GRANTS_IDLE);
	assert_int_equal(next_answer(3), FSW_MSG_DENY);
	assert_int_equal(fsw_letoh16(f.msg.deny.reason), FSW_REASON_NO_MEMORY);
	assert_true(fsw_letoh64(f.msg.deny.detail) == (CHUNKS - 1ull) * TEST_CHUNK);
}

/* What is free is not somebody else's by the time that the rest is there. */
static void keeps_what_it_has_got(void **state)
{
	struct region_list others = STAILQ_HEAD_INITIALIZER(others);
	uint32_t nr = 0;

	assert_int_equal(pool_claim(&f.pool, 6, &others, &nr), 0);
	pool_session_ending(&f.pool);
	ask(FSW_MSG_REQUEST, 1, 0, 4);
	assert_int_equal(run(1000), GRANTS_WAITING);
	assert_int_equal(pool_available(&f.pool), 0);
	assert_int_equal(f.g.nr_claimed, 2);
	assert_int_equal(pool_share(&f.pool, &f.g.share).held, 4);
	pool_unclaim(&f.pool, &others);
	assert_int_equal(run(2000), GRANTS_IDLE);
	assert_int_equal(next_answer(1), FSW_MSG_GRANT);
	assert_int_equal(granted(), 4);
	assert_int_equal(f.g.taken, 0);
	assert_false(pool_is_wanted(&f.pool));

	/* In vain. */
	nr = 0;
	assert_int_equal(pool_claim(&f.pool, 2, &others, &nr), 0);
	ask(FSW_MSG_REQUEST, 2, 4, 4);
	assert_int_equal(run(3000), GRANTS_WAITING);
	assert_int_equal(pool_available(&f.pool), 0);
	assert_int_equal(run(8000), GRANTS_IDLE);
	assert_int_equal(next_answer(2), FSW_MSG_DENY);
	assert_int_equal(pool_available(&f.pool), 2ull * TEST_CHUNK);
	assert_int_equal(pool_share(&f.pool, &f.g.share).held, 4);

	/* Its session ends meanwhile. */
	ask(FSW_MSG_REQUEST, 3, 4, 4);
	assert_int_equal(run(9000), GRANTS_WAITING);
	assert_true(pool_is_wanted(&f.pool));
	grants_forget(&f.g);
	assert_false(pool_is_wanted(&f.pool));
	assert_int_equal(pool_available(&f.pool), 2ull * TEST_CHUNK);
	assert_int_equal(pool_share(&f.pool, &f.g.share).held, 4);
	pool_unclaim(&f.pool, &others);
	pool_session_ended(&f.pool);
}

/* Who gives back and asks all the time does not have everything cleared that others could have. */
static void waits_for_what_it_gave_back(void **state)
{
	struct region *region;
	unsigned int i;

	ask(FSW_MSG_REQUEST, 1, 0, 1);
	for (i = 0; i < GRANT_UNCLEARED; i++) {
		assert_int_equal(run(1000), GRANTS_IDLE);
		assert_int_equal(next_answer(1), FSW_MSG_GRANT);
		ask(FSW_MSG_RELEASE, 2, 0, 1);
		assert_int_equal(run(1000), GRANTS_IDLE);
		assert_int_equal(next_answer(2), FSW_MSG_RELEASED);
		ask(FSW_MSG_REQUEST, 1, 0, 1);
	}
	/* Somebody lacks some. */
	pool_want(&f.pool, true);
	assert_int_equal(run(1000), GRANTS_WAITING);
	assert_int_equal(run(100000), GRANTS_WAITING);
	assert_int_equal(pool_available(&f.pool), (CHUNKS - GRANT_UNCLEARED) * TEST_CHUNK);
	/* Nobody does any more. */
	pool_want(&f.pool, false);
	assert_int_equal(run(100000), GRANTS_IDLE);
	assert_int_equal(next_answer(1), FSW_MSG_GRANT);
	ask(FSW_MSG_RELEASE, 2, 0, 1);
	ask(FSW_MSG_REQUEST, 1, 0, 1);
	pool_want(&f.pool, true);
	assert_int_equal(run(100000), GRANTS_WAITING);
	assert_int_equal(next_answer(2), FSW_MSG_RELEASED);
	region = STAILQ_FIRST(&f.dirty.regions);
	while (!region_zero(region, TEST_CHUNK))
		;
	pool_put_zeroed(&f.pool, backlog_take(&f.dirty));
	assert_int_equal(run(100000), GRANTS_WAITING);
	clear_all(&f.pool, &f.dirty);
	assert_int_equal(run(100000), GRANTS_IDLE);
	assert_int_equal(next_answer(1), FSW_MSG_GRANT);
	pool_want(&f.pool, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GRANTING(waits_for_the_pool),
		GRANTING(waits_while_the_pool_recovers),
		GRANTING(keeps_what_it_has_got),
		GRANTING(waits_for_what_it_gave_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
