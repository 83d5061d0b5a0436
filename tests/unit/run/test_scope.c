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

#include "scope.h"

static struct scope_parent parent;
static char why[256];

static int setup(void **state)
{
	strcpy(parent.path, "/tmp/scope.XXXXXX");
	if (!mkdtemp(parent.path))
		return -1;
	parent.own = -1;
	parent.dir = open(parent.path, O_RDONLY | O_DIRECTORY);
	return parent.dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(parent.dir);
	return rmdir(parent.path);
}

static bool is_there(const char *name)
{
	struct stat st;

	return fstatat(parent.dir, name, &st, 0) == 0;
}

static void test_make_and_remove(void **state)
{
	struct scope a, b;

	assert_true(scope_make(&a, &parent, why, sizeof(why)));
	assert_true(scope_make(&b, &parent, why, sizeof(why)));
	assert_string_not_equal(a.name, b.name);
	/* Whoever is in charge of the first lives: it is still there. */
	assert_true(is_there(a.name));
	assert_true(scope_is_empty(&a));

	/* With groups inside, which a command may make. */
	assert_int_equal(mkdirat(a.dir, "x", 0700), 0);
	assert_int_equal(mkdirat(a.dir, "x/y", 0700), 0);
	assert_int_equal(mkdirat(a.dir, "z", 0700), 0);
	assert_int_equal(scope_remove(&a), 0);
	assert_false(is_there(a.name));
	/* Somebody else was faster. */
	assert_int_equal(scope_remove(&a), 0);
	scope_close(&a);
	scope_close(&a);
	assert_int_equal(scope_remove(&b), 0);
	scope_close(&b);
}

static void test_stale(void **state)
{
	struct scope killed, made;
	char name[sizeof(killed.name)];

	assert_int_equal(mkdirat(parent.dir, "job-1-0", 0700), 0);
	assert_int_equal(mkdirat(parent.dir, "other", 0700), 0);
	assert_true(scope_make(&killed, &parent, why, sizeof(why)));
	/* Nobody's, but for the one that was just made. */
	assert_false(is_there("job-1-0"));
	assert_true(is_there(killed.name));
	assert_true(is_there("other"));

	/* Its supervisor and the guard are killed. */
	strcpy(name, killed.name);
	scope_close(&killed);
	assert_true(scope_make(&made, &parent, why, sizeof(why)));
	assert_false(is_there(name));
	assert_int_equal(scope_remove(&made), 0);
	scope_close(&made);
	assert_int_equal(unlinkat(parent.dir, "other", AT_REMOVEDIR), 0);
}

static void test_cannot(void **state)
{
	struct scope_parent gone = parent;
	struct scope s;

	assert_int_equal(mkdirat(parent.dir, "gone", 0700), 0);
	gone.dir = openat(parent.dir, "gone", O_RDONLY | O_DIRECTORY);
	assert_true(gone.dir >= 0);
	assert_int_equal(unlinkat(parent.dir, "gone", AT_REMOVEDIR), 0);
	assert_false(scope_make(&s, &gone, why, sizeof(why)));
	assert_non_null(strstr(why, "cannot make a group in"));
	close(gone.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_make_and_remove, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cannot, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
