// SPDX-License-Identifier: GPL-2.0-only
/* A client that has to say who it is, as its worker sees it; the main thread is played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "serving.h"
#include "stats.h"

static void demand_proof(uint64_t now)
{
	f.session->demands_proof = true;
	serve_start(f.session, now);
}

static void tell_proof(unsigned char nonce, uint32_t seq)
{
	union message m;

	memset(&m, 0, sizeof(m));
	fsw_msg_init(&m.msg, FSW_MSG_AUTH, seq, sizeof(m.auth));
	strcpy(m.auth.identity, "alice");
	memset(m.auth.nonce, nonce, sizeof(m.auth.nonce));
	assert_true(fake_message(f.id, &m, sizeof(m.msg) + sizeof(m.auth)));
}

static void ask_for_chunks(enum fsw_msg_type type)
{
	union message m;
	size_t len = make_range(&m, type, 9, 0, 1);

	assert_true(fake_message(f.id, &m, len));
}

/* What the main thread has found. */
static void be_right(void)
{
	f.session->verdict = FSW_REASON_NONE;
	memset(f.session->auth_ok.proof, 0x22, sizeof(f.session->auth_ok.proof));
	f.session->auth_ok.limits.max_chunks = fsw_htole32(3);
	f.session->auth_ok.limits.max_sets = fsw_htole16(1);
}

static void a_proof_is_handed_on(void **state)
{
	demand_proof(1000);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_false(f.session->auth_asked);
	tell_proof(0x11, 77);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_true(f.session->auth_asked);
	assert_string_equal(f.session->auth_message.identity, "alice");
	assert_int_equal(f.session->auth_message.nonce[31], 0x11);
	assert_int_equal(next_sent(), 0);
	/* It takes as long as it takes, and the client lives meanwhile. */
	tell(FSW_MSG_PING, 5);
	assert_int_equal(turns(1000 + 2 * SERVE_AUTH_MS), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_PONG);

	be_right();
	serve_checked(f.session, 1000);
	assert_int_equal(next_sent(), 0);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_AUTH_OK);
	assert_int_equal(fsw_letoh32(f.msg.msg.seq), 77);
	assert_int_equal(f.msg.auth_ok.proof[0], 0x22);
	assert_int_equal(fsw_letoh32(f.msg.auth_ok.limits.max_chunks), 3);
	/* Once. */
	serve_checked(f.session, 1000);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
	ask_for_chunks(FSW_MSG_REQUEST);
	turns(1000);
	assert_int_equal(f.session->grants.nr_granted, 1);
}

/* The main thread has something against a client that has sent a proof. */
static void be_judged(enum fsw_reason verdict)
{
	demand_proof(1000);
	tell_proof(0x11, 77);
	assert_int_equal(turns(1000), SERVE_IDLE);
	f.session->verdict = verdict;
	serve_checked(f.session, 1000);
	expect_goodbye(verdict);
	assert_int_equal(f.session->close_reason, verdict);
}

static void a_proof_is_wrong(void **state)
{
	be_judged(FSW_REASON_AUTH);
	/* A verdict that comes later changes nothing. */
	be_right();
	serve_checked(f.session, 1000);
	assert_int_equal(f.session->auth, AUTH_FAILED);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
}

/* Who it is is known, but it may not have a session: that is no failure to prove it. */
static void a_quota_is_spent(void **state)
{
	uint64_t failures = stats_get(STAT_AUTH_FAILURES), refusals = stats_get(STAT_REFUSALS);

	be_judged(FSW_REASON_LIMIT);
	assert_int_equal(f.session->auth, AUTH_FAILED);
	assert_true(stats_get(STAT_AUTH_FAILURES) == failures);
	assert_true(stats_get(STAT_REFUSALS) == refusals + 1);
}

