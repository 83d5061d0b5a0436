// SPDX-License-Identifier: GPL-2.0-only
/* fastswap detach: swap off first, then remove; say who is in the way; go on with the others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "control.h"
#include "holders.h"
#include "mock_cli.h"
#include "swap.h"
#include "sysfs.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NR_DEVICES	3

static bool present[NR_DEVICES], swap_stuck[NR_DEVICES], swapping[NR_DEVICES];
static int detach_result[NR_DEVICES];	/* of the first call */
static int retry_result;
static const char *lasting, *opener;
static unsigned int swap_timeout_ms;
static int list_error, calls, demand_errors;
static int errors_in_swap_off;
static bool interrupt_in_swap_off;

static int setup(void **state)
{
	int i;

	mock_reset();
	for (i = 0; i < NR_DEVICES; i++) {
		present[i] = true;
		swapping[i] = true;
		swap_stuck[i] = false;
		detach_result[i] = 0;
	}
	retry_result = -EBUSY;
	lasting = NULL;
	opener = NULL;
	swap_timeout_ms = 77;
	list_error = 0;
	calls = 0;
	demand_errors = 4;
	errors_in_swap_off = 0;
	interrupt_in_swap_off = false;
	return 0;
}

static void fill(int index, struct device *dev)
{
	dev->index = index;
	snprintf(dev->name, sizeof(dev->name), "fastswap%d", index);
	snprintf(dev->path, sizeof(dev->path), "/dev/fastswap%d", index);
}

bool device_find(const char *arg, struct device *dev)
{
	int index = atoi(arg);

	if (index >= NR_DEVICES) {
		complain("there is no device %s", arg);
		return false;
	}
	fill(index, dev);
	return true;
}

int device_list(struct device **devs)
{
	int i;

	if (list_error)
		return list_error;
	*devs = calloc(NR_DEVICES, sizeof(**devs));
	assert_non_null(*devs);
	for (i = 0; i < NR_DEVICES; i++)
		fill(i, &(*devs)[i]);
	return NR_DEVICES;
}

ssize_t read_attr(const struct device *dev, const char *attr, char *buf, size_t len)
{
	assert_string_equal(attr, "fastswap/stats");
	return snprintf(buf, len, "demand_errors %d\nlost_reads 7\n", demand_errors);
}

bool swap_off(const struct device *dev, unsigned int timeout_ms)
{
	calls++;
	demand_errors += errors_in_swap_off;
	swap_timeout_ms = timeout_ms;
	mock_interrupted = interrupt_in_swap_off;
	if (swap_stuck[dev->index])
		return false;
	swapping[dev->index] = false;
	return true;
}

int control_detach(int index)
{
	calls++;
	assert_false(swapping[index]);
	if (!detach_result[index])
		present[index] = false;
	return detach_result[index];
}

int control_detach_retry(int index, unsigned int timeout_ms)
{
	calls++;
	if (!retry_result)
		present[index] = false;
	return retry_result;
}

bool find_lasting_holder(const struct device *dev, char *words)
{
	if (lasting)
		strcpy(words, lasting);
	return lasting;
}

bool find_opener(const struct device *dev, char *words)
{
	if (opener)
		strcpy(words, opener);
	return opener;
}

static int run(const char *line)
{
	return mock_run(cmd_detach.run, line);
}

static void test_one(void **state)
{
	assert_int_equal(run("detach 1"), EXIT_OK);
	assert_true(present[0] && !present[1] && present[2]);
	assert_int_equal(swap_timeout_ms, 0);
	assert_string_equal(mock_message, "");
}

static void test_several_with_timeout(void **state)
{
	assert_int_equal(run("detach 0 2 --timeout 1.5"), EXIT_OK);
	assert_true(!present[0] && present[1] && !present[2]);
	assert_int_equal(swap_timeout_ms, 1500);
}

static void test_all(void **state)
{
	assert_int_equal(run("detach --all"), EXIT_OK);
	assert_true(!present[0] && !present[1] && !present[2]);
	list_error = -EACCES;
	assert_int_equal(run("detach --all"), EXIT_FAILED);
}

