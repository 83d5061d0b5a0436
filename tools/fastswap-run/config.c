// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "offload.h"
#include "units.h"

enum {
	OPT_LOCAL = UCHAR_MAX + 1,
	OPT_IDEAL,
	OPT_CPUS,
	OPT_FAR_LIMIT,
	OPT_RECLAIM_CPUS,
	OPT_NO_OFFLOAD,
	OPT_HEADROOM_MIN,
	OPT_HEADROOM_MAX,
	OPT_REPORT,
	OPT_QUIET,
	OPT_PARENT,
	OPT_SWEEP,
	OPT_REPEAT,
	OPT_OUTPUT,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option options[] = {
	{ "local", required_argument, NULL, OPT_LOCAL },
	{ "ideal", required_argument, NULL, OPT_IDEAL },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "far-limit", required_argument, NULL, OPT_FAR_LIMIT },
	{ "reclaim-cpus", required_argument, NULL, OPT_RECLAIM_CPUS },
	{ "no-offload", no_argument, NULL, OPT_NO_OFFLOAD },
	{ "headroom-min", required_argument, NULL, OPT_HEADROOM_MIN },
	{ "headroom-max", required_argument, NULL, OPT_HEADROOM_MAX },
	{ "report", required_argument, NULL, OPT_REPORT },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "parent", required_argument, NULL, OPT_PARENT },
	{ "sweep", required_argument, NULL, OPT_SWEEP },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 }
};

const char *run_config_usage(void)
{
	return "Usage: fastswap-run --local SIZE|PERCENT [OPTION...] [--] COMMAND [ARGUMENT...]\n"
	       "       fastswap-run --sweep PERCENT,... [OPTION...] [--] COMMAND [ARGUMENT...]\n"
	       "\n"
	       "Run a program with a part of its memory local and the rest swapped out.\n"
	       "\n"
	       "  --local SIZE|PERCENT    memory that it may have: 256M, 50% of --ideal, or max\n"
	       "  --ideal SIZE            memory that it would like to have\n"
	       "  --far-limit SIZE        what may be swapped out (default: all that fits)\n"
	       "  --cpus LIST             CPUs that it runs on, such as 0,2-5\n"
	       "  --reclaim-cpus LIST     CPUs that reclaim memory for it (default: one other)\n"
	       "  --no-offload            let it reclaim itself, in its page faults\n"
	       "  --headroom-min AMOUNT   kept free below the limit at least, a size or a\n"
	       "                          percentage of the limit (default 256K)\n"
	       "  --headroom-max AMOUNT   and at most (default 12.5%)\n"
	       "  --report FILE           write the report there, as lines NAME=VALUE\n"
	       "  --quiet                 no report on standard error\n"
	       "  --parent GROUP          cgroup to make our own in\n"
	       "  --sweep PERCENT,...     run it with each of these parts of --ideal\n"
	       "  --repeat N              runs for each part of a sweep (default 1)\n"
	       "  --output PREFIX         of a sweep: writes PREFIX.csv and, with gnuplot,\n"
	       "                          PREFIX.svg (default fastswap-sweep)\n"
	       "  --help                  show this text\n"
	       "  --version               show the version\n"
	       "\n"
	       "Exit status: that of the command, or 128 + the signal that ended it; 125 if\n"
	       "fastswap-run itself failed, 126 if the command cannot be run, 127 if there is\n"
	       "no such command.\n";
}

static enum run_verdict __attribute__((format(printf, 3, 4)))
complain(char *why, size_t why_size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return RUN_ERROR;
}

/* Parts with commas in between, the largest first, none of them twice. */
static const char *parse_ratios(const char *text, struct run_config *cfg)
{
	char word[16];
	unsigned int i;

	for (cfg->nr_ratios = 0; *text;) {
		size_t len = strcspn(text, ",");
		const char *wrong;
		struct share ratio;

		if (len >= sizeof(word))
			return "is not a list of percentages such as 100%,75%,50%";
		memcpy(word, text, len);
		word[len] = '\0';
		wrong = share_parse(word, &ratio);
		if (wrong || !ratio.is_part || (text[len] && !text[len + 1]))
			return "is not a list of percentages such as 100%,75%,50%";
		for (i = 0; i < cfg->nr_ratios && cfg->ratios[i].value > ratio.value; i++)
			;
		if (i < cfg->nr_ratios && cfg->ratios[i].value == ratio.value)
			return "has a percentage twice";
		if (cfg->nr_ratios == MAX_RATIOS)
			return "is too long";
		memmove(&cfg->ratios[i + 1], &cfg->ratios[i],
			(cfg->nr_ratios - i) * sizeof(ratio));
		cfg->ratios[i] = ratio;
		cfg->nr_ratios++;
		text += len + (text[len] == ',');
	}
	return cfg->nr_ratios ? NULL : "is empty";
}

