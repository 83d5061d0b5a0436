// SPDX-License-Identifier: GPL-2.0-only
/* Connections and sessions: made and undone, with every call failing once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "helpers.h"
#include "session.h"

static struct pool pool;
static struct conn_list conns;

static int setup(void **state)
{
	fake_reset();
	TAILQ_INIT(&conns);
	make_pool(&pool, 4);
	return 0;
}

static int teardown(void **state)
{
	assert_true(TAILQ_EMPTY(&conns));
	assert_all_back(&pool);
	pool_destroy(&pool);
	assert_nothing_left();
	return 0;
}

static struct session *make(struct conn **conn, unsigned char id, unsigned int sets)
{
	struct fsw_hello hello;
	struct session *session;

	*conn = conn_create(fake_id(0), &conns);
	assert_non_null(*conn);
	make_hello(&hello, FSW_ROLE_CONTROL, 0, sets, id);
	session = session_create(&test_config, &pool, NULL, *conn, &hello);
	if (!session) {
		conn_free(*conn, &conns);
		*conn = NULL;
	}
	return session;
}

static void unmake(struct session *session, struct conn *conn)
{
	session_drop_data(session, &conns);
	session_free(session);
	conn_free(conn, &conns);
}

static void limits_of_a_session(void **state)
{
	struct session *session;
	struct conn *conn;

	session = make(&conn, 1, 1);
	assert_int_equal(session->max_sets, 1);
	assert_int_equal(session->phase, SESSION_OPENING);
	assert_ptr_equal(conn->session, session);
	assert_string_equal(session->peer, "10.0.0.1");
	unmake(session, conn);
	/* Asks for more than the server allows. */
	session = make(&conn, 1, 1000);
	assert_int_equal(session->max_sets, 2);
	unmake(session, conn);
	session_free(NULL);
	conn_free(NULL, &conns);
}

static void any_step_fails(void **state)
{
	struct session *session;
	unsigned int n, steps;
	struct conn *conn;

	fake_fail(0);
	session = make(&conn, 1, 2);
	steps = fake_calls();
	unmake(session, conn);
	/* The first call is conn_create(), which the next test has. */
	for (n = 2; n <= steps; n++) {
		fake_fail(n);
		session = make(&conn, 1, 2);
		assert_null(session);
		assert_int_equal(errno, ENOMEM);
		assert_nothing_left();
	}
}

static void connection_cannot_be_made(void **state)
{
	struct rdma_cm_id *id = fake_id(0);

	fake_fail(1);
	assert_null(conn_create(id, &conns));
	assert_null(id->context);
	assert_false(fake_id_state(id).destroyed);
	assert_int_equal(rdma_destroy_id(id), 0);
}

static void finding(void **state)
{
	struct session_list list = TAILQ_HEAD_INITIALIZER(list);
	struct session *a, *b;
	struct conn *ca, *cb;
	uint8_t id[16];

	a = make(&ca, 1, 1);
	b = make(&cb, 2, 1);
	TAILQ_INSERT_TAIL(&list, a, link);
	TAILQ_INSERT_TAIL(&list, b, link);
	memset(id, 1, sizeof(id));
	assert_ptr_equal(session_find(&list, id), a);
	memset(id, 2, sizeof(id));
	assert_ptr_equal(session_find(&list, id), b);
	id[15] = 3;
	assert_null(session_find(&list, id));
	id[15] = 2;
	/* One that ends is found only if there is no other. */
	b->phase = SESSION_ENDING;
	assert_ptr_equal(session_find(&list, id), b);
	memset(a->id, 2, sizeof(a->id));
	assert_ptr_equal(session_find(&list, id), a);
	TAILQ_REMOVE(&list, a, link);
	TAILQ_INSERT_TAIL(&list, a, link);
	assert_ptr_equal(session_find(&list, id), a);
	unmake(a, ca);
	unmake(b, cb);
}

static void data_connections(void **state)
{
	struct session *session;
	struct conn *control, *data;
	struct rdma_cm_id *id;
	unsigned int set, role;
	struct ibv_cq *cq;

	session = make(&control, 1, 2);
	fake_fail(1);
	assert_null(session_data_queue(session));
	fake_fail(0);
	cq = session_data_queue(session);
	assert_non_null(cq);
	assert_ptr_equal(session_data_queue(session), cq);
	for (set = 0; set < 2; set++) {
		for (role = FSW_ROLE_DEMAND; role < FSW_NR_ROLES; role++) {
			id = fake_id(0);
			data = conn_create(id, &conns);
			fake_fail(1);
			assert_int_equal(conn_make_data_qp(data, session->pd, cq), ENOMEM);
			assert_false(data->has_qp);
			fake_fail(0);
			assert_int_equal(conn_make_data_qp(data, session->pd, cq), 0);
			data->session = session;
			assert_null(*session_data_slot(session, role, set));
			*session_data_slot(session, role, set) = data;
		}
	}
	session_drop_data(session, &conns);
	assert_true(fake_id_state(id).destroyed);
	assert_int_equal(fake_id_state(id).disconnects, 1);
	assert_null(session->data_cq);
	session_drop_data(session, &conns);
	unmake(session, control);
}