static void test_bad_lines(void **state)
{
	static const char *const t[] = {
		"detach",
		"detach --all 0",
		"detach 0 --timeout",
		"detach 0 --timeout x",
		"detach 0 --timeout 0",
		"detach 0 --timeout -1",
		"detach 0 --timeout 604801",
		"detach 0 --all=1",
		"detach 0 --force",
		"detach -9 0",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		setup(NULL);
		assert_int_equal(run(t[i]), EXIT_USAGE);
		assert_int_equal(calls, 0);
	}
	assert_int_equal(run("detach 0 --timeout 0"), EXIT_USAGE);
	assert_non_null(strstr(mock_message, "'0' is not a number of seconds above 0"));
}

static void test_not_root(void **state)
{
	mock_root = false;
	assert_int_equal(run("detach 0"), EXIT_FAILED);
	assert_int_equal(calls, 0);
}

/* A name that is wrong stops everything before it begins. */
static void test_unknown_device(void **state)
{
	assert_int_equal(run("detach 0 9"), EXIT_FAILED);
	assert_int_equal(calls, 0);
	assert_non_null(strstr(mock_message, "no device 9"));
}

static void test_swap_stays(void **state)
{
	swap_stuck[0] = true;
	assert_int_equal(run("detach --all"), EXIT_FAILED);
	assert_true(present[0] && !present[1] && !present[2]);
}

/* That pages are lost is not a reason to keep the device, but one to say so. */
static void test_reads_fail(void **state)
{
	errors_in_swap_off = 3;
	assert_int_equal(run("detach 0"), EXIT_OK);
	assert_false(present[0]);
	assert_non_null(strstr(mock_message, "fastswap0: 3 reads failed"));
}

static void test_in_use(void **state)
{
	detach_result[0] = -EBUSY;
	lasting = "mounted on /mnt";
	assert_int_equal(run("detach 0"), EXIT_FAILED);
	assert_string_equal(mock_message, "/dev/fastswap0 is in use: mounted on /mnt");
	/* Who is mounted does not go away in a moment: no second try. */
	assert_int_equal(calls, 2);

	setup(NULL);
	detach_result[0] = -EBUSY;
	opener = "open by dd (process 7)";
	assert_int_equal(run("detach 0"), EXIT_FAILED);
	assert_string_equal(mock_message, "/dev/fastswap0 is in use: open by dd (process 7)");

	setup(NULL);
	detach_result[0] = -EBUSY;
	assert_int_equal(run("detach 0"), EXIT_FAILED);
	assert_non_null(strstr(mock_message, "in use by something"));
}

/* udev takes a look and lets go. */
static void test_busy_for_a_moment(void **state)
{
	detach_result[0] = -EBUSY;
	retry_result = 0;
	assert_int_equal(run("detach 0"), EXIT_OK);
	assert_false(present[0]);
}

static void test_somebody_was_quicker(void **state)
{
	detach_result[0] = -ENODEV;
	assert_int_equal(run("detach 0"), EXIT_OK);
	assert_string_equal(mock_message, "");
}

static void test_other_errors(void **state)
{
	detach_result[0] = -EPERM;
	assert_int_equal(run("detach 0"), EXIT_FAILED);
	assert_non_null(strstr(mock_message, "cannot remove /dev/fastswap0"));
}

static void test_interrupted(void **state)
{
	interrupt_in_swap_off = true;
	swap_stuck[0] = true;
	assert_int_equal(run("detach 0 1"), EXIT_FAILED);
	assert_true(present[0] && present[1] && swapping[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one, setup),
		cmocka_unit_test_setup(test_several_with_timeout, setup),
		cmocka_unit_test_setup(test_all, setup),
		cmocka_unit_test_setup(test_bad_lines, setup),
		cmocka_unit_test_setup(test_not_root, setup),
		cmocka_unit_test_setup(test_unknown_device, setup),
		cmocka_unit_test_setup(test_swap_stays, setup),
		cmocka_unit_test_setup(test_reads_fail, setup),
		cmocka_unit_test_setup(test_in_use, setup),
		cmocka_unit_test_setup(test_busy_for_a_moment, setup),
		cmocka_unit_test_setup(test_somebody_was_quicker, setup),
		cmocka_unit_test_setup(test_other_errors, setup),
		cmocka_unit_test_setup(test_interrupted, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
