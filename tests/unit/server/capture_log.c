// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "capture_log.h"
#include "log.h"

static char text[8192], taken[sizeof(text)];
static size_t used;

const char *captured_log(void)
{
	snprintf(taken, sizeof(taken), "%s", used ? text : "");
	used = 0;
	return taken;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list args;

	if (used >= sizeof(text) - 1)
		return;
	va_start(args, fmt);
	used += vsnprintf(text + used, sizeof(text) - used, fmt, args);
	va_end(args);
	if (used < sizeof(text) - 1)
		used += snprintf(text + used, sizeof(text) - used, "\n");
}
