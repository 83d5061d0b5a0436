// SPDX-License-Identifier: GPL-2.0-only
/* Clients whose connection breaks, and who come back for their memory or do not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_clock.h"
#include "running.h"

#define LEASE_MS	20000

static int setup_leased(void **state)
{
	if (setup(state))
		return -1;
	f.cfg.lease_ms = LEASE_MS;
	return 0;
}

static struct session *only_session(void)
{
	struct session *session = TAILQ_FIRST(&f.l.sessions);

	assert_non_null(session);
	assert_null(TAILQ_NEXT(session, link));
	return session;
}

static struct rdma_cm_id *come_back(unsigned char id, uint64_t generation, unsigned int device)
{
	struct fsw_hello hello;

	make_hello(&hello, FSW_ROLE_CONTROL, 0, 2, id);
	hello.generation = fsw_htole64(generation);
	return request(&hello, sizeof(hello), device);
}

/* A client that holds @chunks of memory loses its connection. */
static void lose(unsigned int chunks)
{
	struct rdma_cm_id *id = attach(1), *data = attach_data(FSW_ROLE_DEMAND, 0, 1);

	if (chunks)
		grant_all(id, chunks);
	disconnect(id);
	assert_true(fake_id_state(data).destroyed);
}

static void lose_and_keep(void)
{
	lose(3);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
}

static void establish(struct rdma_cm_id *id)
{
	assert_true(fake_id_state(id).accepted);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, id, NULL, 0);
	pump();
}

static void say(struct rdma_cm_id *id, enum fsw_reason reason)
{
	union message m;

	memset(&m, 0, sizeof(m));
	fsw_msg_init(&m.msg, FSW_MSG_GOODBYE, 1, sizeof(m.bye));
	m.bye.reason = fsw_htole16(reason);
	assert_true(fake_message(id, &m, sizeof(m.msg) + sizeof(m.bye)));
}

/* Chunk 0 is what it was: the same memory under the same key, with the same bytes. */
static void back_to_the_same_chunks(void **state)
{
	struct region *region;
	struct rdma_cm_id *id;
	union message m;
	uint32_t rkey;
	size_t len;

	lose_and_keep();
	region = only_session()->grants.chunk[0];
	rkey = region->mr->rkey;
	assert_int_equal(f.l.nr_alive, 1);
	assert_true(pool_available(&f.pool) == 5ull * TEST_CHUNK);

	id = come_back(1, f.l.generation, 0);
	establish(id);
	assert_int_equal(only_session()->phase, SESSION_LIVE);
	attach_data(FSW_ROLE_DEMAND, 0, 1);
	attach_data(FSW_ROLE_WRITEBACK, 1, 1);

	/* The worker is there again: 3 chunks more, then all of them back. */
	len = make_range(&m, FSW_MSG_REQUEST, 7, 3, 3);
	assert_true(fake_message(id, &m, len));
	assert_true(fake_wait_sent(id, &m.msg, &len));
	assert_int_equal(fsw_letoh16(m.msg.type), FSW_MSG_GRANT);
	assert_ptr_equal(only_session()->grants.chunk[0], region);
	assert_int_equal(region->mr->rkey, rkey);
	assert_int_equal(region->addr[0], 0x5a);

	/* And it may happen again. */
	disconnect(id);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
	id = come_back(1, f.l.generation, 0);
	establish(id);
	say(id, FSW_REASON_DETACH);
	disconnect(id);
	PUMP_UNTIL(!f.l.nr_sessions);
	PUMP_UNTIL(pool_available(&f.pool) == 8ull * TEST_CHUNK);
	assert_all_back(&f.pool);
}

