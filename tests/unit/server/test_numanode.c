// SPDX-License-Identifier: GPL-2.0-only
/* What sysfs says about nodes, read from a folder that looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "numanode.h"
#include "util.h"

static char sysfs[64];

static int setup(void **state)
{
	strcpy(sysfs, "/tmp/fastswap-sysfs.XXXXXX");
	return mkdtemp(sysfs) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", sysfs);
	return system(command);
}

/* Makes a file below the folder, and the folders above it. */
static void put(const char *name, const char *text)
{
	char path[256], *slash;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", sysfs, name);
	for (slash = path + strlen(sysfs); (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_adapter(void **state)
{
	put("class/infiniband/mlx5_0/device/numa_node", "1\n");
	assert_int_equal(numanode_of_device(sysfs, "mlx5_0"), 1);
}

static void test_firmware_does_not_tell(void **state)
{
	put("class/infiniband/mlx5_0/device/numa_node", "-1\n");
	assert_int_equal(numanode_of_device(sysfs, "mlx5_0"), -1);
}

static void test_software_device_is_where_its_interface_is(void **state)
{
	put("class/infiniband/rxe0/parent", "eth0\n");
	put("class/net/eth0/device/numa_node", "3\n");
	assert_int_equal(numanode_of_device(sysfs, "rxe0"), 3);
}

static void test_virtio_interface(void **state)
{
	put("class/infiniband/rxe0/parent", "eth0\n");
	put("class/net/eth0/device/virtio1", "");
	put("class/net/eth0/numa_node", "1\n");
	assert_int_equal(numanode_of_device(sysfs, "rxe0"), 1);
}

static void test_interface_without_a_device(void **state)
{
	put("class/infiniband/rxe0/parent", "dummy0\n");
	assert_int_equal(numanode_of_device(sysfs, "rxe0"), -1);
	assert_int_equal(numanode_of_device(sysfs, "none"), -1);
}

static void test_common(void **state)
{
	static const int same[] = { 1, 1, 1 }, differ[] = { 1, 0, 1 }, unknown[] = { 1, -1 };

	assert_int_equal(numanode_common(same, 3), 1);
	assert_int_equal(numanode_common(same, 1), 1);
	assert_int_equal(numanode_common(differ, 3), -1);
	assert_int_equal(numanode_common(unknown, 2), -1);
	assert_int_equal(numanode_common(NULL, 0), -1);
}

static void test_free_huge_pages(void **state)
{
	put("devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages", "3\n");
	assert_int_equal(numanode_free_bytes(sysfs, 1, 2 * MIB), 6 * MIB);
	assert_int_equal(numanode_free_bytes(sysfs, 1, GIB), 0);
	assert_int_equal(numanode_free_bytes(sysfs, 0, 2 * MIB), 0);

	assert_int_equal(numanode_free_huge(sysfs, -1, 2 * MIB), 0);
	put("kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "5\n");
	assert_int_equal(numanode_free_huge(sysfs, -1, 2 * MIB), 10 * MIB);
	assert_int_equal(numanode_free_huge(sysfs, 1, 2 * MIB), 6 * MIB);
	put("kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "\n");
	assert_int_equal(numanode_free_huge(sysfs, -1, GIB), 0);
}

static void test_free_small_pages(void **state)
{
	put("devices/system/node/node1/meminfo",
	    "Node 1 MemTotal:       1000 kB\n"
	    "Node 1 MemFree:         300 kB\n"
	    "Node 1 Active(file):    200 kB\n"
	    "Node 1 Inactive(file):  100 kB\n");
	assert_int_equal(numanode_free_bytes(sysfs, 1, 4 * KIB), 400 * KIB);
	assert_int_equal(numanode_free_bytes(sysfs, 0, 4 * KIB), 0);
}

/* Of the machine that runs the test only this is known: it has a first node, or none at all. */
static void test_of_this_machine(void **state)
{
	size_t size = 64 * KIB;
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char where[64];

	assert_ptr_not_equal(base, MAP_FAILED);
	assert_false(numanode_is_there(-1));
	assert_false(numanode_is_there(NUMANODE_MAX));
	if (numanode_is_there(0))
		assert_int_equal(numanode_place(base, size, 0, false), 0);
	memset(base, 1, size);
	assert_ptr_equal(numanode_where(where, sizeof(where), base, size), where);
	munmap(base, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_adapter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_firmware_does_not_tell, setup, teardown),
		cmocka_unit_test_setup_teardown(test_software_device_is_where_its_interface_is,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_interface_without_a_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_virtio_interface, setup, teardown),
		cmocka_unit_test(test_common),
		cmocka_unit_test_setup_teardown(test_free_huge_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_small_pages, setup, teardown),
		cmocka_unit_test(test_of_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
