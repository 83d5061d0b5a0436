// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "units.h"

static const char *const policies[] = {
	[POLICY_FIXED] = "fixed",
	[POLICY_ADAPTIVE] = "adaptive",
};

static const char *const levels[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

enum {
	/* in files as well */
	OPT_GROUP = UCHAR_MAX + 1,
	OPT_POLICY,
	OPT_HEADROOM_MIN,
	OPT_HEADROOM_MAX,
	OPT_FLOOR,
	OPT_STALL_LOW,
	OPT_STALL_HIGH,
	OPT_MIN_PERIOD,
	OPT_MAX_PERIOD,
	OPT_CPUS,
	OPT_NICE,
	OPT_SOCKET,
	OPT_METRICS,
	OPT_LOG_LEVEL,
	/* on the command line only */
	OPT_CONFIG,
	OPT_CHECK_CONFIG,
	OPT_STATUS,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option options[] = {
	{ "group", required_argument, NULL, OPT_GROUP },
	{ "policy", required_argument, NULL, OPT_POLICY },
	{ "headroom-min", required_argument, NULL, OPT_HEADROOM_MIN },
	{ "headroom-max", required_argument, NULL, OPT_HEADROOM_MAX },
	{ "floor", required_argument, NULL, OPT_FLOOR },
	{ "stall-low", required_argument, NULL, OPT_STALL_LOW },
	{ "stall-high", required_argument, NULL, OPT_STALL_HIGH },
	{ "min-period", required_argument, NULL, OPT_MIN_PERIOD },
	{ "max-period", required_argument, NULL, OPT_MAX_PERIOD },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "nice", required_argument, NULL, OPT_NICE },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "metrics", required_argument, NULL, OPT_METRICS },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check-config", no_argument, NULL, OPT_CHECK_CONFIG },
	{ "status", no_argument, NULL, OPT_STATUS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 }
};

const char *config_usage(void)
{
	return "Usage: fastswap-reclaimd [--config FILE] [OPTION...]\n"
	       "       fastswap-reclaimd --status [--socket PATH]\n"
	       "\n"
	       "Keep cgroups a little below their limits, so that their tasks need not reclaim\n"
	       "memory themselves.\n"
	       "\n"
	       "  --group PATTERN        groups, such as /system.slice/job-*.service; the options\n"
	       "                         of groups that follow are for them, those before the\n"
	       "                         first for all\n"
	       "Options of groups:\n"
	       "  --policy POLICY        fixed: the limit less the headroom; adaptive: what its\n"
	       "                         tasks need in order not to stall (default fixed)\n"
	       "  --headroom-min AMOUNT  size, or percentage of the limit (default 256K)\n"
	       "  --headroom-max AMOUNT  the same (default 12.5%)\n"
	       "  --floor AMOUNT         left to a group by the policy adaptive (default 25%)\n"
	       "  --stall-low PERCENT    of time: take memory away below (default 0.1%)\n"
	       "  --stall-high PERCENT   of time: give memory back above (default 1%)\n"
	       "  --min-period USEC      between two looks when busy (default 200)\n"
	       "  --max-period MSEC      between two looks when idle (default 10000)\n"
	       "The daemon:\n"
	       "  --cpus LIST            a thread on each of these (default: one, anywhere)\n"
	       "  --nice N               of the threads (default -10)\n"
	       "  --socket PATH          for --status (default " DEFAULT_SOCKET ")\n"
	       "  --metrics ADDRESS      serve Prometheus metrics, at 127.0.0.1:PORT, [::1]:PORT\n"
	       "  --log-level LEVEL      error, warn, info or debug (default info)\n"
	       "  --config FILE          read all these from there first, as NAME = VALUE\n"
	       "  --check-config         print the configuration, and do nothing else\n"
	       "  --status               ask a daemon that runs\n"
	       "  --help                 show this text\n"
	       "  --version              show the version\n";
}

void config_init(struct reclaimd_config *cfg)
{
	*cfg = (struct reclaimd_config) {
		.nice = -10,
		.log_level = LOG_LEVEL_INFO,
		.defaults = offload_defaults,
	};
}

void config_free(struct reclaimd_config *cfg)
{
	unsigned int i;

	for (i = 0; i < cfg->nr_rules; i++)
		free(cfg->rules[i].pattern);
	free(cfg->file);
	free(cfg->socket);
	free(cfg->metrics);
	config_init(cfg);
}

static bool __attribute__((format(printf, 3, 4)))
complain(char *why, size_t why_size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return false;
}

static const char *replace(char **text, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return "does not fit in memory";
	free(*text);
	*text = copy;
	return NULL;
}

static int find(const char *value, const char *const *names, int nr)
{
	while (nr-- && strcmp(value, names[nr]))
		;
	return nr;
}

