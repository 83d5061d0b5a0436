// SPDX-License-Identifier: GPL-2.0-only
/* Getting the memory, with the kernel saying no at every point. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_files.h"
#include "fake_numanode.h"
#include "memory.h"
#include "numanode.h"
#include "stop.h"
#include "util.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

static int mmap_errno, huge_errno, giant_errno, lock_errno, populate_errno;
static int space_errno;
static atomic_int populate_signal;	/* looked at by the threads that touch */
static bool populate_nothing;
static size_t lock_limit;
static unsigned int huge_maps, small_maps, locks, unmaps;
static size_t mapped;

void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
int __real_munmap(void *addr, size_t len);
int __wrap_munmap(void *addr, size_t len);
int __real_madvise(void *addr, size_t len, int advice);
int __wrap_madvise(void *addr, size_t len, int advice);
int __wrap_mlock2(const void *addr, size_t len, unsigned int flags);

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	int err = mmap_errno;
	void *p;

	if (flags & MAP_HUGETLB)
		err = (flags >> 26 & 63) == 30 ? giant_errno : huge_errno;
	/* Address space, to try what may be locked. */
	if (prot == PROT_NONE)
		err = space_errno;
	else if (flags & MAP_HUGETLB)
		huge_maps++;
	else
		small_maps++;
	if (err) {
		errno = err;
		return MAP_FAILED;
	}
	/* Huge pages are played with small ones. */
	p = __real_mmap(addr, len, prot,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (flags & MAP_FIXED), fd, off);
	if (p != MAP_FAILED && !(flags & MAP_FIXED))
		mapped += len;
	return p;
}

int __wrap_munmap(void *addr, size_t len)
{
	unmaps++;
	mapped -= len;
	return __real_munmap(addr, len);
}

int __wrap_madvise(void *addr, size_t len, int advice)
{
	if (advice == MADV_POPULATE_WRITE) {
		int number = atomic_exchange(&populate_signal, 0);

		/* To the process, as kill(1) sends it; whichever thread gets it. */
		if (number)
			assert_int_equal(kill(getpid(), number), 0);
	}
	/* More than a test should take. */
	if (advice == MADV_POPULATE_WRITE && populate_nothing)
		return 0;
	if (advice == MADV_POPULATE_WRITE && populate_errno) {
		errno = populate_errno;
		return -1;
	}
	return __real_madvise(addr, len, advice);
}

int __wrap_mlock2(const void *addr, size_t len, unsigned int flags)
{
	locks++;
	assert_int_equal(flags, MLOCK_ONFAULT);
	if (lock_errno || len > lock_limit) {
		errno = lock_errno ? lock_errno : ENOMEM;
		return -1;
	}
	return 0;
}

static uint64_t chunk_size;
static int node;
static bool strict;

static int map(struct memory *mem, uint64_t size, enum config_huge huge, char why[256])
{
	const struct config cfg = {
		.size = size,
		.huge = huge,
		.asked_chunk = chunk_size,
		.numa = node,
		.numa_strict = strict,
	};

	return memory_map(mem, &cfg, NULL, why, 256);
}

static int setup(void **state)
{
	populate_signal = 0;
	files = NULL;
	chunk_size = 0;
	node = NUMANODE_OFF;
	strict = false;
	placed_node = -1;
	node_place_errno = 0;
	node_free_small = node_free_2m = node_free_1g = 0;
	mmap_errno = space_errno = lock_errno = populate_errno = 0;
	lock_limit = SIZE_MAX;
	huge_errno = giant_errno = ENOMEM;
	populate_nothing = false;
	huge_maps = small_maps = locks = unmaps = 0;
	mapped = 0;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(mapped, 0);
	return 0;
}

static void check_zero(const struct memory *mem)
{
	size_t at;

	for (at = 0; at < mem->size; at += 4096)
		assert_int_equal(((unsigned char *)mem->base)[at], 0);
}

static void small_pages(void **state)
{
	struct memory mem;
	char why[256];

	assert_int_equal(map(&mem, 3 * MIB, HUGE_NO, why), 0);
	assert_int_equal(huge_maps, 0);
	assert_int_equal(locks, 2);
	assert_int_equal(mem.size, 3 * MIB);
	assert_int_equal((uintptr_t)mem.base % (2 * MIB), 0);
	assert_int_equal(mapped, mem.size);
	check_zero(&mem);
	memory_unmap(&mem);
	memory_unmap(&mem);
}

