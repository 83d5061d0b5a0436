// SPDX-License-Identifier: GPL-2.0-only
/* Quotas of clients that have proved who they are: real workers, a network that is played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bounds.h"
#include "proving.h"

static void set_quota(const char *text)
{
	char why[128];

	assert_int_equal(quota_add(&f.cfg.quota, text, why, sizeof(why)), 0);
	bounds_reloaded(&f.l);
}

static void clear_quotas(void)
{
	memset(&f.cfg.quota, 0, sizeof(f.cfg.quota));
}

/* As come(), from another machine each time, as its id says. */
static void come_as(struct client *c, unsigned char session, unsigned char id)
{
	make_hello(&c->hello, FSW_ROLE_CONTROL, 0, 2, session);
	memset(c->hello.client_id, id, sizeof(c->hello.client_id));
	c->id = request(&c->hello, sizeof(c->hello), 0);
	c->welcome = fake_id_state(c->id).welcome;
	confirm(c);
}

static struct fsw_limits limits_of(const struct client *c, const struct psk *psk)
{
	union message m;

	prove(c, psk);
	expect(c, FSW_MSG_AUTH_OK, &m);
	assert_int_equal(fsw_msg_check(&m.msg, sizeof(m.msg) + sizeof(m.auth_ok)),
			 FSW_REASON_NONE);
	return m.auth_ok.limits;
}

static void assert_refused_by_quota(unsigned char session, unsigned char id,
				    const struct psk *psk)
{
	unsigned int before = f.l.nr_sessions;
	struct client c;

	come_as(&c, session, id);
	prove(&c, psk);
	expect_goodbye(&c, FSW_REASON_LIMIT);
	PUMP_UNTIL(fake_id_state(c.id).disconnects);
	disconnect(c.id);
	PUMP_UNTIL(f.l.nr_sessions == before);
}

static void leave(const struct client *c)
{
	unsigned int before = f.l.nr_sessions;

	say_goodbye(c);
	disconnect(c->id);
	PUMP_UNTIL(f.l.nr_sessions == before - 1);
}

static void sessions_of_an_identity(void **state)
{
	struct client a, b, other;

	f.cfg.max_sessions = 8;
	set_quota("identity:alice sessions=2");
	come_as(&a, 1, 1);
	be_let_in(&a, alice);
	come_as(&b, 2, 2);
	be_let_in(&b, alice);
	/* Not even with the id of somebody else. */
	assert_refused_by_quota(3, 3, alice);
	/* For bob there is no limit, even if he says that he is on alice's machine. */
	come_as(&other, 4, 1);
	be_let_in(&other, bob);
	come_as(&other, 5, 1);
	be_let_in(&other, bob);
	leave(&a);
	come_as(&a, 6, 1);
	be_let_in(&a, alice);

	/* Fewer: who is there stays. */
	clear_quotas();
	set_quota("identity:alice sessions=1");
	pump();
	assert_int_equal(f.l.nr_alive, 4);
	attach_data(FSW_ROLE_DEMAND, 0, 2);
	leave(&a);
	assert_refused_by_quota(7, 1, alice);
	leave(&b);
	come_as(&a, 8, 1);
	be_let_in(&a, alice);
}

/* A session that nobody has proved to be his takes nothing from anybody. */
static void strangers_count_for_nobody(void **state)
{
	struct client a, c;
	struct psk wrong;

	f.cfg.max_sessions = 8;
	set_quota("default sessions=1 queue-pairs=7 size=8M");
	come_as(&c, 1, 1);
	come_as(&c, 2, 1);
	wrong = *alice;
	wrong.key[0] ^= 1;
	come_as(&c, 3, 1);
	prove(&c, &wrong);
	expect_goodbye(&c, FSW_REASON_AUTH);
	come_as(&a, 4, 1);
	be_let_in(&a, alice);
	attach_data(FSW_ROLE_WRITEBACK, 1, 4);
	grant_all(a.id, 8);
}

static void queue_pairs_of_an_identity(void **state)
{
	struct fsw_limits limits;
	struct rdma_cm_id *data;
	struct client a, b;

	f.cfg.max_sessions = 8;
	set_quota("identity:alice queue-pairs=11");
	come_as(&a, 1, 1);
	limits = limits_of(&a, alice);
	assert_int_equal(fsw_letoh16(limits.max_sets), 2);
	/* Seven are gone; four are left, which is one set. */
	come_as(&b, 2, 2);
	assert_int_equal(fsw_letoh16(b.welcome.max_sets), 2);
	limits = limits_of(&b, alice);
	assert_int_equal(fsw_letoh16(limits.max_sets), 1);
	data = attach_data(FSW_ROLE_DEMAND, 0, 2);
	assert_int_equal(fsw_letoh16(fake_id_state(data).welcome.max_sets), 1);
	assert_refused(request_role(FSW_ROLE_DEMAND, 1, 2), FSW_REASON_LIMIT, 1);
	assert_refused_by_quota(3, 3, alice);
}

static void memory_of_an_identity(void **state)
{
	struct fsw_limits limits;
	struct client a, b;
	union message m;

	f.cfg.max_sessions = 8;
	set_quota("identity:alice size=3M");
	come_as(&a, 1, 1);
	limits = limits_of(&a, alice);
	assert_int_equal(fsw_letoh32(limits.max_chunks), 3);
	assert_true(fsw_letoh64(limits.available) == 3 * TEST_CHUNK);
	grant_all(a.id, 2);
	/* Both of its sessions count, from whatever machine, and whichever worker has them. */
	come_as(&b, 2, 2);
	limits = limits_of(&b, alice);
	assert_true(fsw_letoh64(limits.available) == TEST_CHUNK);
	ask_for_chunks(&b, FSW_MSG_REQUEST, 2);
	expect(&b, FSW_MSG_DENY, &m);
	assert_int_equal(fsw_letoh16(m.deny.reason), FSW_REASON_LIMIT);
	assert_true(fsw_letoh64(m.deny.detail) == 3 * TEST_CHUNK);
	grant_all(b.id, 1);

	/* More from now on, without anybody coming anew. */
	clear_quotas();
	set_quota("identity:alice size=4M");
	come_as(&b, 3, 3);
	limits = limits_of(&b, alice);
	assert_true(fsw_letoh64(limits.available) == TEST_CHUNK);
	grant_all(b.id, 1);
	/* Less than a chunk is nothing at all. */
	clear_quotas();
	set_quota("identity:alice size=512K");
	assert_refused_by_quota(4, 4, alice);
	/* Beyond what it may have: sent away, as the welcome is not what counts. */
	ask_for_chunks(&a, FSW_MSG_REQUEST, 5);
	expect_goodbye(&a, FSW_REASON_MALFORMED);
}

/* It comes back to what is counted already. */
static void back_with_a_quota(void **state)
{
	struct client c;

	set_quota("identity:alice sessions=1 size=3M");
	lose_connection();
	assert_refused_by_quota(2, 2, alice);
	come(&c, 1, f.l.generation);
	assert_int_equal(fsw_letoh32(limits_of(&c, alice).max_chunks), 3);
	assert_int_equal(only_session()->grants.nr_granted, 3);
	assert_int_equal(only_session()->tenant->nr_sessions, 1);
	assert_int_equal(atomic_load(&only_session()->tenant->nr_chunks), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEYED(sessions_of_an_identity),
		KEYED(strangers_count_for_nobody),
		KEYED(queue_pairs_of_an_identity),
		KEYED(memory_of_an_identity),
		KEYED(back_with_a_quota),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