/* What it wants to have has to wait for the answer, not only for the question. */
static void wishes_wait_for_the_answer(void **state)
{
	static const enum fsw_msg_type types[] = { FSW_MSG_REQUEST, FSW_MSG_RELEASE };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (k = 0; k < 2; k++) {
			if (i || k) {
				teardown(NULL);
				setup(NULL);
			}
			demand_proof(1000);
			if (k)
				tell_proof(0x11, 77);
			ask_for_chunks(types[i]);
			assert_int_equal(turns(1000), SERVE_IDLE);
			expect_goodbye(FSW_REASON_UNPROVEN);
			be_right();
			serve_checked(f.session, 1000);
			assert_int_equal(turns(1000), SERVE_IDLE);
			assert_int_equal(next_sent(), 0);
			assert_int_equal(f.session->grants.nr_jobs, 0);
		}
	}
}

static void two_proofs(void **state)
{
	demand_proof(1000);
	tell_proof(0x11, 77);
	tell_proof(0x33, 78);
	assert_int_equal(turns(1000), SERVE_IDLE);
	expect_goodbye(FSW_REASON_MALFORMED);
	/* The main thread may be looking at the first one. */
	assert_int_equal(f.session->auth_message.nonce[0], 0x11);
}

static void a_proof_that_nobody_wants(void **state)
{
	tell_proof(0x11, 77);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_false(f.session->auth_asked);
	expect_goodbye(FSW_REASON_MALFORMED);
}

static void proofs_have_a_deadline(void **state)
{
	f.session->keepalive_ms = 3600000;
	demand_proof(1000);
	assert_true(serve_due(f.session) == 1000 + SERVE_AUTH_MS);
	assert_int_equal(serve_tick(f.session, 1000 + SERVE_AUTH_MS - 1), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
	/* It may be here, and not be read because we were asleep. */
	assert_int_equal(serve_tick(f.session, 9000), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
	assert_true(serve_due(f.session) == 9000 + SERVE_GRACE_MS);
	assert_int_equal(serve_tick(f.session, 9000 + SERVE_GRACE_MS), SERVE_IDLE);
	expect_goodbye(FSW_REASON_UNPROVEN);
	assert_int_equal(serve_tick(f.session, 9000 + SERVE_GRACE_MS + SERVE_PART_MS),
			 SERVE_CLOSE);

	/* Once there is a proof the deadline is over. */
	teardown(NULL);
	setup(NULL);
	f.session->keepalive_ms = 3600000;
	demand_proof(1000);
	tell_proof(0x11, 77);
	/* The clock is looked at first. */
	assert_int_equal(serve_tick(f.session, 1000 + SERVE_AUTH_MS), SERVE_IDLE);
	assert_int_equal(turns(1000 + SERVE_AUTH_MS), SERVE_IDLE);
	assert_true(f.session->auth_asked);
	assert_true(serve_due(f.session) > 2000 + SERVE_AUTH_MS);
	assert_int_equal(serve_tick(f.session, 2000 + SERVE_AUTH_MS), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
}

static void an_answer_waits_for_a_slot(void **state)
{
	struct fsw_msg *slots[CTRL_SEND_SLOTS];
	unsigned int i;

	demand_proof(1000);
	tell_proof(0x11, 77);
	assert_int_equal(turns(1000), SERVE_IDLE);
	for (i = 0; i < CTRL_SEND_SLOTS; i++)
		slots[i] = ctrl_slot(&f.session->ctrl);
	be_right();
	serve_checked(f.session, 1000);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), 0);
	ctrl_unslot(&f.session->ctrl, slots[0]);
	assert_int_equal(turns(1000), SERVE_IDLE);
	assert_int_equal(next_sent(), FSW_MSG_AUTH_OK);
	/* One that cannot be sent at all is the end. */
	teardown(NULL);
	setup(NULL);
	demand_proof(1000);
	tell_proof(0x11, 77);
	assert_int_equal(turns(1000), SERVE_IDLE);
	be_right();
	serve_checked(f.session, 1000);
	fake_fail(1);
	assert_int_equal(turns(1000), SERVE_CLOSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_proof_is_handed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_proof_is_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(a_quota_is_spent, setup, teardown),
		cmocka_unit_test_setup_teardown(wishes_wait_for_the_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(two_proofs, setup, teardown),
		cmocka_unit_test_setup_teardown(a_proof_that_nobody_wants, setup, teardown),
		cmocka_unit_test_setup_teardown(proofs_have_a_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_waits_for_a_slot, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
