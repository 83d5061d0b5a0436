// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>

#include "chunk_sm.h"

/* Stored plus one, so that a hole in the table differs from every decision. */
#define TO(state)	(FSR_CHUNK_##state + 1)
#define BREACH		(FSR_NR_CHUNK_STATES + 1)

static const u8 table[FSR_NR_CHUNK_STATES][FSR_NR_CHUNK_EVENTS] = {
	[FSR_CHUNK_ABSENT] = {
		[FSR_CHUNK_EV_ASK]	= TO(ASKED),
		[FSR_CHUNK_EV_GRANT]	= BREACH,
		[FSR_CHUNK_EV_DENY]	= BREACH,
		[FSR_CHUNK_EV_RELEASE]	= BREACH,
		[FSR_CHUNK_EV_TAKEN]	= BREACH,
		[FSR_CHUNK_EV_BREAK]	= TO(ABSENT),
		[FSR_CHUNK_EV_LOSE]	= TO(ABSENT),
	},
	[FSR_CHUNK_ASKED] = {
		[FSR_CHUNK_EV_ASK]	= BREACH,
		[FSR_CHUNK_EV_GRANT]	= TO(GRANTED),
		[FSR_CHUNK_EV_DENY]	= TO(ABSENT),
		[FSR_CHUNK_EV_RELEASE]	= BREACH,
		[FSR_CHUNK_EV_TAKEN]	= BREACH,
		/* The grant may have been on its way. */
		[FSR_CHUNK_EV_BREAK]	= TO(UNSURE),
		[FSR_CHUNK_EV_LOSE]	= TO(ABSENT),
	},
	[FSR_CHUNK_GRANTED] = {
		[FSR_CHUNK_EV_ASK]	= BREACH,
		[FSR_CHUNK_EV_GRANT]	= BREACH,
		[FSR_CHUNK_EV_DENY]	= BREACH,
		[FSR_CHUNK_EV_RELEASE]	= TO(RELEASED),
		[FSR_CHUNK_EV_TAKEN]	= BREACH,
		[FSR_CHUNK_EV_BREAK]	= TO(GRANTED),
		[FSR_CHUNK_EV_LOSE]	= TO(ABSENT),
	},
	[FSR_CHUNK_RELEASED] = {
		[FSR_CHUNK_EV_ASK]	= BREACH,
		[FSR_CHUNK_EV_GRANT]	= BREACH,
		[FSR_CHUNK_EV_DENY]	= BREACH,
		[FSR_CHUNK_EV_RELEASE]	= BREACH,
		[FSR_CHUNK_EV_TAKEN]	= TO(ABSENT),
		/* The release may not have come through. */
		[FSR_CHUNK_EV_BREAK]	= TO(UNSURE),
		[FSR_CHUNK_EV_LOSE]	= TO(ABSENT),
	},
	[FSR_CHUNK_UNSURE] = {
		[FSR_CHUNK_EV_ASK]	= BREACH,
		[FSR_CHUNK_EV_GRANT]	= BREACH,
		[FSR_CHUNK_EV_DENY]	= BREACH,
		[FSR_CHUNK_EV_RELEASE]	= TO(RELEASED),
		[FSR_CHUNK_EV_TAKEN]	= BREACH,
		[FSR_CHUNK_EV_BREAK]	= TO(UNSURE),
		[FSR_CHUNK_EV_LOSE]	= TO(ABSENT),
	},
};

/**
 * fsr_chunk_step - what an event does to a chunk
 * @state: the state that it is in
 * @event: what happens
 * @next: the state to go to; @state itself if the event is not allowed
 *
 * Return: false if it is not: then the server breaks the protocol, or we have a bug.
 */
bool fsr_chunk_step(enum fsr_chunk_state state, enum fsr_chunk_event event,
		    enum fsr_chunk_state *next)
{
	u8 to;

	*next = state;
	if ((unsigned int)state >= FSR_NR_CHUNK_STATES ||
	    (unsigned int)event >= FSR_NR_CHUNK_EVENTS)
		return false;
	to = table[state][event];
	if (!to || to == BREACH)
		return false;
	*next = to - 1;
	return true;
}
