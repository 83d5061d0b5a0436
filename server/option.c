// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <fastswap/proto.h>

#include "adminaddr.h"
#include "numanode.h"
#include "option.h"

static const char *const huge_choices[] = {
	[HUGE_TRY] = "try",
	[HUGE_NO] = "no",
	[HUGE_YES] = "yes",
	[HUGE_2M] = "2M",
	[HUGE_1G] = "1G",
	NULL,
};
static const char *const level_choices[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
	NULL,
};

static const char *const format_choices[] = {
	[LOG_FORMAT_TEXT] = "text",
	[LOG_FORMAT_JSON] = "json",
	NULL,
};

#define AT(field)	.offset = offsetof(struct config, field), .file = true
#define NUMBER(label, field, least, most, times) \
	{ .name = label, .kind = OPTION_NUMBER, AT(field), .min = least, .max = most, \
	  .scale = times }
#define LIVE_NUMBER(label, field, least, most, times) \
	{ .name = label, .kind = OPTION_NUMBER, AT(field), .min = least, .max = most, \
	  .scale = times, .reload = true }
#define SIZE(label, field, example) \
	{ .name = label, .kind = OPTION_SIZE, AT(field), .hint = example }
#define LIVE_SIZE(label, field, example) \
	{ .name = label, .kind = OPTION_SIZE, AT(field), .hint = example, .reload = true }
#define LIVE_RATIO(label, field) \
	{ .name = label, .kind = OPTION_RATIO, AT(field), .reload = true }
#define CHOICE(label, field, words, text, live) \
	{ .name = label, .kind = OPTION_CHOICE, AT(field), .choices = words, .hint = text, \
	  .reload = live }
#define TEXT(label, field) \
	{ .name = label, .kind = OPTION_TEXT, AT(field) }
#define LIST(label, its_kind, field) \
	{ .name = label, .kind = its_kind, .list = true, .reload = true, AT(field) }
#define LINE_TEXT(label, field) \
	{ .name = label, .kind = OPTION_TEXT, .offset = offsetof(struct config, field) }
#define FLAG(label) \
	{ .name = label, .kind = OPTION_FLAG }

const struct option_def option_defs[OPT_NR] = {
	[OPT_SIZE] = LIVE_SIZE("size", size, "32G"),
	[OPT_PORT] = NUMBER("port", port, 1, 65535, 1),
	[OPT_ADDRESS] = TEXT("address", address),
	[OPT_CHUNK_SIZE] = SIZE("chunk-size", asked_chunk, "64M"),
	[OPT_THREADS] = NUMBER("threads", threads, 1, 256, 1),
	[OPT_HUGEPAGES] = CHOICE("hugepages", huge, huge_choices, "no, try, yes, 2M or 1G", false),
	[OPT_NUMA] = { .name = "numa", .kind = OPTION_NUMA, AT(numa) },
	[OPT_MAX_SESSIONS] = LIVE_NUMBER("max-sessions", max_sessions, 1, 65536, 1),
	[OPT_MAX_SETS] = LIVE_NUMBER("max-sets", max_sets, 1, FSW_MAX_SETS, 1),
	[OPT_KEEPALIVE] = LIVE_NUMBER("keepalive", keepalive_ms, 1, 3600, 1000),
	[OPT_LEASE] = LIVE_NUMBER("lease", lease_ms, 0, 86400, 1000),
	[OPT_LOG_LEVEL] = CHOICE("log-level", log_level, level_choices,
				 "error, warn, info or debug", true),
	[OPT_LOG_FORMAT] = CHOICE("log-format", log_format, format_choices, "text or json", true),
	[OPT_ALLOW] = LIST("allow", OPTION_ALLOW, allow),
	[OPT_CONNECT_RATE] = LIVE_NUMBER("connect-rate", connect_rate, 0, 1000000, 1),
	[OPT_MAX_PER_ADDRESS] = LIVE_NUMBER("max-per-address", max_per_address, 0, 65536, 1),
	[OPT_QUOTA] = LIST("quota", OPTION_QUOTA, quota),
	[OPT_OVERCOMMIT] = LIVE_RATIO("overcommit", overcommit),
	[OPT_PSK_FILE] = TEXT("psk-file", psk_file),
	[OPT_ADMIN] = { .name = "admin", .kind = OPTION_ADMIN, AT(admin) },
	[OPT_CONFIG] = LINE_TEXT("config", file),
	[OPT_CHECK_CONFIG] = FLAG("check-config"),
	[OPT_HELP] = FLAG("help"),
	[OPT_VERSION] = FLAG("version"),
};

enum option_id option_find(const char *name)
{
	unsigned int id = 0;

	while (id < OPT_NR && strcmp(option_defs[id].name, name))
		id++;
	return id;
}

static int __attribute__((format(printf, 3, 4)))
complain(char *why, size_t why_size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return -1;
}

static int parse_number(const char *text, unsigned long min, unsigned long max,
			unsigned long *value)
{
	char *end;

	/* strtoul() takes signs and leading blanks; an option should not. */
	if (!isdigit((unsigned char)*text))
		return -1;
	/* An overflow gives ULONG_MAX, which is more than any @max. */
	*value = strtoul(text, &end, 10);
	if (*end || *value < min || *value > max)
		return -1;
	return 0;
}

