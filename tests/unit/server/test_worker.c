// SPDX-License-Identifier: GPL-2.0-only
/* A real worker thread with a network that is played: adoption, work, partings, the end. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "fake_clock.h"
#include "fake_event.h"
#include "helpers.h"
#include "worker.h"

#define SESSIONS	3

static struct {
	struct pool pool;
	struct mailbox main_box;
	struct worker worker;
	struct conn_list conns;
	struct conn *conn[SESSIONS];
	struct session *session[SESSIONS];
} f;

static int setup_unadopted(void **state)
{
	struct fsw_hello hello;
	int i;

	fake_reset();
	fake_auto_complete(true);
	memset(&f, 0, sizeof(f));
	TAILQ_INIT(&f.conns);
	make_pool(&f.pool, 6);
	assert_int_equal(mailbox_init(&f.main_box), 0);
	for (i = 0; i < SESSIONS; i++) {
		f.conn[i] = conn_create(fake_id(0), &f.conns);
		make_hello(&hello, FSW_ROLE_CONTROL, 0, 1, 1 + i);
		f.session[i] = session_create(&test_config, &f.pool, &f.worker, f.conn[i], &hello);
		assert_non_null(f.session[i]);
	}
	assert_int_equal(worker_start(&f.worker, &f.pool, &f.main_box), 0);
	return 0;
}

static int setup(void **state)
{
	int i;

	setup_unadopted(state);
	for (i = 0; i < SESSIONS; i++)
		worker_post(&f.worker, &f.session[i]->adopt);
	return 0;
}

/* The next letter to the main thread. */
static struct letter *letter_of(int kind, struct letter *wanted)
{
	struct pollfd fd = { .fd = f.main_box.fd, .events = POLLIN };
	struct letter *letter;

	assert_int_equal(poll(&fd, 1, 10000), 1);
	letter = mailbox_take(&f.main_box);
	assert_non_null(letter);
	assert_null(letter->next);
	assert_int_equal(letter->kind, kind);
	assert_ptr_equal(letter, wanted);
	return letter;
}

static void end_session(int i)
{
	pool_session_ending(&f.pool);
	worker_post(&f.worker, &f.session[i]->end);
	letter_of(LETTER_ENDED, &f.session[i]->ended);
	assert_false(fake_id_state(f.conn[i]->id).has_qp);
	session_free(f.session[i]);
	conn_free(f.conn[i], &f.conns);
	f.session[i] = NULL;
}

static int teardown(void **state)
{
	int i;

	for (i = 0; i < SESSIONS; i++)
		if (f.session[i])
			end_session(i);
	/* The clearing goes on after the sessions are gone. */
	for (i = 0; i < 5000 && pool_available(&f.pool) < 6ull * TEST_CHUNK; i++)
		poll(NULL, 0, 1);
	worker_stop(&f.worker);
	worker_stop(&f.worker);
	assert_all_back(&f.pool);
	pool_destroy(&f.pool);
	mailbox_destroy(&f.main_box);
	assert_nothing_left();
	return 0;
}

static struct rdma_cm_id *id(int i)
{
	return f.conn[i]->id;
}

static void ask(int i, enum fsw_msg_type type, uint32_t seq, uint32_t first, uint32_t count)
{
	union message m;
	size_t len = make_range(&m, type, seq, first, count);

	assert_true(fake_message(id(i), &m, len));
}

static enum fsw_msg_type answer(int i, union message *m)
{
	size_t len;

	assert_true(fake_wait_sent(id(i), &m->msg, &len));
	assert_int_equal(fsw_msg_check(&m->msg, len), FSW_REASON_NONE);
	return fsw_letoh16(m->msg.type);
}

static void tell_pong(int i)
{
	struct fsw_msg msg;

	fsw_msg_init(&msg, FSW_MSG_PONG, 1, 0);
	assert_true(fake_message(id(i), &msg, sizeof(msg)));
}

static void several_clients(void **state)
{
	union message m;
	int i, round;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < SESSIONS; i++)
			ask(i, FSW_MSG_REQUEST, round, 0, 2);
		for (i = 0; i < SESSIONS; i++) {
			assert_int_equal(answer(i, &m), FSW_MSG_GRANT);
			/* Zeros, whoever had it before. */
			assert_int_equal(*(unsigned char *)(uintptr_t)
						 fsw_letoh64(m.grant[0].addr),
					 0);
			memset((void *)(uintptr_t)fsw_letoh64(m.grant[0].addr), 0x41 + i,
			       TEST_CHUNK);
		}
		for (i = 0; i < SESSIONS; i++)
			ask(i, FSW_MSG_RELEASE, round, 0, 2);
		for (i = 0; i < SESSIONS; i++)
			assert_int_equal(answer(i, &m), FSW_MSG_RELEASED);
	}
}

