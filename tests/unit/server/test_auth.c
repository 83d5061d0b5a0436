// SPDX-License-Identifier: GPL-2.0-only
/* A server that wants to know who its clients are: real workers, a network that is played. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "auth.h"
#include "fake_clock.h"
#include "proving.h"
#include "serve.h"

/* Sent away, for that reason, and nothing of it is left. */
static void assert_sent_away(const struct client *c, enum fsw_reason reason)
{
	expect_goodbye(c, reason);
	PUMP_UNTIL(fake_id_state(c->id).disconnects);
	disconnect(c->id);
	PUMP_UNTIL(!f.l.nr_sessions);
	PUMP_UNTIL(pool_available(&f.pool) == 8ull * TEST_CHUNK);
}

/* Its worker has it: time counts from here on. */
static void be_served(const struct client *c)
{
	struct fsw_msg ping;
	union message m;

	fsw_msg_init(&ping, FSW_MSG_PING, 5, 0);
	assert_true(fake_message(c->id, &ping, sizeof(ping)));
	expect(c, FSW_MSG_PONG, &m);
}

/* Each side believes the other, and then all is as without keys. */
static void the_right_key(void **state)
{
	const struct psk *const who[] = { alice, bob };
	struct fsw_transcript t;
	uint8_t proof[FSW_PROOF_SIZE];
	struct fsw_auth auth;
	struct client c;
	union message m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(who); i++) {
		come(&c, 1, 0);
		make_proof(&c, who[i], FSW_SIDE_CLIENT, &auth);
		send_auth(&c, &auth);
		expect(&c, FSW_MSG_AUTH_OK, &m);
		assert_int_equal(fsw_letoh32(m.msg.seq), 0x1234);
		fsw_transcript_init(&t, FSW_SIDE_SERVER, &c.hello, &c.welcome, &auth,
				    &m.auth_ok.limits);
		assert_true(mac_proof(proof, who[i]->key, who[i]->len, &t));
		assert_memory_equal(m.auth_ok.proof, proof, sizeof(proof));
		assert_memory_not_equal(m.auth_ok.proof, auth.proof, sizeof(proof));
		/* There is no quota: all that the welcome says. */
		assert_true(m.auth_ok.limits.available == c.welcome.available);
		assert_true(m.auth_ok.limits.max_chunks == c.welcome.max_chunks);
		assert_true(m.auth_ok.limits.max_sets == c.welcome.max_sets);
		assert_string_equal(only_session()->identity, who[i]->identity);
		attach_data(FSW_ROLE_DEMAND, 0, 1);
		grant_all(c.id, 2);
		say_goodbye(&c);
		disconnect(c.id);
		PUMP_UNTIL(!f.l.nr_sessions);
	}
}

static void nothing_before_the_proof(void **state)
{
	struct client c;

	/* Neither before nor after the confirmation. */
	ask(&c, 1, 0);
	assert_refused(request_role(FSW_ROLE_DEMAND, 0, 1), FSW_REASON_UNPROVEN, 0);
	confirm(&c);
	assert_refused(request_role(FSW_ROLE_WRITEBACK, 1, 1), FSW_REASON_UNPROVEN, 0);
	assert_int_equal(only_session()->identity[0], '\0');
	ask_for_chunks(&c, FSW_MSG_REQUEST, 1);
	assert_sent_away(&c, FSW_REASON_UNPROVEN);

	come(&c, 1, 0);
	ask_for_chunks(&c, FSW_MSG_RELEASE, 1);
	assert_sent_away(&c, FSW_REASON_UNPROVEN);
}

static void signs_of_life_need_no_proof(void **state)
{
	struct fsw_msg pong;
	struct client c;

	come(&c, 1, 0);
	be_served(&c);
	fsw_msg_init(&pong, FSW_MSG_PONG, 5, 0);
	assert_true(fake_message(c.id, &pong, sizeof(pong)));
	be_let_in(&c, bob);
	grant_all(c.id, 1);
}

