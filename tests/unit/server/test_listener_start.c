// SPDX-License-Identifier: GPL-2.0-only
/* The main thread before it serves anybody: what can be wrong, and that nothing stays behind. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_event.h"
#include "helpers.h"
#include "listener.h"

static struct {
	struct config cfg;
	struct pool pool;
	struct listener l;
	char why[256];
} f;

static int setup(void **state)
{
	fake_reset();
	memset(&f, 0, sizeof(f));
	f.cfg = test_config;
	make_pool(&f.pool, 1);
	return 0;
}

static int teardown(void **state)
{
	pool_destroy(&f.pool);
	assert_nothing_left();
	return 0;
}

static void open_errors(void **state)
{
	static const struct {
		const char *address;
		int devices, channel, bind;
		enum exit_status status;
		const char *mentions;
	} cases[] = {
		{ NULL, 0, 0, 0, EXIT_NO_DEVICE, "no RDMA device" },
		{ NULL, 1, ENOENT, 0, EXIT_NO_DEVICE, "connection manager" },
		{ NULL, 1, 0, EADDRINUSE, EXIT_PORT_TAKEN, "port 50000 is taken" },
		{ NULL, 1, 0, EADDRNOTAVAIL, EXIT_PORT_TAKEN, "port 50000 is taken" },
		{ "127.0.0.1", 1, 0, EADDRNOTAVAIL, EXIT_PORT_TAKEN, "taken on 127.0.0.1" },
		{ "192.0.2.77", 1, 0, EADDRNOTAVAIL, EXIT_NO_DEVICE, "not an address of this" },
		{ "127.0.0.1", 1, 0, ENODEV, EXIT_NO_DEVICE, "not the address of an RDMA" },
		{ NULL, 1, 0, EACCES, EXIT_RUN_FAILED, "cannot listen on *:50000" },
		{ "::1", 1, 0, EACCES, EXIT_RUN_FAILED, "cannot listen on [::1]:50000" },
		{ "nonsense", 1, 0, 0, EXIT_BAD_OPTION, "'nonsense' is not" },
		{ "localhost", 1, 0, 0, EXIT_BAD_OPTION, "'localhost' is not" },
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_set_devices(cases[i].devices);
		fake_channel_errno = cases[i].channel;
		fake_bind_errno = cases[i].bind;
		f.cfg.address = cases[i].address;
		assert_int_equal(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)),
				 cases[i].status);
		if (!strstr(f.why, cases[i].mentions))
			fail_msg("'%s' does not mention '%s'", f.why, cases[i].mentions);
		assert_int_equal(fake_objects(), 0);
	}
	fake_set_devices(1);
	fake_channel_errno = fake_bind_errno = 0;
	f.cfg.address = NULL;
	for (n = 1; n <= 4; n++) {
		fake_fail(n);
		assert_true(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)) != EXIT_RUN_OK);
		assert_int_equal(fake_objects(), 0);
	}
	fake_fail(0);
	assert_int_equal(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)), EXIT_RUN_OK);
	listener_close(&f.l);
}

static void both_families(void **state)
{
	static const struct {
		const char *address;
		int err;
		bool both;
	} cases[] = {
		{ NULL, 0, true },
		{ "::", 0, true },
		{ "::1", 0, false },
		{ "0.0.0.0", 0, false },
		{ "127.0.0.1", 0, false },
		{ NULL, ENOSYS, false },	/* tolerated */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		f.cfg.address = cases[i].address;
		fake_option_errno = cases[i].err;
		assert_int_equal(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)), EXIT_RUN_OK);
		assert_int_equal(fake_id_state(f.l.id).both_families, cases[i].both);
		listener_close(&f.l);
	}
}

static void start_errors(void **state)
{
	unsigned int n;

	/* The array of workers, then listening; then the CM's errno in words. */
	for (n = 1; n <= 2; n++) {
		assert_int_equal(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)), EXIT_RUN_OK);
		fake_fail(n);
		assert_int_equal(listener_start(&f.l, &f.pool, f.why, sizeof(f.why)),
				 EXIT_RUN_FAILED);
		fake_fail(0);
		assert_int_equal(fake_objects(), 0);
	}
	assert_int_equal(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)), EXIT_RUN_OK);
	fake_listen_errno = EADDRINUSE;
	assert_int_equal(listener_start(&f.l, &f.pool, f.why, sizeof(f.why)), EXIT_PORT_TAKEN);
	assert_non_null(strstr(f.why, "port 50000 is taken"));
}

static void no_memory_to_start(void **state)
{
	enum exit_status status;
	unsigned int n = 0;

	/* The main loop, then each of the two workers. */
	do {
		assert_int_equal(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)), EXIT_RUN_OK);
		fake_event_fail(++n);
		status = listener_start(&f.l, &f.pool, f.why, sizeof(f.why));
		fake_event_fail(0);
		if (status) {
			assert_int_equal(status, EXIT_RUN_FAILED);
			assert_non_null(strstr(f.why, "memory"));
			assert_int_equal(fake_objects(), 0);
		}
	} while (status);
	assert_int_equal(n, 2 + 5 + 2 + 10 + 2 * 6 + 1);
	listener_close(&f.l);
}

static void generations_differ(void **state)
{
	uint64_t first;

	assert_int_equal(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)), EXIT_RUN_OK);
	first = f.l.generation;
	assert_true(first);
	listener_close(&f.l);
	assert_int_equal(listener_open(&f.l, &f.cfg, f.why, sizeof(f.why)), EXIT_RUN_OK);
	assert_true(f.l.generation != first);
	listener_close(&f.l);
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_errors),
		TEST(both_families),
		TEST(start_errors),
		TEST(no_memory_to_start),
		TEST(generations_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