static void wakes_from_sleep(void **state)
{
	union message m;
	int round;

	for (round = 0; round < 20; round++) {
		struct fsw_msg ping;

		poll(NULL, 0, 3);	/* longer than it spins */
		fsw_msg_init(&ping, FSW_MSG_PING, round, 0);
		assert_true(fake_message(id(0), &ping, sizeof(ping)));
		assert_int_equal(answer(0, &m), FSW_MSG_PONG);
		assert_int_equal(fsw_letoh32(m.msg.seq), round);
	}
}

static uint64_t cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000ull +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void idle_costs_nothing(void **state)
{
	uint64_t before;

	poll(NULL, 0, 50);
	before = cpu_us();
	poll(NULL, 0, 500);
	/* A worker that spins would use 500 ms; sanitizers make everything dear. */
	assert_true(cpu_us() - before < 100000);
}

static void asks_to_close(void **state)
{
	union message m;

	fake_break(id(0));
	letter_of(LETTER_CLOSE, &f.session[0]->close);
	assert_int_equal(f.session[0]->close_reason, FSW_REASON_NONE);

	ask(1, FSW_MSG_RELEASE, 1, 0, 1);
	assert_int_equal(answer(1, &m), FSW_MSG_GOODBYE);
	letter_of(LETTER_CLOSE, &f.session[1]->close);
	assert_int_equal(f.session[1]->close_reason, FSW_REASON_MALFORMED);

	/* The third does not notice. */
	ask(2, FSW_MSG_REQUEST, 1, 0, 1);
	assert_int_equal(answer(2, &m), FSW_MSG_GRANT);
}

static void parts_when_told(void **state)
{
	union message m;

	f.session[0]->part_reason = FSW_REASON_SHUTDOWN;
	worker_post(&f.worker, &f.session[0]->part);
	assert_int_equal(answer(0, &m), FSW_MSG_GOODBYE);
	assert_int_equal(fsw_letoh16(m.bye.reason), FSW_REASON_SHUTDOWN);
	letter_of(LETTER_CLOSE, &f.session[0]->close);

	/* Too late for one that asked to be closed already. */
	fake_break(id(1));
	letter_of(LETTER_CLOSE, &f.session[1]->close);
	worker_post(&f.worker, &f.session[1]->part);
	end_session(1);
}

/* So many letters, in whatever order. */
static void all_want_to_close(int nr)
{
	while (nr) {
		struct pollfd fd = { .fd = f.main_box.fd, .events = POLLIN };
		struct letter *letter;

		assert_int_equal(poll(&fd, 1, 10000), 1);
		for (letter = mailbox_take(&f.main_box); letter; letter = letter->next, nr--)
			assert_int_equal(letter->kind, LETTER_CLOSE);
	}
}

static void silent_client(void **state)
{
	union message m;
	int i;

	fake_clock_advance(3100);
	for (i = 0; i < SESSIONS; i++) {
		enum fsw_msg_type type;

		while ((type = answer(i, &m)) == FSW_MSG_PING)
			;
		assert_int_equal(type, FSW_MSG_GOODBYE);
		assert_int_equal(fsw_letoh16(m.bye.reason), FSW_REASON_TIMEOUT);
	}
	all_want_to_close(SESSIONS);
}

/* The goodbye does not get through: the timer, which was set for the next ping, ends it sooner. */
static void parting_ends_by_the_clock(void **state)
{
	uint64_t start;
	union message m;

	fake_auto_complete(false);
	start = now_ms();
	f.session[0]->part_reason = FSW_REASON_SHUTDOWN;
	worker_post(&f.worker, &f.session[0]->part);
	assert_int_equal(answer(0, &m), FSW_MSG_GOODBYE);
	/* The same for one that the worker sends by itself. */
	ask(1, FSW_MSG_RELEASE, 1, 0, 1);
	assert_int_equal(answer(1, &m), FSW_MSG_GOODBYE);
	all_want_to_close(2);
	assert_true(now_ms() - start >= 500);
	fake_auto_complete(true);
}

/* Each client that says nothing is asked, and not again before it is time. */
static void pings_by_the_clock(void **state)
{
	union message m;
	size_t len;
	int i;

	for (i = 0; i < SESSIONS; i++) {
		if (!i)
			assert_false(fake_sent(id(i), &m.msg, &len));
		assert_int_equal(answer(i, &m), FSW_MSG_PING);
		assert_int_equal(fsw_letoh32(m.msg.seq), 1);
		tell_pong(i);
		if (!i)
			/* All at once, as all were adopted at once. */
			poll(NULL, 0, 100);
	}
	for (i = 0; i < SESSIONS; i++) {
		assert_int_equal(answer(i, &m), FSW_MSG_PING);
		assert_int_equal(fsw_letoh32(m.msg.seq), 2);
	}
}