/* Loopback only: whoever reaches it may read which groups there are. */
static const char *check_address(const char *value)
{
	static const char *const hosts[] = { "127.0.0.1:", "[::1]:", "localhost:" };
	uint64_t port;
	size_t i;

	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t len = strlen(hosts[i]);

		if (!strncmp(value, hosts[i], len) && parse_number(value + len, 1, 65535, &port))
			return NULL;
	}
	return "is not 127.0.0.1:PORT, [::1]:PORT or localhost:PORT";
}

static const char *parse_ppm(const char *value, unsigned int *ppm)
{
	struct share share;
	const char *wrong = share_parse(value, &share);

	if (!wrong && !share.is_part)
		wrong = "is not a percentage";
	if (!wrong)
		*ppm = share.value * (1000000 / SHARE_WHOLE);
	return wrong;
}

static const char *parse_nice(const char *value, int *nice)
{
	bool negative = value[0] == '-';
	uint64_t n;

	if (!parse_number(value + negative, 0, negative ? 20 : 19, &n))
		return "is not a number from -20 to 19";
	*nice = negative ? -(int)n : (int)n;
	return NULL;
}

static const char *add_rule(struct reclaimd_config *cfg, const char *value)
{
	const char *wrong = pattern_check(value);
	struct rule *rule = &cfg->rules[cfg->nr_rules];

	if (wrong)
		return wrong;
	if (cfg->nr_rules == MAX_RULES)
		return "is one too many: there may be 64";
	rule->pattern = NULL;
	wrong = replace(&rule->pattern, value);
	if (wrong)
		return wrong;
	rule->options = cfg->defaults;
	cfg->nr_rules++;
	return NULL;
}

/* Return: NULL, or what is wrong with the value. */
static const char *take(struct reclaimd_config *cfg, int opt, const char *value)
{
	struct offload_options *o = &cfg->defaults;
	uint64_t n;
	int i;

	if (cfg->nr_rules)
		o = &cfg->rules[cfg->nr_rules - 1].options;
	switch (opt) {
	case OPT_GROUP:
		return add_rule(cfg, value);
	case OPT_POLICY:
		i = find(value, policies, 2);
		if (i < 0)
			return "is neither fixed nor adaptive";
		o->policy = i;
		return NULL;
	case OPT_HEADROOM_MIN:
		return share_parse(value, &o->headroom_min);
	case OPT_HEADROOM_MAX:
		return share_parse(value, &o->headroom_max);
	case OPT_FLOOR:
		return share_parse(value, &o->floor);
	case OPT_STALL_LOW:
		return parse_ppm(value, &o->stall_low_ppm);
	case OPT_STALL_HIGH:
		return parse_ppm(value, &o->stall_high_ppm);
	case OPT_MIN_PERIOD:
		if (!parse_number(value, 50, 100000, &n))
			return "is not a number from 50 to 100000";
		o->min_period_us = n;
		return NULL;
	case OPT_MAX_PERIOD:
		if (!parse_number(value, 1, 60000, &n))
			return "is not a number from 1 to 60000";
		o->max_period_us = n * 1000;
		return NULL;
	case OPT_CPUS:
		return cpus_parse(value, &cfg->cpus);
	case OPT_NICE:
		return parse_nice(value, &cfg->nice);
	case OPT_SOCKET:
		/* As long as a path of a socket may be. */
		if (!*value || strlen(value) > 107)
			return "is not a path of 1 to 107 characters";
		return replace(&cfg->socket, value);
	case OPT_METRICS:
		return check_address(value) ? check_address(value) :
					      replace(&cfg->metrics, value);
	case OPT_LOG_LEVEL:
		i = find(value, levels, 4);
		if (i < 0)
			return "is not error, warn, info or debug";
		cfg->log_level = i;
		return NULL;
	default:
		return "is for the command line only";
	}
}

static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (isspace((unsigned char)*text))
		text++;
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

/* Return: NULL, or what is wrong. */
static const char *take_line(struct reclaimd_config *cfg, char *line, char **name)
{
	const struct option *option;
	char *value;

	*name = line;
	value = strchr(line, '=');
	if (!value)
		return "is not followed by '= VALUE'";
	*value++ = '\0';
	*name = trim(line);
	value = trim(value);
	for (option = options; option->name; option++)
		if (!strcmp(option->name, *name))
			return take(cfg, option->val, value);
	return "is no option";
}

bool config_read(struct reclaimd_config *cfg, char *text, char *why, size_t why_size)
{
	unsigned int nr;

	for (nr = 1; text; nr++) {
		char *line = strsep(&text, "\n"), *name;
		const char *wrong;

		line = trim(line);
		if (!*line || *line == '#')
			continue;
		wrong = take_line(cfg, line, &name);
		if (wrong)
			return complain(why, why_size, "line %u: %s %s", nr, name, wrong);
	}
	return true;
}

