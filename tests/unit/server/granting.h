/* SPDX-License-Identifier: GPL-2.0-only */
/* The chunks of one session, step by step; include it after cmocka.h. */
#ifndef SERVER_TEST_GRANTING_H
#define SERVER_TEST_GRANTING_H

#include "grant.h"
#include "helpers.h"

#define CHUNKS	8

static struct {
	struct pool pool;
	struct ibv_pd *pd;
	struct rdma_cm_id *id;
	struct ctrl ctrl;
	struct grants g;
	struct backlog dirty;
	union message msg;
	size_t len;
} f;

static inline void start(uint32_t chunks)
{
	fake_reset();
	memset(&f, 0, sizeof(f));
	STAILQ_INIT(&f.dirty.regions);
	make_pool(&f.pool, chunks);
	f.pd = ibv_alloc_pd(fake_device(0));
	f.id = fake_id(0);
	assert_int_equal(ctrl_open(&f.ctrl, f.pd, f.id), 0);
	assert_int_equal(grants_init(&f.g, &f.pool, f.pd, chunks), 0);
}

static inline int setup(void **state)
{
	start(CHUNKS);
	return 0;
}

static inline void finish(void)
{
	fake_fail(0);
	fake_fail_dereg(0);
	ctrl_close(&f.ctrl);
	while (!grants_reclaim(&f.g, &f.dirty))
		;
	clear_all(&f.pool, &f.dirty);
	assert_all_back(&f.pool);
	grants_destroy(&f.g);
	assert_int_equal(rdma_destroy_id(f.id), 0);
	assert_int_equal(ibv_dealloc_pd(f.pd), 0);
	pool_destroy(&f.pool);
	assert_nothing_left();
}

static inline int teardown(void **state)
{
	finish();
	return 0;
}

static inline int no_message(void *arg, const struct fsw_msg *msg, size_t len)
{
	return 0;
}

static inline void ask(enum fsw_msg_type type, uint32_t seq, uint32_t first, uint32_t count)
{
	union message m;

	make_range(&m, type, seq, first, count);
	assert_true(grants_add_job(&f.g, &m.msg));
}

/* Steps until there is nothing to do now; the network is fast. */
static inline enum grants_result run(uint64_t now)
{
	enum grants_result result;
	unsigned int nr;

	while ((result = grants_step(&f.g, &f.ctrl, &f.dirty, now)) == GRANTS_BUSY) {
		fake_complete_sends(f.id);
		ctrl_poll(&f.ctrl, no_message, NULL, &nr);
	}
	return result;
}

static inline enum fsw_msg_type next_answer(uint32_t seq)
{
	assert_true(fake_sent(f.id, &f.msg.msg, &f.len));
	assert_int_equal(fsw_msg_check(&f.msg.msg, f.len), FSW_REASON_NONE);
	assert_int_equal(fsw_letoh32(f.msg.msg.seq), seq);
	return fsw_letoh16(f.msg.msg.type);
}

static inline unsigned int granted(void)
{
	return (f.len - sizeof(f.msg.msg)) / sizeof(struct fsw_grant);
}

#define GRANTING(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif /* SERVER_TEST_GRANTING_H */
