/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * States of a page that is read ahead of its reader. Pure; also compiled into
 * user-space unit tests.
 *
 *	              ask               arrived            want
 *	       FREE -------> FLYING --------------> READY ------> TAKEN
 *	                      |  |                    |             |
 *	              written |  | want       written |             | copied
 *	                      v  v                    v             v
 *	                  STALE  AWAITED -> TAKEN    FREE          FREE
 *
 * What is READY is what a reader would get now: a write that ends takes it away,
 * and makes STALE what is on its way and may be older.
 */
#ifndef _FASTSWAP_AHEAD_SM_H
#define _FASTSWAP_AHEAD_SM_H

/**
 * enum fastswap_ahead_state - what is in a page
 * @FASTSWAP_AHEAD_FREE: nothing
 * @FASTSWAP_AHEAD_FLYING: it is being read
 * @FASTSWAP_AHEAD_STALE: likewise, in vain
 * @FASTSWAP_AHEAD_AWAITED: likewise, and its reader waits for it
 * @FASTSWAP_AHEAD_READY: what the slot holds
 * @FASTSWAP_AHEAD_TAKEN: its reader has it, or the error, and is about to copy it
 */
enum fastswap_ahead_state {
	FASTSWAP_AHEAD_FREE,
	FASTSWAP_AHEAD_FLYING,
	FASTSWAP_AHEAD_STALE,
	FASTSWAP_AHEAD_AWAITED,
	FASTSWAP_AHEAD_READY,
	FASTSWAP_AHEAD_TAKEN,
	FASTSWAP_AHEAD_NR_STATES,
	FASTSWAP_AHEAD_NO = FASTSWAP_AHEAD_NR_STATES,	/* cannot be done now */
};

/**
 * enum fastswap_ahead_event - what happens to it
 * @FASTSWAP_AHEAD_ASK: a stream will want this slot or another; may be refused
 * @FASTSWAP_AHEAD_WANT: a reader wants the slot; may be refused
 * @FASTSWAP_AHEAD_WRITTEN: a write of the slot is about to end
 * @FASTSWAP_AHEAD_ARRIVED: the read of it has ended, well
 * @FASTSWAP_AHEAD_FAILED: or not
 * @FASTSWAP_AHEAD_COPIED: its reader needs it no more
 */
enum fastswap_ahead_event {
	FASTSWAP_AHEAD_ASK,
	FASTSWAP_AHEAD_WANT,
	FASTSWAP_AHEAD_WRITTEN,
	FASTSWAP_AHEAD_ARRIVED,
	FASTSWAP_AHEAD_FAILED,
	FASTSWAP_AHEAD_COPIED,
	FASTSWAP_AHEAD_NR_EVENTS,
};

enum fastswap_ahead_state fastswap_ahead_next(enum fastswap_ahead_state state,
					      enum fastswap_ahead_event event);

#endif /* _FASTSWAP_AHEAD_SM_H */
