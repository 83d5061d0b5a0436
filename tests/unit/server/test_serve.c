// SPDX-License-Identifier: GPL-2.0-only
/* A session as its worker sees it: messages, keep-alive, partings, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "serving.h"

/* Silence that is just not too long, for an interval of a second. */
#define LIMIT_MS	1625

static void idle_is_idle(void **state)
{
	assert_int_equal(serve_turn(f.session, &f.dirty, 1000), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
}

static void pings_are_answered(void **state)
{
	unsigned int i;

	for (i = 0; i < FSW_CTRL_WINDOW; i++)
		tell(FSW_MSG_PING, 100 + i);
	tell(FSW_MSG_PONG, 1);
	assert_int_equal(turns(1000), SERVE_IDLE);
	/* One slot less than pings: the last answer waits for a completion. */
	for (i = 0; i < CTRL_SEND_SLOTS; i++) {
		assert_int_equal(next_sent(), FSW_MSG_PONG);
		assert_int_equal(fsw_letoh32(f.msg.msg.seq), 100 + i);
	}
	assert_int_equal(next_sent(), 0);
	fake_complete_sends(f.id);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_PONG);
	assert_int_equal(fsw_letoh32(f.msg.msg.seq), 100 + i);
}

static void flood_of_pings(void **state)
{
	unsigned int i;

	for (i = 0; i <= FSW_CTRL_WINDOW; i++)
		tell(FSW_MSG_PING, i);
	turns(1000);
	expect_goodbye(FSW_REASON_MALFORMED);
}

static void request_and_release(void **state)
{
	union message m;
	size_t len;

	fake_auto_complete(true);
	len = make_range(&m, FSW_MSG_REQUEST, 9, 0, 2);
	assert_true(fake_message(f.id, &m, len));
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_GRANT);
	assert_int_equal(f.session->grants.nr_granted, 2);
	len = make_range(&m, FSW_MSG_RELEASE, 10, 0, 1);
	assert_true(fake_message(f.id, &m, len));
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_RELEASED);
	assert_false(STAILQ_EMPTY(&f.dirty.regions));
	/* A release needs the queue pairs to stay; here the client keeps its hands off. */
	assert_int_equal(fake_raced_deregs(), 1);
}

static void end_has_no_queue_pair(void **state)
{
	union message m;
	size_t len = make_range(&m, FSW_MSG_REQUEST, 9, 0, 8);

	fake_auto_complete(true);
	assert_true(fake_message(f.id, &m, len));
	assert_int_equal(turns(1000), SERVE_IDLE);
	pool_session_ending(&f.pool);
	while (!serve_end(f.session, &f.dirty))
		assert_false(fake_id_state(f.id).has_qp);
	assert_int_equal(f.session->grants.nr_granted, 0);
	assert_int_equal(fake_raced_deregs(), 0);
}

static void waiting_for_the_pool(void **state)
{
	union message m;
	size_t len;

	fake_auto_complete(true);
	len = make_range(&m, FSW_MSG_REQUEST, 9, 0, 8);
	assert_true(fake_message(f.id, &m, len));
	assert_int_equal(turns(1000), SERVE_IDLE);
	len = make_range(&m, FSW_MSG_RELEASE, 10, 0, 8);
	assert_true(fake_message(f.id, &m, len));
	len = make_range(&m, FSW_MSG_REQUEST, 11, 0, 8);
	assert_true(fake_message(f.id, &m, len));
	assert_int_equal(turns(1000), SERVE_WAITING);
	assert_true(f.session->waiting);
	/* The keep-alive goes on meanwhile. */
	tell(FSW_MSG_PING, 77);
	assert_int_equal(turns(1000), SERVE_WAITING);
	clear_all(&f.pool, &f.dirty);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_false(f.session->waiting);
}

