/* SPDX-License-Identifier: GPL-2.0-only */
/* A log that a test can read, in place of that of fake_log.c. */
#ifndef CAPTURE_LOG_H
#define CAPTURE_LOG_H

/* What was logged since the last call, at most 8 KiB of it, a newline behind each line. */
const char *captured_log(void);

#endif /* CAPTURE_LOG_H */