/* What cannot be destroyed is counted as left over, and the rest is freed all the same. */
static void destroying_fails(void **state)
{
	static const struct {
		enum fake_call call;
		enum vobj_kind kind;
		unsigned int nr;
	} cases[] = {
		{ FAKE_DISCONNECT, VOBJ_ID, 0 },
		{ FAKE_DESTROY_ID, VOBJ_ID, 2 },
		/* That of the data queue pairs and that of the control connection. */
		{ FAKE_DESTROY_CQ, VOBJ_CQ, 2 },
		{ FAKE_DEALLOC_PD, VOBJ_PD, 1 },
	};
	struct conn *control, *data;
	struct session *session;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		session = make(&control, 1, 1);
		data = conn_create(fake_id(0), &conns);
		assert_int_equal(conn_make_data_qp(data, session->pd, session_data_queue(session)),
				 0);
		data->session = session;
		*session_data_slot(session, FSW_ROLE_DEMAND, 0) = data;
		fake_fail_call(cases[i].call, EBUSY);
		unmake(session, control);
		fake_fail_call(cases[i].call, 0);
		assert_true(TAILQ_EMPTY(&conns));
		assert_int_equal(fake_objects(), 0);
		assert_int_equal(vobj_count(cases[i].kind), cases[i].nr);
		assert_int_equal(vobj_report(), cases[i].nr);
		for (k = 0; k < cases[i].nr; k++)
			vobj_gone(cases[i].kind);
	}
}

static void accepting(void **state)
{
	const struct fsw_welcome welcome = { .magic = fsw_htole32(FSW_MAGIC) };
	struct session *session;
	struct conn *conn;

	session = make(&conn, 1, 1);
	/* The device does 16. */
	assert_int_equal(conn_accept(conn, &welcome, 40), 0);
	assert_int_equal(fake_id_state(conn->id).responder_resources, 16);
	assert_int_equal(conn_accept(conn, &welcome, 4), 0);
	assert_int_equal(fake_id_state(conn->id).responder_resources, 4);
	assert_int_equal(fake_id_state(conn->id).welcome.magic, welcome.magic);
	fake_fail(1);
	assert_true(conn_accept(conn, &welcome, 4));
	fake_fail(2);
	assert_true(conn_accept(conn, &welcome, 4));
	unmake(session, conn);
}

static void refusing(void **state)
{
	struct rdma_cm_id *id = fake_id(0);
	struct conn *conn = conn_create(id, &conns);
	struct fsw_refusal refusal;

	conn_refuse(id, FSW_REASON_LIMIT, 12345678901ull);
	refusal = fake_id_state(id).refusal;
	assert_int_equal(fsw_refusal_check(&refusal, sizeof(refusal)), 1);
	assert_int_equal(fsw_letoh16(refusal.reason), FSW_REASON_LIMIT);
	assert_true(fsw_letoh64(refusal.detail) == 12345678901ull);
	assert_int_equal(fsw_letoh16(refusal.version), FSW_VERSION);
	conn_free(conn, &conns);

	/* A client that does not hear of it finds out by itself. */
	id = fake_id(0);
	conn = conn_create(id, &conns);
	fake_fail_call(FAKE_REJECT, EINVAL);
	conn_refuse(id, FSW_REASON_LIMIT, 1);
	conn_free(conn, &conns);
	assert_true(fake_id_state(id).destroyed);
}

static void events_change_states(void **state)
{
	struct conn *conn = conn_create(fake_id(0), &conns);

	assert_int_equal(conn_event(conn, CONN_EV_ACCEPT_SENT), CONN_DO_AWAIT);
	assert_int_equal(conn->state, CONN_ACCEPTED);
	conn->deadline_ms = 99;
	assert_int_equal(conn_event(conn, CONN_EV_MULTICAST), CONN_DO_IGNORE);
	assert_int_equal(conn->deadline_ms, 99);
	/* The deadline belonged to the state that is left. */
	assert_int_equal(conn_event(conn, CONN_EV_ESTABLISHED), CONN_DO_START);
	assert_int_equal(conn->deadline_ms, 0);
	conn_free(conn, &conns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(limits_of_a_session, setup, teardown),
		cmocka_unit_test_setup_teardown(any_step_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(connection_cannot_be_made, setup, teardown),
		cmocka_unit_test_setup_teardown(finding, setup, teardown),
		cmocka_unit_test_setup_teardown(data_connections, setup, teardown),
		cmocka_unit_test_setup_teardown(destroying_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(accepting, setup, teardown),
		cmocka_unit_test_setup_teardown(refusing, setup, teardown),
		cmocka_unit_test_setup_teardown(events_change_states, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
