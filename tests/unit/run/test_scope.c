// SPDX-License-Identifier: GPL-2.0-only
/* Groups of runs, with ordinary folders in place of cgroups: which are made, which are removed. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "group.h"
#include "scope.h"

static char path[64];
static int parent;
/* Processes that enter the group when it is about to be removed, one each time. */
static unsigned int latecomers;
static bool populated;
static unsigned int kills;

int __wrap_group_read(int dir, const char *name, char *text, size_t size);
int __wrap_group_write(int dir, const char *name, const char *text);
int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags);

int __wrap_group_read(int dir, const char *name, char *text, size_t size)
{
	assert_string_equal(name, "cgroup.events");
	return snprintf(text, size, "populated %d\n", populated);
}

int __wrap_group_write(int dir, const char *name, const char *text)
{
	assert_string_equal(name, "cgroup.kill");
	populated = false;
	kills++;
	return 0;
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
	if (latecomers) {
		latecomers--;
		populated = true;
	}
	if (!populated)
		return __real_unlinkat(dir, name, flags);
	errno = EBUSY;
	return -1;
}

static int setup(void **state)
{
	strcpy(path, "/tmp/scope.XXXXXX");
	if (!mkdtemp(path))
		return -1;
	parent = open(path, O_RDONLY | O_DIRECTORY);
	return parent < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(parent);
	return rmdir(path);
}

static bool is_there(const char *name)
{
	struct stat st;

	return fstatat(parent, name, &st, 0) == 0;
}

static void test_make_and_remove(void **state)
{
	struct scope a, b;

	assert_int_equal(scope_make(&a, parent, SCOPE_JOB), 0);
	assert_int_equal(scope_make(&b, parent, SCOPE_JOB), 0);
	assert_string_not_equal(a.name, b.name);
	/* Whoever is in charge of the first lives: it is still there. */
	assert_true(is_there(a.name));
	assert_true(scope_is_empty(&a));

	/* With groups inside, which a command may make. */
	assert_int_equal(mkdirat(a.dir, "x", 0700), 0);
	assert_int_equal(mkdirat(a.dir, "x/y", 0700), 0);
	assert_int_equal(mkdirat(a.dir, ".z", 0700), 0);
	assert_int_equal(scope_remove(&a), 0);
	assert_false(is_there(a.name));
	/* Somebody else was faster. */
	assert_int_equal(scope_remove(&a), 0);
	scope_close(&a);
	scope_close(&a);
	assert_int_equal(scope_remove(&b), 0);
	scope_close(&b);
}

/* Killed are also those that come after the others have been. */
static void test_latecomers(void **state)
{
	struct scope s;

	assert_int_equal(scope_make(&s, parent, SCOPE_JOB), 0);
	populated = true;
	kills = 0;
	latecomers = 2;
	assert_int_equal(scope_remove(&s), 0);
	assert_int_equal(kills, 3);
	assert_false(is_there(s.name));
	scope_close(&s);
}

static void test_stale(void **state)
{
	/* Of somebody else, who may have put anything there. */
	static const char *const others[] = {
		"other",
		"job-1-0",
		SCOPE_JOB,
		SCOPE_JOB "1",
		SCOPE_JOB "a-0",
		SCOPE_JOB "1-a",
		SCOPE_JOB "1-0.service",
		"fastswap-run-1.scope",
	};
	struct scope killed, lives;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(mkdirat(parent, others[i], 0700), 0);
	assert_int_equal(mkdirat(parent, SCOPE_JOB "1-0", 0700), 0);
	assert_int_equal(mkdirat(parent, SCOPE_ASIDE "1-0", 0700), 0);
	assert_int_equal(scope_make(&killed, parent, SCOPE_JOB), 0);
	assert_int_equal(scope_make(&lives, parent, SCOPE_ASIDE), 0);

	/* Nobody's, but for those that were just made. */
	scope_remove_stale(parent);
	assert_false(is_there(SCOPE_JOB "1-0"));
	assert_false(is_there(SCOPE_ASIDE "1-0"));
	assert_true(is_there(killed.name));
	assert_true(is_there(lives.name));

	/* Its supervisor and the guard are killed. */
	scope_close(&killed);
	scope_remove_stale(parent);
	assert_false(is_there(killed.name));
	assert_true(is_there(lives.name));

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(unlinkat(parent, others[i], AT_REMOVEDIR), 0);
	assert_int_equal(scope_unlink(&lives), 0);
	scope_close(&lives);
}

static void test_neighbours(void **state)
{
	struct scope aside, job;

	assert_int_equal(scope_make(&aside, parent, SCOPE_ASIDE), 0);
	assert_false(scope_has_neighbours(&aside));
	/* Such as a service manager makes for commands of its own: nobody is in it. */
	assert_int_equal(mkdirat(parent, ".control", 0700), 0);
	assert_false(scope_has_neighbours(&aside));
	assert_int_equal(scope_make(&job, parent, SCOPE_JOB), 0);
	assert_true(scope_has_neighbours(&aside));
	assert_int_equal(scope_remove(&job), 0);
	scope_close(&job);
	assert_int_equal(unlinkat(parent, ".control", AT_REMOVEDIR), 0);
	assert_int_equal(scope_unlink(&aside), 0);
	scope_close(&aside);
}

static void test_cannot(void **state)
{
	struct scope s;
	int gone;

	assert_int_equal(mkdirat(parent, "gone", 0700), 0);
	gone = openat(parent, "gone", O_RDONLY | O_DIRECTORY);
	assert_true(gone >= 0);
	assert_int_equal(unlinkat(parent, "gone", AT_REMOVEDIR), 0);
	assert_int_equal(scope_make(&s, gone, SCOPE_JOB), -ENOENT);
	assert_int_equal(s.dir, -1);
	close(gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_make_and_remove, setup, teardown),
		cmocka_unit_test_setup_teardown(test_latecomers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neighbours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cannot, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