/* A request that needs what another session still has to give back. */
static void waits_for_another_session(void **state)
{
	union message m;

	ask(0, FSW_MSG_REQUEST, 1, 0, 6);
	assert_int_equal(answer(0, &m), FSW_MSG_GRANT);
	pool_session_ending(&f.pool);
	ask(1, FSW_MSG_REQUEST, 1, 0, 6);
	poll(NULL, 0, 50);
	worker_post(&f.worker, &f.session[0]->end);
	letter_of(LETTER_ENDED, &f.session[0]->ended);
	session_free(f.session[0]);
	conn_free(f.conn[0], &f.conns);
	f.session[0] = NULL;
	assert_int_equal(answer(1, &m), FSW_MSG_GRANT);
}

static void stops_with_chunks_dirty(void **state)
{
	union message m;
	struct region *region;
	uint32_t i;

	ask(0, FSW_MSG_REQUEST, 1, 0, 6);
	assert_int_equal(answer(0, &m), FSW_MSG_GRANT);
	atomic_store(&f.pool.closing, true);
	end_session(0);
	poll(NULL, 0, 20);
	/* Put right by hand what the stopping server leaves as it is. */
	for (i = 0; i < f.pool.nr_regions; i++) {
		region = &STAILQ_FIRST(&f.pool.pieces)->regions[i];
		assert_int_equal(region->state, REGION_DIRTY);
	}
	atomic_store(&f.pool.closing, false);
	/* Any letter wakes it. */
	end_session(1);
}

static void no_memory_to_start(void **state)
{
	struct worker worker;
	unsigned int n;

	/* The base with its configuration, three events, one of them added. */
	for (n = 1; n <= 6; n++) {
		fake_event_fail(n);
		assert_int_equal(worker_start(&worker, &f.pool, &f.main_box), ENOMEM);
		assert_false(worker.running);
		worker_stop(&worker);
	}
	fake_event_fail(n);
	assert_int_equal(worker_start(&worker, &f.pool, &f.main_box), 0);
	fake_event_fail(0);
	worker_stop(&worker);
}

/* Neither the completion channel nor the clock would wake the session: it is closed. */
static void no_memory_to_adopt(void **state)
{
	union message m;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		fake_event_fail_elsewhere(1 + i);
		worker_post(&f.worker, &f.session[i]->adopt);
		letter_of(LETTER_CLOSE, &f.session[i]->close);
		assert_int_equal(f.session[i]->close_reason, FSW_REASON_RESOURCES);
	}
	fake_event_fail_elsewhere(0);
	worker_post(&f.worker, &f.session[2]->adopt);
	ask(2, FSW_MSG_REQUEST, 1, 0, 1);
	assert_int_equal(answer(2, &m), FSW_MSG_GRANT);
}

/* The last chance to see a message is lost: the session must not sleep. */
static void arming_fails(void **state)
{
	poll(NULL, 0, 50);
	/* The receive that is posted again, then the arming. */
	fake_fail(2);
	tell_pong(0);
	letter_of(LETTER_CLOSE, &f.session[0]->close);
	fake_fail(0);
	assert_int_equal(f.session[0]->close_reason, FSW_REASON_NONE);
}

/* At once, though the sessions sleep, and once however often it is told. */
static void recalls_when_told(void **state)
{
	union message m;
	unsigned int i;

	ask(0, FSW_MSG_REQUEST, 1, 0, 4);
	assert_int_equal(answer(0, &m), FSW_MSG_GRANT);
	ask(1, FSW_MSG_REQUEST, 1, 0, 2);
	assert_int_equal(answer(1, &m), FSW_MSG_GRANT);
	pool_set_target(&f.pool, 3);
	for (i = 0; i < 5; i++)
		worker_look(&f.worker);
	assert_int_equal(answer(0, &m), FSW_MSG_RECALL);
	assert_int_equal(fsw_letoh32(m.recall.chunks), 2);
	assert_int_equal(answer(1, &m), FSW_MSG_RECALL);
	assert_int_equal(fsw_letoh32(m.recall.chunks), 1);
	pool_set_target(&f.pool, 6);
}

static void cannot_start(void **state)
{
	struct worker worker;
	struct rlimit limit, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_true(worker_start(&worker, &f.pool, &f.main_box));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_false(worker.running);
	worker_stop(&worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(several_clients, setup, teardown),
		cmocka_unit_test_setup_teardown(wakes_from_sleep, setup, teardown),
		cmocka_unit_test_setup_teardown(idle_costs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(asks_to_close, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_when_told, setup, teardown),
		cmocka_unit_test_setup_teardown(silent_client, setup, teardown),
		cmocka_unit_test_setup_teardown(parting_ends_by_the_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(pings_by_the_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(waits_for_another_session, setup, teardown),
		cmocka_unit_test_setup_teardown(stops_with_chunks_dirty, setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory_to_start, setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory_to_adopt, setup_unadopted, teardown),
		cmocka_unit_test_setup_teardown(recalls_when_told, setup, teardown),
		cmocka_unit_test_setup_teardown(arming_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(cannot_start, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
