// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>

#include <fastswap/proto.h>

#include "words.h"

/**
 * fsr_words_reason - a reason of the server and the number that goes with it
 * @buf: gets the text
 * @len: bytes of @buf
 * @reason: enum fsw_reason, or any number
 * @detail: host order; means what enum fsw_reason says
 *
 * Return: length of the text, as snprintf().
 */
int fsr_words_reason(char *buf, size_t len, unsigned int reason, u64 detail)
{
	const char *text = fsw_reason_text(reason);

	switch (reason) {
	case FSW_REASON_VERSION:
		return snprintf(buf, len, "%s: the server speaks %u to %u, this module %u to %u",
				text, (unsigned int)(detail >> 16 & 0xffff),
				(unsigned int)(detail & 0xffff), FSW_VERSION_MIN, FSW_VERSION);
	case FSW_REASON_NO_MEMORY:
		return snprintf(buf, len, "%s: %llu MiB are available", text,
				(unsigned long long)(detail >> 20));
	case FSW_REASON_LIMIT:
		return snprintf(buf, len, "%s: %llu", text, (unsigned long long)detail);
	default:
		if (reason >= FSW_NR_REASONS)
			return snprintf(buf, len, "%s %u", text, reason);
		return snprintf(buf, len, "%s", text);
	}
}
