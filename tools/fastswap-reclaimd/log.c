// SPDX-License-Identifier: GPL-2.0-only
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum log_level shown = LOG_LEVEL_INFO;

void log_init(enum log_level level)
{
	shown = level;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	/* What the journal of systemd understands, and what people do. */
	static const char *const journal[] = { "<3>", "<4>", "<6>", "<7>" };
	static const char *const terminal[] = { "error: ", "warning: ", "", "debug: " };
	char line[1024];
	va_list args;

	if (level > shown)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "%s%s\n", journal[level], line);
	else
		fprintf(stderr, "fastswap-reclaimd: %s%s\n", terminal[level], line);
}
