/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SWAPLOAD_H
#define SWAPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "workset.h"

enum operation {
	FILL,
	READ,
	WRITE,
	VERIFY,
	HOLD,
	NR_OPERATIONS
};

enum order {
	SEQUENTIAL,
	BACKWARD,
	RANDOM,
	STRIDED,
	ZIPF,
	NR_ORDERS
};

struct phase {
	enum operation operation;
	enum order order;
	uint32_t count;
	unsigned int threads;
	int cluster;		/* -1: as it is */
	bool quiet;
	char label[32];
};

/* A power of two is cut in HISTOGRAM_SUB buckets; the first holds all below HISTOGRAM_SUB ns. */
#define HISTOGRAM_SHIFT	4u
#define HISTOGRAM_SUB	(1u << HISTOGRAM_SHIFT)
#define HISTOGRAM_SIZE	(HISTOGRAM_SUB * 40u)

struct histogram {
	uint32_t count[HISTOGRAM_SIZE];
	uint64_t sum;
};

/* What the kernel counts for a thread. */
struct usage {
	uint64_t major_faults;
	uint64_t minor_faults;
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
	uint64_t user_us;
	uint64_t system_us;
};

/* report.c */
void histogram_clear(struct histogram *histogram);
void histogram_add(struct histogram *histogram, uint64_t ns);
void histogram_merge(struct histogram *histogram, const struct histogram *other);
void usage_now(struct usage *usage);
void usage_add(struct usage *usage, const struct usage *other);
void usage_subtract(struct usage *usage, const struct usage *before);
void print_phase(const struct phase *phase, unsigned long accesses, const struct usage *usage,
		 const struct histogram *histogram);

/* counters.c: what is read of files around a phase */
void counters_add_file(const char *text);
void counters_add_process(const char *text);
void counters_add_own(void);
void counters_begin(void);
void counters_end(void);
void counters_print(void);

/* phase.c */
void parse_phase(const char *text, struct phase *phase, unsigned int max_threads);
const char *operation_name(enum operation operation);
const char *order_name(enum order order);

#endif
