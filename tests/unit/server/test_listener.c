// SPDX-License-Identifier: GPL-2.0-only
/* The main thread with real workers and a network that is played: who may come, how all ends. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_clock.h"
#include "running.h"

static void welcome(void **state)
{
	struct fsw_welcome w, w2;
	struct rdma_cm_id *id = attach(1), *data;

	w = fake_id_state(id).welcome;
	assert_int_equal(fsw_welcome_check(&w, sizeof(w), FSW_ROLE_CONTROL), FSW_REASON_NONE);
	assert_true(fsw_letoh64(w.available) == 8ull * TEST_CHUNK);
	assert_int_equal(w.chunk_shift, TEST_CHUNK_SHIFT);
	assert_int_equal(fsw_letoh32(w.max_chunks), 8);
	assert_int_equal(fsw_letoh16(w.max_sets), 2);
	assert_int_equal(fsw_letoh32(w.keepalive_ms), 1000);
	assert_int_equal(fake_receives(id), FSW_CTRL_DEPTH);

	data = attach_data(FSW_ROLE_PREFETCH, 1, 1);
	w2 = fake_id_state(data).welcome;
	assert_int_equal(fsw_welcome_check(&w2, sizeof(w2), FSW_ROLE_PREFETCH), FSW_REASON_NONE);
	assert_true(w2.generation == w.generation);
}

static void every_refusal(void **state)
{
	struct fsw_hello hello;

	attach(1);
	attach_data(FSW_ROLE_DEMAND, 0, 1);

	make_hello(&hello, FSW_ROLE_CONTROL, 0, 1, 9);
	assert_refused(request(NULL, 0, 0), FSW_REASON_MALFORMED, 0);
	assert_refused(request(&hello, sizeof(hello) - 1, 0), FSW_REASON_MALFORMED, 0);
	hello.magic = 0;
	assert_refused(request(&hello, sizeof(hello), 0), FSW_REASON_MALFORMED, 0);
	make_hello(&hello, FSW_ROLE_CONTROL, 0, 1, 9);
	hello.version_min = hello.version = fsw_htole16(FSW_VERSION + 1);
	assert_refused(request(&hello, sizeof(hello), 0), FSW_REASON_VERSION,
		       FSW_VERSION_MIN << 16 | FSW_VERSION);
	make_hello(&hello, FSW_ROLE_CONTROL, 0, FSW_MAX_SETS + 1, 9);
	assert_refused(request(&hello, sizeof(hello), 0), FSW_REASON_LIMIT, FSW_MAX_SETS);

	assert_refused(request_role(FSW_ROLE_CONTROL, 0, 1), FSW_REASON_DUPLICATE, 0);
	assert_refused(request_role(FSW_ROLE_DEMAND, 0, 1), FSW_REASON_DUPLICATE, 0);
	assert_refused(request_role(FSW_ROLE_DEMAND, 0, 8), FSW_REASON_NO_SESSION, 0);
	make_hello(&hello, FSW_ROLE_DEMAND, 2, 3, 1);
	assert_refused(request(&hello, sizeof(hello), 0), FSW_REASON_LIMIT, 2);
	make_hello(&hello, FSW_ROLE_DEMAND, 1, 2, 1);
	assert_refused(request(&hello, sizeof(hello), 1), FSW_REASON_WRONG_DEVICE, 0);

	attach(2);
	attach(3);
	assert_refused(request_role(FSW_ROLE_CONTROL, 0, 4), FSW_REASON_LIMIT, 3);
	assert_int_equal(f.l.nr_sessions, 3);
	/* Spread over the workers. */
	assert_true(f.l.workers[0].nr_sessions && f.l.workers[1].nr_sessions);

	listener_stop(&f.l, EXIT_RUN_OK);
	assert_refused(request_role(FSW_ROLE_CONTROL, 0, 5), FSW_REASON_SHUTDOWN, 0);
}

static void longer_private_data(void **state)
{
	unsigned char padded[200] = { 0 };

	make_hello((struct fsw_hello *)padded, FSW_ROLE_CONTROL, 0, 1, 1);
	assert_true(fake_id_state(request((struct fsw_hello *)padded, sizeof(padded), 0)).accepted);
}