/* Digits, and maybe one or two behind a point. */
static int parse_ratio(const char *text, unsigned int *percent)
{
	size_t whole = strspn(text, "0123456789"), rest = 0;
	unsigned int value;

	if (!whole || whole > 3)
		return -1;
	value = strtoul(text, NULL, 10) * 100;
	if (text[whole] == '.') {
		const char *digits = text + whole + 1;

		rest = strspn(digits, "0123456789");
		if (!rest || rest > 2)
			return -1;
		value += (digits[0] - '0') * 10;
		if (rest == 2)
			value += digits[1] - '0';
		rest++;
	}
	if (text[whole + rest] || value < 100 || value > 100 * 100)
		return -1;
	*percent = value;
	return 0;
}

static int parse_choice(const char *text, const char *const *choices, unsigned int *value)
{
	unsigned int i;

	for (i = 0; choices[i]; i++) {
		if (!strcasecmp(text, choices[i])) {
			*value = i;
			return 0;
		}
	}
	return -1;
}

static int parse_node(const char *text, int *node)
{
	unsigned long number;

	if (!strcasecmp(text, "auto"))
		*node = NUMANODE_AUTO;
	else if (!strcasecmp(text, "off"))
		*node = NUMANODE_OFF;
	else if (!parse_number(text, 0, NUMANODE_MAX, &number))
		*node = number;
	else
		return -1;
	return 0;
}

int option_set(struct config *cfg, enum option_id id, const char *value, char *why,
	       size_t why_size)
{
	const struct option_def *def = &option_defs[id];
	void *field = (char *)cfg + def->offset;
	struct sockaddr_storage addr;
	unsigned long number;
	uint64_t bytes;

	switch (def->kind) {
	case OPTION_NUMBER:
		if (parse_number(value, def->min, def->max, &number))
			return complain(why, why_size, " must be a number from %u to %u",
					def->min, def->max);
		*(unsigned int *)field = number * def->scale;
		return 0;
	case OPTION_SIZE:
		if (config_parse_size(value, &bytes) || !bytes)
			return complain(why, why_size, ": '%s' is not a size such as %s", value,
					def->hint);
		*(uint64_t *)field = bytes;
		return 0;
	case OPTION_CHOICE:
		if (parse_choice(value, def->choices, field))
			return complain(why, why_size, " must be %s", def->hint);
		return 0;
	case OPTION_TEXT:
		if (!*value)
			return complain(why, why_size, " is empty");
		*(const char **)field = value;
		return 0;
	case OPTION_ALLOW:
		return allow_add(field, value, why, why_size);
	case OPTION_QUOTA:
		return quota_add(field, value, why, why_size);
	case OPTION_ADMIN:
		if (!adminaddr_parse(&addr, value, why, why_size))
			return -1;
		*(const char **)field = value;
		return 0;
	case OPTION_NUMA:
		if (parse_node(value, field))
			return complain(why, why_size,
					" must be auto, off or the number of a node");
		cfg->numa_strict = *(int *)field >= 0;
		return 0;
	case OPTION_RATIO:
		if (parse_ratio(value, field))
			return complain(why, why_size,
					" must be a number from 1 to 100, such as 1.5");
		return 0;
	case OPTION_FLAG:
		break;
	}
	return complain(why, why_size, " takes no value");
}

bool option_differs(const struct config *a, const struct config *b, enum option_id id)
{
	const void *one = (const char *)a + option_defs[id].offset;
	const void *other = (const char *)b + option_defs[id].offset;
	const char *text, *other_text;

	/* Other chunks may have rounded it differently; that they are others is said of them. */
	if (id == OPT_SIZE)
		return a->asked_size != b->asked_size;
	switch (option_defs[id].kind) {
	case OPTION_NUMA:
		return *(const int *)one != *(const int *)other;
	case OPTION_NUMBER:
	case OPTION_CHOICE:
	case OPTION_RATIO:
		return *(const unsigned int *)one != *(const unsigned int *)other;
	case OPTION_SIZE:
		return *(const uint64_t *)one != *(const uint64_t *)other;
	case OPTION_TEXT:
	case OPTION_ADMIN:
		text = *(const char *const *)one;
		other_text = *(const char *const *)other;
		return !text != !other_text || (text && strcmp(text, other_text));
	case OPTION_ALLOW:
		return allow_differs(&a->allow, &b->allow);
	case OPTION_QUOTA:
		return quota_differs(&a->quota, &b->quota);
	case OPTION_FLAG:
		break;
	}
	return false;
}

void option_copy(struct config *to, const struct config *from, enum option_id id)
{
	void *target = (char *)to + option_defs[id].offset;
	const void *source = (const char *)from + option_defs[id].offset;

	switch (option_defs[id].kind) {
	case OPTION_NUMBER:
	case OPTION_CHOICE:
	case OPTION_RATIO:
		*(unsigned int *)target = *(const unsigned int *)source;
		break;
	case OPTION_SIZE:
		*(uint64_t *)target = *(const uint64_t *)source;
		if (id == OPT_SIZE)
			to->asked_size = from->asked_size;
		break;
	case OPTION_ALLOW:
		to->allow = from->allow;
		break;
	case OPTION_QUOTA:
		to->quota = from->quota;
		break;
	case OPTION_TEXT:
	case OPTION_ADMIN:
	case OPTION_NUMA:
	case OPTION_FLAG:
		break;
	}
}
