// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <fastswap/proto.h>

#include "conffile.h"
#include "config.h"
#include "ledger.h"
#include "numanode.h"
#include "option.h"
#include "util.h"

#define DEFAULT_CHUNK_SHIFT	26	/* 64 MiB */
/*
 * When the chunk size is ours to choose, a small pool gets smaller chunks so
 * that no remainder is wasted, as long as it does not need more chunks than this.
 */
#define MANY_CHUNKS		1024

/* getopt_long() has the values below for letters and for what it has to say. */
#define GETOPT_BASE		256

#define WHY_MAX			256

static const struct config defaults = {
	.port = FSW_DEFAULT_PORT,
	.huge = HUGE_TRY,
	.numa = NUMANODE_AUTO,
	.max_sessions = 256,
	.max_sets = 64,
	.keepalive_ms = 5000,
	.lease_ms = 60000,
	.connect_rate = 100,
	.max_per_address = 64,
	.log_level = LOG_LEVEL_INFO,
	.overcommit = LEDGER_PERCENT,
};

const char *config_usage(void)
{
	return "Usage: fastswap-server --size SIZE [OPTION]...\n"
	       "       fastswap-server --config FILE [OPTION]...\n"
	       "Lend this machine's memory to fastswap clients over RDMA.\n"
	       "\n"
	       "  --size SIZE          memory to lend; K, M, G and T are powers of 1024\n"
	       "  --port PORT          port to listen on (default 50000)\n"
	       "  --address ADDRESS    IPv4 or IPv6 address to listen on (default: all)\n"
	       "  --chunk-size SIZE    unit of lending, a power of two from 1M to 1G (default:\n"
	       "                       64M, less where a small pool would leave a remainder)\n"
	       "  --threads N          worker threads (default: the online CPUs, at most 4)\n"
	       "  --hugepages HOW      no, try, yes, 2M or 1G (default: try)\n"
	       "  --numa NODE          take the memory from this NUMA node only; auto: from that\n"
	       "                       of the RDMA device as long as it has some; off: from any\n"
	       "                       (default: auto)\n"
	       "  --max-sessions N     clients at the same time (default 256)\n"
	       "  --max-sets N         queue sets that one client may have (default 64)\n"
	       "  --keepalive SECONDS  a side that has died is found within twice this\n"
	       "                       (default 5)\n"
	       "  --lease SECONDS      keep the memory of a client whose connection broke for\n"
	       "                       this long, in case it comes back; 0: do not (default 60)\n"
	       "  --allow NETWORK      refuse clients whose address is in no NETWORK given,\n"
	       "                       such as 10.1.0.0/16 or fd00::/8 (default: none)\n"
	       "  --connect-rate N     connect requests per second that an address may make in\n"
	       "                       the long run; 0: any number (default 100)\n"
	       "  --max-per-address N  clients at the same time from one address (IPv6:\n"
	       "                       one /64); 0: any number (default 64)\n"
	       "  --quota 'WHO NAME=LIMIT...'\n"
	       "                       limits of a client: size=SIZE, queue-pairs=N, sessions=N;\n"
	       "                       and reserve=SIZE, which is kept for the client.\n"
	       "                       WHO is identity:NAME with --psk-file, without it the id\n"
	       "                       that the client says; default: each one not named\n"
	       "  --overcommit RATIO   promise so many times the memory that there is, from 1\n"
	       "                       to 100, such as 1.5 (default 1)\n"
	       "  --psk-file FILE      refuse clients that do not prove who they are by a key in\n"
	       "                       FILE: lines 'IDENTITY KEY', mode 0600 (default: none,\n"
	       "                       everybody may come)\n"
	       "  --log-level LEVEL    error, warn, info or debug (default info)\n"
	       "  --log-format HOW     text, or json: an object per line (default text)\n"
	       "  --admin WHERE        answer HTTP for metrics and a status page:\n"
	       "                       127.0.0.1:PORT, [::1]:PORT or unix:PATH (default: none)\n"
	       "  --config FILE        read options from FILE: lines 'name = value'; those of the\n"
	       "                       command line take their place\n"
	       "  --check-config       say whether the options are right, and end\n"
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

/* Cut the pool into chunks; returns as plan_chunks() does. */
static enum option_id cut(struct config *cfg, unsigned int shift, char *why, size_t why_size)
{
	char text[32], chunk_text[32], size_text[32];
	const uint64_t chunks = cfg->asked_size >> shift;
	uint64_t reserved;

	if (!chunks || chunks > FSW_MAX_CHUNKS) {
		complain(why, why_size, ": %s than %u chunks of %s", chunks ? "more" : "less",
			 chunks ? FSW_MAX_CHUNKS : 1,
			 config_size_text(text, sizeof(text), 1ull << shift));
		return OPT_SIZE;
	}
	cfg->chunk_shift = shift;
	cfg->size = chunks << shift;
	reserved = quota_reserved(&cfg->quota, shift);
	if (reserved > chunks) {
		complain(why, why_size, ": more is reserved, %s in chunks of %s, than there is, %s",
			 config_size_text(text, sizeof(text), reserved << shift),
			 config_size_text(chunk_text, sizeof(chunk_text), 1ull << shift),
			 config_size_text(size_text, sizeof(size_text), cfg->size));
		return OPT_QUOTA;
	}
	return OPT_NR;
}

/*
 * Fit the pool to the chunk size or, if that was not asked for, the chunk size to the pool.
 * Returns which option is wrong, and @why to stand behind its name; OPT_NR: none.
 */
static enum option_id plan_chunks(struct config *cfg, char *why, size_t why_size)
{
	const uint64_t min = 1ull << FSW_CHUNK_SHIFT_MIN, max = 1ull << FSW_CHUNK_SHIFT_MAX;
	const uint64_t chunk = cfg->asked_chunk;
	unsigned int shift = DEFAULT_CHUNK_SHIFT;
	char text[32];

	cfg->asked_size = cfg->size;
	if (!cfg->size) {
		complain(why, why_size, " is missing: how much memory to lend?");
		return OPT_SIZE;
	}
	if (cfg->size < min) {
		complain(why, why_size, ": %s is less than the smallest chunk, 1M",
			 config_size_text(text, sizeof(text), cfg->size));
		return OPT_SIZE;
	}
	if (chunk) {
		if (chunk < min || chunk > max || (chunk & (chunk - 1))) {
			complain(why, why_size, " must be a power of two from 1M to 1G");
			return OPT_CHUNK_SIZE;
		}
		if (cfg->size < chunk) {
			complain(why, why_size, " is less than --chunk-size");
			return OPT_SIZE;
		}
		shift = __builtin_ctzll(chunk);
	} else {
		while (shift > FSW_CHUNK_SHIFT_MIN && cfg->size & ((1ull << shift) - 1) &&
		       cfg->size >> (shift - 1) <= MANY_CHUNKS)
			shift--;
		while (shift < FSW_CHUNK_SHIFT_MAX && cfg->size >> shift > FSW_MAX_CHUNKS)
			shift++;
	}
	return cut(cfg, shift, why, why_size);
}

static enum config_verdict unknown_option(int argc, char **argv, char *why, size_t why_size)
{
	/* A letter that is no option: which one, getopt alone knows. */
	if (optopt > 0 && optopt <= UCHAR_MAX)
		return complain(why, why_size, "-%c: no such option; options begin with --",
				optopt);
	if (optopt >= GETOPT_BASE)
		return complain(why, why_size, "--%s takes no value",
				option_defs[optopt - GETOPT_BASE].name);
	return complain(why, why_size, "%s: no such option", argv[optind - 1]);
}

/* Puts what the command line says over what is in @cfg. */
static enum config_verdict command_line(struct config *cfg, int argc, char **argv,
					bool given[OPT_NR], char *why, size_t why_size)
{
	enum config_verdict verdict = CONFIG_RUN;
	struct option options[OPT_NR + 1] = { 0 };
	char wrong[WHY_MAX];
	unsigned int id;
	int opt;

	for (id = 0; id < OPT_NR; id++) {
		options[id].name = option_defs[id].name;
		options[id].has_arg = option_defs[id].kind != OPTION_FLAG;
		options[id].val = GETOPT_BASE + id;
	}
	optind = 0;	/* also forget the state of an earlier call */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		if (opt == ':')
			return complain(why, why_size, "%s needs a value", argv[optind - 1]);
		if (opt < GETOPT_BASE)
			return unknown_option(argc, argv, why, why_size);
		id = opt - GETOPT_BASE;
		given[id] = true;
		if (id == OPT_HELP)
			return CONFIG_HELP;
		if (id == OPT_VERSION)
			return CONFIG_VERSION;
		if (id == OPT_CHECK_CONFIG)
			verdict = CONFIG_CHECK;
		else if (option_set(cfg, id, optarg, wrong, sizeof(wrong)))
			return complain(why, why_size, "--%s%s", option_defs[id].name, wrong);
	}
	if (optind < argc)
		return complain(why, why_size, "%s: what is it? Options begin with --",
				argv[optind]);
	return verdict;
}

