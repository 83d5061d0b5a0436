/* SPDX-License-Identifier: GPL-2.0-only */
/* What a line of the log looks like. Pure: reads its arguments, nothing else. */
#ifndef FASTSWAP_SERVER_LOGLINE_H
#define FASTSWAP_SERVER_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"

struct logline {
	enum log_level level;
	bool journal;			/* with the priority in front, as the journal wants it */
	unsigned int client;		/* 0: it is about none */
	const char *peer;		/* the address of the client */
	const char *message;
	uint64_t time_ms;		/* since 1970 */
};

/**
 * logline_format - make a line of it
 * @buf: gets the line, with a newline at its end
 * @size: bytes of @buf, at least 256
 * @line: what it says; a message that is too long is cut, what counts stands at its beginning
 * @format: for people, or one JSON object
 *
 * Return: the length of the line.
 */
size_t logline_format(char *buf, size_t size, const struct logline *line, enum log_format format);

#endif /* FASTSWAP_SERVER_LOGLINE_H */
