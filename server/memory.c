// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"
#include "memory.h"
#include "numanode.h"
#include "rlimits.h"
#include "stop.h"
#include "util.h"

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT		26
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

#define PAGE_4K		(4 * KIB)
#define PAGE_2M		(2 * MIB)
#define PAGE_1G		GIB

/*
 * What is registered is pinned, and the kernel counts that against RLIMIT_MEMLOCK apart from
 * what is locked: the pool once more, and besides it per session 96 KiB of message buffers and
 * the queues of its queue pairs, which many devices keep in memory of ours, some KiB each.
 */
#define MEMLOCK_MARGIN	(64 * MIB)

#define TOUCH_SLICE	(64 * MIB)
#define TOUCH_THREADS	8

static int __attribute__((format(printf, 4, 5)))
fail(char *why, size_t why_size, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return err;
}

/* Reads a small file whole; an empty string when it cannot be read. */
static void slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd >= 0) {
		while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
			len += n;
		close(fd);
	}
	buf[len] = '\0';
}

/* A line of /proc/meminfo; UINT64_MAX if it is not there. */
static uint64_t meminfo_value(const char *meminfo, const char *name)
{
	const char *line = strstr(meminfo, name);
	uint64_t kib;

	if (!line || sscanf(line + strlen(name), ": %" SCNu64 " kB", &kib) != 1)
		return UINT64_MAX;
	return kib << 10;
}

uint64_t memory_parse_available(const char *meminfo)
{
	return meminfo_value(meminfo, "MemAvailable");
}

/* Where a version of the control groups has its files, and how they are called. */
struct cgroup_kind {
	const char *controller;		/* as in /proc/self/cgroup */
	const char *mount;
	const char *limit, *usage;
};

static const struct cgroup_kind cgroup_kinds[] = {
	{ "", "/sys/fs/cgroup", "memory.max", "memory.current" },
	{ "memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes" },
};

static bool read_number(const char *mount, const char *group, const char *file, uint64_t *number)
{
	char path[4096], text[64];

	snprintf(path, sizeof(path), "%s%.3000s/%s", mount, group, file);
	slurp(path, text, sizeof(text));
	/* "max" is no number, and a root group has no such file. */
	return sscanf(text, "%" SCNu64, number) == 1;
}

/* The least that a group or one above it has left; @group is cut to pieces. */
static uint64_t cgroup_left(const struct cgroup_kind *kind, char *group)
{
	uint64_t least = UINT64_MAX, max, current;

	for (;;) {
		/* The root in a container may well be a group with a limit. */
		if (!strcmp(group, "/"))
			*group = '\0';
		if (read_number(kind->mount, group, kind->limit, &max)) {
			if (!read_number(kind->mount, group, kind->usage, &current))
				current = 0;
			max = max > current ? max - current : 0;
			if (max < least)
				least = max;
		}
		if (!*group)
			return least;
		*strrchr(group, '/') = '\0';
	}
}

static bool is_listed(const char *name, const char *list)
{
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (len == strlen(name) && !strncmp(list, name, len))
			return true;
		if (!list[len])
			return false;
	}
}

/*
 * What the control groups that we are in still let us have. Their limits are
 * enforced by the OOM killer, so finding out by trying is not an option.
 */
static uint64_t cgroup_available(void)
{
	char text[4096], *rest = text, *line, *controllers;
	uint64_t least = UINT64_MAX, left;
	size_t i;

	slurp("/proc/self/cgroup", text, sizeof(text));
	/* number:controllers:/group */
	while ((line = strsep(&rest, "\n"))) {
		if (!strsep(&line, ":"))
			continue;
		controllers = strsep(&line, ":");
		if (!line || *line != '/')
			continue;
		for (i = 0; i < ARRAY_SIZE(cgroup_kinds); i++) {
			if (!is_listed(cgroup_kinds[i].controller, controllers))
				continue;
			left = cgroup_left(&cgroup_kinds[i], line);
			if (left < least)
				least = left;
			break;
		}
	}
	return least;
}

