// SPDX-License-Identifier: GPL-2.0-only
/* What addresses and clients may not do, while others are served; reloading and draining. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bounds.h"
#include "running.h"

static void addresses(void **state)
{
	static const struct {
		const char *address;
		bool admitted;
	} cases[] = {
		{ "10.0.0.7", true },
		{ "10.0.1.7", false },
		{ "fd00::7", true },
		{ "fe80::7", false },
		{ "::ffff:10.0.0.7", true },
		{ "none", false },
	};
	char why[128];
	struct rdma_cm_id *id;
	int before;
	unsigned int i;

	assert_int_equal(allow_add(&f.cfg.allow, "10.0.0.0/24", why, sizeof(why)), 0);
	assert_int_equal(allow_add(&f.cfg.allow, "fd00::/8", why, sizeof(why)), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		strcpy(source_address, cases[i].address);
		before = fake_objects();
		/* What it has to say does not matter: nobody has looked at it. */
		if (!cases[i].admitted) {
			assert_refused(request(NULL, 0, 0), FSW_REASON_ADDRESS, 0);
			assert_refused(request_role(FSW_ROLE_CONTROL, 0, 9), FSW_REASON_ADDRESS, 0);
			assert_int_equal(fake_objects(), before);
			continue;
		}
		id = request_role(FSW_ROLE_CONTROL, 0, i + 1);
		assert_true(fake_id_state(id).accepted);
	}
	assert_int_equal(f.l.nr_sessions, 3);
}

static void allow_only_fd00(void *arg)
{
	char why[128];

	++*(unsigned int *)arg;
	assert_int_equal(allow_add(&f.cfg.allow, "fd00::/8", why, sizeof(why)), 0);
	bounds_reloaded(&f.l);
}

static void reloaded(void **state)
{
	struct rdma_cm_id *id = attach(1);
	unsigned int times = 0;

	/* Nothing is set up to be reloaded, which is no reason to end. */
	raise(SIGHUP);
	pump();
	assert_false(f.l.stopping);

	f.l.reload = allow_only_fd00;
	f.l.reload_arg = &times;
	raise(SIGHUP);
	pump();
	assert_int_equal(times, 1);
	/* Who is there stays, and is served. */
	grant_all(id, 1);
	assert_int_equal(f.l.nr_sessions, 1);
	assert_refused(request_role(FSW_ROLE_DEMAND, 0, 1), FSW_REASON_ADDRESS, 0);
}

/* A control connection of the client with an id of its own. */
static struct rdma_cm_id *request_as(unsigned char client, unsigned int nr_sets,
				     unsigned char session)
{
	struct fsw_hello hello;

	make_hello(&hello, FSW_ROLE_CONTROL, 0, nr_sets, session);
	memset(hello.client_id, client, sizeof(hello.client_id));
	return request(&hello, sizeof(hello), 0);
}

static void set_quota(const char *text)
{
	char why[128];

	memset(&f.cfg.quota, 0, sizeof(f.cfg.quota));
	assert_int_equal(quota_add(&f.cfg.quota, text, why, sizeof(why)), 0);
	bounds_reloaded(&f.l);
}

static void quota_of_sessions(void **state)
{
	struct rdma_cm_id *id;

	set_quota("default sessions=1");
	id = request_as(7, 1, 1);
	assert_true(fake_id_state(id).accepted);
	assert_refused(request_as(7, 1, 2), FSW_REASON_LIMIT, 1);
	/* That is no concern of another client. */
	assert_true(fake_id_state(request_as(8, 1, 3)).accepted);
	fake_cm_event(RDMA_CM_EVENT_CONNECT_ERROR, id, NULL, 0);
	pump();
	assert_true(fake_id_state(request_as(7, 1, 4)).accepted);
}

static void quota_of_queue_pairs(void **state)
{
	struct rdma_cm_id *id;

	set_quota("default queue-pairs=9");
	id = request_as(7, 2, 1);
	assert_int_equal(fsw_letoh16(fake_id_state(id).welcome.max_sets), 2);
	/* Seven are gone, and one set needs four. */
	assert_refused(request_as(7, 1, 2), FSW_REASON_LIMIT, 9);
	set_quota("default queue-pairs=11");
	id = request_as(7, 2, 2);
	assert_int_equal(fsw_letoh16(fake_id_state(id).welcome.max_sets), 1);
}

static void quota_of_memory(void **state)
{
	struct fsw_welcome w;
	struct rdma_cm_id *id;
	union message m;
	size_t len;

	f.cfg.max_sessions = 8;
	set_quota("default size=3M");
	id = request_as(7, 1, 1);
	w = fake_id_state(id).welcome;
	assert_int_equal(fsw_letoh32(w.max_chunks), 3);
	assert_true(fsw_letoh64(w.available) == 3 * TEST_CHUNK);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, id, NULL, 0);
	pump();
	grant_all(id, 2);

	/* All of its sessions count, whoever serves them. */
	id = request_as(7, 1, 2);
	assert_true(fsw_letoh64(fake_id_state(id).welcome.available) == TEST_CHUNK);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, id, NULL, 0);
	pump();
	len = make_range(&m, FSW_MSG_REQUEST, 1, 0, 2);
	assert_true(fake_message(id, &m, len));
	assert_true(fake_wait_sent(id, &m.msg, &len));
	assert_int_equal(fsw_letoh16(m.msg.type), FSW_MSG_DENY);
	assert_int_equal(fsw_letoh16(m.deny.reason), FSW_REASON_LIMIT);
	assert_true(fsw_letoh64(m.deny.detail) == 3 * TEST_CHUNK);
	grant_all(id, 1);

	/* Less than it has: it keeps that, and gets no more. */
	set_quota("default size=1M");
	id = request_as(7, 1, 3);
	assert_true(fsw_letoh64(fake_id_state(id).welcome.available) == 0);
	set_quota("default size=512K");
	assert_refused(request_as(7, 1, 4), FSW_REASON_LIMIT, 512 * KIB);
}

