// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "logline.h"

/* What an escaped byte, and the end of an object, take. */
#define ESCAPED_MAX	6
#define END_MAX		4

static const struct {
	const char *journal, *terminal, *name;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "<3>", "error: ", "error" },
	[LOG_LEVEL_WARN] = { "<4>", "warning: ", "warn" },
	[LOG_LEVEL_INFO] = { "<6>", "", "info" },
	[LOG_LEVEL_DEBUG] = { "<7>", "debug: ", "debug" },
};

static size_t text(char *buf, size_t size, const struct logline *line)
{
	int len;

	if (line->journal)
		len = snprintf(buf, size, "%s", levels[line->level].journal);
	else
		len = snprintf(buf, size, "fastswap-server: %s", levels[line->level].terminal);
	if (line->client)
		len += snprintf(buf + len, size - len, "client %u (%s): ", line->client,
				line->peer);
	len += snprintf(buf + len, size - len, "%s", line->message);
	len = len < (int)size - 2 ? len : (int)size - 2;
	buf[len++] = '\n';
	buf[len] = '\0';
	return len;
}

/* As the inside of a string. Bytes beyond ASCII are taken for Latin-1, which is always valid. */
static size_t escape(char *buf, size_t size, const char *from)
{
	size_t len = 0;

	buf[0] = '\0';
	for (; *from && len + ESCAPED_MAX < size; from++) {
		unsigned char c = *from;

		if (c == '"' || c == '\\')
			len += snprintf(buf + len, size - len, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			len += snprintf(buf + len, size - len, "\\u%04x", c);
		else
			len += snprintf(buf + len, size - len, "%c", c);
	}
	return len;
}

static size_t json(char *buf, size_t size, const struct logline *line)
{
	const time_t seconds = line->time_ms / 1000;
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = snprintf(buf, size,
		       "%s{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03uZ\",\"level\":\"%s\"",
		       line->journal ? levels[line->level].journal : "", tm.tm_year + 1900,
		       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		       (unsigned int)(line->time_ms % 1000), levels[line->level].name);
	if (line->client)
		len += snprintf(buf + len, size - len, ",\"client\":%u,\"peer\":\"%.64s\"",
				line->client, line->peer);
	len += snprintf(buf + len, size - len, ",\"message\":\"");
	len += escape(buf + len, size - len - END_MAX, line->message);
	len += snprintf(buf + len, size - len, "\"}\n");
	return len;
}

size_t logline_format(char *buf, size_t size, const struct logline *line, enum log_format format)
{
	return format == LOG_FORMAT_JSON ? json(buf, size, line) : text(buf, size, line);
}
