// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "logline.h"

static atomic_int shown = LOG_LEVEL_INFO, used_format = LOG_FORMAT_TEXT;
static bool to_journal;

void log_init(enum log_level level)
{
	log_set(level, LOG_FORMAT_TEXT);
	to_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_set(enum log_level level, enum log_format format)
{
	atomic_store(&shown, level);
	atomic_store(&used_format, format);
}

static uint64_t wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void __attribute__((format(printf, 4, 0)))
write_line(enum log_level level, unsigned int client, const char *peer, const char *fmt,
	   va_list args)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	int saved_errno = errno;
	char message[1024], text[2048];
	const struct logline line = {
		.level = level,
		.journal = to_journal,
		.client = client,
		.peer = peer,
		.message = message,
		.time_ms = wall_ms(),
	};
	size_t len;

	if ((int)level > atomic_load_explicit(&shown, memory_order_relaxed))
		return;
	if (vsnprintf(message, sizeof(message), fmt, args) < 0)
		message[0] = '\0';
	len = logline_format(text, sizeof(text), &line, atomic_load(&used_format));

	/*
	 * One write per line: lines of several threads do not mix. A log that cannot be
	 * written, or not now, must not stop the server: the line is lost.
	 */
	while (poll(&out, 1, 0) > 0 && out.revents == POLLOUT &&
	       write(STDERR_FILENO, text, len) < 0 && errno == EINTR)
		;
	errno = saved_errno;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(level, 0, NULL, fmt, args);
	va_end(args);
}

void log_client(enum log_level level, unsigned int number, const char *peer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(level, number, peer, fmt, args);
	va_end(args);
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