/* What one option alone says. Return: NULL, or what is wrong with its value. */
static const char *take_option(struct run_config *cfg, int opt, char *value)
{
	uint64_t n;

	switch (opt) {
	case OPT_LOCAL:
		cfg->unlimited = !strcmp(value, "max");
		return cfg->unlimited ? NULL : share_parse(value, &cfg->local);
	case OPT_IDEAL:
		return parse_size(value, &cfg->ideal);
	case OPT_CPUS:
		return cpus_parse(value, &cfg->cpus);
	case OPT_FAR_LIMIT:
		if (!strcmp(value, "0")) {
			cfg->far_limit = 0;
			return NULL;
		}
		return parse_size(value, &cfg->far_limit);
	case OPT_RECLAIM_CPUS:
		return cpus_parse(value, &cfg->reclaim_cpus);
	case OPT_NO_OFFLOAD:
		cfg->offload = false;
		return NULL;
	case OPT_HEADROOM_MIN:
		return share_parse(value, &cfg->headroom_min);
	case OPT_HEADROOM_MAX:
		return share_parse(value, &cfg->headroom_max);
	case OPT_REPORT:
		cfg->report = value;
		return *value ? NULL : "is no file";
	case OPT_QUIET:
		cfg->quiet = true;
		return NULL;
	case OPT_PARENT:
		cfg->parent = value;
		return *value ? NULL : "is no group";
	case OPT_SWEEP:
		return parse_ratios(value, cfg);
	case OPT_REPEAT:
		if (!parse_number(value, 1, 1000, &n))
			return "is not a number from 1 to 1000";
		cfg->repeat = n;
		return NULL;
	default:
		cfg->output = value;
		return *value ? NULL : "is no name";
	}
}

/* What options say together. */
static enum run_verdict check(struct run_config *cfg, bool local_given, char *why, size_t why_size)
{
	if (cfg->nr_ratios && local_given)
		return complain(why, why_size, "--sweep and --local exclude each other");
	if (!cfg->nr_ratios && !local_given)
		return complain(why, why_size,
				"--local is missing: how much memory may the command have?");
	if (!cfg->nr_ratios && (cfg->repeat || cfg->output))
		return complain(why, why_size, "%s is for --sweep only",
				cfg->repeat ? "--repeat" : "--output");
	if (cfg->nr_ratios && cfg->report)
		return complain(why, why_size, "--report is not for --sweep, which has --output");
	if (cfg->local.is_part && !cfg->unlimited && !cfg->ideal)
		return complain(why, why_size,
				"--local is a percentage of --ideal, which is missing; the report "
				"of a run with --local max says what it would be");
	if (!cfg->offload && CPU_COUNT(&cfg->reclaim_cpus))
		return complain(why, why_size,
				"--reclaim-cpus and --no-offload exclude each other");
	if (cfg->headroom_min.is_part == cfg->headroom_max.is_part &&
	    cfg->headroom_min.value > cfg->headroom_max.value)
		return complain(why, why_size, "--headroom-min is more than --headroom-max");
	/* Without --ideal its first run finds out what 100 % are. */
	if (cfg->nr_ratios && !cfg->ideal && cfg->ratios[0].value != SHARE_WHOLE) {
		if (cfg->nr_ratios == MAX_RATIOS)
			return complain(why, why_size, "--sweep is too long");
		memmove(&cfg->ratios[1], &cfg->ratios[0], cfg->nr_ratios * sizeof(cfg->ratios[0]));
		cfg->ratios[0] = (struct share) { true, SHARE_WHOLE };
		cfg->nr_ratios++;
	}
	if (!cfg->repeat)
		cfg->repeat = 1;
	if (!cfg->output)
		cfg->output = "fastswap-sweep";
	return RUN_GO;
}

enum run_verdict run_config_parse(struct run_config *cfg, int argc, char **argv, char *why,
				  size_t why_size)
{
	bool local_given = false;
	const char *wrong;
	int opt, which;

	*cfg = (struct run_config) {
		.far_limit = UINT64_MAX,
		.offload = true,
		.headroom_min = offload_defaults.headroom_min,
		.headroom_max = offload_defaults.headroom_max,
	};

	optind = 0;	/* also forget the state of an earlier call */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", options, &which)) != -1) {
		switch (opt) {
		case OPT_HELP:
			return RUN_HELP;
		case OPT_VERSION:
			return RUN_VERSION;
		case ':':
			return complain(why, why_size, "%s needs a value", argv[optind - 1]);
		case '?':
			if (optopt > UCHAR_MAX)
				return complain(why, why_size, "%s takes no value",
						argv[optind - 1]);
			if (optopt > 0)
				return complain(why, why_size,
						"-%c: no such option; options begin with --",
						optopt);
			return complain(why, why_size, "%s: no such option, or short for several",
					argv[optind - 1]);
		}
		wrong = take_option(cfg, opt, optarg);
		if (wrong)
			return complain(why, why_size, "--%s: '%s' %s", options[which].name,
					optarg, wrong);
		local_given |= opt == OPT_LOCAL;
	}
	if (optind == argc)
		return complain(why, why_size, "no command");
	cfg->command = argv + optind;
	return check(cfg, local_given, why, why_size);
}