/* What a stranger can tell of a wrong key and of a wrong name is the same. */
static void the_wrong_key(void **state)
{
	struct psk wrong[5];
	union message first, m;
	struct client c;
	unsigned int i;
	size_t len;

	memset(&first, 0, sizeof(first));
	wrong[0] = *alice;
	wrong[0].key[15] ^= 1;
	wrong[1] = *alice;
	wrong[1].len = 15;
	wrong[2] = *alice;
	wrong[2].len = bob->len;
	memcpy(wrong[2].key, bob->key, bob->len);
	wrong[3] = mallory;
	wrong[4] = mallory;
	wrong[4].len = 32;
	/* Even who knows the key of nobody is nobody. */
	memcpy(wrong[4].key, f.l.no_key, 32);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		come(&c, 1, 0);
		prove(&c, &wrong[i]);
		PUMP_UNTIL(next_sent(&c, &m, &len));
		assert_int_equal(len, sizeof(m.msg) + sizeof(m.bye));
		if (!i)
			memcpy(&first, &m, len);
		assert_memory_equal(&first, &m, len);
		assert_int_equal(fsw_letoh16(m.bye.reason), FSW_REASON_AUTH);
		PUMP_UNTIL(fake_id_state(c.id).disconnects);
		assert_refused(request_role(FSW_ROLE_DEMAND, 0, 1), FSW_REASON_NO_SESSION, 0);
		disconnect(c.id);
		PUMP_UNTIL(!f.l.nr_sessions);
	}
}

/* What was right on one connection is wrong on the next one, though all else is the same. */
static void replay(void **state)
{
	struct client first, second;
	struct fsw_auth auth;
	union message m;

	come(&first, 1, 0);
	make_proof(&first, alice, FSW_SIDE_CLIENT, &auth);
	send_auth(&first, &auth);
	expect(&first, FSW_MSG_AUTH_OK, &m);
	say_goodbye(&first);
	disconnect(first.id);
	PUMP_UNTIL(!f.l.nr_sessions);

	come(&second, 1, 0);
	assert_memory_equal(&first.hello, &second.hello, sizeof(first.hello));
	assert_memory_not_equal(first.welcome.nonce, second.welcome.nonce, FSW_NONCE_SIZE);
	send_auth(&second, &auth);
	assert_sent_away(&second, FSW_REASON_AUTH);

	/* Nor does the server's own proof open anything. */
	come(&second, 1, 0);
	memcpy(auth.proof, m.auth_ok.proof, sizeof(auth.proof));
	send_auth(&second, &auth);
	assert_sent_away(&second, FSW_REASON_AUTH);
}

/* Not even one for this very connection, which only the server could have made. */
static void reflection(void **state)
{
	struct fsw_auth auth;
	struct client c;

	come(&c, 1, 0);
	make_proof(&c, alice, FSW_SIDE_SERVER, &auth);
	send_auth(&c, &auth);
	assert_sent_away(&c, FSW_REASON_AUTH);
}

/* Somebody in between changed what was said: then it was not said to this server. */
static void downgrade(void **state)
{
	struct client c, told;
	struct fsw_auth auth;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		come(&c, 1, 0);
		told = c;
		switch (i) {
		case 0:
			told.hello.version = fsw_htole16(FSW_VERSION + 1);
			break;
		case 1:
			told.hello.session_id[3] ^= 1;
			break;
		case 2:
			told.welcome.generation ^= fsw_htole64(1);
			break;
		case 3:
			told.welcome.max_chunks = fsw_htole32(7);
			break;
		case 4:
			told.welcome.keepalive_ms = 0;
			break;
		}
		make_proof(&told, alice, FSW_SIDE_CLIENT, &auth);
		send_auth(&c, &auth);
		assert_sent_away(&c, FSW_REASON_AUTH);
	}
}

/* A client that cannot say who it is hears so before it is let in. */
static void an_old_client(void **state)
{
	struct rdma_cm_id *id;
	struct client c;

	make_hello(&c.hello, FSW_ROLE_CONTROL, 0, 1, 1);
	c.hello.version = c.hello.version_min = fsw_htole16(1);
	id = request(&c.hello, sizeof(c.hello), 0);
	assert_refused(id, FSW_REASON_VERSION, FSW_VERSION_AUTH << 16 | FSW_VERSION);

	/* Without keys it is as welcome as ever, in its own words. */
	f.l.keys = NULL;
	id = request(&c.hello, sizeof(c.hello), 0);
	c.welcome = fake_id_state(id).welcome;
	assert_int_equal(fsw_letoh16(c.welcome.version), 1);
	assert_int_equal(c.welcome.auth, 0);
	assert_true(fsw_is_zero(c.welcome.nonce, sizeof(c.welcome.nonce)));
	c.id = id;
	confirm(&c);
	grant_all(c.id, 1);
}