/* With vm.overcommit_memory=2 no more can be mapped than this, used or not. */
static uint64_t commit_available(const char *meminfo)
{
	uint64_t limit = meminfo_value(meminfo, "CommitLimit");
	uint64_t used = meminfo_value(meminfo, "Committed_AS");
	char mode[16];

	slurp("/proc/sys/vm/overcommit_memory", mode, sizeof(mode));
	if (*mode != '2' || limit == UINT64_MAX || used == UINT64_MAX)
		return UINT64_MAX;
	return limit > used ? limit - used : 0;
}

/* How much of small pages can be had, and in words what sets that limit. */
static uint64_t small_available(const char **limit)
{
	uint64_t available, other;
	char meminfo[4096];

	slurp("/proc/meminfo", meminfo, sizeof(meminfo));
	available = memory_parse_available(meminfo);
	*limit = "";
	other = cgroup_available();
	if (other < available) {
		available = other;
		*limit = " in its control group";
	}
	other = commit_available(meminfo);
	if (other < available) {
		available = other;
		*limit = " with vm.overcommit_memory=2";
	}
	/* Page tables, the lists of pages of the registrations, and some air. */
	if (available != UINT64_MAX)
		available -= available / 32;
	return available;
}

/* Words for a size that would do, if there is one. */
static const char *suggestion(char *buf, size_t size, uint64_t available, uint64_t chunk_size)
{
	uint64_t unit = chunk_size;

	/* Unless told otherwise small pools have small chunks, and large ones look better round. */
	if (!unit)
		unit = available >= GIB ? 64 * MIB : MIB;
	available -= available % unit;
	if (available)
		snprintf(buf, size, "try --size %" PRIu64 "M", available >> 20);
	else
		snprintf(buf, size, "that is less than %s", chunk_size ? "--chunk-size" : "1 MiB");
	return buf;
}

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

/* May it be had from the node that is the only one allowed? A lack would show as a signal later. */
static bool node_has(const struct config *cfg, uint64_t size, size_t page_size)
{
	return cfg->numa < 0 || !cfg->numa_strict ||
	       numanode_free_bytes("/sys", cfg->numa, page_size) >= size;
}

static int map_huge(struct memory *mem, const struct config *cfg, size_t page_size)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
		    __builtin_ctzll(page_size) << MAP_HUGE_SHIFT;
	uint64_t size = round_up(cfg->size, page_size);

	if (!node_has(cfg, size, page_size))
		return ENOMEM;
	/* Takes the pages out of the free ones at once, so that touching cannot fail. */
	mem->base = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (mem->base == MAP_FAILED) {
		mem->base = NULL;
		return errno;
	}
	mem->size = size;
	mem->page_size = page_size;
	mem->kind = page_size == PAGE_1G ? "1 GiB huge pages" : "2 MiB huge pages";
	return 0;
}

static int map_small(struct memory *mem, const struct config *cfg, bool more, char *why,
		     size_t why_size)
{
	uint64_t size = cfg->size, available;
	char wanted[32], text[32], advice[64];
	const char *limit;

	available = small_available(&limit);
	if (!node_has(cfg, size, PAGE_4K)) {
		available = numanode_free_bytes("/sys", cfg->numa, PAGE_4K);
		limit = " on that node";
	}
	if (size > available && more)
		return fail(why, why_size, ENOMEM, "%s more do not fit, %s are available%s",
			    config_size_text(wanted, sizeof(wanted), size),
			    config_size_text(text, sizeof(text), available), limit);
	if (size > available)
		return fail(why, why_size, ENOMEM, "--size: %s do not fit, %s are available%s; %s",
			    config_size_text(wanted, sizeof(wanted), size),
			    config_size_text(text, sizeof(text), available), limit,
			    suggestion(advice, sizeof(advice), available, cfg->asked_chunk));

	mem->base = mmap(NULL, size + PAGE_2M, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem->base == MAP_FAILED) {
		mem->base = NULL;
		return fail(why, why_size, errno, "cannot map %s: %s",
			    config_size_text(wanted, sizeof(wanted), size), strerror(errno));
	}
	/* Only aligned memory can become huge pages: cut off what does not fit. */
	{
		uintptr_t start = (uintptr_t)mem->base, aligned = round_up(start, PAGE_2M);

		if (aligned > start)
			munmap(mem->base, aligned - start);
		if (start + PAGE_2M > aligned)
			munmap((void *)(aligned + size), start + PAGE_2M - aligned);
		mem->base = (void *)aligned;
	}
	mem->size = size;
	mem->page_size = PAGE_4K;
	mem->kind = "4 KiB pages";
	if (cfg->huge == HUGE_TRY && !madvise(mem->base, size, MADV_HUGEPAGE))
		mem->kind = "transparent huge pages where the kernel has them";
	else
		madvise(mem->base, size, MADV_NOHUGEPAGE);
	return 0;
}