static void any_step_of_admission_fails(void **state)
{
	struct rdma_cm_id *id;
	unsigned int n, steps;

	fake_fail(0);
	id = request_role(FSW_ROLE_CONTROL, 0, 1);
	steps = fake_calls();
	assert_true(fake_id_state(id).accepted);
	/* Not confirmed: gone without the help of a worker. */
	fake_cm_event(RDMA_CM_EVENT_CONNECT_ERROR, id, NULL, 0);
	pump();
	assert_true(fake_id_state(id).destroyed);
	for (n = 1; n <= steps; n++) {
		int before = fake_objects();

		fake_fail(n);
		id = request_role(FSW_ROLE_CONTROL, 0, 1);
		assert_refused(id, FSW_REASON_RESOURCES, 0);
		assert_int_equal(fake_objects(), before);
		assert_int_equal(f.l.nr_sessions, 0);
		assert_true(TAILQ_EMPTY(&f.l.conns));
	}
}

static void any_step_of_data_admission_fails(void **state)
{
	struct rdma_cm_id *id;
	unsigned int n;

	/* The worker is not in the way: the session stays OPENING. */
	request_role(FSW_ROLE_CONTROL, 0, 1);
	fake_fail(2);
	assert_refused(request_role(FSW_ROLE_DEMAND, 0, 1), FSW_REASON_RESOURCES, 0);
	fake_fail(0);
	/* The queue stays once it is there, so that the steps below are the same ones. */
	assert_non_null(session_data_queue(TAILQ_FIRST(&f.l.sessions)));
	for (n = 1; n < 100; n++) {
		fake_fail(n);
		id = request_role(FSW_ROLE_DEMAND, 0, 1);
		fake_fail(0);
		if (fake_id_state(id).accepted)
			break;
		assert_refused(id, FSW_REASON_RESOURCES, 0);
		assert_null(*session_data_slot(TAILQ_FIRST(&f.l.sessions), FSW_ROLE_DEMAND, 0));
	}
	/* The connection, the queue pair, the device's limits, the accept. */
	assert_int_equal(n, 5);
}

static void data_before_the_confirmation(void **state)
{
	struct rdma_cm_id *control = request_role(FSW_ROLE_CONTROL, 0, 1);
	struct rdma_cm_id *data = attach_data(FSW_ROLE_WRITEBACK, 0, 1);

	assert_true(fake_id_state(data).accepted);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, control, NULL, 0);
	pump();
	grant_all(control, 1);
}

static void client_disconnects(void **state)
{
	struct rdma_cm_id *id = attach(1), *data = attach_data(FSW_ROLE_DEMAND, 0, 1);

	grant_all(id, 8);
	disconnect(id);
	assert_true(fake_id_state(data).destroyed);
	/* Answered at once, so that the client need not wait for the rest. */
	assert_int_equal(fake_id_state(id).disconnects, 1);
	/* Late events of a connection that is over. */
	if (!fake_id_state(id).destroyed) {
		fake_cm_event(RDMA_CM_EVENT_TIMEWAIT_EXIT, id, NULL, 0);
		/* One that a newer kernel may have. */
		fake_cm_event(RDMA_CM_EVENT_TIMEWAIT_EXIT + 1, id, NULL, 0);
	}
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_true(fake_id_state(id).destroyed);
	PUMP_UNTIL(pool_available(&f.pool) == 8ull * TEST_CHUNK);
	assert_all_back(&f.pool);
	/* The same id may come back. */
	grant_all(attach(1), 8);
}

static void data_connection_breaks_alone(void **state)
{
	struct rdma_cm_id *id = attach(1), *data = attach_data(FSW_ROLE_DEMAND, 0, 1);

	disconnect(data);
	assert_true(fake_id_state(data).destroyed);
	assert_false(fake_id_state(id).destroyed);
	attach_data(FSW_ROLE_DEMAND, 0, 1);
	grant_all(id, 1);
}

static void worker_wants_it_closed(void **state)
{
	struct rdma_cm_id *id = attach(1);

	grant_all(id, 2);
	fake_break(id);
	PUMP_UNTIL(fake_id_state(id).disconnects);
	assert_refused(request_role(FSW_ROLE_DEMAND, 0, 1), FSW_REASON_NO_SESSION, 0);
	assert_refused(request_role(FSW_ROLE_CONTROL, 0, 1), FSW_REASON_DUPLICATE, 0);
	/* The client is dead and does not answer. */
	fake_clock_advance(2000);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_true(fake_id_state(id).destroyed);
}

/* Every queue pair of a session is gone before the first of its chunks is deregistered. */
static void queue_pairs_go_first(void **state)
{
	struct rdma_cm_id *id, *data[4];
	unsigned int i;

	id = attach(1);
	for (i = 0; i < ARRAY_SIZE(data); i++)
		data[i] = attach_data(FSW_ROLE_DEMAND + i / 2, i % 2, 1);
	grant_all(id, 8);
	disconnect(id);
	/* The main thread's at once, that of the control connection by the worker. */
	for (i = 0; i < ARRAY_SIZE(data); i++)
		assert_true(fake_id_state(data[i]).destroyed);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_int_equal(fake_raced_deregs(), 0);
	PUMP_UNTIL(pool_available(&f.pool) == 8ull * TEST_CHUNK);
}