const char *config_find_file(int argc, char **argv)
{
	const char *file = NULL;
	int opt;

	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1)
		if (opt == OPT_CONFIG)
			file = optarg;
	return file;
}

static enum config_verdict check(const struct reclaimd_config *cfg, char *why, size_t why_size)
{
	unsigned int i;

	if (cfg->status)
		return CONFIG_GO;
	if (!cfg->nr_rules) {
		complain(why, why_size, "--group is missing: which groups?");
		return CONFIG_ERROR;
	}
	for (i = 0; i < cfg->nr_rules; i++) {
		const struct offload_options *o = &cfg->rules[i].options;
		const char *wrong = NULL;

		if (o->headroom_min.is_part == o->headroom_max.is_part &&
		    o->headroom_min.value > o->headroom_max.value)
			wrong = "headroom-min is more than headroom-max";
		else if (o->stall_low_ppm >= o->stall_high_ppm)
			wrong = "stall-low is not less than stall-high";
		else if (o->min_period_us > o->max_period_us)
			wrong = "min-period is more than max-period";
		if (wrong) {
			complain(why, why_size, "group %s: %s", cfg->rules[i].pattern, wrong);
			return CONFIG_ERROR;
		}
	}
	return CONFIG_GO;
}

enum config_verdict config_parse(struct reclaimd_config *cfg, int argc, char **argv, char *why,
				 size_t why_size)
{
	const char *wrong;
	int opt, which;

	optind = 0;	/* also forget the state of an earlier call */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", options, &which)) != -1) {
		switch (opt) {
		case OPT_HELP:
			return CONFIG_HELP;
		case OPT_VERSION:
			return CONFIG_VERSION;
		case OPT_CHECK_CONFIG:
			cfg->check_only = true;
			continue;
		case OPT_STATUS:
			cfg->status = true;
			continue;
		case OPT_CONFIG:
			replace(&cfg->file, optarg);
			continue;
		case ':':
			complain(why, why_size, "%s needs a value", argv[optind - 1]);
			return CONFIG_ERROR;
		case '?':
			if (optopt > UCHAR_MAX)
				complain(why, why_size, "%s takes no value", argv[optind - 1]);
			else if (optopt > 0)
				complain(why, why_size,
					 "-%c: no such option; options begin with --", optopt);
			else
				complain(why, why_size, "%s: no such option, or short for several",
					 argv[optind - 1]);
			return CONFIG_ERROR;
		}
		wrong = take(cfg, opt, optarg);
		if (wrong) {
			complain(why, why_size, "--%s: '%s' %s", options[which].name, optarg,
				 wrong);
			return CONFIG_ERROR;
		}
	}
	if (optind < argc) {
		complain(why, why_size, "%s: what is it? Options begin with --", argv[optind]);
		return CONFIG_ERROR;
	}
	if (!cfg->socket && replace(&cfg->socket, DEFAULT_SOCKET)) {
		complain(why, why_size, "no memory");
		return CONFIG_ERROR;
	}
	return check(cfg, why, why_size);
}

static void print_share(FILE *to, const char *name, struct share share)
{
	char text[24];

	fprintf(to, "%s = %s\n", name, share_text(share, text, sizeof(text)));
}

static void print_ppm(FILE *to, const char *name, unsigned int ppm)
{
	print_share(to, name, (struct share) { true, ppm / (1000000 / SHARE_WHOLE) });
}

void config_print(FILE *to, const struct reclaimd_config *cfg)
{
	char text[256];
	unsigned int i;

	if (CPU_COUNT(&cfg->cpus))
		fprintf(to, "cpus = %s\n", cpus_text(&cfg->cpus, text, sizeof(text)));
	fprintf(to, "nice = %d\n", cfg->nice);
	fprintf(to, "socket = %s\n", cfg->socket);
	if (cfg->metrics)
		fprintf(to, "metrics = %s\n", cfg->metrics);
	fprintf(to, "log-level = %s\n", levels[cfg->log_level]);
	for (i = 0; i < cfg->nr_rules; i++) {
		const struct offload_options *o = &cfg->rules[i].options;

		fprintf(to, "\ngroup = %s\npolicy = %s\n", cfg->rules[i].pattern,
			policies[o->policy]);
		print_share(to, "headroom-min", o->headroom_min);
		print_share(to, "headroom-max", o->headroom_max);
		print_share(to, "floor", o->floor);
		print_ppm(to, "stall-low", o->stall_low_ppm);
		print_ppm(to, "stall-high", o->stall_high_ppm);
		fprintf(to, "min-period = %u\nmax-period = %u\n", o->min_period_us,
			o->max_period_us / 1000);
	}
}