static void a_proof_that_nobody_asked_for(void **state)
{
	struct fsw_auth auth;
	struct client c;

	f.l.keys = NULL;
	ask(&c, 1, 0);
	assert_int_equal(c.welcome.auth, 0);
	confirm(&c);
	make_proof(&c, alice, FSW_SIDE_CLIENT, &auth);
	send_auth(&c, &auth);
	assert_sent_away(&c, FSW_REASON_MALFORMED);
}

static void a_second_proof(void **state)
{
	struct client c;

	come(&c, 1, 0);
	be_let_in(&c, alice);
	grant_all(c.id, 2);
	prove(&c, alice);
	assert_sent_away(&c, FSW_REASON_MALFORMED);
}

static void no_proof_in_time(void **state)
{
	struct client c;

	come(&c, 1, 0);
	be_served(&c);
	fake_clock_advance(SERVE_AUTH_MS + 1000);
	assert_sent_away(&c, FSW_REASON_UNPROVEN);
}

/* ---- What is kept for a client is kept for that client ---- */

/* It was there, and is not any more; the chunks are, and for as long as they would have been. */
static void assert_still_kept(const struct client *c, uint64_t lease_ms)
{
	PUMP_UNTIL(fake_id_state(c->id).disconnects);
	disconnect(c->id);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
	assert_int_equal(only_session()->grants.nr_granted, 3);
	assert_int_equal(only_session()->grants.chunk[0]->addr[0], 0x5a);
	assert_true(only_session()->lease_ms == lease_ms);
	assert_string_equal(only_session()->identity, "alice");
	assert_int_equal(f.l.nr_alive, 1);
}

static void comes_back(void **state)
{
	uint64_t lease_ms;
	struct client c;
	union message m;
	size_t len;

	lose_connection();
	lease_ms = only_session()->lease_ms;
	fake_clock_advance(1000);
	come(&c, 1, f.l.generation);
	assert_refused(request_role(FSW_ROLE_DEMAND, 0, 1), FSW_REASON_UNPROVEN, 0);
	be_let_in(&c, alice);
	attach_data(FSW_ROLE_DEMAND, 0, 1);
	assert_int_equal(only_session()->grants.chunk[0]->addr[0], 0x5a);
	len = make_range(&m, FSW_MSG_REQUEST, 7, 3, 1);
	assert_true(fake_message(c.id, &m, len));
	expect(&c, FSW_MSG_GRANT, &m);
	/* And once more, for a whole lease. */
	disconnect(c.id);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
	assert_true(only_session()->lease_ms >= lease_ms + 1000);
}

static void others_come_for_it(void **state)
{
	struct psk wrong;
	uint64_t lease_ms;
	struct client c;

	lose_connection();
	lease_ms = only_session()->lease_ms;
	fake_clock_advance(500);

	/* Somebody else's right key. */
	come(&c, 1, f.l.generation);
	prove(&c, bob);
	expect_goodbye(&c, FSW_REASON_AUTH);
	assert_still_kept(&c, lease_ms);
	wrong = *alice;
	wrong.key[0] ^= 1;
	come(&c, 1, f.l.generation);
	prove(&c, &wrong);
	expect_goodbye(&c, FSW_REASON_AUTH);
	assert_still_kept(&c, lease_ms);

	/* Without any proof: asking, giving back, leaving, breaking the rules, saying nothing. */
	come(&c, 1, f.l.generation);
	ask_for_chunks(&c, FSW_MSG_REQUEST, 4);
	expect_goodbye(&c, FSW_REASON_UNPROVEN);
	assert_still_kept(&c, lease_ms);
	come(&c, 1, f.l.generation);
	ask_for_chunks(&c, FSW_MSG_RELEASE, 3);
	expect_goodbye(&c, FSW_REASON_UNPROVEN);
	assert_still_kept(&c, lease_ms);
	come(&c, 1, f.l.generation);
	say_goodbye(&c);
	assert_still_kept(&c, lease_ms);
	come(&c, 1, f.l.generation);
	ask_for_chunks(&c, FSW_MSG_RELEASED, 1);
	expect_goodbye(&c, FSW_REASON_MALFORMED);
	assert_still_kept(&c, lease_ms);
	come(&c, 1, f.l.generation);
	be_served(&c);
	fake_clock_advance(SERVE_AUTH_MS + 1000);
	expect_goodbye(&c, FSW_REASON_UNPROVEN);
	assert_still_kept(&c, lease_ms);
	/* Nor as if it were theirs to throw away. */
	come(&c, 1, 0);
	say_goodbye(&c);
	assert_still_kept(&c, lease_ms);
	come(&c, 1, f.l.generation + 1);
	prove(&c, bob);
	expect_goodbye(&c, FSW_REASON_AUTH);
	assert_still_kept(&c, lease_ms);
	/* Never confirmed. */
	ask(&c, 1, f.l.generation);
	assert_true(fake_id_state(c.id).accepted);
	fake_cm_event(RDMA_CM_EVENT_CONNECT_ERROR, c.id, NULL, 0);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
	assert_true(only_session()->lease_ms == lease_ms);

	/* It is still there for whose it is. */
	come(&c, 1, f.l.generation);
	be_let_in(&c, alice);
	attach_data(FSW_ROLE_DEMAND, 0, 1);
}

