// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmeans: Lloyd's algorithm, a fixed number of rounds. What is timed is the rounds.
 * Coordinates are whole numbers, so that the result is the same on every machine and
 * with every compiler. Afterwards the points have to be what they were.
 */
#include "experiment.h"

#include <string.h>

#define DIMENSIONS	8u
#define CLUSTERS	8u
#define ROUNDS		3u
#define RANGE		(1u << 20)	/* of the coordinates of a group's middle */

struct point {
	int32_t at[DIMENSIONS];
};

static struct point *points;
static uint8_t *cluster_of;
static size_t nr_points;
static struct point centres[CLUSTERS];
static uint64_t members[CLUSTERS];

/* Points lie around as many middles as there are clusters. */
static struct point make_point(uint64_t seed, size_t i)
{
	uint64_t noise = mix(seed + 2 * i), more = mix(seed + 2 * i + 1);
	unsigned int group = (unsigned int)(mix(noise ^ more) % CLUSTERS), k;
	struct point point;

	for (k = 0; k < DIMENSIONS; k++) {
		uint64_t middle = mix(seed ^ (0x100 + group * DIMENSIONS + k)) % RANGE;
		uint64_t bits = k < DIMENSIONS / 2 ? noise : more;

		point.at[k] = (int32_t)(middle + (bits >> (16 * (k % 4)) & 0xffff));
	}
	return point;
}

static unsigned int nearest(const struct point *point)
{
	uint64_t least = UINT64_MAX;
	unsigned int best = 0, c, k;

	for (c = 0; c < CLUSTERS; c++) {
		uint64_t distance = 0;

		for (k = 0; k < DIMENSIONS; k++) {
			int64_t d = (int64_t)point->at[k] - centres[c].at[k];

			distance += (uint64_t)(d * d);
		}
		if (distance < least) {
			least = distance;
			best = c;
		}
	}
	return best;
}

static void do_round(void)
{
	int64_t sums[CLUSTERS][DIMENSIONS];
	unsigned int c, k;
	size_t i;

	memset(sums, 0, sizeof(sums));
	memset(members, 0, sizeof(members));
	for (i = 0; i < nr_points; i++) {
		c = nearest(&points[i]);
		cluster_of[i] = (uint8_t)c;
		members[c]++;
		for (k = 0; k < DIMENSIONS; k++)
			sums[c][k] += points[i].at[k];
	}
	/* A cluster that nobody is in stays where it is. */
	for (c = 0; c < CLUSTERS; c++)
		for (k = 0; k < DIMENSIONS && members[c]; k++)
			centres[c].at[k] = (int32_t)(sums[c][k] / (int64_t)members[c]);
}

static uint64_t verify(uint64_t seed)
{
	uint64_t counted[CLUSTERS] = { 0 }, checksum = 0;
	unsigned int c, k;
	size_t i;

	for (i = 0; i < nr_points; i++) {
		struct point right = make_point(seed, i);

		if (memcmp(&right, &points[i], sizeof(right)))
			die(EXIT_WRONG, "WRONG DATA: point %zu is not what it was", i);
		if (cluster_of[i] >= CLUSTERS)
			die(EXIT_WRONG, "WRONG DATA: point %zu is in no cluster", i);
		counted[cluster_of[i]]++;
		checksum = experiment_sum(checksum, cluster_of[i]);
	}
	for (c = 0; c < CLUSTERS; c++) {
		if (counted[c] != members[c])
			die(EXIT_WRONG, "WRONG DATA: cluster %u has other members", c);
		for (k = 0; k < DIMENSIONS; k++)
			checksum = experiment_sum(checksum, (uint32_t)centres[c].at[k]);
	}
	return checksum;
}

int main(int argc, char **argv)
{
	struct experiment e;
	double seconds;
	unsigned int i;
	uint64_t seed;
	size_t p;

	experiment_parse(&e, argc, argv, "Find clusters of points by k-means.");
	nr_points = e.bytes / (sizeof(*points) + sizeof(*cluster_of));
	points = experiment_memory(nr_points, sizeof(*points));
	cluster_of = experiment_memory(nr_points, sizeof(*cluster_of));
	seed = mix(e.seed + 1);
	for (p = 0; p < nr_points; p++)
		points[p] = make_point(seed, p);
	for (i = 0; i < CLUSTERS; i++)
		centres[i] = make_point(seed, nr_points / CLUSTERS * i);

	seconds = -experiment_clock();
	for (i = 0; i < ROUNDS; i++)
		do_round();
	seconds += experiment_clock();

	experiment_print(seconds, verify(seed));
	return EXIT_GOOD;
}
