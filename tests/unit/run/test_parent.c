// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where groups of runs are made, with ordinary folders in place of cgroups, and of the kernel that
 * processes and controllers for groups inside exclude each other.
 */
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

#include "cgfile.h"
#include "group.h"
#include "parent.h"

#define NOBODY_ELSE	""

/* The group that was handed over, on which the hierarchy is mounted. */
static char handed[PATH_MAX];
static int handed_dir;
/* Is the one who runs this in it itself? */
static bool inside;
/* Others that are. */
static const char *others;
static const char *denied;
static int denied_errno;
static struct parent p;
static char why[1024];

bool __wrap_group_mount(char *path, size_t size, char *text, size_t text_size);
bool __wrap_group_own(const char *pid, char *path, size_t size);
int __wrap_group_write(int dir, const char *name, const char *text);
int __wrap_faccessat(int dir, const char *name, int mode, int flags);
uid_t __wrap_geteuid(void);

uid_t __wrap_geteuid(void)
{
	return 1000;
}

bool __wrap_group_mount(char *path, size_t size, char *text, size_t text_size)
{
	snprintf(path, size, "%s", handed);
	return true;
}

bool __wrap_group_own(const char *pid, char *path, size_t size)
{
	snprintf(path, size, "/%s", inside ? "" : "shell");
	return true;
}

int __wrap_faccessat(int dir, const char *name, int mode, int flags)
{
	assert_int_equal(mode, W_OK);
	if (denied && cgfile_word(denied, name)) {
		errno = denied_errno;
		return -1;
	}
	return 0;
}

static void put(const char *name, const char *text)
{
	int fd = openat(handed_dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static bool gives_memory(void)
{
	char text[64];

	assert_true(group_read(handed_dir, "cgroup.subtree_control", text, sizeof(text)) >= 0);
	return strstr(text, "memory") != NULL;
}

static bool is_handed(int dir)
{
	struct stat a, b;

	assert_int_equal(fstat(dir, &a), 0);
	assert_int_equal(fstat(handed_dir, &b), 0);
	return a.st_ino == b.st_ino;
}

int __wrap_group_write(int dir, const char *name, const char *text)
{
	if (!strcmp(name, "cgroup.procs")) {
		assert_string_equal(text, "0");
		if (is_handed(dir) && gives_memory())
			return -EBUSY;
		inside = is_handed(dir);
		return 0;
	}
	assert_string_equal(name, "cgroup.subtree_control");
	assert_true(is_handed(dir));
	if (!strcmp(text, "-memory")) {
		put(name, "cpu\n");
		return 0;
	}
	assert_string_equal(text, "+memory");
	if (inside || *others)
		return -EBUSY;
	put(name, "cpu memory\n");
	return 0;
}

static int setup(void **state)
{
	strcpy(handed, "/tmp/parent.XXXXXX");
	if (!mkdtemp(handed))
		return -1;
	handed_dir = open(handed, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (handed_dir < 0)
		return -1;
	inside = true;
	others = NOBODY_ELSE;
	denied = NULL;
	denied_errno = EACCES;
	why[0] = '\0';
	put("cgroup.controllers", "cpu memory pids\n");
	put("cgroup.subtree_control", "cpu\n");
	put("cgroup.procs", "");
	return 0;
}

static int teardown(void **state)
{
	/* Only these: no group is left, or rmdir() fails. */
	unlinkat(handed_dir, "cgroup.controllers", 0);
	unlinkat(handed_dir, "cgroup.subtree_control", 0);
	unlinkat(handed_dir, "cgroup.procs", 0);
	close(handed_dir);
	return rmdir(handed);
}

static bool can_open(const char *group)
{
	return parent_open(&p, group, why, sizeof(why));
}

static void test_steps_aside(void **state)
{
	struct scope s;
	struct stat st;

	assert_true(can_open(NULL));
	assert_false(inside);
	assert_true(gives_memory());
	assert_true(parent_make_scope(&p, &s, why, sizeof(why)));
	/* Not taken for something that was left behind. */
	assert_int_equal(fstatat(handed_dir, p.aside.name, &st, 0), 0);
	assert_int_equal(scope_remove(&s), 0);
	scope_close(&s);

	parent_close(&p);
	assert_true(inside);
	assert_false(gives_memory());
	parent_close(&p);
}

static void test_beside(void **state)
{
	inside = false;
	assert_true(can_open("/"));
	assert_true(gives_memory());
	assert_int_equal(p.aside.dir, -1);
	parent_close(&p);
	/* It was not ours to take: others may be about to use it. */
	assert_true(gives_memory());
	assert_true(can_open("/"));
	parent_close(&p);
}

/* Somebody else has come to make groups there. */
static void test_keeps_what_others_use(void **state)
{
	struct scope s;

	assert_true(can_open(NULL));
	assert_int_equal(scope_make(&s, handed_dir, SCOPE_JOB), 0);
	parent_close(&p);
	assert_true(gives_memory());
	assert_false(inside);
	/* What we were in goes with the next. */
	assert_int_equal(scope_remove(&s), 0);
	scope_close(&s);
	scope_remove_stale(handed_dir);
}

static void test_explains(void **state)
{
	static const struct {
		const char *controllers, *denied, *others, *says;
	} cases[] = {
		{ "cpu pids\n", NULL, NOBODY_ELSE, "without one (Delegate=memory)" },
		{ "memory\n", "cgroup.procs", NOBODY_ELSE, "no write access to cgroup.procs; " },
		{ "memory\n", ". cgroup.procs cgroup.subtree_control", NOBODY_ELSE,
		  "to its folder, cgroup.procs, cgroup.subtree_control; run it as root, or by "
		  "systemd-run --user --scope -p Delegate=yes" },
		{ "memory\n", NULL, "999999999\n", "(999999999)" },
		{ "memory\n", NULL, "999999991\n999999992\n999999993\n999999994\n999999995\n",
		  "999999994, ...)" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put("cgroup.controllers", cases[i].controllers);
		put("cgroup.procs", cases[i].others);
		denied = cases[i].denied;
		others = cases[i].others;
		assert_false(can_open(NULL));
		if (!strstr(why, cases[i].says))
			fail_msg("'%s' does not say '%s'", why, cases[i].says);
		/* As it was found. */
		assert_true(inside);
		assert_false(gives_memory());
	}
}

static void test_names_others(void **state)
{
	char procs[32];

	snprintf(procs, sizeof(procs), "%d\n", (int)getpid());
	put("cgroup.procs", procs);
	others = procs;
	assert_false(can_open(NULL));
	snprintf(procs, sizeof(procs), "(%d ", (int)getpid());
	assert_non_null(strstr(why, procs));
}

static void test_no_use(void **state)
{
	denied = ".";
	denied_errno = EROFS;
	assert_false(can_open(NULL));
	assert_non_null(strstr(why, "is read-only here"));
	assert_false(can_open("a/b"));
	assert_non_null(strstr(why, "cannot open the group"));
	assert_non_null(strstr(why, "/a/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_steps_aside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_beside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keeps_what_others_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_explains, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_use, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