static void lease_ends(void **state)
{
	lose_and_keep();
	fake_clock_advance(LEASE_MS - 2000);
	poll(NULL, 0, 300);
	pump();
	assert_int_equal(only_session()->phase, SESSION_KEPT);
	fake_clock_advance(3000);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_int_equal(f.l.nr_alive, 0);
	PUMP_UNTIL(pool_available(&f.pool) == 8ull * TEST_CHUNK);
	assert_all_back(&f.pool);
	assert_refused(come_back(1, f.l.generation, 0), FSW_REASON_NO_SESSION, 0);
}

/* Another lease in the configuration is for clients that come after that. */
static void as_it_was_when_it_came(void **state)
{
	struct rdma_cm_id *id = attach(1);

	grant_all(id, 3);
	f.cfg.lease_ms = 1000;
	disconnect(id);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
	fake_clock_advance(LEASE_MS - 2000);
	poll(NULL, 0, 300);
	pump();
	assert_int_equal(only_session()->phase, SESSION_KEPT);
}

/* Who leaves in peace, breaks the rules or has nothing is not waited for. */
static void not_kept(void **state)
{
	static const enum fsw_reason reasons[] = { FSW_REASON_DETACH, FSW_REASON_NONE };
	struct rdma_cm_id *id;
	union message m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		id = attach(1);
		grant_all(id, 2);
		say(id, reasons[i]);
		/* Whichever of the two is seen first. */
		disconnect(id);
		PUMP_UNTIL(!f.l.nr_sessions);
	}

	id = attach(1);
	grant_all(id, 2);
	fsw_msg_init(&m.msg, FSW_MSG_GRANT, 1, 0);
	assert_true(fake_message(id, &m, sizeof(m.msg)));
	disconnect(id);
	PUMP_UNTIL(!f.l.nr_sessions);

	lose(0);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_int_equal(f.l.nr_alive, 0);
}

/* Each side may find the other silent. */
static void kept_after_silence(void **state)
{
	struct rdma_cm_id *id = attach(1);

	grant_all(id, 2);
	say(id, FSW_REASON_TIMEOUT);
	PUMP_UNTIL(fake_id_state(id).disconnects);
	disconnect(id);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);

	id = come_back(1, f.l.generation, 0);
	establish(id);
	/* Silent for two intervals. */
	fake_clock_advance(2000);
	PUMP_UNTIL(fake_id_state(id).disconnects);
	disconnect(id);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
}

/* What ends a connection would not get through, and break more than it: it waits for the port. */
static void port_down_when_silent(void **state)
{
	struct rdma_cm_id *id = attach(1), *data = attach_data(FSW_ROLE_DEMAND, 0, 1), *late;
	struct conn *conn = id->context;

	grant_all(id, 2);
	late = request_role(FSW_ROLE_DEMAND, 1, 1);
	fake_set_port(0, false);
	fake_clock_advance(2000);
	PUMP_UNTIL(conn->postponed);
	/* Neither other deadlines nor other events change that, and it is looked at again. */
	fake_clock_advance(20000);
	PUMP_UNTIL(((struct conn *)late->context)->postponed);
	fake_cm_event(RDMA_CM_EVENT_TIMEWAIT_EXIT, data, NULL, 0);
	PUMP_UNTIL(((struct conn *)data->context)->postponed);
	assert_true(event_pending(f.l.sweep_event, EV_TIMEOUT, NULL));
	assert_int_equal(fake_id_state(id).disconnects, 0);
	assert_int_equal(fake_id_state(data).disconnects, 0);
	assert_false(fake_id_state(late).destroyed);

	fake_set_port(0, true);
	PUMP_UNTIL(fake_id_state(late).destroyed && fake_id_state(data).destroyed);
	PUMP_UNTIL(fake_id_state(id).disconnects);
	disconnect(id);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
	establish(come_back(1, f.l.generation, 0));
}

static void port_down_and_device_removed(void **state)
{
	struct rdma_cm_id *id = attach(1);
	struct conn *conn = id->context;

	grant_all(id, 1);
	fake_set_port(0, false);
	fake_clock_advance(2000);
	PUMP_UNTIL(conn->postponed);
	fake_cm_event(RDMA_CM_EVENT_DEVICE_REMOVAL, id, NULL, 0);
	PUMP_UNTIL(!f.l.nr_sessions);
}

