// SPDX-License-Identifier: GPL-2.0-only
/* Requests and releases, step by step, with every call failing once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fault.h"
#include "granting.h"

static void grant_and_release(void **state)
{
	unsigned int i;

	ask(FSW_MSG_REQUEST, 5, 2, 3);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(5), FSW_MSG_GRANT);
	assert_int_equal(granted(), 3);
	for (i = 0; i < 3; i++) {
		struct region *region = f.g.chunk[2 + i];

		assert_int_equal(fsw_letoh32(f.msg.grant[i].chunk), 2 + i);
		assert_true(fsw_letoh64(f.msg.grant[i].addr) == (uintptr_t)region->addr);
		assert_int_equal(fsw_letoh32(f.msg.grant[i].rkey), region->mr->rkey);
		assert_int_equal(region->state, REGION_GRANTED);
		memset(region->addr, 0xee, region->size);
	}
	assert_int_equal(f.g.nr_granted, 3);

	ask(FSW_MSG_RELEASE, 6, 3, 2);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(6), FSW_MSG_RELEASED);
	assert_int_equal(fsw_letoh32(f.msg.range.first), 3);
	assert_int_equal(fsw_letoh32(f.msg.range.count), 2);
	assert_int_equal(f.g.nr_granted, 1);
	assert_null(f.g.chunk[3]);
	assert_non_null(f.g.chunk[2]);

	/* The same places again. */
	ask(FSW_MSG_REQUEST, 7, 3, 2);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(7), FSW_MSG_GRANT);
}

static void released_only_when_deregistered(void **state)
{
	enum grants_result result;

	ask(FSW_MSG_REQUEST, 1, 0, 4);
	assert_int_equal(run(1), GRANTS_IDLE);
	next_answer(1);
	ask(FSW_MSG_RELEASE, 2, 0, 4);
	do {
		result = grants_step(&f.g, &f.ctrl, &f.dirty, 1);
		if (fake_sent(f.id, &f.msg.msg, &f.len))
			break;
	} while (result == GRANTS_BUSY);
	assert_int_equal(fsw_letoh16(f.msg.msg.type), FSW_MSG_RELEASED);
	/* Only the message buffers are registered now. */
	assert_int_equal(vobj_count(VOBJ_MR), 1);
}

