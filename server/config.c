// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <fastswap/proto.h>

#include "config.h"
#include "util.h"

#define DEFAULT_CHUNK_SHIFT	26	/* 64 MiB */
/*
 * When the chunk size is ours to choose, a small pool gets smaller chunks so
 * that no remainder is wasted, as long as it does not need more chunks than this.
 */
#define MANY_CHUNKS		1024

enum option_id {
	OPT_PORT = 256,
	OPT_SIZE,
	OPT_CHUNK_SIZE,
	OPT_ADDRESS,
	OPT_THREADS,
	OPT_HUGEPAGES,
	OPT_MAX_SESSIONS,
	OPT_MAX_SETS,
	OPT_KEEPALIVE,
	OPT_LEASE,
	OPT_LOG_LEVEL,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option options[] = {
	{ "port", required_argument, NULL, OPT_PORT },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "chunk-size", required_argument, NULL, OPT_CHUNK_SIZE },
	{ "address", required_argument, NULL, OPT_ADDRESS },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "hugepages", required_argument, NULL, OPT_HUGEPAGES },
	{ "max-sessions", required_argument, NULL, OPT_MAX_SESSIONS },
	{ "max-sets", required_argument, NULL, OPT_MAX_SETS },
	{ "keepalive", required_argument, NULL, OPT_KEEPALIVE },
	{ "lease", required_argument, NULL, OPT_LEASE },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 }
};

const char *config_usage(void)
{
	return "Usage: fastswap-server --size SIZE [OPTION]...\n"
	       "Lend this machine's memory to fastswap clients over RDMA.\n"
	       "\n"
	       "  --size SIZE          memory to lend; K, M, G and T are powers of 1024\n"
	       "  --port PORT          port to listen on (default 50000)\n"
	       "  --address ADDRESS    IPv4 or IPv6 address to listen on (default: all)\n"
	       "  --chunk-size SIZE    unit of lending, a power of two from 1M to 1G (default:\n"
	       "                       64M, less where a small pool would leave a remainder)\n"
	       "  --threads N          worker threads (default: the online CPUs, at most 4)\n"
	       "  --hugepages HOW      no, try, yes, 2M or 1G (default: try)\n"
	       "  --max-sessions N     clients at the same time (default 256)\n"
	       "  --max-sets N         queue sets that one client may have (default 64)\n"
	       "  --keepalive SECONDS  ask a client that is silent for this long whether it is\n"
	       "                       still there, drop it after three times that (default 5)\n"
	       "  --lease SECONDS      keep the memory of a client whose connection broke for\n"
	       "                       this long, in case it comes back; 0: do not (default 60)\n"
	       "  --log-level LEVEL    error, warn, info or debug (default info)\n"
	       "  --help               show this text\n"
	       "  --version            show the version\n";
}

static enum config_verdict __attribute__((format(printf, 3, 4)))
complain(char *why, size_t why_size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return CONFIG_ERROR;
}

int config_parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t value = 0;
	unsigned int shift = 0;

	if (!isdigit((unsigned char)*text))
		return -1;
	for (; isdigit((unsigned char)*text); text++) {
		unsigned int digit = *text - '0';

		if (value > (UINT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	if (*text) {
		unit = strchr(units, toupper((unsigned char)*text));
		if (!unit)
			return -1;
		shift = 10 * (unit - units + 1);
		text++;
		if (*text && strcasecmp(text, "iB"))
			return -1;
		if (value > UINT64_MAX >> shift)
			return -1;
	}
	*bytes = value << shift;
	return 0;
}

const char *config_size_text(char *buf, size_t buf_size, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;

	while (unit + 1 < ARRAY_SIZE(units) && bytes >> (10 * (unit + 1)))
		unit++;
	if (bytes & ((1ull << (10 * unit)) - 1))
		snprintf(buf, buf_size, "%.1f %s", (double)bytes / (1ull << (10 * unit)),
			 units[unit]);
	else
		snprintf(buf, buf_size, "%" PRIu64 " %s", bytes >> (10 * unit), units[unit]);
	return buf;
}

static int parse_number(const char *text, unsigned long min, unsigned long max,
			unsigned long *value)
{
	char *end;

	/* strtoul() takes signs and leading blanks; a command line should not. */
	if (!isdigit((unsigned char)*text))
		return -1;
	/* An overflow gives ULONG_MAX, which is more than any @max. */
	*value = strtoul(text, &end, 10);
	if (*end || *value < min || *value > max)
		return -1;
	return 0;
}

static int parse_choice(const char *text, const char *const *choices, size_t nr,
			unsigned int *value)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!strcasecmp(text, choices[i])) {
			*value = i;
			return 0;
		}
	}
	return -1;
}