static void tries_huge_pages_first(void **state)
{
	struct memory mem;
	char why[256];

	assert_int_equal(map(&mem, 3 * MIB, HUGE_TRY, why), 0);
	assert_int_equal(huge_maps, 1);
	assert_int_equal(small_maps, 1);
	memory_unmap(&mem);

	huge_errno = 0;
	assert_int_equal(map(&mem, 3 * MIB, HUGE_TRY, why), 0);
	assert_string_equal(mem.kind, "2 MiB huge pages");
	assert_int_equal(mem.size, 4 * MIB);
	/* They never leave, but registering them counts against the limit. */
	assert_int_equal(locks, 4);
	check_zero(&mem);
	memory_unmap(&mem);

	assert_int_equal(map(&mem, 3 * MIB, HUGE_2M, why), 0);
	assert_int_equal(mem.page_size, 2 * MIB);
	memory_unmap(&mem);
}

/* Pages as those that there are, whatever else there is. */
static void more_of_the_same(void **state)
{
	static const size_t sizes[] = { 4096, 2 * MIB, GIB };
	atomic_bool cancel = false;
	struct memory_more more = { .locked = 8 * MIB, .cancel = &cancel };
	struct config cfg = { .size = 3 * MIB, .huge = HUGE_TRY, .numa = NUMANODE_OFF };
	struct memory mem;
	char why[256];
	size_t i;

	populate_nothing = true;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		more.page_size = sizes[i];
		huge_errno = giant_errno = 0;
		assert_int_equal(memory_map(&mem, &cfg, &more, why, sizeof(why)), 0);
		assert_int_equal(mem.page_size, sizes[i]);
		memory_unmap(&mem);
		huge_errno = giant_errno = ENOMEM;
		assert_int_equal(memory_map(&mem, &cfg, &more, why, sizeof(why)),
				 i ? ENOMEM : 0);
		memory_unmap(&mem);
	}
	/* It is not wanted any more. */
	more.page_size = 4096;
	cancel = true;
	assert_int_equal(memory_map(&mem, &cfg, &more, why, sizeof(why)), ECANCELED);
	assert_null(mem.base);
	/* There is no more of it. */
	cancel = false;
	files = (const struct file[]) { { "/proc/meminfo", "MemAvailable: 2048 kB\n" }, { 0 } };
	assert_int_equal(memory_map(&mem, &cfg, &more, why, sizeof(why)), ENOMEM);
	assert_string_equal(why, "3 MiB more do not fit, 1.9 MiB are available");
}

static void given_back_in_parts(void **state)
{
	struct memory mem;
	char why[256];

	assert_int_equal(map(&mem, 4 * MIB, HUGE_NO, why), 0);
	memset(mem.base, 0x5a, mem.size);
	assert_int_equal(memory_release(&mem, MIB, 2 * MIB), 0);
	/* What is beside it is as it was. */
	assert_int_equal(((unsigned char *)mem.base)[MIB - 1], 0x5a);
	assert_int_equal(((unsigned char *)mem.base)[3 * MIB], 0x5a);
	space_errno = ENOMEM;
	assert_int_equal(memory_release(&mem, 0, MIB), ENOMEM);
	assert_int_equal(((unsigned char *)mem.base)[0], 0x5a);
	memory_unmap(&mem);
}

static void huge_pages_are_had(void **state)
{
	static const struct {
		uint64_t size;
		enum config_huge huge;
		int giant_errno, huge_errno;
		unsigned int maps;
		size_t page_size;
	} cases[] = {
		{ 2 * GIB, HUGE_1G, 0, ENOMEM, 1, GIB },
		/* Rounded up when asked for in so many words only. */
		{ 3 * MIB, HUGE_1G, 0, ENOMEM, 1, GIB },
		{ 3 * MIB, HUGE_YES, 0, 0, 1, 2 * MIB },
		{ 2 * GIB, HUGE_YES, 0, 0, 1, GIB },
		{ 2 * GIB, HUGE_TRY, 0, 0, 1, GIB },
		/* The next best. */
		{ 2 * GIB, HUGE_YES, ENOMEM, 0, 2, 2 * MIB },
		{ 2 * GIB, HUGE_TRY, EINVAL, 0, 2, 2 * MIB },
		{ 2 * GIB, HUGE_2M, 0, 0, 1, 2 * MIB },
	};
	struct memory mem;
	char why[256];
	size_t i;

	populate_nothing = true;
	/* Reserved pages do not count as available memory, so that this is not asked. */
	files = (const struct file[]) { { "/proc/meminfo", "MemAvailable: 0 kB\n" }, { 0 } };
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		giant_errno = cases[i].giant_errno;
		huge_errno = cases[i].huge_errno;
		huge_maps = 0;
		assert_int_equal(map(&mem, cases[i].size, cases[i].huge, why), 0);
		assert_int_equal(huge_maps, cases[i].maps);
		assert_int_equal(mem.page_size, cases[i].page_size);
		assert_true(mem.size >= cases[i].size);
		assert_int_equal(mem.size % mem.page_size, 0);
		assert_string_equal(mem.kind, mem.page_size == GIB ? "1 GiB huge pages" :
								     "2 MiB huge pages");
		assert_int_equal(mapped, mem.size);
		memory_unmap(&mem);
	}
	assert_int_equal(small_maps, 0);
}