/* Who keeps coming does not keep it from being lent to others. */
static void strangers_do_not_make_it_last(void **state)
{
	struct client c;

	lose_connection();
	come(&c, 1, f.l.generation);
	be_served(&c);
	fake_clock_advance(LEASE_MS + 1000);
	expect_goodbye(&c, FSW_REASON_UNPROVEN);
	PUMP_UNTIL(fake_id_state(c.id).disconnects);
	disconnect(c.id);
	PUMP_UNTIL(!f.l.nr_sessions);
	PUMP_UNTIL(pool_available(&f.pool) == 8ull * TEST_CHUNK);
	assert_all_back(&f.pool);
}

/* Its own client does not want it. */
static void starts_over(void **state)
{
	struct client c;
	union message m;
	size_t len;

	lose_connection();
	come(&c, 1, 0);
	prove(&c, alice);
	/* Perhaps not even the answer to the proof comes first. */
	PUMP_UNTIL(next_sent(&c, &m, &len));
	if (fsw_letoh16(m.msg.type) == FSW_MSG_AUTH_OK)
		expect(&c, FSW_MSG_GOODBYE, &m);
	assert_int_equal(fsw_letoh16(m.bye.reason), FSW_REASON_BUSY);
	PUMP_UNTIL(fake_id_state(c.id).disconnects);
	disconnect(c.id);
	PUMP_UNTIL(!f.l.nr_sessions);
	come(&c, 1, 0);
	be_let_in(&c, alice);
	grant_all(c.id, 8);
}

/* The server stops while it is sending one away who starts over: one goodbye, one parting. */
static void stops_while_one_starts_over(void **state)
{
	struct client c;

	lose_connection();
	come(&c, 1, 0);
	fake_auto_complete(false);
	prove(&c, alice);
	PUMP_UNTIL(only_session()->phase != SESSION_LIVE);
	listener_stop(&f.l, EXIT_RUN_OK);
	pump();
	fake_auto_complete(true);
}

static void keys_change(void **state)
{
	static struct psk_list others;
	struct client c, d;

	come(&c, 1, 0);
	be_let_in(&c, alice);
	grant_all(c.id, 3);
	come(&d, 2, 0);
	be_let_in(&d, bob);
	others = keys;
	others.nr = 1;
	others.psk[0] = *bob;
	others.psk[0].key[0] ^= 1;
	f.l.keys = &others;
	auth_reloaded(&f.l);
	/* Nobody is sent away. */
	pump();
	assert_int_equal(f.l.nr_alive, 2);
	attach_data(FSW_ROLE_DEMAND, 0, 1);
	/* But who comes needs one of the keys that there are. */
	disconnect(c.id);
	PUMP_UNTIL(TAILQ_FIRST(&f.l.sessions)->phase == SESSION_KEPT);
	come(&c, 1, f.l.generation);
	prove(&c, alice);
	expect_goodbye(&c, FSW_REASON_AUTH);
	PUMP_UNTIL(fake_id_state(c.id).disconnects);
	disconnect(c.id);
	PUMP_UNTIL(TAILQ_FIRST(&f.l.sessions)->phase == SESSION_KEPT);
	come(&c, 3, 0);
	be_let_in(&c, &others.psk[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEYED(the_right_key),
		KEYED(nothing_before_the_proof),
		KEYED(signs_of_life_need_no_proof),
		KEYED(the_wrong_key),
		KEYED(replay),
		KEYED(reflection),
		KEYED(downgrade),
		KEYED(an_old_client),
		KEYED(a_proof_that_nobody_asked_for),
		KEYED(a_second_proof),
		KEYED(no_proof_in_time),
		KEYED(comes_back),
		KEYED(others_come_for_it),
		KEYED(strangers_do_not_make_it_last),
		KEYED(starts_over),
		KEYED(stops_while_one_starts_over),
		KEYED(keys_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
