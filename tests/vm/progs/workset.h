/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs share that use more memory than there is, and judge what became of it. */
#ifndef WORKSET_H
#define WORKSET_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE		4096u
#define WORDS		(PAGE / sizeof(uint64_t))
#define MAX_THREADS	64u
#ifdef __SANITIZE_THREAD__
#define STACK		(1ul << 20)	/* TSan keeps data of its own on it */
#else
#define STACK		(256ul << 10)
#endif

enum exit_code {
	EXIT_GOOD	= 0,
	EXIT_WRONG	= 1,	/* a page held what was not written to it */
	EXIT_USAGE	= 2,
	EXIT_TROUBLE	= 3,	/* a page was lost, a child died, no memory… */
};

/* Say why on standard error, and exit. */
__attribute__((noreturn, format(printf, 2, 3))) void die(int code, const char *fmt, ...);

/* A number of the command line, in plain digits; any other @text ends the program. */
unsigned long number(const char *what, const char *text, unsigned long min, unsigned long max);

/* A pseudo-random permutation of 64 bits. */
uint64_t mix(uint64_t x);
uint64_t random_below(uint64_t *seed, uint64_t n);
/* Word @i of a page whose words follow from @base; not of the first, which may be anything. */
uint64_t later_word(uint64_t base, unsigned int i);

/* Zeroed memory that stays: what the kernel swaps out must not be what we judge with. */
void *locked_memory(size_t size, bool lock);
/* Memory to swap, on a boundary of huge pages. @flags: MAP_SHARED or MAP_PRIVATE. */
uint64_t *map_working_set(uint32_t pages, int flags, bool thp);
/* Start thread @i on its part of @stacks, which is locked. */
void start_thread(pthread_t *thread, char *stacks, unsigned int i, void *(*work)(void *),
		  void *arg);

#endif
