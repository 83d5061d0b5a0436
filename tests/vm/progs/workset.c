// SPDX-License-Identifier: GPL-2.0-only
#include "workset.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE	(2ul << 20)

void die(int code, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(code);
}

unsigned long number(const char *what, const char *text, unsigned long min, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || !isdigit((unsigned char)*text) || *end || value < min || value > max)
		die(EXIT_USAGE, "%s: '%s' is not a number from %lu to %lu", what, text, min, max);
	return value;
}

uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ull;
	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ull;
	return x ^ (x >> 32);
}

uint64_t random_below(uint64_t *seed, uint64_t n)
{
	*seed += 0x9e3779b97f4a7c15ull;
	return mix(*seed) % n;
}

uint64_t later_word(uint64_t base, unsigned int i)
{
	uint64_t x = (base + i) * 0x9fb21c651e98df25ull;

	return x ^ (x >> 29);
}

void *locked_memory(size_t size, bool lock)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || (lock && mlock(p, size)))
		die(EXIT_TROUBLE, "cannot lock %zu KiB: %s", size >> 10, strerror(errno));
	return p;
}

uint64_t *map_working_set(uint32_t pages, int flags, bool thp)
{
	size_t size = (size_t)pages * PAGE;
	char *p = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die(EXIT_TROUBLE, "cannot map %zu MiB: %s", size >> 20, strerror(errno));
	p += -(uintptr_t)p & (HUGE_PAGE - 1);
	if (madvise(p, size, thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) && thp)
		die(EXIT_TROUBLE, "no transparent huge pages: %s", strerror(errno));
	return (uint64_t *)p;
}

void start_thread(pthread_t *thread, char *stacks, unsigned int i, void *(*work)(void *),
		  void *arg)
{
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	err = pthread_attr_setstack(&attr, stacks + i * STACK, STACK);
	if (!err)
		err = pthread_create(thread, &attr, work, arg);
	if (err)
		die(EXIT_TROUBLE, "cannot start a thread: %s", strerror(err));
	pthread_attr_destroy(&attr);
}
