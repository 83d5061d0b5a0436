// SPDX-License-Identifier: GPL-2.0-only
/*
 * quicksort: fills memory with pseudo-random keys of 64 bits and sorts them. What is
 * timed is the sort. Afterwards the keys have to be in order, and the same ones.
 */
#include "experiment.h"

#include <inttypes.h>

#define FEW		16u	/* are sorted by insertion */

static uint64_t median(uint64_t a, uint64_t b, uint64_t c)
{
	if (a > b) {
		uint64_t other = a;

		a = b;
		b = other;
	}
	if (c <= a)
		return a;
	return c < b ? c : b;
}

/*
 * Hoare's. No key of the lower part is larger than one of the upper part, and neither part is
 * empty: the pivot is at least as large as one key and at most as large as another, so that both
 * indices stop before the end.
 *
 * Return: how many keys the lower part has.
 */
static size_t partition(uint64_t *keys, size_t nr)
{
	uint64_t pivot = median(keys[0], keys[nr / 2], keys[nr - 1]);
	size_t low = 0, high = nr - 1;

	for (;;) {
		uint64_t other;

		while (keys[low] < pivot)
			low++;
		while (keys[high] > pivot)
			high--;
		if (low >= high)
			return high + 1;
		other = keys[low];
		keys[low++] = keys[high];
		keys[high--] = other;
	}
}

static void insert_all(uint64_t *keys, size_t nr)
{
	size_t i, k;

	for (i = 1; i < nr; i++) {
		uint64_t key = keys[i];

		for (k = i; k && keys[k - 1] > key; k--)
			keys[k] = keys[k - 1];
		keys[k] = key;
	}
}

/* The smaller part by recursion: so it is never deeper than the logarithm of @nr. */
static void quicksort(uint64_t *keys, size_t nr)
{
	while (nr > FEW) {
		size_t lower = partition(keys, nr);

		if (lower < nr - lower) {
			quicksort(keys, lower);
			keys += lower;
			nr -= lower;
		} else {
			quicksort(keys + lower, nr - lower);
			nr = lower;
		}
	}
	insert_all(keys, nr);
}

int main(int argc, char **argv)
{
	uint64_t state, before = 0, after = 0, checksum = 0;
	struct experiment e;
	double seconds;
	uint64_t *keys;
	size_t i, nr;

	experiment_parse(&e, argc, argv, "Sort pseudo-random keys of 64 bits.");
	nr = e.bytes / sizeof(*keys);
	keys = experiment_memory(nr, sizeof(*keys));
	state = mix(e.seed);
	for (i = 0; i < nr; i++) {
		state += 0x9e3779b97f4a7c15ull;
		keys[i] = mix(state);
		/* The same in any order, unlike the checksum. */
		before += mix(keys[i] + 1);
	}

	seconds = -experiment_clock();
	quicksort(keys, nr);
	seconds += experiment_clock();

	for (i = 0; i < nr; i++) {
		if (i && keys[i - 1] > keys[i])
			die(EXIT_WRONG, "WRONG DATA: key %zu is larger than the next", i - 1);
		after += mix(keys[i] + 1);
		checksum = experiment_sum(checksum, keys[i]);
	}
	if (after != before)
		die(EXIT_WRONG, "WRONG DATA: these are not the keys of before");
	experiment_print(seconds, checksum);
	return EXIT_GOOD;
}