static void port_that_cannot_be_asked(void **state)
{
	struct rdma_cm_id *id = attach(1);

	grant_all(id, 1);
	fake_set_port(0, false);
	fake_fail_call(FAKE_QUERY_PORT, EIO);
	fake_clock_advance(2000);
	PUMP_UNTIL(fake_id_state(id).disconnects);
	fake_fail_call(FAKE_QUERY_PORT, 0);
	fake_set_port(0, true);
}

static void stop_while_the_port_is_down(void **state)
{
	struct rdma_cm_id *id = attach(1);
	struct conn *conn = id->context;

	grant_all(id, 1);
	fake_set_port(0, false);
	listener_stop(&f.l, EXIT_RUN_OK);
	PUMP_UNTIL(conn->postponed);
	/* As if the time were over. */
	event_active(f.l.stop_event, EV_TIMEOUT, 1);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_false(f.l.aborted);
}

static void the_old_connection_is_still_there(void **state)
{
	struct rdma_cm_id *old = attach(1), *id;

	grant_all(old, 2);
	assert_refused(come_back(1, f.l.generation, 0), FSW_REASON_BUSY, 0);
	/* It was cut off, and the next attempt finds what it is looking for. */
	PUMP_UNTIL(fake_id_state(old).destroyed);
	assert_int_equal(only_session()->phase, SESSION_KEPT);
	id = come_back(1, f.l.generation, 0);
	/* Not confirmed, and tried once more. */
	assert_true(fake_id_state(id).accepted);
	assert_refused(come_back(1, f.l.generation, 0), FSW_REASON_BUSY, 0);
	assert_true(fake_id_state(id).destroyed);
	assert_int_equal(only_session()->phase, SESSION_KEPT);
	assert_int_equal(f.l.nr_alive, 1);
	establish(come_back(1, f.l.generation, 0));
}

static void who_is_not_let_back(void **state)
{
	struct rdma_cm_id *id;

	lose_and_keep();
	assert_refused(come_back(2, f.l.generation, 0), FSW_REASON_NO_SESSION, 0);
	assert_refused(come_back(1, f.l.generation, 1), FSW_REASON_WRONG_DEVICE, 0);
	/* Its data connections have to wait for the control connection. */
	assert_refused(request_role(FSW_ROLE_DEMAND, 0, 1), FSW_REASON_NO_SESSION, 0);
	/* What another generation granted is nothing that we have: a session like any other. */
	id = come_back(3, f.l.generation + 1, 0);
	assert_true(fake_id_state(id).accepted);
	assert_int_equal(f.l.nr_sessions, 2);
}

/* A client that comes as if it were new: what is kept for it is of no use. */
static void starts_over(void **state)
{
	uint64_t generations[] = { 0, f.l.generation + 1 };
	struct rdma_cm_id *id;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(generations); i++) {
		lose_and_keep();
		assert_refused(come_back(1, generations[i], 0), FSW_REASON_BUSY, 0);
		PUMP_UNTIL(!f.l.nr_sessions);
		id = come_back(1, generations[i], 0);
		establish(id);
		grant_all(id, 8);
		say(id, FSW_REASON_DETACH);
		disconnect(id);
		PUMP_UNTIL(!f.l.nr_sessions);
	}
}

/* The worker has not said yet whether the session is kept. */
static void starts_over_too_soon(void **state)
{
	struct rdma_cm_id *id = attach(1), *again = fake_id(0);
	struct fsw_hello hello;

	grant_all(id, 3);
	make_hello(&hello, FSW_ROLE_CONTROL, 0, 2, 1);
	fake_cm_event(RDMA_CM_EVENT_DISCONNECTED, id, NULL, 0);
	fake_cm_event(RDMA_CM_EVENT_CONNECT_REQUEST, again, &hello, sizeof(hello));
	pump();
	assert_refused(again, FSW_REASON_BUSY, 0);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
	assert_refused(come_back(1, 0, 0), FSW_REASON_BUSY, 0);
	PUMP_UNTIL(!f.l.nr_sessions);
	grant_all(attach(1), 8);
}