static int map_pages(struct memory *mem, const struct config *cfg, const struct memory_more *more,
		     char *why, size_t why_size)
{
	enum config_huge huge = cfg->huge;
	uint64_t size = cfg->size;
	char wanted[32], small[32], big[32];

	if (more && more->page_size == PAGE_4K)
		return map_small(mem, cfg, true, why, why_size);
	if (more)
		huge = more->page_size == PAGE_1G ? HUGE_1G : HUGE_2M;
	if ((huge == HUGE_1G || ((huge == HUGE_YES || huge == HUGE_TRY) && !(size % PAGE_1G))) &&
	    !map_huge(mem, cfg, PAGE_1G))
		return 0;
	if ((huge == HUGE_2M || huge == HUGE_YES || huge == HUGE_TRY) &&
	    !map_huge(mem, cfg, PAGE_2M))
		return 0;
	if (huge == HUGE_TRY || huge == HUGE_NO)
		return map_small(mem, cfg, false, why, why_size);
	return fail(why, why_size, ENOMEM,
		    "--hugepages: not enough are free for %s (there are %s of 2 MiB, %s of 1 GiB)",
		    config_size_text(wanted, sizeof(wanted), size),
		    config_size_text(small, sizeof(small), numanode_free_huge("/sys", -1, PAGE_2M)),
		    config_size_text(big, sizeof(big), numanode_free_huge("/sys", -1, PAGE_1G)));
}

/* Shared by the threads that touch the memory. */
struct touch {
	unsigned char *base;
	size_t size, page_size;
	const atomic_bool *cancel;	/* NULL: there is none */
	atomic_size_t next;	/* first byte that no thread has taken yet */
	atomic_size_t done;
	atomic_int err;
};

static bool is_cancelled(const struct touch *t)
{
	return stop_wanted() || (t->cancel && atomic_load(t->cancel));
}

static void *touch_slices(void *arg)
{
	struct touch *t = arg;
	size_t start, len, at;

	while (!atomic_load(&t->err)) {
		if (is_cancelled(t)) {
			atomic_store(&t->err, ECANCELED);
			break;
		}
		start = atomic_fetch_add(&t->next, TOUCH_SLICE);
		if (start >= t->size)
			break;
		len = t->size - start < TOUCH_SLICE ? t->size - start : TOUCH_SLICE;
		if (madvise(t->base + start, len, MADV_POPULATE_WRITE)) {
			/* EINVAL: a kernel before 5.14, or a slice of a 1 GiB page. */
			if (errno != EINVAL) {
				atomic_store(&t->err, errno);
				break;
			}
			for (at = start; at < start + len && !is_cancelled(t); at += PAGE_4K)
				*(volatile unsigned char *)(t->base + at) = 0;
		}
		atomic_fetch_add(&t->done, len);
	}
	return NULL;
}

