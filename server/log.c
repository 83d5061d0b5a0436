// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

static atomic_int shown = LOG_LEVEL_INFO;
static bool to_journal;

void log_init(enum log_level level)
{
	log_set_level(level);
	to_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_level(enum log_level level)
{
	atomic_store(&shown, level);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const struct {
		const char *journal, *terminal;
	} prefix[] = {
		[LOG_LEVEL_ERROR] = { "<3>", "fastswap-server: error: " },
		[LOG_LEVEL_WARN] = { "<4>", "fastswap-server: warning: " },
		[LOG_LEVEL_INFO] = { "<6>", "fastswap-server: " },
		[LOG_LEVEL_DEBUG] = { "<7>", "fastswap-server: debug: " },
	};
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	int saved_errno = errno;
	char line[1024];
	va_list args;
	int len, n;

	if ((int)level > atomic_load_explicit(&shown, memory_order_relaxed))
		return;

	len = snprintf(line, sizeof(line), "%s",
		       to_journal ? prefix[level].journal : prefix[level].terminal);
	va_start(args, fmt);
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
	va_end(args);
	if (n < 0)
		n = 0;
	/* A longer line is cut; what counts stands at its beginning. */
	len = len + n < (int)sizeof(line) - 2 ? len + n : (int)sizeof(line) - 2;
	line[len++] = '\n';

	/*
	 * One write per line: lines of several threads do not mix. A log that cannot be
	 * written, or not now, must not stop the server: the line is lost.
	 */
	while (poll(&out, 1, 0) > 0 && out.revents == POLLOUT &&
	       write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		;
	errno = saved_errno;
}

bool log_limit_pass(struct log_limit *limit, uint64_t now, unsigned int *left_out)
{
	uint64_t begin = atomic_load(&limit->begin_ms);
	unsigned int nr;

	now++;	/* 0 is no time */
	*left_out = 0;
	/* Whoever begins a new time tells of the old one. */
	if ((!begin || now - begin >= LOG_LIMIT_MS) &&
	    atomic_compare_exchange_strong(&limit->begin_ms, &begin, now)) {
		nr = atomic_exchange(&limit->nr, 1);
		if (nr > LOG_LIMIT_LINES)
			*left_out = nr - LOG_LIMIT_LINES;
		return true;
	}
	return atomic_fetch_add(&limit->nr, 1) < LOG_LIMIT_LINES;
}
