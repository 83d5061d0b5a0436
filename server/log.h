/* SPDX-License-Identifier: GPL-2.0-only */
/* The log: one line per call, to stderr, from any thread. */
#ifndef FASTSWAP_SERVER_LOG_H
#define FASTSWAP_SERVER_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "util.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,	/* an object per line */
};

/**
 * log_init - choose what is shown
 * @level: the least important level that is still shown
 *
 * Lines get a syslog priority in front ("<4>") when stderr goes to the journal
 * of systemd. Call it before other threads exist.
 */
void log_init(enum log_level level);

/** log_set - show more or less, or otherwise, from now on; any thread */
void log_set(enum log_level level, enum log_format format);

/** log_line - write one line; a newline is added */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * log_client - write one line about a client
 * @level: how important it is
 * @number: of the client, not 0
 * @peer: its address
 * @fmt: a newline is added
 */
void log_client(enum log_level level, unsigned int number, const char *peer, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Lines of one place in the code: not more than so many in so much time. */
#define LOG_LIMIT_LINES	10
#define LOG_LIMIT_MS	10000

struct log_limit {
	atomic_uint_least64_t begin_ms;	/* of the time that is being counted in */
	atomic_uint nr;			/* lines since then, those left out as well */
};

/**
 * log_limit_pass - may a line be written?
 * @limit: of the place that it comes from
 * @now: now_ms()
 * @left_out: set to how many were not written before this one
 *
 * Any thread. Two threads that are here at the same time may write a line more.
 */
bool log_limit_pass(struct log_limit *limit, uint64_t now, unsigned int *left_out);

/* For what others can make happen as often as they like: @call is log_line() or log_client(). */
#define log_limited(call, level, ...) do { \
		static struct log_limit limit_; \
		unsigned int left_out_; \
		if (!log_limit_pass(&limit_, now_ms(), &left_out_)) \
			break; \
		if (left_out_) \
			log_line(level, "%u lines like the next one were left out", left_out_); \
		call(level, __VA_ARGS__); \
	} while (0)
#define log_rl(level, ...)		log_limited(log_line, level, __VA_ARGS__)
#define log_client_rl(level, ...)	log_limited(log_client, level, __VA_ARGS__)

#define log_err(...)	log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)	log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)	log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_dbg(...)	log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif /* FASTSWAP_SERVER_LOG_H */
