/* SPDX-License-Identifier: GPL-2.0-only */
/* The log: one line per call, to stderr, from the main thread. */
#ifndef FASTSWAP_RECLAIMD_LOG_H
#define FASTSWAP_RECLAIMD_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/** log_init - choose the least important level that is still shown */
void log_init(enum log_level level);

/** log_line - write one line; a newline is added */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...)	log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)	log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)	log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_dbg(...)	log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif /* FASTSWAP_RECLAIMD_LOG_H */
