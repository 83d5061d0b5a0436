// SPDX-License-Identifier: GPL-2.0-only
/* Chunks: claimed, registered, deregistered, zeroed, and never lost on the way. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helpers.h"

static int setup(void **state)
{
	fake_reset();
	return 0;
}

static int claim(struct pool *pool, uint32_t nr, struct region_list *list)
{
	uint32_t nr_claimed = 0;

	return pool_claim(pool, nr, list, &nr_claimed);
}

static void claim_all_or_nothing(void **state)
{
	struct region_list list = STAILQ_HEAD_INITIALIZER(list);
	struct region *region;
	struct pool pool;
	unsigned int n = 0;

	make_pool(&pool, 4);
	assert_int_equal(pool_available(&pool), 4ull * TEST_CHUNK);
	assert_int_equal(claim(&pool, 5, &list), ENOMEM);
	assert_true(STAILQ_EMPTY(&list));
	assert_int_equal(claim(&pool, 3, &list), 0);
	STAILQ_FOREACH(region, &list, link) {
		assert_int_equal(region->state, REGION_CLAIMED);
		n++;
	}
	assert_int_equal(n, 3);
	assert_int_equal(pool_available(&pool), TEST_CHUNK);
	assert_int_equal(claim(&pool, 2, &list), ENOMEM);
	pool_unclaim(&pool, &list);
	assert_true(STAILQ_EMPTY(&list));
	assert_int_equal(pool_available(&pool), 4ull * TEST_CHUNK);
	assert_all_back(&pool);
	pool_destroy(&pool);
	pool_destroy(&pool);
}

static void worth_waiting(void **state)
{
	struct region_list list = STAILQ_HEAD_INITIALIZER(list);
	struct backlog dirty = { .regions = STAILQ_HEAD_INITIALIZER(dirty.regions) };
	struct region *region;
	struct ibv_pd *pd = ibv_alloc_pd(fake_device(0));
	struct pool pool;

	make_pool(&pool, 2);
	assert_int_equal(claim(&pool, 2, &list), 0);
	region = STAILQ_FIRST(&list);
	STAILQ_REMOVE_HEAD(&list, link);
	assert_int_equal(region_register(region, pd), 0);
	memset(region->addr, 0xaa, region->size);

	/* Somebody's session is ending: who knows what it holds. */
	assert_int_equal(claim(&pool, 1, &dirty.regions), ENOMEM);
	pool_session_ending(&pool);
	assert_int_equal(claim(&pool, 1, &dirty.regions), EAGAIN);
	assert_int_equal(region_deregister(region), 0);
	pool_add_dirty(&pool);
	backlog_add(&dirty, region);
	pool_session_ended(&pool);

	assert_int_equal(pool_coming(&pool), 1);
	assert_int_equal(pool_available(&pool), 0);
	assert_int_equal(claim(&pool, 1, &list), EAGAIN);
	assert_int_equal(claim(&pool, 2, &list), ENOMEM);
	clear_all(&pool, &dirty);
	assert_int_equal(pool_available(&pool), TEST_CHUNK);
	pool_unclaim(&pool, &list);
	assert_all_back(&pool);
	pool_destroy(&pool);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_nothing_left();
}

static void zero_in_slices(void **state)
{
	struct region_list list = STAILQ_HEAD_INITIALIZER(list);
	struct ibv_pd *pd = ibv_alloc_pd(fake_device(0));
	struct region *region;
	struct pool pool;
	unsigned int steps = 1;
	size_t i;

	make_pool(&pool, 1);
	assert_int_equal(claim(&pool, 1, &list), 0);
	region = STAILQ_FIRST(&list);
	assert_int_equal(region_register(region, pd), 0);
	memset(region->addr, 0xaa, region->size);
	assert_int_equal(region_deregister(region), 0);
	/* A slice that does not divide the size. */
	while (!region_zero(region, 300000)) {
		assert_int_equal(region->state, REGION_ZEROING);
		steps++;
	}
	assert_int_equal(steps, 4);
	assert_int_equal(region->state, REGION_FREE);
	for (i = 0; i < region->size; i++)
		assert_int_equal(region->addr[i], 0);
	pool_destroy(&pool);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_nothing_left();
}

static void registration_fails(void **state)
{
	struct region_list list = STAILQ_HEAD_INITIALIZER(list);
	struct ibv_pd *pd = ibv_alloc_pd(fake_device(0));
	struct pool pool;

	make_pool(&pool, 1);
	assert_int_equal(claim(&pool, 1, &list), 0);
	fake_fail(1);
	assert_int_equal(region_register(STAILQ_FIRST(&list), pd), ENOMEM);
	assert_int_equal(STAILQ_FIRST(&list)->state, REGION_CLAIMED);
	assert_null(STAILQ_FIRST(&list)->mr);
	pool_unclaim(&pool, &list);
	assert_all_back(&pool);
	pool_destroy(&pool);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_nothing_left();
}

