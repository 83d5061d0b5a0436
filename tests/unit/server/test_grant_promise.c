// SPDX-License-Identifier: GPL-2.0-only
/* Promises, and what others may have beside them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "granting.h"

static void promise(uint32_t seq, uint32_t chunks)
{
	union message m;

	make_promise(&m, seq, chunks);
	assert_true(grants_add_job(&f.g, &m.msg));
}

static void expect_promised(uint32_t seq, uint32_t chunks)
{
	promise(seq, chunks);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(seq), FSW_MSG_PROMISED);
	assert_int_equal(fsw_letoh32(f.msg.promise.chunks), chunks);
}

static void expect_denied(uint32_t seq, enum fsw_reason reason, uint64_t chunks)
{
	assert_int_equal(next_answer(seq), FSW_MSG_DENY);
	assert_int_equal(fsw_letoh32(f.msg.deny.first), 0);
	assert_int_equal(fsw_letoh16(f.msg.deny.reason), reason);
	assert_true(fsw_letoh64(f.msg.deny.detail) == chunks * TEST_CHUNK);
}

static enum pool_answer promise_other(struct account *account, struct share *share, uint64_t chunks)
{
	return pool_promise(&f.pool, account, share, chunks, UINT64_MAX);
}

static void promises(void **state)
{
	struct share other = { 0 };
	union message m;

	/* Not of a client that does not know of them. */
	make_promise(&m, 1, 1);
	assert_false(grants_add_job(&f.g, &m.msg));
	make_range(&m, FSW_MSG_FORGET, 1, 0, 1);
	assert_false(grants_add_job(&f.g, &m.msg));
	f.g.elastic = true;

	assert_int_equal(promise_other(NULL, &other, CHUNKS - 3), POOL_PROMISED);
	expect_promised(2, 2);
	expect_promised(3, 3);
	promise(4, 4);
	assert_int_equal(run(1), GRANTS_IDLE);
	expect_denied(4, FSW_REASON_NO_MEMORY, 0);
	/* What it was promised before goes on. */
	assert_int_equal(f.g.share.promised, 3);

	/* It gets that, and nothing of what others are promised. */
	ask(FSW_MSG_REQUEST, 5, 0, 3);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(5), FSW_MSG_GRANT);
	ask(FSW_MSG_REQUEST, 6, 3, 1);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(6), FSW_MSG_DENY);
	assert_int_equal(fsw_letoh16(f.msg.deny.reason), FSW_REASON_NO_MEMORY);

	/* A session that is on its way out may give something back. */
	pool_session_ending(&f.pool);
	promise(7, 4);
	assert_int_equal(run(1000), GRANTS_WAITING);
	assert_int_equal(promise_other(NULL, &other, 0), POOL_PROMISED);
	assert_int_equal(run(2000), GRANTS_IDLE);
	assert_int_equal(next_answer(7), FSW_MSG_PROMISED);
	assert_int_equal(promise_other(NULL, &other, CHUNKS - 4), POOL_PROMISED);
	promise(8, 5);
	assert_int_equal(run(3000), GRANTS_WAITING);
	assert_int_equal(run(8000), GRANTS_IDLE);
	expect_denied(8, FSW_REASON_NO_MEMORY, 0);
	pool_session_ended(&f.pool);

	promise(9, CHUNKS + 1);
	assert_int_equal(run(1), GRANTS_MALFORMED);
	/* The promise ends with the session. */
	while (!grants_reclaim(&f.g, &f.dirty))
		;
	assert_int_equal(f.pool.ledger.committed, CHUNKS - 4);
	assert_int_equal(f.pool.ledger.held, 0);
}

static void promises_to_several_sessions_of_a_client(void **state)
{
	struct tenant tenant = { .max_chunks = 4 };
	struct share other = { 0 };

	f.g.elastic = true;
	f.g.tenant = &tenant;
	assert_int_equal(promise_other(&tenant.account, &other, 3), POOL_PROMISED);
	expect_promised(1, 1);
	promise(2, 2);
	assert_int_equal(run(1), GRANTS_IDLE);
	expect_denied(2, FSW_REASON_LIMIT, 4);
	tenant.max_chunks = 2;
	expect_promised(3, 0);
	while (!grants_reclaim(&f.g, &f.dirty))
		;
	f.g.tenant = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GRANTING(promises),
		GRANTING(promises_to_several_sessions_of_a_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
