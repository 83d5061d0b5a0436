// SPDX-License-Identifier: GPL-2.0-only
#include "experiment.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static void usage(FILE *to, const char *what)
{
	fprintf(to,
		"Usage: %s --size MIB [--seed N]\n"
		"%s\n"
		"\n"
		"  --size MIB  memory to work on\n"
		"  --seed N    what it holds differs by it (default: 1)\n"
		"\n"
		"Exit status: 0 all right, 1 wrong data, 2 bad usage, 3 other trouble.\n",
		program_invocation_short_name, what);
}

void experiment_parse(struct experiment *e, int argc, char **argv, const char *what)
{
	enum {
		SIZE = 256,
		SEED,
		HELP
	};
	static const struct option options[] = {
		{ "size", required_argument, NULL, SIZE },
		{ "seed", required_argument, NULL, SEED },
		{ "help", no_argument, NULL, HELP },
		{ }
	};
	int c;

	*e = (struct experiment){ .seed = 1 };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case SIZE:
			e->bytes = number("--size", optarg, 1, 1ul << 20) << 20;
			break;
		case SEED:
			e->seed = number("--seed", optarg, 0, UINT32_MAX);
			break;
		case HELP:
			usage(stdout, what);
			exit(EXIT_GOOD);
		default:
			usage(stderr, what);
			exit(EXIT_USAGE);
		}
	}
	if (optind < argc)
		die(EXIT_USAGE, "what is '%s'?", argv[optind]);
	if (!e->bytes)
		die(EXIT_USAGE, "--size is missing");
}

void *experiment_memory(size_t nr, size_t size)
{
	return map_working_set((uint32_t)((nr * size + PAGE - 1) / PAGE), MAP_PRIVATE, false);
}

double experiment_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

uint64_t experiment_sum(uint64_t sum, uint64_t word)
{
	return mix(sum + word + 0x9e3779b97f4a7c15ull);
}

void experiment_print(double seconds, uint64_t checksum)
{
	printf("seconds=%.6f\nchecksum=%016" PRIx64 "\n", seconds, checksum);
}