static void huge_pages_missing(void **state)
{
	struct memory mem;
	char why[256];

	node_free_2m = 6 * MIB;
	node_free_1g = GIB;
	assert_int_equal(map(&mem, 8 * MIB, HUGE_2M, why), ENOMEM);
	assert_non_null(strstr(why, "for 8 MiB (there are 6 MiB of 2 MiB, 1 GiB of 1 GiB)"));
}

static void huge_pages_or_nothing(void **state)
{
	static const enum config_huge kinds[] = { HUGE_YES, HUGE_2M, HUGE_1G };
	struct memory mem;
	char why[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_int_equal(map(&mem, 4 * MIB, kinds[i], why), ENOMEM);
		assert_non_null(strstr(why, "--hugepages: not enough are free for 4 MiB"));
		assert_null(mem.base);
	}
	assert_int_equal(small_maps, 0);
	/* 1 GiB only where it does not waste most of a page unasked. */
	assert_int_equal(huge_maps, 3);
}

static void comes_from_a_node(void **state)
{
	struct memory mem;
	char why[256];

	assert_int_equal(map(&mem, 3 * MIB, HUGE_NO, why), 0);
	assert_int_equal(placed_node, -1);
	assert_string_equal(mem.where, "");
	memory_unmap(&mem);

	/* As far as it can: others step in. */
	node = 1;
	assert_int_equal(map(&mem, 3 * MIB, HUGE_NO, why), 0);
	assert_int_equal(placed_node, 1);
	assert_false(placed_strict);
	assert_string_equal(mem.where, "node 1");
	memory_unmap(&mem);

	strict = true;
	node_free_small = 3 * MIB;
	assert_int_equal(map(&mem, 3 * MIB, HUGE_NO, why), 0);
	assert_true(placed_strict);
	memory_unmap(&mem);

	node_place_errno = EPERM;
	assert_int_equal(map(&mem, 3 * MIB, HUGE_NO, why), EPERM);
	assert_non_null(strstr(why, "--numa: cannot take memory from node 1"));
	assert_null(mem.base);
}

/* What the only node that is allowed does not have would show as a signal at the first touch. */
static void node_has_too_little(void **state)
{
	struct memory mem;
	char why[256];

	node = 1;
	strict = true;
	huge_errno = giant_errno = 0;
	node_free_small = 2 * MIB;
	node_free_2m = 2 * MIB;
	assert_int_equal(map(&mem, 3 * MIB, HUGE_TRY, why), ENOMEM);
	assert_non_null(strstr(why, "2 MiB are available on that node; try --size 2M"));
	assert_int_equal(map(&mem, 3 * MIB, HUGE_2M, why), ENOMEM);
	assert_int_equal(huge_maps, 0);
	assert_int_equal(small_maps, 0);

	node_free_2m = 4 * MIB;
	assert_int_equal(map(&mem, 3 * MIB, HUGE_TRY, why), 0);
	assert_int_equal(mem.page_size, 2 * MIB);
	memory_unmap(&mem);
}

static void does_not_fit(void **state)
{
	struct memory mem;
	char why[256];

	assert_int_equal(map(&mem, 1ull << 50, HUGE_NO, why), ENOMEM);
	assert_non_null(strstr(why, "1024 TiB do not fit"));
	assert_non_null(strstr(why, "try --size "));
	assert_int_equal(small_maps, 0);
}

#define AVAILABLE(kib)	"MemAvailable: " kib " kB\n"
#define MEMINFO	"MemTotal: 9999999 kB\nMemAvailable: 8388608 kB\n" \
		"CommitLimit: 5242880 kB\nCommitted_AS: 1048576 kB\n"

