/* SPDX-License-Identifier: GPL-2.0-only */
/* How long to wait before the next attempt to reconnect. Pure. */
#ifndef _FSR_BACKOFF_H
#define _FSR_BACKOFF_H

#include <linux/types.h>

#define FSR_BACKOFF_FIRST_MS	50
/* A server that is back is found again within this. */
#define FSR_BACKOFF_MAX_MS	2000

/**
 * fsr_backoff_ms - the pause before an attempt
 * @attempt: attempts that have failed so far
 * @random: any number
 *
 * Doubles with each, up to a bound; the upper half of it is random, so that the
 * many clients of a server that comes back do not come all at once.
 *
 * Return: milliseconds.
 */
static inline u32 fsr_backoff_ms(u32 attempt, u32 random)
{
	u32 ms = FSR_BACKOFF_MAX_MS;

	if (attempt < 16 && FSR_BACKOFF_FIRST_MS << attempt < FSR_BACKOFF_MAX_MS)
		ms = FSR_BACKOFF_FIRST_MS << attempt;
	return ms / 2 + random % (ms / 2 + 1);
}

#endif /* _FSR_BACKOFF_H */
