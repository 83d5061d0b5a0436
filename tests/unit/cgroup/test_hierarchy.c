// SPDX-License-Identifier: GPL-2.0-only
/* Where cgroups are found: unified, hybrid, v1, in odd places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hierarchy.h"

static const char unified[] =
	"21 1 0:20 / /proc rw,nosuid - proc proc rw\n"
	"22 1 0:21 / /sys/fs/cgroup rw,nosuid shared:4 master:2 - cgroup2 cgroup2 rw,nsdelegate\n"
	"23 1 0:22 / /tmp rw - tmpfs tmpfs rw\n";

static const char hybrid[] =
	"30 1 0:25 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw\n"
	"31 1 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
	"32 1 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

static void test_mount(void **state)
{
	char path[64];

	assert_true(hierarchy_mount(unified, path, sizeof(path)));
	assert_string_equal(path, "/sys/fs/cgroup");
	assert_true(hierarchy_mount(hybrid, path, sizeof(path)));
	assert_string_equal(path, "/sys/fs/cgroup/unified");
	assert_true(hierarchy_mount("1 2 0:1 / /a\\040b\\134c rw - cgroup2 x rw", path,
				    sizeof(path)));
	assert_string_equal(path, "/a b\\c");

	assert_false(hierarchy_mount("", path, sizeof(path)));
	assert_false(hierarchy_mount("\n\n", path, sizeof(path)));
	assert_false(hierarchy_mount("1 2 3\nno fields\n", path, sizeof(path)));
	assert_false(hierarchy_mount("1 2 0:1 / /cgroup2 rw - tmpfs cgroup2 rw\n", path,
				     sizeof(path)));
	assert_false(hierarchy_mount(unified, path, 5));
}

static void test_v1(void **state)
{
	assert_false(hierarchy_memory_is_v1(unified));
	assert_true(hierarchy_memory_is_v1(hybrid));
	assert_false(hierarchy_memory_is_v1(""));
	assert_false(hierarchy_memory_is_v1("1 2 0:1 / /m rw - cgroup cgroup rw,memory2,mem\n"));
	assert_false(hierarchy_memory_is_v1("1 2 0:1 / /m rw - tmpfs cgroup rw,memory\n"));
	assert_true(hierarchy_memory_is_v1("1 2 0:1 / /m rw - cgroup cgroup memory"));
}

static void test_own(void **state)
{
	char path[32];

	assert_true(hierarchy_own("0::/\n", path, sizeof(path)));
	assert_string_equal(path, "/");
	assert_true(hierarchy_own("0::/user.slice/a.scope\n", path, sizeof(path)));
	assert_string_equal(path, "/user.slice/a.scope");
	assert_true(hierarchy_own("4:memory:/old\n0::/new", path, sizeof(path)));
	assert_string_equal(path, "/new");
	assert_false(hierarchy_own("4:memory:/old\n", path, sizeof(path)));
	assert_false(hierarchy_own("", path, sizeof(path)));
	assert_false(hierarchy_own("0::/this.name.is.too.long.for.the.room\n", path, sizeof(path)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mount),
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