static uint16_t ask_promise(struct rdma_cm_id *id, uint32_t chunks)
{
	union message m;
	size_t len = make_promise(&m, 1, chunks);

	assert_true(fake_message(id, &m, len));
	assert_true(fake_wait_sent(id, &m.msg, &len));
	return fsw_letoh16(m.msg.type);
}

static uint64_t available(struct rdma_cm_id *id)
{
	return fsw_letoh64(fake_id_state(id).welcome.available) / TEST_CHUNK;
}

static void promises_and_reservations(void **state)
{
	const uint64_t all = f.pool.nr_regions;
	struct rdma_cm_id *id;
	struct fsw_hello hello;

	f.cfg.max_sessions = 8;
	/* Of the client whose id is all 7s. */
	set_quota("07070707070707070707070707070707 reserve=2M");
	assert_int_equal(pool_ledger(&f.pool).reserved, 2);
	id = request_as(8, 1, 1);
	assert_int_equal(available(id), all - 2);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, id, NULL, 0);
	pump();
	assert_int_equal(ask_promise(id, all - 1), FSW_MSG_DENY);
	assert_int_equal(ask_promise(id, all - 2), FSW_MSG_PROMISED);

	assert_int_equal(available(request_as(9, 1, 2)), 0);
	id = request_as(7, 1, 3);
	assert_int_equal(available(id), 2);
	fake_cm_event(RDMA_CM_EVENT_ESTABLISHED, id, NULL, 0);
	pump();
	grant_all(id, 2);

	/* More may be promised from now on, but there is not more. */
	f.cfg.overcommit = 200;
	bounds_reloaded(&f.l);
	assert_int_equal(available(request_as(9, 1, 4)), all);
	make_hello(&hello, FSW_ROLE_CONTROL, 0, 1, 5);
	hello.version = fsw_htole16(FSW_VERSION_ELASTIC - 1);
	id = request(&hello, sizeof(hello), 0);
	assert_int_equal(available(id), all - 2);

	set_quota("default size=1G");
	assert_int_equal(pool_ledger(&f.pool).reserved, 0);
}

static void one_address_connects_all_the_time(void **state)
{
	struct rdma_cm_id *id;
	unsigned int i, refused = 0;
	int before;

	f.cfg.connect_rate = 1;
	strcpy(source_address, "10.0.0.66");
	id = request_role(FSW_ROLE_CONTROL, 0, 1);
	assert_true(fake_id_state(id).accepted);
	before = fake_objects();
	/* Four sessions' worth at once: four times seven. */
	for (i = 1; i < 1000; i++) {
		id = request_role(FSW_ROLE_CONTROL, 0, 1);
		if (fsw_letoh16(fake_id_state(id).refusal.reason) == FSW_REASON_LIMIT)
			refused++;
	}
	/* And one more for each second that this test takes. */
	assert_in_range(refused, 1000 - 28 - 60, 1000 - 28);
	assert_int_equal(fake_objects(), before);
	strcpy(source_address, "10.0.0.67");
	grant_all(attach(2), 1);
}

static void sessions_of_one_address(void **state)
{
	f.cfg.max_per_address = 2;
	strcpy(source_address, "10.0.0.66");
	request_as(1, 1, 1);
	request_as(2, 1, 2);
	assert_refused(request_as(3, 1, 3), FSW_REASON_LIMIT, 2);
	assert_refused(request_role(FSW_ROLE_CONTROL, 0, 1), FSW_REASON_DUPLICATE, 0);
	strcpy(source_address, "10.0.0.67");
	assert_true(fake_id_state(request_as(3, 1, 3)).accepted);
}

/* A machine has all addresses of its /64. */
static void sessions_of_one_network(void **state)
{
	f.cfg.max_per_address = 1;
	strcpy(source_address, "fd00:0:0:1::1");
	request_as(1, 1, 1);
	strcpy(source_address, "fd00:0:0:1:ffff::2");
	assert_refused(request_as(2, 1, 2), FSW_REASON_LIMIT, 1);
	strcpy(source_address, "fd00:0:0:2::1");
	assert_true(fake_id_state(request_as(2, 1, 2)).accepted);
}

static void draining(void **state)
{
	struct rdma_cm_id *id = attach(1);

	raise(SIGUSR1);
	pump();
	assert_refused(request_role(FSW_ROLE_CONTROL, 0, 2), FSW_REASON_SHUTDOWN, 0);
	/* Who is there goes on as before. */
	assert_true(fake_id_state(attach_data(FSW_ROLE_DEMAND, 0, 1)).accepted);
	grant_all(id, 1);
	disconnect(id);
	PUMP_UNTIL(!f.l.nr_sessions);
	assert_false(f.l.stopping);
	raise(SIGUSR2);
	pump();
	assert_true(fake_id_state(request_role(FSW_ROLE_CONTROL, 0, 2)).accepted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUNNING(addresses),
		RUNNING(reloaded),
		RUNNING(quota_of_sessions),
		RUNNING(quota_of_queue_pairs),
		RUNNING(quota_of_memory),
		RUNNING(promises_and_reservations),
		RUNNING(one_address_connects_all_the_time),
		RUNNING(sessions_of_one_address),
		RUNNING(sessions_of_one_network),
		RUNNING(draining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
