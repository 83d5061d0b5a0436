/* SPDX-License-Identifier: GPL-2.0-only */
/* Does I/O still wait for another link, and how long? Pure. */
#ifndef _FSR_HOLD_H
#define _FSR_HOLD_H

#include <linux/types.h>

#include "session_sm.h"

/**
 * fsr_hold_left_ms - how long I/O may still wait
 * @hold_s: seconds that the user lets it wait
 * @gone_ms: since the link broke
 *
 * Return: milliseconds; 0: it has waited long enough.
 */
static inline u64 fsr_hold_left_ms(u32 hold_s, u64 gone_ms)
{
	u64 hold_ms = hold_s * 1000ull;

	return gone_ms < hold_ms ? hold_ms - gone_ms : 0;
}

enum fsr_hold_verdict {
	FSR_HOLD_NONE,	/* nothing waits for a link, or not any more */
	FSR_HOLD_WAIT,	/* look again when the time is up */
	FSR_HOLD_OVER,	/* the time is up */
};

/**
 * fsr_hold_look - what is due now
 * @state: of the session
 * @expired: I/O does not wait any more in this outage
 * @left_ms: see fsr_hold_left_ms()
 *
 * How far an attempt to make a link has come makes no difference.
 */
static inline enum fsr_hold_verdict fsr_hold_look(enum fsr_state state, bool expired, u64 left_ms)
{
	if (expired || (state != FSR_BROKEN && state != FSR_RECONNECTING))
		return FSR_HOLD_NONE;
	return left_ms ? FSR_HOLD_WAIT : FSR_HOLD_OVER;
}

#endif /* _FSR_HOLD_H */
