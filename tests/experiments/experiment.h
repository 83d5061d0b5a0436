/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs of tools/experiments share: options, the clock, and what they print. */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include "workset.h"

/**
 * struct experiment - what the command line says
 * @bytes: to work on, about
 * @seed: of all that is random
 */
struct experiment {
	size_t bytes;
	uint64_t seed;
};

/* --size and --seed; what is wrong, and --help, ends the program. @what: it does, in a line. */
void experiment_parse(struct experiment *e, int argc, char **argv, const char *what);

/* Memory for @nr elements of @size bytes, zeroed, without huge pages. */
void *experiment_memory(size_t nr, size_t size);

double experiment_clock(void);

/* The checksum of all words up to @word, in their order. */
uint64_t experiment_sum(uint64_t sum, uint64_t word);

/* The result: lines NAME=VALUE. */
void experiment_print(double seconds, uint64_t checksum);

#endif