static int touch(struct memory *mem, const struct memory_more *more)
{
	struct touch t = {
		.base = mem->base,
		.size = mem->size,
		.page_size = mem->page_size,
		.cancel = more ? more->cancel : NULL,
	};
	uint64_t start = now_ms(), told = start;
	pthread_t threads[TOUCH_THREADS];
	long wanted = sysconf(_SC_NPROCESSORS_ONLN);
	char done[32], all[32];
	int i, nr = 0;

	if (wanted > TOUCH_THREADS)
		wanted = TOUCH_THREADS;
	/* Clients are being served meanwhile. */
	if (more)
		wanted = 1;
	while (nr < wanted && !pthread_create(&threads[nr], NULL, touch_slices, &t))
		nr++;
	if (!nr)
		touch_slices(&t);
	while (nr && atomic_load(&t.done) < t.size && !atomic_load(&t.err)) {
		const struct timespec tick = { .tv_nsec = 2000000 };

		nanosleep(&tick, NULL);
		if (now_ms() - told < 1000)
			continue;
		told = now_ms();
		log_info("preparing memory: %s of %s",
			 config_size_text(done, sizeof(done), atomic_load(&t.done)),
			 config_size_text(all, sizeof(all), t.size));
	}
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	log_dbg("touched %s in %" PRIu64 " ms", config_size_text(all, sizeof(all), t.size),
		now_ms() - start);
	return atomic_load(&t.err);
}

/*
 * Will the limit do for the pool and what is registered besides it? Found out by locking so
 * much address space, which costs nothing as no page is there yet: that is right also where
 * the limit does not apply to us, or others of this process have locked memory.
 */
static int try_lock(size_t size)
{
	void *space = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			   -1, 0);
	int err = 0;

	if (space == MAP_FAILED)
		return 0;
	if (mlock2(space, size, MLOCK_ONFAULT))
		err = errno;
	munmap(space, size);
	return err;
}

int memory_map(struct memory *mem, const struct config *cfg, const struct memory_more *more,
	       char *why, size_t why_size)
{
	const uint64_t locked = more ? more->locked : 0;
	char wanted[32], allowed[32];
	uint64_t limit;
	int err;

	memset(mem, 0, sizeof(*mem));
	err = map_pages(mem, cfg, more, why, why_size);
	if (err)
		return err;

	if (cfg->numa >= 0) {
		err = numanode_place(mem->base, mem->size, cfg->numa, cfg->numa_strict);
		if (err) {
			fail(why, why_size, err, "--numa: cannot take memory from node %d: %s",
			     cfg->numa, strerror(err));
			goto err_unmap;
		}
	}
	madvise(mem->base, mem->size, MADV_DONTDUMP);
	madvise(mem->base, mem->size, MADV_DONTFORK);
	/*
	 * Lock before touching: a limit that is too low shows at once and not after
	 * half of the memory was filled. Huge pages of the pool never leave anyway,
	 * but registering them counts against the same limit, so ask for them too.
	 */
	limit = rlimits_raise(RLIMIT_MEMLOCK, locked + mem->size + MEMLOCK_MARGIN);
	err = try_lock(mem->size + MEMLOCK_MARGIN);
	if (!err && mlock2(mem->base, mem->size, MLOCK_ONFAULT))
		err = errno;
	if (err) {
		fail(why, why_size, err,
		     "cannot lock %s: RLIMIT_MEMLOCK is %s; raise it with ulimit -l %" PRIu64
		     " or LimitMEMLOCK= in the unit",
		     config_size_text(wanted, sizeof(wanted), mem->size),
		     config_size_text(allowed, sizeof(allowed), limit),
		     (uint64_t)(locked + mem->size + MEMLOCK_MARGIN) >> 10);
		goto err_unmap;
	}
	err = touch(mem, more);
	if (err == ECANCELED) {
		fail(why, why_size, err, "told to stop");
		goto err_unmap;
	}
	if (err) {
		fail(why, why_size, err, "cannot get %s of memory: %s",
		     config_size_text(wanted, sizeof(wanted), mem->size), strerror(err));
		goto err_unmap;
	}
	numanode_where(mem->where, sizeof(mem->where), mem->base, mem->size);
	return 0;

err_unmap:
	memory_unmap(mem);
	return err;
}

int memory_release(struct memory *mem, size_t offset, size_t size)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;

	/* It takes the place of what memory_unmap() unmaps. */
	/* cppcheck-suppress leakReturnValNotUsed */
	if (mmap((char *)mem->base + offset, size, PROT_NONE, flags, -1, 0) == MAP_FAILED)
		return errno;
	return 0;
}

void memory_unmap(struct memory *mem)
{
	if (mem->base)
		munmap(mem->base, mem->size);
	mem->base = NULL;
}
