/* SPDX-License-Identifier: GPL-2.0-only */
/* A server that wants to know who its clients are, and such clients; include it after cmocka.h. */
#ifndef SERVER_TEST_PROVING_H
#define SERVER_TEST_PROVING_H

#include "mac.h"
#include "psk.h"
#include "running.h"

#define LEASE_MS	20000

static struct psk_list keys;
static const struct psk *alice, *bob;
static struct psk mallory;	/* whom nobody knows */

static inline int setup_keys(void **state)
{
	if (setup(state))
		return -1;
	/* The worker looks at the clock every second, and nobody is silent for too long. */
	f.cfg.keepalive_ms = 2000;
	f.cfg.lease_ms = LEASE_MS;
	memset(&keys, 0, sizeof(keys));
	keys.nr = 2;
	strcpy(keys.psk[0].identity, "alice");
	keys.psk[0].len = 16;
	memset(keys.psk[0].key, 0xa1, 16);
	strcpy(keys.psk[1].identity, "bob");
	keys.psk[1].len = 64;
	memset(keys.psk[1].key, 0xb0, 64);
	alice = &keys.psk[0];
	bob = &keys.psk[1];
	mallory = *alice;
	memset(mallory.identity, 0, sizeof(mallory.identity));
	strcpy(mallory.identity, "mallory");
	f.l.keys = &keys;
	return 0;
}

/* A control connection from its client's side. */
struct client {
	struct rdma_cm_id *id;
	struct fsw_hello hello;
	struct fsw_welcome welcome;
};

static inline void ask(struct client *c, unsigned char session, uint64_t generation)
{
	make_hello(&c->hello, FSW_ROLE_CONTROL, 0, 2, session);
	c->hello.generation = fsw_htole64(generation);
	c->id = request(&c->hello, sizeof(c->hello), 0);
	c->welcome = fake_id_state(c->id).welcome;
}

static inline void confirm(struct client *c)
{
	assert_true(fake_id_state(c->id).accepted);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, c->id, NULL, 0);
	pump();
}

static inline void come(struct client *c, unsigned char session, uint64_t generation)
{
	ask(c, session, generation);
	assert_int_equal(fsw_welcome_check(&c->welcome, sizeof(c->welcome), FSW_ROLE_CONTROL),
			 FSW_REASON_NONE);
	assert_int_equal(fsw_letoh16(c->welcome.auth), FSW_AUTH_PSK);
	confirm(c);
}

static inline void make_proof(const struct client *c, const struct psk *psk, enum fsw_side side,
			      struct fsw_auth *auth)
{
	struct fsw_transcript t;

	memset(auth, 0, sizeof(*auth));
	memcpy(auth->identity, psk->identity, sizeof(auth->identity));
	memset(auth->nonce, 0x77, sizeof(auth->nonce));
	fsw_transcript_init(&t, side, &c->hello, &c->welcome, auth, NULL);
	assert_true(mac_proof(auth->proof, psk->key, psk->len, &t));
}

static inline void send_auth(const struct client *c, const struct fsw_auth *auth)
{
	union message m;

	memset(&m, 0, sizeof(m));
	fsw_msg_init(&m.msg, FSW_MSG_AUTH, 0x1234, sizeof(m.auth));
	m.auth = *auth;
	assert_true(fake_message(c->id, &m, sizeof(m.msg) + sizeof(m.auth)));
}

static inline void prove(const struct client *c, const struct psk *psk)
{
	struct fsw_auth auth;

	make_proof(c, psk, FSW_SIDE_CLIENT, &auth);
	send_auth(c, &auth);
}

static inline bool next_sent(const struct client *c, union message *m, size_t *len)
{
	while (fake_sent(c->id, &m->msg, len)) {
		assert_int_equal(fsw_msg_check(&m->msg, *len), FSW_REASON_NONE);
		if (fsw_letoh16(m->msg.type) != FSW_MSG_PING)
			return true;
	}
	return false;
}

static inline void expect(const struct client *c, enum fsw_msg_type type, union message *m)
{
	size_t len;

	PUMP_UNTIL(next_sent(c, m, &len));
	assert_int_equal(fsw_letoh16(m->msg.type), type);
}

static inline void expect_goodbye(const struct client *c, enum fsw_reason reason)
{
	union message m;

	expect(c, FSW_MSG_GOODBYE, &m);
	assert_int_equal(fsw_letoh16(m.bye.reason), reason);
}

static inline void be_let_in(struct client *c, const struct psk *psk)
{
	union message m;

	prove(c, psk);
	expect(c, FSW_MSG_AUTH_OK, &m);
}

static inline struct session *only_session(void)
{
	struct session *session = TAILQ_FIRST(&f.l.sessions);

	assert_non_null(session);
	assert_null(TAILQ_NEXT(session, link));
	return session;
}

static inline void ask_for_chunks(const struct client *c, enum fsw_msg_type type,
				  unsigned int count)
{
	union message m;
	size_t len = make_range(&m, type, 1, 0, count);

	assert_true(fake_message(c->id, &m, len));
}

static inline void say_goodbye(const struct client *c)
{
	union message m;

	memset(&m, 0, sizeof(m));
	fsw_msg_init(&m.msg, FSW_MSG_GOODBYE, 1, sizeof(m.bye));
	m.bye.reason = fsw_htole16(FSW_REASON_DETACH);
	assert_true(fake_message(c->id, &m, sizeof(m.msg) + sizeof(m.bye)));
}

static inline void lose_connection(void)
{
	struct client c;

	come(&c, 1, 0);
	be_let_in(&c, alice);
	grant_all(c.id, 3);
	disconnect(c.id);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
}

#define KEYED(test)	cmocka_unit_test_setup_teardown(test, setup_keys, teardown)

#endif /* SERVER_TEST_PROVING_H */