static void breaches(void **state)
{
	static const struct {
		enum fsw_msg_type type;
		uint32_t first, count;
	} bad[] = {
		{ FSW_MSG_REQUEST, 0, CHUNKS + 1 },
		{ FSW_MSG_REQUEST, CHUNKS, 1 },
		{ FSW_MSG_REQUEST, 3, 1 },	/* granted already */
		{ FSW_MSG_REQUEST, 2, 3 },
		{ FSW_MSG_RELEASE, 0, 1 },	/* not granted */
		{ FSW_MSG_RELEASE, 3, 2 },
		{ FSW_MSG_RELEASE, CHUNKS, 1 },
		{ FSW_MSG_REQUEST, FSW_MAX_CHUNKS - 1, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (i) {
			finish();
			start(CHUNKS);
		}
		ask(FSW_MSG_REQUEST, 1, 3, 1);
		assert_int_equal(run(1), GRANTS_IDLE);
		ask(bad[i].type, 2, bad[i].first, bad[i].count);
		assert_int_equal(run(1), GRANTS_MALFORMED);
		/* Nothing was taken or given back for it. */
		assert_int_equal(f.g.nr_granted, 1);
		assert_int_equal(pool_available(&f.pool), (CHUNKS - 1ull) * TEST_CHUNK);
	}
}

static void too_many_jobs(void **state)
{
	union message m;
	unsigned int i;

	make_range(&m, FSW_MSG_REQUEST, 1, 0, 1);
	for (i = 0; i < FSW_CTRL_WINDOW; i++)
		assert_true(grants_add_job(&f.g, &m.msg));
	assert_false(grants_add_job(&f.g, &m.msg));
}

static void not_enough(void **state)
{
	ask(FSW_MSG_REQUEST, 1, 0, CHUNKS - 1);
	assert_int_equal(run(1), GRANTS_IDLE);
	next_answer(1);
	/* As if another session had taken the last one. */
	f.g.max_chunks = CHUNKS;
	f.pool.nr_free--;
	ask(FSW_MSG_REQUEST, 2, CHUNKS - 1, 1);
	assert_int_equal(run(1), GRANTS_IDLE);
	f.pool.nr_free++;
	assert_int_equal(next_answer(2), FSW_MSG_DENY);
	assert_int_equal(fsw_letoh32(f.msg.deny.first), CHUNKS - 1);
	assert_int_equal(fsw_letoh16(f.msg.deny.reason), FSW_REASON_NO_MEMORY);
	assert_int_equal(fsw_letoh64(f.msg.deny.detail), 0);
	assert_int_equal(f.g.nr_jobs, 0);
}

static void registration_fails_midway(void **state)
{
	unsigned int n;

	for (n = 1; n <= 3; n++) {
		if (n > 1) {
			finish();
			start(CHUNKS);
		}
		ask(FSW_MSG_REQUEST, 1, 0, 3);
		fake_fail(n);
		assert_int_equal(run(1), GRANTS_IDLE);
		if (n > 1) {
			assert_int_equal(next_answer(1), FSW_MSG_GRANT);
			assert_int_equal(granted(), n - 1);
		}
		assert_int_equal(next_answer(1), FSW_MSG_DENY);
		assert_int_equal(fsw_letoh32(f.msg.deny.first), n - 1);
		assert_int_equal(fsw_letoh16(f.msg.deny.reason), FSW_REASON_RESOURCES);
		assert_int_equal(f.g.nr_granted, n - 1);
		assert_int_equal(pool_available(&f.pool), (CHUNKS - n + 1ull) * TEST_CHUNK);
		assert_true(ctrl_all_sent(&f.ctrl));
	}
}

static void sending_fails(void **state)
{
	static const struct {
		enum fsw_msg_type type;
		uint32_t first, count, fail;
	} cases[] = {
		{ FSW_MSG_REQUEST, 1, 1, 2 },	/* the grant, after the registration */
		{ FSW_MSG_RELEASE, 0, 1, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (i) {
			finish();
			start(CHUNKS);
		}
		ask(FSW_MSG_REQUEST, 1, 0, 1);
		assert_int_equal(run(1), GRANTS_IDLE);
		ask(cases[i].type, 2, cases[i].first, cases[i].count);
		fake_fail(cases[i].fail);
		assert_int_equal(run(1), GRANTS_BROKEN);
	}
	finish();
	start(CHUNKS);
	ask(FSW_MSG_REQUEST, 1, 0, 1);
	fake_fail(1);
	assert_int_equal(grants_step(&f.g, &f.ctrl, &f.dirty, 1), GRANTS_BUSY);
	assert_int_equal(grants_step(&f.g, &f.ctrl, &f.dirty, 1), GRANTS_BUSY);
	fake_fail(1);	/* the DENY that follows the registration */
	assert_int_equal(run(1), GRANTS_BROKEN);
}

static void blocked_without_slots(void **state)
{
	struct fsw_msg *taken[CTRL_SEND_SLOTS];
	unsigned int i, nr;

	for (i = 0; i < CTRL_SEND_SLOTS; i++)
		taken[i] = ctrl_slot(&f.ctrl);
	ask(FSW_MSG_REQUEST, 1, 0, 2);
	assert_int_equal(run(1), GRANTS_BLOCKED);
	assert_int_equal(run(1), GRANTS_BLOCKED);
	assert_false(fake_sent(f.id, &f.msg.msg, &f.len));
	assert_int_equal(ctrl_send(&f.ctrl, taken[0], FSW_MSG_PONG, 0, 0), 0);
	assert_true(fake_sent(f.id, &f.msg.msg, &f.len));
	fake_complete_sends(f.id);
	assert_int_equal(ctrl_poll(&f.ctrl, no_message, NULL, &nr), 0);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(1), FSW_MSG_GRANT);
	for (i = 0; i < CTRL_SEND_SLOTS; i++)
		taken[i] = ctrl_slot(&f.ctrl);
	ask(FSW_MSG_RELEASE, 2, 0, 2);
	assert_int_equal(run(1), GRANTS_BLOCKED);
	/* Released all the same; only the answer waits. */
	assert_int_equal(f.g.nr_granted, 0);
}

static void collected_grants_do_not_wait_long(void **state)
{
	ask(FSW_MSG_REQUEST, 1, 0, 3);
	assert_int_equal(grants_step(&f.g, &f.ctrl, &f.dirty, 1000), GRANTS_BUSY);
	assert_int_equal(grants_step(&f.g, &f.ctrl, &f.dirty, 1000), GRANTS_BUSY);
	assert_false(fake_sent(f.id, &f.msg.msg, &f.len));
	assert_int_equal(grants_step(&f.g, &f.ctrl, &f.dirty, 1200), GRANTS_BUSY);
	assert_int_equal(next_answer(1), FSW_MSG_GRANT);
	assert_int_equal(granted(), 2);
	assert_int_equal(run(1300), GRANTS_IDLE);
	assert_int_equal(next_answer(1), FSW_MSG_GRANT);
	assert_int_equal(granted(), 1);
	assert_int_equal(fsw_letoh32(f.msg.grant[0].chunk), 2);
}

/* More grants than fit into one message. The memory is not touched, so it may be large. */
static void several_messages(void **state)
{
	const uint32_t many = 2 * FSW_GRANTS_PER_MSG + 10;
	uint32_t next = 0, i;

	finish();
	start(many);
	ask(FSW_MSG_REQUEST, 1, 0, many);
	assert_int_equal(run(1), GRANTS_IDLE);
	while (next < many) {
		assert_int_equal(next_answer(1), FSW_MSG_GRANT);
		assert_true(f.len <= FSW_MSG_MAX);
		for (i = 0; i < granted(); i++)
			assert_int_equal(fsw_letoh32(f.msg.grant[i].chunk), next++);
	}
	assert_int_equal(next, many);
}

static void deregistration_fails(void **state)
{
	struct region *lost;

	ask(FSW_MSG_REQUEST, 1, 0, 1);
	assert_int_equal(run(1), GRANTS_IDLE);
	next_answer(1);
	lost = f.g.chunk[0];
	fake_fail_dereg(EBUSY);
	ask(FSW_MSG_RELEASE, 2, 0, 1);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(f.pool.nr_lost, 1);
	assert_int_equal(lost->state, REGION_LOST);
	assert_true(STAILQ_EMPTY(&f.dirty.regions));
	/* Put right by hand, so that the teardown finds everything. */
	fake_fail_dereg(0);
	assert_int_equal(ibv_dereg_mr(lost->mr), 0);
	vobj_gone(VOBJ_MR);
	lost->mr = NULL;
	lost->state = REGION_DIRTY;
	pool_add_dirty(&f.pool);
	backlog_add(&f.dirty, lost);
}

static void reclaim_with_a_job_half_done(void **state)
{
	ask(FSW_MSG_REQUEST, 1, 0, 5);
	assert_int_equal(grants_step(&f.g, &f.ctrl, &f.dirty, 1), GRANTS_BUSY);
	assert_int_equal(grants_step(&f.g, &f.ctrl, &f.dirty, 1), GRANTS_BUSY);
	assert_int_equal(grants_step(&f.g, &f.ctrl, &f.dirty, 1), GRANTS_BUSY);
	assert_int_equal(f.g.nr_granted, 2);
	memset(f.g.chunk[0]->addr, 1, TEST_CHUNK);
	/* The teardown takes the rest from here. */
}

static void faults(void **state)
{
	const struct fsw_deny *deny = (const struct fsw_deny *)(&f.msg.msg + 1);
	char why[128];

	assert_int_equal(faults_arm("grant=1/1x1", why, sizeof(why)), 0);
	ask(FSW_MSG_REQUEST, 5, 0, 1);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(5), FSW_MSG_DENY);
	assert_int_equal(fsw_letoh16(deny->reason), FSW_REASON_NO_MEMORY);

	assert_int_equal(faults_arm("alloc=1/1x1", why, sizeof(why)), 0);
	ask(FSW_MSG_REQUEST, 6, 0, 1);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(6), FSW_MSG_DENY);
	assert_int_equal(fsw_letoh16(deny->reason), FSW_REASON_RESOURCES);
	assert_int_equal(faults_arm(NULL, why, sizeof(why)), 0);
}

