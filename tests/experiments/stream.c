// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream: the four operations of the STREAM benchmark on three long arrays: copy,
 * scale, add, triad. What is timed is all of them, a fixed number of rounds. Elements
 * differ from each other, and what each has to be in the end is computed on its own.
 */
#include "experiment.h"

#include <string.h>

#define ROUNDS		2u
#define SCALAR		3.0

static double *a, *b, *c;
static size_t nr;

/* From 1 to 2, with all bits of the fraction. */
static double initial(uint64_t seed, size_t i)
{
	return 1 + (double)(mix(seed + i) >> 12) / (double)(1ull << 52);
}

static void do_round(void)
{
	size_t i;

	for (i = 0; i < nr; i++)
		c[i] = a[i];
	for (i = 0; i < nr; i++)
		b[i] = SCALAR * c[i];
	for (i = 0; i < nr; i++)
		c[i] = a[i] + b[i];
	for (i = 0; i < nr; i++)
		a[i] = b[i] + SCALAR * c[i];
}

static uint64_t verify(uint64_t seed)
{
	uint64_t checksum = 0, bits;
	unsigned int round;
	size_t i;

	for (i = 0; i < nr; i++) {
		double x = initial(seed, i), y = 0, z = 0;

		for (round = 0; round < ROUNDS; round++) {
			y = SCALAR * x;
			z = x + y;
			x = y + SCALAR * z;
		}
		if (a[i] != x || b[i] != y || c[i] != z)
			die(EXIT_WRONG, "WRONG DATA: element %zu", i);
		memcpy(&bits, &a[i], sizeof(bits));
		checksum = experiment_sum(checksum, bits);
	}
	return checksum;
}

int main(int argc, char **argv)
{
	struct experiment e;
	double seconds;
	unsigned int round;
	uint64_t seed;
	size_t i;

	experiment_parse(&e, argc, argv, "Copy, scale and add long arrays.");
	nr = e.bytes / 3 / sizeof(*a);
	a = experiment_memory(nr, sizeof(*a));
	b = experiment_memory(nr, sizeof(*b));
	c = experiment_memory(nr, sizeof(*c));
	seed = mix(e.seed + 2);
	for (i = 0; i < nr; i++) {
		a[i] = initial(seed, i);
		b[i] = 2;
		c[i] = 1;
	}

	seconds = -experiment_clock();
	for (round = 0; round < ROUNDS; round++)
		do_round();
	seconds += experiment_clock();

	experiment_print(seconds, verify(seed));
	return EXIT_GOOD;
}