static void what_fits(void **state)
{
	static const struct {
		struct file files[8];
		uint64_t chunk_size;
		const char *says;	/* NULL: 1 TiB would fit */
	} cases[] = {
		/* 31/32 of what there is, in multiples of a usual chunk. */
		{ { { "/proc/meminfo", MEMINFO } }, 0, "7.8 GiB are available; try --size 7936M" },
		{ { { "/proc/meminfo", MEMINFO } }, GIB, "; try --size 7168M" },
		{ { { "/proc/meminfo", AVAILABLE("66560") } }, 0, "; try --size 62M" },
		{ { { "/proc/meminfo", AVAILABLE("66560") } }, 64 * MIB, "less than --chunk-size" },
		{ { { "/proc/meminfo", AVAILABLE("900") } }, 0, "; that is less than 1 MiB" },
		{ { { NULL, NULL } }, 0, NULL },
		/* Version 2: the group, one above it, and what has no limit. */
		{ { { "/proc/meminfo", MEMINFO },
		    { "/proc/self/cgroup", "0::/a/b\n" },
		    { "/sys/fs/cgroup/a/b/memory.max", "4294967296\n" },
		    { "/sys/fs/cgroup/a/b/memory.current", "1073741824\n" } },
		  0,
		  "2.9 GiB are available in its control group; try --size 2944M" },
		{ { { "/proc/meminfo", MEMINFO },
		    { "/proc/self/cgroup", "1:name=systemd:/x\n0::/a/b" },
		    { "/sys/fs/cgroup/a/b/memory.max", "max\n" },
		    { "/sys/fs/cgroup/a/memory.max", "3221225472\n" } },
		  0,
		  "in its control group; try --size 2944M" },
		{ { { "/proc/meminfo", MEMINFO },
		    { "/proc/self/cgroup", "0::/\n" },
		    { "/sys/fs/cgroup/memory.max", "3221225472\n" } },
		  0,
		  "in its control group; try --size 2944M" },
		{ { { "/proc/meminfo", MEMINFO },
		    { "/proc/self/cgroup", "0::/a\n" },
		    { "/sys/fs/cgroup/a/memory.max", "1\n" },
		    { "/sys/fs/cgroup/a/memory.current", "2\n" } },
		  0,
		  "0 bytes are available in its control group; that is less" },
		{ { { "/proc/self/cgroup", "0::/a\n" },
		    { "/sys/fs/cgroup/a/memory.max", "max\n" } },
		  0,
		  NULL },
		{ { { "/proc/self/cgroup", "nonsense\n:\n::\n0:\n0::relative\n" } }, 0, NULL },
		/* Version 1, also inside a container, where the path is that of the host. */
		{ { { "/proc/meminfo", MEMINFO },
		    { "/proc/self/cgroup", "5:cpu,memory:/a\n0::/\n" },
		    { "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "4294967296\n" },
		    { "/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "1073741824\n" } },
		  0,
		  "2.9 GiB are available in its control group" },
		{ { { "/proc/meminfo", MEMINFO },
		    { "/proc/self/cgroup", "7:memory:/docker/1\n" },
		    { "/sys/fs/cgroup/memory/memory.limit_in_bytes", "3221225472\n" } },
		  0,
		  "in its control group; try --size 2944M" },
		{ { { "/proc/meminfo", MEMINFO },
		    { "/proc/self/cgroup", "7:memory:/a\n" },
		    { "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
		      "9223372036854771712\n" } },
		  0,
		  "7.8 GiB are available; " },
		/* Strict overcommit. */
		{ { { "/proc/meminfo", MEMINFO },
		    { "/proc/sys/vm/overcommit_memory", "2\n" } },
		  0,
		  "3.9 GiB are available with vm.overcommit_memory=2; try --size 3968M" },
		{ { { "/proc/meminfo", "CommitLimit: 1 kB\nCommitted_AS: 9 kB\n" },
		    { "/proc/sys/vm/overcommit_memory", "2\n" } },
		  0,
		  "0 bytes are available with vm.overcommit_memory=2; that is less" },
		{ { { "/proc/meminfo", MEMINFO },
		    { "/proc/sys/vm/overcommit_memory", "1\n" } },
		  0,
		  "7.8 GiB are available; " },
	};
	struct memory mem;
	char why[256];
	size_t i;

	/* What fits is not mapped either. */
	mmap_errno = ENOSPC;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		files = cases[i].files;
		chunk_size = cases[i].chunk_size;
		if (!map(&mem, TIB, HUGE_NO, why))
			fail_msg("case %zu was mapped", i);
		if (!strstr(why, cases[i].says ? cases[i].says : "cannot map 1 TiB"))
			fail_msg("case %zu says '%s'", i, why);
		assert_int_equal(small_maps, !cases[i].says);
		small_maps = 0;
	}
}

static void mapping_fails(void **state)
{
	struct memory mem;
	char why[256];

	mmap_errno = ENOMEM;
	assert_int_equal(map(&mem, 4 * MIB, HUGE_NO, why), ENOMEM);
	assert_non_null(strstr(why, "cannot map 4 MiB"));
	assert_null(mem.base);
}

static void locking_fails(void **state)
{
	struct memory mem;
	char why[256];

	lock_errno = ENOMEM;
	assert_int_equal(map(&mem, 4 * MIB, HUGE_TRY, why), ENOMEM);
	assert_non_null(strstr(why, "RLIMIT_MEMLOCK"));
	assert_non_null(strstr(why, "ulimit -l 69632"));
	assert_null(mem.base);
}

/* The pool alone is not all that is pinned. */
static void margin_of_the_limit(void **state)
{
	static const enum config_huge kinds[] = { HUGE_NO, HUGE_2M };
	struct memory mem;
	char why[256];
	size_t i;

	huge_errno = 0;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		lock_limit = 68 * MIB - 1;
		assert_int_equal(map(&mem, 4 * MIB, kinds[i], why), ENOMEM);
		assert_non_null(strstr(why, "ulimit -l 69632"));
		assert_null(mem.base);
		lock_limit = 68 * MIB;
		assert_int_equal(map(&mem, 4 * MIB, kinds[i], why), 0);
		memory_unmap(&mem);
	}
	/* Without address space to try it with there is no reason to refuse. */
	space_errno = ENOMEM;
	lock_limit = 4 * MIB;
	assert_int_equal(map(&mem, 4 * MIB, HUGE_NO, why), 0);
	memory_unmap(&mem);
}

static void touching_fails(void **state)
{
	struct memory mem;
	char why[256];

	populate_errno = EFAULT;
	assert_int_equal(map(&mem, 200 * MIB, HUGE_NO, why), EFAULT);
	assert_non_null(strstr(why, "cannot get 200 MiB"));
	assert_null(mem.base);
}

static void kernel_that_cannot_populate(void **state)
{
	struct memory mem;
	char why[256];

	populate_errno = EINVAL;
	assert_int_equal(map(&mem, 3 * MIB, HUGE_NO, why), 0);
	check_zero(&mem);
	memory_unmap(&mem);
}

static void told_to_stop(void **state)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	struct memory mem;
	char why[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		stop_watch();
		assert_false(stop_wanted());
		raise(numbers[i]);
		assert_true(stop_wanted());
		/* Already so before the first byte is touched. */
		assert_int_equal(map(&mem, 200 * MIB, HUGE_NO, why), ECANCELED);
		assert_null(mem.base);

		stop_watch();
		populate_errno = i ? EINVAL : 0;
		populate_signal = numbers[i];
		assert_int_equal(map(&mem, 512 * MIB, HUGE_NO, why), ECANCELED);
		assert_null(mem.base);
	}
	stop_watch();
}

static void told_twice(void **state)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		stop_watch();
		raise(SIGTERM);
		raise(SIGINT);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void meminfo(void **state)
{
	static const char full[] = "MemTotal:   8 kB\nMemFree: 2 kB\nMemAvailable:    4 kB\n";

	assert_true(memory_parse_available(full) == 4096);
	assert_true(memory_parse_available("MemTotal: 8 kB\n") == UINT64_MAX);
	assert_true(memory_parse_available("MemAvailable: what\n") == UINT64_MAX);
	assert_true(memory_parse_available("") == UINT64_MAX);
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(small_pages),
		TEST(tries_huge_pages_first),
		TEST(more_of_the_same),
		TEST(given_back_in_parts),
		TEST(huge_pages_are_had),
		TEST(huge_pages_missing),
		TEST(huge_pages_or_nothing),
		TEST(comes_from_a_node),
		TEST(node_has_too_little),
		TEST(does_not_fit),
		TEST(what_fits),
		TEST(mapping_fails),
		TEST(locking_fails),
		TEST(margin_of_the_limit),
		TEST(touching_fails),
		TEST(kernel_that_cannot_populate),
		TEST(told_to_stop),
		TEST(told_twice),
		TEST(meminfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