static void bad_messages(void **state)
{
	static const struct {
		enum fsw_msg_type type;
		size_t payload;
		bool spoil;
	} bad[] = {
		{ FSW_MSG_PING, 0, true },
		{ FSW_MSG_GRANT, sizeof(struct fsw_grant), false },
		{ FSW_MSG_DENY, sizeof(struct fsw_deny), false },
		{ FSW_MSG_RELEASED, sizeof(struct fsw_range), false },
		{ FSW_MSG_REQUEST, sizeof(struct fsw_range), false },	/* count 0 */
		{ FSW_NR_MSG_TYPES, 0, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		union message m;

		if (i) {
			teardown(NULL);
			setup(NULL);
		}
		memset(&m, 0, sizeof(m));
		if (bad[i].type == FSW_MSG_RELEASED)
			m.range.count = fsw_htole32(1);
		fsw_msg_init(&m.msg, bad[i].type, 1, bad[i].payload);
		if (bad[i].spoil)
			m.msg.magic = 0;
		assert_true(fake_message(f.id, &m, sizeof(m.msg) + bad[i].payload));
		assert_int_equal(turns(1000), SERVE_IDLE);
		expect_goodbye(FSW_REASON_MALFORMED);
		assert_int_equal(f.session->close_reason, FSW_REASON_MALFORMED);
		/* Closed as soon as the goodbye got through. */
		fake_complete_sends(f.id);
		assert_int_equal(turns(1001), SERVE_CLOSE);
	}
}

static void client_leaves(void **state)
{
	union message m;

	memset(&m, 0, sizeof(m));
	fsw_msg_init(&m.msg, FSW_MSG_GOODBYE, 0, sizeof(m.bye));
	m.bye.reason = fsw_htole16(FSW_REASON_DETACH);
	assert_true(fake_message(f.id, &m, sizeof(m.msg) + sizeof(m.bye)));
	assert_int_equal(turns(1000), SERVE_CLOSE);
	assert_int_equal(f.session->close_reason, FSW_REASON_DETACH);
	assert_int_equal(next_sent(), 0);
}

static void parting_is_bounded(void **state)
{
	serve_part(f.session, FSW_REASON_SHUTDOWN, 1000);
	serve_part(f.session, FSW_REASON_TIMEOUT, 1000);
	expect_goodbye(FSW_REASON_SHUTDOWN);
	assert_int_equal(next_sent(), 0);
	/* What comes now is taken and not answered. */
	tell(FSW_MSG_PING, 1);
	assert_int_equal(turns(1001), SERVE_IDLE);
	assert_int_equal(serve_tick(f.session, 1000 + SERVE_PART_MS - 1), SERVE_IDLE);
	assert_int_equal(serve_tick(f.session, 1000 + SERVE_PART_MS), SERVE_CLOSE);
	assert_int_equal(turns(1000 + SERVE_PART_MS), SERVE_CLOSE);
	assert_int_equal(f.session->close_reason, FSW_REASON_SHUTDOWN);
	assert_int_equal(next_sent(), 0);
}

static void parting_without_a_send(void **state)
{
	fake_fail(1);
	serve_part(f.session, FSW_REASON_SHUTDOWN, 1000);
	assert_int_equal(turns(1000), SERVE_CLOSE);
}

/* A request is under way: what was collected for it does not hold up the goodbye. */
static void parting_with_grants_collected(void **state)
{
	union message m;
	size_t len = make_range(&m, FSW_MSG_REQUEST, 9, 0, 8);

	assert_true(fake_message(f.id, &m, len));
	assert_int_equal(serve_turn(f.session, &f.dirty, 1000), SERVE_BUSY);
	assert_int_equal(serve_turn(f.session, &f.dirty, 1000), SERVE_BUSY);
	assert_non_null(f.session->grants.message);
	serve_part(f.session, FSW_REASON_SHUTDOWN, 1000);
	expect_goodbye(FSW_REASON_SHUTDOWN);
	assert_int_equal(turns(1000), SERVE_IDLE);
	fake_complete_sends(f.id);
	assert_int_equal(turns(1001), SERVE_CLOSE);
	/* The chunk that the client was not told of is taken back by the teardown. */
	assert_int_equal(f.session->grants.nr_granted, 1);
}

/* Sends that complete in the same batch as the bad message, before it and after it. */
static void parting_with_sends_in_the_batch(void **state)
{
	struct fsw_msg bad;
	unsigned int i;

	for (i = 0; i < 2; i++)
		tell(FSW_MSG_PING, i);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_PONG);
	assert_int_equal(next_sent(), FSW_MSG_PONG);
	fsw_msg_init(&bad, FSW_NR_MSG_TYPES, 1, 0);
	assert_true(fake_message(f.id, &bad, sizeof(bad)));
	fake_complete_sends(f.id);
	/* Not looked at any more. */
	tell(FSW_MSG_PING, 3);
	assert_int_equal(serve_turn(f.session, &f.dirty, 1000), SERVE_AGAIN);
	expect_goodbye(FSW_REASON_MALFORMED);
	fake_complete_sends(f.id);
	assert_int_equal(turns(1000), SERVE_CLOSE);
	assert_int_equal(next_sent(), 0);
}

