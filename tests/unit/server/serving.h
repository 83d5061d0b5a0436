/* SPDX-License-Identifier: GPL-2.0-only */
/* One session as its worker has it, for the tests of serve.c; include it after cmocka.h. */
#ifndef SERVER_TEST_SERVING_H
#define SERVER_TEST_SERVING_H

#include "helpers.h"
#include "serve.h"

static struct {
	struct pool pool;
	struct conn_list conns;
	struct rdma_cm_id *id;
	struct conn *conn;
	struct session *session;
	struct backlog dirty;
	union message msg;
	size_t len;
} f;

static inline int setup(void **state)
{
	struct fsw_hello hello;

	fake_reset();
	memset(&f, 0, sizeof(f));
	STAILQ_INIT(&f.dirty.regions);
	TAILQ_INIT(&f.conns);
	make_pool(&f.pool, 8);
	f.id = fake_id(0);
	f.conn = conn_create(f.id, &f.conns);
	make_hello(&hello, FSW_ROLE_CONTROL, 0, 1, 7);
	f.session = session_create(&test_config, &f.pool, NULL, f.conn, &hello);
	assert_non_null(f.session);
	serve_start(f.session, 1000);
	return 0;
}

static inline int teardown(void **state)
{
	fake_fail(0);
	pool_session_ending(&f.pool);
	while (!serve_end(f.session, &f.dirty))
		;
	assert_false(fake_id_state(f.id).has_qp);
	clear_all(&f.pool, &f.dirty);
	assert_all_back(&f.pool);
	session_free(f.session);
	conn_free(f.conn, &f.conns);
	pool_destroy(&f.pool);
	assert_nothing_left();
	return 0;
}

static inline enum serve_result turns(uint64_t now)
{
	enum serve_result result;

	do
		result = serve_turn(f.session, &f.dirty, now);
	while (result == SERVE_BUSY || result == SERVE_AGAIN);
	return result;
}

static inline void tell(enum fsw_msg_type type, uint32_t seq)
{
	struct fsw_msg msg;

	fsw_msg_init(&msg, type, seq, 0);
	assert_true(fake_message(f.id, &msg, sizeof(msg)));
}

static inline enum fsw_msg_type next_sent(void)
{
	if (!fake_sent(f.id, &f.msg.msg, &f.len))
		return 0;
	assert_int_equal(fsw_msg_check(&f.msg.msg, f.len), FSW_REASON_NONE);
	return fsw_letoh16(f.msg.msg.type);
}

static inline void expect_goodbye(enum fsw_reason reason)
{
	assert_int_equal(next_sent(), FSW_MSG_GOODBYE);
	assert_int_equal(fsw_letoh16(f.msg.bye.reason), reason);
}

#endif /* SERVER_TEST_SERVING_H */