/* Fit the pool to the chunk size or, if @chunk_size is 0, the chunk size to the pool. */
static enum config_verdict plan_chunks(struct config *cfg, uint64_t chunk_size, char *why,
				       size_t why_size)
{
	const uint64_t min = 1ull << FSW_CHUNK_SHIFT_MIN, max = 1ull << FSW_CHUNK_SHIFT_MAX;
	unsigned int shift = DEFAULT_CHUNK_SHIFT;
	char text[32];

	cfg->asked_size = cfg->size;
	cfg->asked_chunk = chunk_size;
	if (cfg->size < min)
		return complain(why, why_size, "--size: %s is less than the smallest chunk, 1M",
				config_size_text(text, sizeof(text), cfg->size));
	if (chunk_size) {
		if (chunk_size < min || chunk_size > max || (chunk_size & (chunk_size - 1)))
			return complain(why, why_size,
					"--chunk-size must be a power of two from 1M to 1G");
		if (cfg->size < chunk_size)
			return complain(why, why_size, "--size is less than --chunk-size");
		shift = __builtin_ctzll(chunk_size);
	} else {
		while (shift > FSW_CHUNK_SHIFT_MIN && cfg->size & ((1ull << shift) - 1) &&
		       cfg->size >> (shift - 1) <= MANY_CHUNKS)
			shift--;
		while (shift < FSW_CHUNK_SHIFT_MAX && cfg->size >> shift > FSW_MAX_CHUNKS)
			shift++;
	}
	if (cfg->size >> shift > FSW_MAX_CHUNKS)
		return complain(why, why_size, "--size: more than %u chunks of %s", FSW_MAX_CHUNKS,
				config_size_text(text, sizeof(text), 1ull << shift));
	cfg->chunk_shift = shift;
	cfg->size = cfg->size >> shift << shift;
	return CONFIG_RUN;
}

enum config_verdict config_parse(struct config *cfg, int argc, char **argv, char *why,
				 size_t why_size)
{
	static const char *const huge[] = {
		[HUGE_TRY] = "try",
		[HUGE_NO] = "no",
		[HUGE_YES] = "yes",
		[HUGE_2M] = "2M",
		[HUGE_1G] = "1G",
	};
	static const char *const levels[] = {
		[LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARN] = "warn",
		[LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};
	uint64_t chunk_size = 0;
	unsigned long number;
	unsigned int choice;
	int opt;

	*cfg = (struct config) {
		.port = FSW_DEFAULT_PORT,
		.huge = HUGE_TRY,
		.max_sessions = 256,
		.max_sets = 64,
		.keepalive_ms = 5000,
		.lease_ms = 60000,
		.log_level = LOG_LEVEL_INFO,
	};

	optind = 0;	/* also forget the state of an earlier call */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		switch (opt) {
		case OPT_PORT:
			if (parse_number(optarg, 1, 65535, &number))
				return complain(why, why_size,
						"--port must be a number from 1 to 65535");
			cfg->port = number;
			break;
		case OPT_SIZE:
			if (config_parse_size(optarg, &cfg->size) || !cfg->size)
				return complain(why, why_size,
						"--size: '%s' is not a size such as 32G", optarg);
			break;
		case OPT_CHUNK_SIZE:
			if (config_parse_size(optarg, &chunk_size) || !chunk_size)
				return complain(why, why_size,
						"--chunk-size: '%s' is not a size such as 64M",
						optarg);
			break;
		case OPT_ADDRESS:
			if (!*optarg)
				return complain(why, why_size, "--address is empty");
			cfg->address = optarg;
			break;
		case OPT_THREADS:
			if (parse_number(optarg, 1, 256, &number))
				return complain(why, why_size,
						"--threads must be a number from 1 to 256");
			cfg->threads = number;
			break;
		case OPT_HUGEPAGES:
			if (parse_choice(optarg, huge, ARRAY_SIZE(huge), &choice))
				return complain(why, why_size,
						"--hugepages must be no, try, yes, 2M or 1G");
			cfg->huge = choice;
			break;
		case OPT_MAX_SESSIONS:
			if (parse_number(optarg, 1, 65536, &number))
				return complain(why, why_size,
						"--max-sessions must be a number from 1 to 65536");
			cfg->max_sessions = number;
			break;
		case OPT_MAX_SETS:
			if (parse_number(optarg, 1, FSW_MAX_SETS, &number))
				return complain(why, why_size,
						"--max-sets must be a number from 1 to %u",
						FSW_MAX_SETS);
			cfg->max_sets = number;
			break;
		case OPT_KEEPALIVE:
			if (parse_number(optarg, 1, 3600, &number))
				return complain(why, why_size,
						"--keepalive must be a number from 1 to 3600");
			cfg->keepalive_ms = number * 1000;
			break;
		case OPT_LEASE:
			if (parse_number(optarg, 0, 86400, &number))
				return complain(why, why_size,
						"--lease must be a number from 0 to 86400");
			cfg->lease_ms = number * 1000;
			break;
		case OPT_LOG_LEVEL:
			if (parse_choice(optarg, levels, ARRAY_SIZE(levels), &choice))
				return complain(why, why_size,
						"--log-level must be error, warn, info or debug");
			cfg->log_level = choice;
			break;
		case OPT_HELP:
			return CONFIG_HELP;
		case OPT_VERSION:
			return CONFIG_VERSION;
		case ':':
			return complain(why, why_size, "%s needs a value", argv[optind - 1]);
		default:
			/* A letter that is no option: which one, getopt alone knows. */
			if (optopt > 0 && optopt <= UCHAR_MAX)
				return complain(why, why_size,
						"-%c: no such option; options begin with --",
						optopt);
			return complain(why, why_size, "%s: no such option", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return complain(why, why_size, "%s: what is it? Options begin with --",
				argv[optind]);
	if (!cfg->size)
		return complain(why, why_size, "--size is missing: how much memory to lend?");
	return plan_chunks(cfg, chunk_size, why, why_size);
}
