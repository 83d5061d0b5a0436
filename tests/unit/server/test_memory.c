// SPDX-License-Identifier: GPL-2.0-only
/* Getting the memory, with the kernel saying no at every point. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory.h"
#include "stop.h"
#include "util.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

static int mmap_errno, huge_errno, lock_errno, populate_errno;
static int space_errno, populate_signal;
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
	int err = flags & MAP_HUGETLB ? huge_errno : mmap_errno;
	void *p;

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
	p = __real_mmap(addr, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, fd, off);
	if (p != MAP_FAILED)
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
	if (advice == MADV_POPULATE_WRITE && populate_signal) {
		/* To the process, as kill(1) sends it; whichever thread gets it. */
		assert_int_equal(kill(getpid(), populate_signal), 0);
		populate_signal = 0;
	}
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

static int setup(void **state)
{
	populate_signal = 0;
	mmap_errno = space_errno = lock_errno = populate_errno = 0;
	lock_limit = SIZE_MAX;
	huge_errno = ENOMEM;
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

	assert_int_equal(memory_map(&mem, 3 * MIB, HUGE_NO, why, sizeof(why)), 0);
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

	assert_int_equal(memory_map(&mem, 3 * MIB, HUGE_TRY, why, sizeof(why)), 0);
	assert_int_equal(huge_maps, 1);
	assert_int_equal(small_maps, 1);
	memory_unmap(&mem);

	huge_errno = 0;
	assert_int_equal(memory_map(&mem, 3 * MIB, HUGE_TRY, why, sizeof(why)), 0);
	assert_string_equal(mem.kind, "2 MiB huge pages");
	assert_int_equal(mem.size, 4 * MIB);
	/* They never leave, but registering them counts against the limit. */
	assert_int_equal(locks, 4);
	check_zero(&mem);
	memory_unmap(&mem);

	assert_int_equal(memory_map(&mem, 3 * MIB, HUGE_2M, why, sizeof(why)), 0);
	assert_int_equal(mem.page_size, 2 * MIB);
	memory_unmap(&mem);
}

static void huge_pages_or_nothing(void **state)
{
	static const enum config_huge kinds[] = { HUGE_YES, HUGE_2M, HUGE_1G };
	struct memory mem;
	char why[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_int_equal(memory_map(&mem, 4 * MIB, kinds[i], why, sizeof(why)), ENOMEM);
		assert_non_null(strstr(why, "--hugepages: not enough are free for 4 MiB"));
		assert_null(mem.base);
	}
	assert_int_equal(small_maps, 0);
	/* 1 GiB only where it does not waste most of a page unasked. */
	assert_int_equal(huge_maps, 3);
}

static void does_not_fit(void **state)
{
	struct memory mem;
	char why[256];

	assert_int_equal(memory_map(&mem, 1ull << 50, HUGE_NO, why, sizeof(why)), ENOMEM);
	assert_non_null(strstr(why, "1024 TiB do not fit"));
	assert_non_null(strstr(why, "try --size "));
	assert_int_equal(small_maps, 0);
}

static void mapping_fails(void **state)
{
	struct memory mem;
	char why[256];

	mmap_errno = ENOMEM;
	assert_int_equal(memory_map(&mem, 4 * MIB, HUGE_NO, why, sizeof(why)), ENOMEM);
	assert_non_null(strstr(why, "cannot map 4 MiB"));
	assert_null(mem.base);
}

static void locking_fails(void **state)
{
	struct memory mem;
	char why[256];

	lock_errno = ENOMEM;
	assert_int_equal(memory_map(&mem, 4 * MIB, HUGE_TRY, why, sizeof(why)), ENOMEM);
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
		assert_int_equal(memory_map(&mem, 4 * MIB, kinds[i], why, sizeof(why)), ENOMEM);
		assert_non_null(strstr(why, "ulimit -l 69632"));
		assert_null(mem.base);
		lock_limit = 68 * MIB;
		assert_int_equal(memory_map(&mem, 4 * MIB, kinds[i], why, sizeof(why)), 0);
		memory_unmap(&mem);
	}
	/* Without address space to try it with there is no reason to refuse. */
	space_errno = ENOMEM;
	lock_limit = 4 * MIB;
	assert_int_equal(memory_map(&mem, 4 * MIB, HUGE_NO, why, sizeof(why)), 0);
	memory_unmap(&mem);
}

static void touching_fails(void **state)
{
	struct memory mem;
	char why[256];

	populate_errno = EFAULT;
	assert_int_equal(memory_map(&mem, 200 * MIB, HUGE_NO, why, sizeof(why)), EFAULT);
	assert_non_null(strstr(why, "cannot get 200 MiB"));
	assert_null(mem.base);
}

static void kernel_that_cannot_populate(void **state)
{
	struct memory mem;
	char why[256];

	populate_errno = EINVAL;
	assert_int_equal(memory_map(&mem, 3 * MIB, HUGE_NO, why, sizeof(why)), 0);
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
		assert_int_equal(memory_map(&mem, 200 * MIB, HUGE_NO, why, sizeof(why)),
				 ECANCELED);
		assert_null(mem.base);

		stop_watch();
		populate_errno = i ? EINVAL : 0;
		populate_signal = numbers[i];
		assert_int_equal(memory_map(&mem, 512 * MIB, HUGE_NO, why, sizeof(why)),
				 ECANCELED);
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
		TEST(huge_pages_or_nothing),
		TEST(does_not_fit),
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