/* The CM says no to what nobody can do anything about: all goes on, nothing is lost. */
static void the_cm_refuses(void **state)
{
	struct rdma_cm_id *id, *data;

	fake_fail_call(FAKE_REJECT, EINVAL);
	fake_fail_call(FAKE_DISCONNECT, EINVAL);
	assert_refused(request_role(FSW_ROLE_DEMAND, 0, 9), FSW_REASON_NO_SESSION, 0);
	id = attach(1);
	data = attach_data(FSW_ROLE_DEMAND, 0, 1);
	grant_all(id, 8);
	fake_break(id);
	/* The disconnect request fails and is not answered either: the deadline. */
	PUMP_UNTIL(fake_id_state(id).disconnects);
	fake_clock_advance(2000);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_true(fake_id_state(id).destroyed && fake_id_state(data).destroyed);
	PUMP_UNTIL(pool_available(&f.pool) == 8ull * TEST_CHUNK);
	assert_all_back(&f.pool);
}

static void never_confirmed(void **state)
{
	struct rdma_cm_id *id = request_role(FSW_ROLE_CONTROL, 0, 1);
	struct rdma_cm_id *data = request_role(FSW_ROLE_DEMAND, 0, 1);

	assert_int_equal(f.l.nr_sessions, 1);
	fake_clock_advance(9000);
	poll(NULL, 0, 300);
	pump();
	assert_false(fake_id_state(id).destroyed);
	fake_clock_advance(2000);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_true(fake_id_state(id).destroyed && fake_id_state(data).destroyed);
	assert_true(TAILQ_EMPTY(&f.l.conns));
}

/* Every event of the CM in every state that a connection can be in: no crash, no leak. */
static void every_event_everywhere(void **state)
{
	int type, stage;

	for (type = RDMA_CM_EVENT_ADDR_RESOLVED; type <= RDMA_CM_EVENT_TIMEWAIT_EXIT + 1; type++) {
		if (type == RDMA_CM_EVENT_CONNECT_REQUEST)
			continue;
		for (stage = 0; stage < 4; stage++) {
			struct rdma_cm_id *id, *control = NULL;

			if (stage >= 2)
				control = attach(1);
			id = request_role(stage < 2 ? FSW_ROLE_CONTROL : FSW_ROLE_DEMAND, 0, 1);
			if (stage % 2) {
				fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, id, NULL, 0);
				pump();
			}
			fake_cm_event(type, id, NULL, 0);
			fake_cm_event(RDMA_CM_EVENT_ADDR_CHANGE, f.l.id, NULL, 0);
			pump();
			if (control)
				disconnect(control);
			else if (!fake_id_state(id).destroyed)
				disconnect(id);
			PUMP_UNTIL(!f.l.nr_sessions);
			assert_true(fake_id_state(id).destroyed);
		}
	}
}

static void run_until_stopped(void)
{
	assert_int_equal(listener_run(&f.l), f.l.status);
}

static void stop_without_clients(void **state)
{
	assert_int_equal(raise(SIGTERM), 0);
	run_until_stopped();
	assert_int_equal(f.l.status, EXIT_RUN_OK);
	assert_false(f.l.aborted);
}

static void stop_with_clients(void **state)
{
	struct rdma_cm_id *a = attach(1), *b = request_role(FSW_ROLE_CONTROL, 0, 2);
	union message m;
	size_t len;

	grant_all(a, 3);
	assert_int_equal(raise(SIGINT), 0);
	pump();
	assert_true(f.l.stopping);
	/* Not confirmed yet: just disconnected. */
	PUMP_UNTIL(fake_id_state(b).disconnects);
	assert_true(fake_wait_sent(a, &m.msg, &len));
	assert_int_equal(fsw_letoh16(m.msg.type), FSW_MSG_GOODBYE);
	assert_int_equal(fsw_letoh16(m.bye.reason), FSW_REASON_SHUTDOWN);
	PUMP_UNTIL(fake_id_state(a).disconnects);
	fake_cm_event(RDMA_CM_EVENT_DISCONNECTED, a, NULL, 0);
	fake_cm_event(RDMA_CM_EVENT_DISCONNECTED, b, NULL, 0);
	run_until_stopped();
	assert_int_equal(f.l.nr_sessions, 0);
	assert_false(f.l.aborted);
}