static void deregistration_fails(void **state)
{
	struct region_list list = STAILQ_HEAD_INITIALIZER(list);
	struct ibv_pd *pd = ibv_alloc_pd(fake_device(0));
	struct region *region;
	struct pool pool;

	make_pool(&pool, 1);
	assert_int_equal(claim(&pool, 1, &list), 0);
	region = STAILQ_FIRST(&list);
	assert_int_equal(region_register(region, pd), 0);
	fake_fail_dereg(EBUSY);
	assert_int_equal(region_deregister(region), EBUSY);
	assert_int_equal(region->state, REGION_LOST);
	assert_non_null(region->mr);
	/* It is not counted as gone, as it is not. */
	assert_int_equal(vobj_count(VOBJ_MR), 1);
	fake_fail_dereg(0);
	assert_int_equal(ibv_dereg_mr(region->mr), 0);
	vobj_gone(VOBJ_MR);
	pool_destroy(&pool);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_nothing_left();
}

/* The device is gone: EIO is what it says to everything, and the memory is free of it. */
static void device_is_removed(void **state)
{
	struct region_list list = STAILQ_HEAD_INITIALIZER(list);
	struct ibv_pd *pd = ibv_alloc_pd(fake_device(1));
	struct region *region;
	struct pool pool;

	make_pool(&pool, 1);
	assert_int_equal(claim(&pool, 1, &list), 0);
	region = STAILQ_FIRST(&list);
	assert_int_equal(region_register(region, pd), 0);
	fake_remove_device(1);
	assert_int_equal(region_deregister(region), 0);
	assert_int_equal(region->state, REGION_DIRTY);
	assert_null(region->mr);
	assert_int_equal(vobj_count(VOBJ_MR), 0);
	while (!region_zero(region, TEST_CHUNK))
		;
	assert_int_equal(ibv_dealloc_pd(pd), EIO);
	pool_destroy(&pool);
	assert_nothing_left();
}

/* EIO of a device that answers other questions: the rkey may still work. */
static void device_is_only_ill(void **state)
{
	static const int others[] = { 0, ENOMEM };
	struct region_list list = STAILQ_HEAD_INITIALIZER(list);
	struct ibv_pd *pd = ibv_alloc_pd(fake_device(0));
	struct region *region;
	struct pool pool;
	size_t i;

	make_pool(&pool, 2);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(claim(&pool, 1, &list), 0);
		region = STAILQ_FIRST(&list);
		STAILQ_REMOVE_HEAD(&list, link);
		assert_int_equal(region_register(region, pd), 0);
		fake_fail_dereg(EIO);
		fake_fail_call(FAKE_QUERY_DEVICE, others[i]);
		assert_int_equal(region_deregister(region), EIO);
		assert_int_equal(region->state, REGION_LOST);
		assert_int_equal(vobj_count(VOBJ_MR), 1);
		fake_fail_dereg(0);
		assert_int_equal(ibv_dereg_mr(region->mr), 0);
		vobj_gone(VOBJ_MR);
	}
	pool_destroy(&pool);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_nothing_left();
}

static void forbidden_event_aborts(void **state)
{
	struct region region = { .state = REGION_GRANTED };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGABRT, SIG_DFL);
		region_event(&region, REGION_EV_CLAIM);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void out_of_memory(void **state)
{
	struct pool pool;
	char why[128];
	unsigned int n;

	for (n = 1; n <= 3; n++) {
		fake_fail(n);
		assert_int_equal(pool_init(&pool, &test_config, why, sizeof(why)), ENOMEM);
		assert_true(STAILQ_EMPTY(&pool.pieces));
		pool_destroy(&pool);
	}
	fake_fail(0);
	assert_int_equal(pool_init(&pool, &test_config, why, sizeof(why)), 0);
	assert_int_equal(fake_calls(), 3);
	pool_destroy(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(claim_all_or_nothing, setup),
		cmocka_unit_test_setup(worth_waiting, setup),
		cmocka_unit_test_setup(zero_in_slices, setup),
		cmocka_unit_test_setup(registration_fails, setup),
		cmocka_unit_test_setup(deregistration_fails, setup),
		cmocka_unit_test_setup(device_is_removed, setup),
		cmocka_unit_test_setup(device_is_only_ill, setup),
		cmocka_unit_test_setup(forbidden_event_aborts, setup),
		cmocka_unit_test_setup(out_of_memory, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
