// SPDX-License-Identifier: GPL-2.0-only
#include <linux/types.h>

#include "ahead_sm.h"

#define FREE	FASTSWAP_AHEAD_FREE
#define FLYING	FASTSWAP_AHEAD_FLYING
#define STALE	FASTSWAP_AHEAD_STALE
#define AWAITED	FASTSWAP_AHEAD_AWAITED
#define READY	FASTSWAP_AHEAD_READY
#define TAKEN	FASTSWAP_AHEAD_TAKEN
#define NO	FASTSWAP_AHEAD_NO

/*
 * AWAITED and TAKEN outlast a write: that its reader did not wait for its end
 * leaves open whether it gets the old or the new.
 */
static const u8 table[FASTSWAP_AHEAD_NR_STATES][FASTSWAP_AHEAD_NR_EVENTS] = {
	/*	     ASK	WANT		WRITTEN		ARRIVED	FAILED	COPIED */
	[FREE]	  = { FLYING,	NO,		FREE,		NO,	NO,	NO },
	[FLYING]  = { NO,	AWAITED,	STALE,		READY,	FREE,	NO },
	[STALE]	  = { NO,	NO,		STALE,		FREE,	FREE,	NO },
	[AWAITED] = { NO,	NO,		AWAITED,	TAKEN,	TAKEN,	NO },
	[READY]	  = { FLYING,	TAKEN,		FREE,		NO,	NO,	NO },
	[TAKEN]	  = { NO,	NO,		TAKEN,		NO,	NO,	FREE },
};

/**
 * fastswap_ahead_next - the state after an event
 * @state: before
 * @event: the event
 *
 * Return: the state, or FASTSWAP_AHEAD_NO: the event is refused (ASK, WANT), or
 * cannot be.
 */
enum fastswap_ahead_state fastswap_ahead_next(enum fastswap_ahead_state state,
					      enum fastswap_ahead_event event)
{
	return table[state][event];
}
