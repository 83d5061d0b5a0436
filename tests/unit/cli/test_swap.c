// SPDX-License-Identifier: GPL-2.0-only
/*
 * Swap on and off: mkswap comes first and its failure counts, swapoff(2) runs
 * in a child that can be stopped, and every way it ends gets its own words.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include <cmocka.h>

#include "mock_cli.h"
#include "run.h"
#include "swap.h"
#include "sysfs.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const struct device dev = { .index = 0, .name = "fastswap0", .path = "/dev/fastswap0" };

static int mkswap_status, swapon_errno, swapon_flags, swapon_calls;
static const char *mkswap_message;
static bool interrupt_in_mkswap, is_on;
static int interrupt_after;	/* looks at /proc/swaps */
static int off_after;		/* likewise */

/* How the child ends; plain values, it has a copy of them. */
static int swapoff_errno, swapoff_signal;
static bool swapoff_waits;

static int setup(void **state)
{
	mock_reset();
	mkswap_status = 0;
	mkswap_message = "";
	swapon_errno = 0;
	swapon_flags = -1;
	swapon_calls = 0;
	interrupt_in_mkswap = false;
	is_on = true;
	interrupt_after = -1;
	off_after = -1;
	swapoff_errno = 0;
	swapoff_signal = 0;
	swapoff_waits = false;
	return 0;
}

int run_tool(char *const argv[], unsigned int timeout_s, char *message)
{
	assert_string_equal(argv[0], "mkswap");
	assert_string_equal(argv[1], dev.path);
	assert_null(argv[2]);
	strcpy(message, mkswap_message);
	mock_interrupted = interrupt_in_mkswap;
	return mkswap_status;
}

bool device_swap(const struct device *d, struct swap_entry *entry)
{
	strcpy(entry->path, dev.path);
	entry->used = 3 << 20;
	if (interrupt_after >= 0 && interrupt_after-- == 0)
		mock_interrupted = true;
	if (off_after >= 0 && off_after-- == 0)
		is_on = false;
	return is_on;
}

int __wrap_swapon(const char *path, int flags);
int __wrap_swapoff(const char *path);

int __wrap_swapon(const char *path, int flags)
{
	swapon_calls++;
	swapon_flags = flags;
	errno = swapon_errno;
	return swapon_errno ? -1 : 0;
}

/* Runs in the child. */
int __wrap_swapoff(const char *path)
{
	if (swapoff_waits)
		pause();
	if (swapoff_signal)
		kill(getpid(), swapoff_signal);
	errno = swapoff_errno;
	return swapoff_errno ? -1 : 0;
}

static void test_on(void **state)
{
	assert_true(swap_on(&dev, SWAP_PRIORITY_AUTO));
	assert_int_equal(swapon_flags, 0);
	assert_true(swap_on(&dev, 0));
	assert_int_equal(swapon_flags, SWAP_FLAG_PREFER);
	assert_true(swap_on(&dev, SWAP_PRIORITY_MAX));
	assert_int_equal(swapon_flags, SWAP_FLAG_PREFER | SWAP_PRIORITY_MAX);
	assert_string_equal(mock_message, "");
}

static void test_mkswap_fails(void **state)
{
	static const struct {
		int status;
		const char *says, *message;
	} t[] = {
		{ 1, "mkswap: too small", "for swap: mkswap: too small" },
		{ -ENOENT, "no such program", "for swap: mkswap: no such program" },
		{ 137, "ended by signal 9", "mkswap: ended by signal 9" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		setup(NULL);
		mkswap_status = t[i].status;
		mkswap_message = t[i].says;
		assert_false(swap_on(&dev, 0));
		assert_non_null(strstr(mock_message, t[i].message));
		assert_int_equal(swapon_calls, 0);
	}
}

static void test_interrupted_while_making(void **state)
{
	interrupt_in_mkswap = true;
	assert_false(swap_on(&dev, 0));
	assert_string_equal(mock_message, "interrupted");
	assert_int_equal(swapon_calls, 0);
}

static void test_swapon_fails(void **state)
{
	swapon_errno = EPERM;
	assert_false(swap_on(&dev, 0));
	assert_non_null(strstr(mock_message, "too many swap devices"));
	swapon_errno = EBUSY;
	assert_false(swap_on(&dev, 0));
	assert_non_null(strstr(mock_message, "busy"));
}

static void test_off(void **state)
{
	assert_true(swap_off(&dev, 0));
	assert_string_equal(mock_message, "");
}

static void test_off_already(void **state)
{
	is_on = false;
	swapoff_errno = EINVAL;
	assert_true(swap_off(&dev, 0));
}

/* Somebody else was quicker. */
static void test_off_meanwhile(void **state)
{
	off_after = 1;
	swapoff_errno = EINVAL;
	assert_true(swap_off(&dev, 0));
	assert_string_equal(mock_message, "");
}

static void test_off_fails(void **state)
{
	static const struct {
		int err, signal;
		const char *message;
	} t[] = {
		{ ENOMEM, 0, "not enough free memory to bring back the 3M" },
		{ 0, SIGKILL, "not enough free memory" },
		{ 0, SIGTERM, "interrupted" },
		{ EPERM, 0, "not permitted" },
		{ EINVAL, 0, "somebody else" },
		{ EIO, 0, "Input/output error" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		setup(NULL);
		swapoff_errno = t[i].err;
		swapoff_signal = t[i].signal;
		assert_false(swap_off(&dev, 0));
		assert_non_null(strstr(mock_message, t[i].message));
	}
}

static void test_off_out_of_time(void **state)
{
	swapoff_waits = true;
	assert_false(swap_off(&dev, 100));
	assert_string_equal(mock_message,
			    "out of time; 3M are still on /dev/fastswap0, which stays in use");
}

static void test_off_interrupted(void **state)
{
	swapoff_waits = true;
	interrupt_after = 2;
	assert_false(swap_off(&dev, 0));
	assert_non_null(strstr(mock_message, "interrupted; 3M are still on"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_on, setup),
		cmocka_unit_test_setup(test_mkswap_fails, setup),
		cmocka_unit_test_setup(test_interrupted_while_making, setup),
		cmocka_unit_test_setup(test_swapon_fails, setup),
		cmocka_unit_test_setup(test_off, setup),
		cmocka_unit_test_setup(test_off_already, setup),
		cmocka_unit_test_setup(test_off_meanwhile, setup),
		cmocka_unit_test_setup(test_off_fails, setup),
		cmocka_unit_test_setup(test_off_out_of_time, setup),
		cmocka_unit_test_setup(test_off_interrupted, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