static void second_signal(void **state)
{
	attach(1);
	assert_int_equal(raise(SIGTERM), 0);
	pump();
	assert_int_equal(raise(SIGTERM), 0);
	PUMP_UNTIL(f.l.aborted);
	assert_int_equal(f.l.status, EXIT_RUN_FAILED);
}

static void clients_that_do_not_leave(void **state)
{
	struct rdma_cm_id *a = attach(1);

	request_role(FSW_ROLE_CONTROL, 0, 2);
	grant_all(a, 1);
	listener_stop(&f.l, EXIT_RUN_OK);
	assert_true(event_pending(f.l.stop_event, EV_TIMEOUT, NULL));
	/* As if the time were over. */
	event_active(f.l.stop_event, EV_TIMEOUT, 1);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_true(f.l.forced);
	assert_false(f.l.aborted);
}

static void sessions_that_cannot_be_ended(void **state)
{
	attach(1);
	listener_stop(&f.l, EXIT_RUN_OK);
	f.l.forced = true;
	event_active(f.l.stop_event, EV_TIMEOUT, 1);
	PUMP_UNTIL(f.l.aborted);
	assert_int_equal(f.l.status, EXIT_RUN_FAILED);
}

static void device_removed(void **state)
{
	attach(1);
	fake_cm_event(RDMA_CM_EVENT_DEVICE_REMOVAL, f.l.id, NULL, 0);
	pump();
	assert_true(f.l.stopping);
	assert_int_equal(f.l.status, EXIT_RUN_FAILED);
}

/* One of two devices goes: what its clients had is lent to those of the other one. */
static void device_of_a_client_removed(void **state)
{
	struct rdma_cm_id *id = attach(1), *data = attach_data(FSW_ROLE_DEMAND, 0, 1), *other;
	struct fsw_hello hello;

	grant_all(id, 8);
	fake_remove_device(0);
	fake_cm_event(RDMA_CM_EVENT_DEVICE_REMOVAL, id, NULL, 0);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_true(fake_id_state(id).destroyed && fake_id_state(data).destroyed);
	assert_int_equal(f.pool.nr_lost, 0);
	assert_false(f.l.stopping);
	/* Nothing of it counts as left over: the listening connection is what there is. */
	assert_int_equal(vobj_report(), 1);
	PUMP_UNTIL(pool_available(&f.pool) == 8ull * TEST_CHUNK);
	assert_all_back(&f.pool);

	make_hello(&hello, FSW_ROLE_CONTROL, 0, 2, 2);
	other = request(&hello, sizeof(hello), 1);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, other, NULL, 0);
	pump();
	grant_all(other, 8);
}

static void connection_manager_hiccups(void **state)
{
	struct rdma_cm_id *id = attach(1);
	int i;

	fake_fail_cm_events(3, ENOMEM);
	for (i = 0; i < 100; i++)
		pump();
	/* Asked once, not in every turn. */
	assert_int_equal(fake_bad_cm_events(), 2);
	PUMP_UNTIL(!fake_bad_cm_events());
	assert_false(f.l.stopping);
	/* An error that is over is forgotten with the next event. */
	fake_cm_event(RDMA_CM_EVENT_ADDR_CHANGE, id, NULL, 0);
	PUMP_UNTIL(!f.l.nr_cm_errors);
	grant_all(id, 1);
}

static void connection_manager_breaks(void **state)
{
	struct rdma_cm_id *id = attach(1);

	fake_fail_cm_events(1000, EIO);
	PUMP_UNTIL(f.l.stopping);
	assert_int_equal(f.l.status, EXIT_RUN_FAILED);
	assert_true(fake_bad_cm_events() > 900);
	/* Nobody hears of disconnects any more: the deadline ends the session. */
	PUMP_UNTIL(fake_id_state(id).disconnects);
	fake_clock_advance(2000);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_false(f.l.aborted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUNNING(welcome),
		RUNNING(every_refusal),
		RUNNING(longer_private_data),
		RUNNING(any_step_of_admission_fails),
		RUNNING(any_step_of_data_admission_fails),
		RUNNING(data_before_the_confirmation),
		RUNNING(client_disconnects),
		RUNNING(data_connection_breaks_alone),
		RUNNING(worker_wants_it_closed),
		RUNNING(queue_pairs_go_first),
		RUNNING(the_cm_refuses),
		RUNNING(never_confirmed),
		RUNNING(every_event_everywhere),
		RUNNING(stop_without_clients),
		RUNNING(stop_with_clients),
		RUNNING(second_signal),
		RUNNING(clients_that_do_not_leave),
		RUNNING(sessions_that_cannot_be_ended),
		RUNNING(device_removed),
		RUNNING(device_of_a_client_removed),
		RUNNING(connection_manager_hiccups),
		RUNNING(connection_manager_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