enum config_verdict config_parse(struct config *cfg, int argc, char **argv, char *why,
				 size_t why_size)
{
	bool given[OPT_NR] = { false };
	enum config_verdict verdict;
	char wrong[WHY_MAX];
	enum option_id id;

	*cfg = defaults;
	verdict = command_line(cfg, argc, argv, given, why, why_size);
	if (verdict != CONFIG_RUN && verdict != CONFIG_CHECK)
		return verdict;
	if (cfg->file)
		return CONFIG_READ_FILE;
	id = plan_chunks(cfg, wrong, sizeof(wrong));
	if (id != OPT_NR)
		return complain(why, why_size, "--%s%s", option_defs[id].name, wrong);
	return verdict;
}

/* Complains about what a line says, which may be none of the file's. */
struct complaints {
	config_complain_fn *complain;
	void *arg;
	const char *file;
	unsigned int nr;
};

static void __attribute__((format(printf, 3, 4)))
complain_about(struct complaints *c, unsigned int line, const char *fmt, ...)
{
	char what[2 * WHY_MAX];
	va_list args;
	int len;

	if (line)
		len = snprintf(what, sizeof(what), "%.*s:%u: ", WHY_MAX, c->file, line);
	else
		len = snprintf(what, sizeof(what), "%.*s: ", WHY_MAX, c->file);
	va_start(args, fmt);
	vsnprintf(what + len, sizeof(what) - len, fmt, args);
	va_end(args);
	c->nr++;
	c->complain(c->arg, what);
}

