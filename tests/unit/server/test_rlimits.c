// SPDX-License-Identifier: GPL-2.0-only
/* Limits of the process: raised where that is allowed, a warning where it is not enough. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "rlimits.h"
#include "log.h"

static struct rlimit now;
static int get_errno, set_errno;
static unsigned int sets, warnings;
static char warning[1024];

int __wrap_getrlimit(int resource, struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit);

int __wrap_getrlimit(int resource, struct rlimit *limit)
{
	errno = get_errno;
	*limit = now;
	return get_errno ? -1 : 0;
}

int __wrap_setrlimit(int resource, const struct rlimit *limit)
{
	sets++;
	if (set_errno) {
		errno = set_errno;
		return -1;
	}
	assert_true(limit->rlim_cur <= limit->rlim_max);
	assert_true(limit->rlim_max == now.rlim_max);
	now = *limit;
	return 0;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list args;

	if (level != LOG_LEVEL_WARN)
		return;
	warnings++;
	va_start(args, fmt);
	vsnprintf(warning, sizeof(warning), fmt, args);
	va_end(args);
}

static int setup(void **state)
{
	get_errno = set_errno = 0;
	sets = warnings = 0;
	return 0;
}

static void raising(void **state)
{
	static const struct {
		rlim_t cur, max;
		uint64_t wanted, got;
		unsigned int sets;
	} cases[] = {
		{ 100, 1000, 500, 500, 1 },
		{ 100, 1000, 5000, 1000, 1 },
		{ 100, 100, 500, 100, 0 },
		{ 500, 1000, 500, 500, 0 },
		{ 600, 1000, 500, 600, 0 },
		{ 100, RLIM_INFINITY, 500, 500, 1 },
		{ RLIM_INFINITY, RLIM_INFINITY, 500, UINT64_MAX, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(NULL);
		now.rlim_cur = cases[i].cur;
		now.rlim_max = cases[i].max;
		assert_true(rlimits_raise(RLIMIT_NOFILE, cases[i].wanted) == cases[i].got);
		assert_int_equal(sets, cases[i].sets);
	}
}

static void raising_fails(void **state)
{
	now.rlim_cur = 100;
	now.rlim_max = 1000;
	set_errno = EPERM;
	assert_true(rlimits_raise(RLIMIT_NOFILE, 500) == 100);
	get_errno = EFAULT;
	assert_true(rlimits_raise(RLIMIT_NOFILE, 500) == UINT64_MAX);
}

static void files(void **state)
{
	uint64_t needed = rlimits_files_needed(256, 4);

	/* One for each that is attached or ending. */
	assert_true(needed >= 2 * 256 + 16);
	assert_true(rlimits_files_needed(65536, 256) > 2 * 65536);
	/* The usual soft limit is enough for the defaults. */
	assert_true(needed <= 1024);

	now.rlim_cur = 1024;
	now.rlim_max = 4096;
	rlimits_check_files(256, 4);
	assert_int_equal(sets, 0);
	rlimits_check_files(1000, 4);
	assert_true(now.rlim_cur == rlimits_files_needed(1000, 4));
	assert_int_equal(warnings, 0);
	rlimits_check_files(65536, 4);
	assert_true(now.rlim_cur == 4096);
	assert_int_equal(warnings, 1);
	assert_non_null(strstr(warning, "RLIMIT_NOFILE is 4096"));
	assert_non_null(strstr(warning, "65536 clients"));
}

static void files_left(void **state)
{
	uint64_t left;
	int fd;

	now.rlim_cur = 1000;
	left = rlimits_files_left();
	assert_in_range(left, 900, 997);
	fd = dup(STDERR_FILENO);
	assert_true(fd >= 0);
	assert_true(rlimits_files_left() == left - 1);
	close(fd);
	now.rlim_cur = 2;
	assert_true(rlimits_files_left() == 0);
	now.rlim_cur = RLIM_INFINITY;
	assert_true(rlimits_files_left() == UINT64_MAX);
}

#define TEST(test)	cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(raising),
		TEST(raising_fails),
		TEST(files),
		TEST(files_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
