/* SPDX-License-Identifier: GPL-2.0-only */
/* How long I/O waits while there is no server for it. Pure. */
#ifndef _FASTSWAP_HOLD_H
#define _FASTSWAP_HOLD_H

#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

/* Seconds. */
#define FASTSWAP_HOLD_DEFAULT	30
#define FASTSWAP_HOLD_MAX	86400

/**
 * fastswap_hold_parse - understand it as it is given with an attachment
 * @text: digits
 * @seconds: set on success
 * @error: gets the reason of a failure in words
 * @len: bytes of @error
 *
 * Return: 0 or -EINVAL.
 */
static inline int fastswap_hold_parse(const char *text, u32 *seconds, char *error, size_t len)
{
	u32 n;

	/* kstrtou32() would take a sign, a newline and other bases. */
	if (isdigit((unsigned char)text[0]) && strlen(text) <= 5 &&
	    strspn(text, "0123456789") == strlen(text) && !kstrtou32(text, 10, &n) &&
	    n <= FASTSWAP_HOLD_MAX) {
		*seconds = n;
		return 0;
	}
	snprintf(error, len, "hold '%s' is not a number of seconds from 0 to %d", text,
		 FASTSWAP_HOLD_MAX);
	return -EINVAL;
}

#endif /* _FASTSWAP_HOLD_H */