static void file_lines(struct config *cfg, char *text, const bool given[OPT_NR],
		       unsigned int lines[OPT_NR], struct complaints *c)
{
	struct config unused = defaults;	/* for what the command line has replaced */
	struct conffile file;
	char wrong[WHY_MAX];
	enum option_id id;
	const char *why;
	int more;

	conffile_begin(&file, text);
	while ((more = conffile_next(&file, &why))) {
		if (more < 0) {
			complain_about(c, file.line, "%s", why);
			continue;
		}
		id = option_find(file.name);
		if (id == OPT_NR) {
			complain_about(c, file.line, "%.64s: no such option", file.name);
		} else if (!option_defs[id].file) {
			complain_about(c, file.line, "%s belongs on the command line", file.name);
		} else if (lines[id] && !option_defs[id].list) {
			complain_about(c, file.line, "%s is given in line %u already", file.name,
				       lines[id]);
		} else {
			lines[id] = file.line;
			if (option_set(given[id] ? &unused : cfg, id, file.value, wrong,
				       sizeof(wrong)))
				complain_about(c, file.line, "%s%s", file.name, wrong);
		}
	}
}

enum config_verdict config_merge(struct config *cfg, int argc, char **argv, char *text,
				 config_complain_fn *fn, void *arg)
{
	struct complaints c = { .complain = fn, .arg = arg };
	unsigned int lines[OPT_NR] = { 0 };
	bool given[OPT_NR] = { false };
	enum config_verdict verdict;
	char wrong[WHY_MAX];
	enum option_id id;

	/* The first time only to learn which options the command line has. */
	*cfg = defaults;
	command_line(cfg, argc, argv, given, wrong, sizeof(wrong));
	c.file = cfg->file;
	*cfg = defaults;
	file_lines(cfg, text, given, lines, &c);
	verdict = command_line(cfg, argc, argv, given, wrong, sizeof(wrong));
	if (verdict == CONFIG_ERROR)
		complain_about(&c, 0, "%s", wrong);
	if (c.nr)
		return CONFIG_ERROR;
	id = plan_chunks(cfg, wrong, sizeof(wrong));
	if (id == OPT_NR)
		return verdict;
	if (given[id])
		complain_about(&c, 0, "--%s%s", option_defs[id].name, wrong);
	else
		complain_about(&c, lines[id], "%s%s", option_defs[id].name, wrong);
	return CONFIG_ERROR;
}

int config_refit(struct config *wanted, unsigned int chunk_shift, char *why, size_t why_size)
{
	char wrong[WHY_MAX];
	const enum option_id id = cut(wanted, chunk_shift, wrong, sizeof(wrong));

	if (id == OPT_NR)
		return 0;
	complain(why, why_size, "%s%s", option_defs[id].name, wrong);
	return -1;
}

void config_take_over(struct config *cfg, const struct config *wanted,
		      config_complain_fn *changed, config_complain_fn *stays, void *arg)
{
	unsigned int id;

	for (id = 0; id < OPT_NR; id++) {
		if (!option_defs[id].file || !option_differs(cfg, wanted, id))
			continue;
		if (option_defs[id].reload)
			option_copy(cfg, wanted, id);
		(option_defs[id].reload ? changed : stays)(arg, option_defs[id].name);
	}
}