/* Chunks of which the client does not know whether they were granted. */
static void forgotten(void **state)
{
	f.g.elastic = true;
	ask(FSW_MSG_REQUEST, 1, 2, 2);
	ask(FSW_MSG_FORGET, 2, 0, 3);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(1), FSW_MSG_GRANT);
	assert_int_equal(next_answer(2), FSW_MSG_RELEASED);
	assert_int_equal(fsw_letoh32(f.msg.range.first), 0);
	assert_int_equal(fsw_letoh32(f.msg.range.count), 3);
	assert_int_equal(f.g.nr_granted, 1);
	assert_non_null(f.g.chunk[3]);
	ask(FSW_MSG_FORGET, 3, 0, CHUNKS);
	ask(FSW_MSG_FORGET, 4, 0, CHUNKS);
	assert_int_equal(run(1), GRANTS_IDLE);
	assert_int_equal(next_answer(3), FSW_MSG_RELEASED);
	assert_int_equal(next_answer(4), FSW_MSG_RELEASED);
	assert_int_equal(f.g.nr_granted, 0);
	ask(FSW_MSG_FORGET, 5, 1, CHUNKS);
	assert_int_equal(run(1), GRANTS_MALFORMED);
}

static void table_cannot_be_had(void **state)
{
	struct grants g;

	fake_fail(1);
	assert_int_equal(grants_init(&g, &f.pool, f.pd, 4), ENOMEM);
	grants_destroy(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GRANTING(grant_and_release),
		GRANTING(released_only_when_deregistered),
		GRANTING(breaches),
		GRANTING(too_many_jobs),
		GRANTING(not_enough),
		GRANTING(registration_fails_midway),
		GRANTING(sending_fails),
		GRANTING(blocked_without_slots),
		GRANTING(collected_grants_do_not_wait_long),
		GRANTING(several_messages),
		GRANTING(deregistration_fails),
		GRANTING(reclaim_with_a_job_half_done),
		GRANTING(faults),
		GRANTING(forgotten),
		GRANTING(table_cannot_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