static void any_step_of_coming_back_fails(void **state)
{
	struct rdma_cm_id *id;
	unsigned int n;
	int before;

	lose_and_keep();
	before = fake_objects();
	for (n = 1; n < 100; n++) {
		fake_fail(n);
		id = come_back(1, f.l.generation, 0);
		fake_fail(0);
		if (fake_id_state(id).accepted)
			break;
		assert_refused(id, FSW_REASON_RESOURCES, 0);
		assert_int_equal(fake_objects(), before);
		assert_int_equal(only_session()->phase, SESSION_KEPT);
	}
	assert_in_range(n, 5, 99);
	establish(id);
	assert_int_equal(only_session()->phase, SESSION_LIVE);
}

static void device_removed(void **state)
{
	struct rdma_cm_id *id = attach(1);

	grant_all(id, 2);
	fake_remove_device(0);
	fake_cm_event(RDMA_CM_EVENT_DEVICE_REMOVAL, id, NULL, 0);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_int_equal(f.pool.nr_lost, 0);
}

/* The teardown of every test stops the server: with sessions in all these states. */
static void stop_while_kept(void **state)
{
	lose_and_keep();
	attach(2);
}

static void stop_while_on_the_way(void **state)
{
	lose(3);
}

static void stop_while_back_but_not_confirmed(void **state)
{
	lose_and_keep();
	assert_true(fake_id_state(come_back(1, f.l.generation, 0)).accepted);
}

/* And it never says that it is: nobody waits for it until the server is cut off. */
static void stop_while_back_and_never_confirmed(void **state)
{
	struct rdma_cm_id *id;

	lose_and_keep();
	id = come_back(1, f.l.generation, 0);
	assert_true(fake_id_state(id).accepted);
	listener_stop(&f.l, EXIT_RUN_OK);
	pump();
	fake_clock_advance(2000);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_true(fake_id_state(id).destroyed);
	assert_int_equal(f.l.status, EXIT_RUN_OK);
}

/*
 * The library uses the queue pair for events that come when the session has ended for the main
 * thread, while the worker destroys it: it must not find it.
 */
static void event_after_the_end(void **state)
{
	struct rdma_cm_id *id = attach(1);

	grant_all(id, 1);
	assert_non_null(id->qp);
	/* Both are there when the main thread looks: after that the id may be gone. */
	fake_cm_event(RDMA_CM_EVENT_DISCONNECTED, id, NULL, 0);
	fake_cm_event(RDMA_CM_EVENT_REJECTED, id, NULL, 0);
	pump();
	assert_null(id->qp);
	PUMP_UNTIL(only_session()->phase == SESSION_KEPT);
}

#define LEASED(test)	cmocka_unit_test_setup_teardown(test, setup_leased, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEASED(back_to_the_same_chunks),
		LEASED(lease_ends),
		LEASED(as_it_was_when_it_came),
		LEASED(not_kept),
		LEASED(kept_after_silence),
		LEASED(port_down_when_silent),
		LEASED(port_down_and_device_removed),
		LEASED(port_that_cannot_be_asked),
		LEASED(stop_while_the_port_is_down),
		LEASED(the_old_connection_is_still_there),
		LEASED(who_is_not_let_back),
		LEASED(starts_over),
		LEASED(starts_over_too_soon),
		LEASED(any_step_of_coming_back_fails),
		LEASED(device_removed),
		LEASED(stop_while_kept),
		LEASED(stop_while_on_the_way),
		LEASED(stop_while_back_but_not_confirmed),
		LEASED(stop_while_back_and_never_confirmed),
		LEASED(event_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
