/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A main thread with real workers and a network that is played, for the tests
 * that need all of it; include it after cmocka.h.
 */
#ifndef SERVER_TEST_RUNNING_H
#define SERVER_TEST_RUNNING_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include "helpers.h"
#include "listener.h"

/* Where the next requests come from; "": 10.0.0.1; anything else: from no IP address at all. */
static char source_address[64];

static struct {
	struct config cfg;
	struct pool pool;
	struct listener l;
	char why[256];
} f;

static inline int setup(void **state)
{
	fake_reset();
	source_address[0] = '\0';
	fake_auto_complete(true);
	memset(&f, 0, sizeof(f));
	f.cfg = test_config;
	make_pool(&f.pool, 8);
	assert_int_equal(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)), EXIT_RUN_OK);
	assert_int_equal(listener_start(&f.l, &f.pool, f.why, sizeof(f.why)), EXIT_RUN_OK);
	return 0;
}

static inline void pump(void)
{
	event_base_loop(f.l.base, EVLOOP_NONBLOCK);
}

#define PUMP_UNTIL(condition) do { \
		int turns_ = 0; \
		while (!(condition)) { \
			assert_true(turns_++ < 10000); \
			pump(); \
			poll(NULL, 0, 1); \
		} \
	} while (0)

static inline int teardown(void **state)
{
	fake_fail(0);
	if (!f.l.stopping)
		listener_stop(&f.l, EXIT_RUN_OK);
	/* Clients that behave: they disconnect when they are asked to. */
	while (f.l.nr_sessions) {
		struct session *session;
		struct conn *control = NULL;

		TAILQ_FOREACH(session, &f.l.sessions, link)
			if (session->control && session->control->state == CONN_CLOSING)
				control = session->control;
		if (control)
			fake_cm_event(RDMA_CM_EVENT_DISCONNECTED, control->id, NULL, 0);
		pump();
		poll(NULL, 0, 1);
	}
	listener_close(&f.l);
	listener_close(&f.l);
	/* No client of these tests releases a chunk: all were deregistered at the end. */
	assert_int_equal(fake_raced_deregs(), 0);
	pool_destroy(&f.pool);
	assert_nothing_left();
	return 0;
}

static inline void set_source(struct rdma_cm_id *id)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)rdma_get_peer_addr(id);
	struct sockaddr_in *in = (struct sockaddr_in *)in6;

	if (inet_pton(AF_INET, source_address, &in->sin_addr) == 1)
		in->sin_family = AF_INET;
	else if (inet_pton(AF_INET6, source_address, &in6->sin6_addr) == 1)
		in6->sin6_family = AF_INET6;
	else if (*source_address)
		in6->sin6_family = AF_UNSPEC;
}

static inline struct rdma_cm_id *request(const struct fsw_hello *hello, size_t len,
					 unsigned int device)
{
	struct rdma_cm_id *id = fake_id(device);

	set_source(id);
	fake_cm_event(RDMA_CM_EVENT_CONNECT_REQUEST, id, hello, len);
	pump();
	return id;
}

static inline struct rdma_cm_id *request_role(enum fsw_role role, unsigned int set,
					      unsigned char id)
{
	struct fsw_hello hello;

	make_hello(&hello, role, set, 2, id);
	return request(&hello, sizeof(hello), 0);
}

static inline void assert_refused(struct rdma_cm_id *id, enum fsw_reason reason, uint64_t detail)
{
	struct fake_id_state state = fake_id_state(id);

	assert_true(state.refused && state.destroyed && !state.accepted);
	assert_int_equal(fsw_letoh16(state.refusal.reason), reason);
	assert_true(fsw_letoh64(state.refusal.detail) == detail);
}

/* A control connection that is confirmed and adopted. */
static inline struct rdma_cm_id *attach(unsigned char session)
{
	struct rdma_cm_id *id = request_role(FSW_ROLE_CONTROL, 0, session);

	assert_true(fake_id_state(id).accepted);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, id, NULL, 0);
	pump();
	return id;
}

static inline struct rdma_cm_id *attach_data(enum fsw_role role, unsigned int set,
					     unsigned char session)
{
	struct rdma_cm_id *id = request_role(role, set, session);

	assert_true(fake_id_state(id).accepted);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, id, NULL, 0);
	pump();
	return id;
}

static inline void disconnect(struct rdma_cm_id *id)
{
	fake_cm_event(RDMA_CM_EVENT_DISCONNECTED, id, NULL, 0);
	pump();
}

static inline void grant_all(struct rdma_cm_id *id, unsigned int count)
{
	union message m;
	size_t len = make_range(&m, FSW_MSG_REQUEST, 1, 0, count);

	assert_true(fake_message(id, &m, len));
	assert_true(fake_wait_sent(id, &m.msg, &len));
	assert_int_equal(fsw_letoh16(m.msg.type), FSW_MSG_GRANT);
	memset((void *)(uintptr_t)fsw_letoh64(m.grant[0].addr), 0x5a, TEST_CHUNK);
}

#define RUNNING(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif /* SERVER_TEST_RUNNING_H */