static void broken_while_parting(void **state)
{
	serve_part(f.session, FSW_REASON_SHUTDOWN, 1000);
	fake_break(f.id);
	assert_int_equal(turns(1000), SERVE_CLOSE);
	assert_int_equal(f.session->close_reason, FSW_REASON_SHUTDOWN);
}

static void broken(void **state)
{
	fake_break(f.id);
	assert_int_equal(turns(1000), SERVE_CLOSE);
	assert_int_equal(f.session->close_reason, FSW_REASON_NONE);
}

static void broken_sends(void **state)
{
	union message m;
	size_t len;

	tell(FSW_MSG_PING, 1);
	fake_fail(2);	/* 1 is the receive that is posted again */
	assert_int_equal(turns(1000), SERVE_CLOSE);
	teardown(NULL);
	setup(NULL);
	len = make_range(&m, FSW_MSG_REQUEST, 1, 0, 1);
	assert_true(fake_message(f.id, &m, len));
	fake_fail(3);	/* 2 is the registration */
	assert_int_equal(turns(1000), SERVE_CLOSE);
	teardown(NULL);
	setup(NULL);
	fake_fail(1);
	assert_int_equal(serve_tick(f.session, 2000), SERVE_CLOSE);
}

static void keep_alive(void **state)
{
	uint64_t base = now_ms();

	serve_start(f.session, base);
	assert_int_equal(serve_tick(f.session, base + 499), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
	assert_int_equal(serve_tick(f.session, base + 500), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_PING);
	/* Counted from the last send, so not again at once. */
	assert_int_equal(serve_tick(f.session, now_ms() + 250), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);

	/* Two late messages are no death. */
	assert_int_equal(serve_tick(f.session, base + LIMIT_MS), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_PING);
	assert_false(f.session->overdue_ms);
	assert_int_equal(serve_tick(f.session, base + LIMIT_MS + 1), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_PING);
	assert_false(f.session->parting);
	assert_int_equal(turns(base + LIMIT_MS + 1), SERVE_IDLE);
	assert_true(LIMIT_MS + 1 + SERVE_GRACE_MS < 2 * 1000);
	base += LIMIT_MS + 1 + SERVE_GRACE_MS;
	assert_int_equal(serve_tick(f.session, base - 1), SERVE_IDLE);
	assert_false(f.session->parting);
	assert_int_equal(serve_tick(f.session, base), SERVE_IDLE);
	while (next_sent() == FSW_MSG_PING)
		;
	assert_int_equal(fsw_letoh16(f.msg.bye.reason), FSW_REASON_TIMEOUT);
	assert_int_equal(serve_tick(f.session, base + SERVE_PART_MS), SERVE_CLOSE);
	assert_int_equal(f.session->close_reason, FSW_REASON_TIMEOUT);
}

static void any_message_is_a_sign_of_life(void **state)
{
	uint64_t base = now_ms() - LIMIT_MS - 500;

	serve_start(f.session, base);
	tell(FSW_MSG_PONG, 1);
	assert_int_equal(turns(now_ms()), SERVE_IDLE);
	assert_int_equal(serve_tick(f.session, now_ms()), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_PING);
	assert_false(f.session->parting);
}

/* The server itself slept: what the client sent meanwhile is read before it is judged. */
static void own_stall_is_not_silence(void **state)
{
	uint64_t base = now_ms() - 100000;
	int i;

	serve_start(f.session, base);
	tell(FSW_MSG_PING, 1);
	/* The clock is looked at first. */
	assert_int_equal(serve_tick(f.session, now_ms()), SERVE_IDLE);
	assert_true(f.session->overdue_ms);
	assert_int_equal(turns(now_ms()), SERVE_IDLE);
	assert_false(f.session->overdue_ms);
	assert_int_equal(serve_tick(f.session, now_ms() + SERVE_GRACE_MS), SERVE_IDLE);
	assert_false(f.session->parting);

	/* Two stalls with a sign of life between them are not "in a row". */
	for (i = 0; i < 3; i++) {
		f.session->heard_ms = now_ms() - 100000;
		assert_int_equal(serve_tick(f.session, now_ms()), SERVE_IDLE);
		tell(FSW_MSG_PONG, 1);
		assert_int_equal(turns(now_ms()), SERVE_IDLE);
		assert_int_equal(serve_tick(f.session, now_ms() + SERVE_GRACE_MS), SERVE_IDLE);
		assert_false(f.session->parting);
	}
}

static void when_something_is_due(void **state)
{
	uint64_t base = now_ms();

	serve_start(f.session, base);
	assert_true(serve_due(f.session) == base + 500);
	/* What was sent and what was heard have clocks of their own. */
	f.session->ctrl.sent_ms = base + 1400;
	assert_true(serve_due(f.session) == base + LIMIT_MS + 1);
	f.session->heard_ms = base + 1200;
	assert_true(serve_due(f.session) == base + 1900);
	/* Never sooner than serve_tick() has something to do, nor later. */
	f.session->heard_ms = base;
	f.session->ctrl.sent_ms = base + LIMIT_MS;
	serve_tick(f.session, base + LIMIT_MS);
	assert_false(f.session->overdue_ms);
	serve_tick(f.session, base + LIMIT_MS + 1);
	assert_true(f.session->overdue_ms == base + LIMIT_MS + 1);
	assert_true(serve_due(f.session) == base + LIMIT_MS + 1 + SERVE_GRACE_MS);
	serve_part(f.session, FSW_REASON_SHUTDOWN, base);
	assert_true(serve_due(f.session) == base + SERVE_PART_MS);
}

static void without_a_slot_nothing_is_due(void **state)
{
	uint64_t base = now_ms();
	unsigned int i;

	serve_start(f.session, base);
	for (i = 0; i < CTRL_SEND_SLOTS; i++)
		assert_non_null(ctrl_slot(&f.session->ctrl));
	assert_int_equal(serve_tick(f.session, base + 1000), SERVE_IDLE);
	assert_true(serve_due(f.session) == base + 1500);
}

/* Only work for the client is worth a polling phase. */
static void what_counts_as_busy(void **state)
{
	union message m;
	size_t len;

	tell(FSW_MSG_PING, 1);
	assert_int_equal(serve_turn(f.session, &f.dirty, 1000), SERVE_AGAIN);
	assert_int_equal(next_sent(), FSW_MSG_PONG);
	fake_complete_sends(f.id);
	assert_int_equal(serve_turn(f.session, &f.dirty, 1000), SERVE_AGAIN);
	tell(FSW_MSG_PONG, 1);
	assert_int_equal(serve_turn(f.session, &f.dirty, 1000), SERVE_AGAIN);
	assert_int_equal(serve_turn(f.session, &f.dirty, 1000), SERVE_IDLE);
	len = make_range(&m, FSW_MSG_REQUEST, 9, 0, 1);
	assert_true(fake_message(f.id, &m, len));
	assert_int_equal(serve_turn(f.session, &f.dirty, 1000), SERVE_BUSY);
}

static void ping_without_a_slot(void **state)
{
	uint64_t base = now_ms();
	unsigned int i;

	serve_start(f.session, base);
	for (i = 0; i < CTRL_SEND_SLOTS; i++)
		assert_non_null(ctrl_slot(&f.session->ctrl));
	assert_int_equal(serve_tick(f.session, base + 1000), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
	/* The goodbye has its own. */
	assert_int_equal(serve_tick(f.session, base + LIMIT_MS + 1), SERVE_IDLE);
	assert_int_equal(serve_tick(f.session, base + LIMIT_MS + 1 + SERVE_GRACE_MS), SERVE_IDLE);
	expect_goodbye(FSW_REASON_TIMEOUT);
}

static void expect_recall(uint32_t chunks)
{
	assert_int_equal(next_sent(), FSW_MSG_RECALL);
	assert_int_equal(fsw_letoh32(f.msg.recall.chunks), chunks);
}

/* The pool is to be smaller than what is lent. */
static void recalls(void **state)
{
	union message m;
	size_t len = make_range(&m, FSW_MSG_REQUEST, 9, 0, 6);

	fake_auto_complete(true);
	assert_true(fake_message(f.id, &m, len));
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_GRANT);
	pool_set_target(&f.pool, 6);
	assert_int_equal(serve_tick(f.session, 1000), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);

	pool_set_target(&f.pool, 2);
	assert_int_equal(serve_due(f.session), 0);
	assert_int_equal(serve_tick(f.session, 1000), SERVE_IDLE);
	expect_recall(4);
	assert_int_equal(serve_due(f.session), 1000 + SERVE_RECALL_MS);
	assert_int_equal(serve_tick(f.session, 999 + SERVE_RECALL_MS), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
	/* What it gives back it is not asked for any more. */
	len = make_range(&m, FSW_MSG_RELEASE, 10, 3, 3);
	assert_true(fake_message(f.id, &m, len));
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_RELEASED);
	assert_int_equal(serve_tick(f.session, 1000 + SERVE_RECALL_MS), SERVE_IDLE);
	expect_recall(1);
	pool_set_target(&f.pool, 3);
	assert_int_equal(serve_tick(f.session, 1000 + 2 * SERVE_RECALL_MS), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);

	/* A client that does not know what that is. */
	pool_set_target(&f.pool, 1);
	f.session->recalls = false;
	assert_int_equal(serve_tick(f.session, 1000 + 2 * SERVE_RECALL_MS), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
	assert_true(serve_due(f.session) > 1000 + 3 * SERVE_RECALL_MS);
	f.session->recalls = true;
	fake_fail(1);
	assert_int_equal(serve_tick(f.session, 1000 + 2 * SERVE_RECALL_MS), SERVE_CLOSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(idle_is_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(pings_are_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(flood_of_pings, setup, teardown),
		cmocka_unit_test_setup_teardown(request_and_release, setup, teardown),
		cmocka_unit_test_setup_teardown(end_has_no_queue_pair, setup, teardown),
		cmocka_unit_test_setup_teardown(waiting_for_the_pool, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_messages, setup, teardown),
		cmocka_unit_test_setup_teardown(client_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(recalls, setup, teardown),
		cmocka_unit_test_setup_teardown(parting_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(parting_without_a_send, setup, teardown),
		cmocka_unit_test_setup_teardown(parting_with_grants_collected, setup, teardown),
		cmocka_unit_test_setup_teardown(parting_with_sends_in_the_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_while_parting, setup, teardown),
		cmocka_unit_test_setup_teardown(broken, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_sends, setup, teardown),
		cmocka_unit_test_setup_teardown(keep_alive, setup, teardown),
		cmocka_unit_test_setup_teardown(any_message_is_a_sign_of_life, setup, teardown),
		cmocka_unit_test_setup_teardown(own_stall_is_not_silence, setup, teardown),
		cmocka_unit_test_setup_teardown(when_something_is_due, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_slot_nothing_is_due, setup, teardown),
		cmocka_unit_test_setup_teardown(what_counts_as_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(ping_without_a_slot, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
