// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>

#include "move_sm.h"

/* Stored plus one, so that a hole in the table differs from every decision. */
#define TO(state)	(FSR_MOVE_##state + 1)
#define NEVER		(FSR_NR_MOVE_STATES + 1)

static const u8 table[FSR_NR_MOVE_STATES][FSR_NR_MOVE_EVENTS] = {
	[FSR_MOVE_NONE] = {
		[FSR_MOVE_EV_BEGIN]		= TO(SETTLING),
		[FSR_MOVE_EV_SETTLED]		= NEVER,
		[FSR_MOVE_EV_READ]		= NEVER,
		[FSR_MOVE_EV_WRITTEN]		= NEVER,
		[FSR_MOVE_EV_COPIED]		= NEVER,
		[FSR_MOVE_EV_LEFT]		= NEVER,
		[FSR_MOVE_EV_FAIL]		= NEVER,
	},
	[FSR_MOVE_SETTLING] = {
		[FSR_MOVE_EV_BEGIN]		= NEVER,
		[FSR_MOVE_EV_SETTLED]		= TO(READING),
		[FSR_MOVE_EV_READ]		= NEVER,
		[FSR_MOVE_EV_WRITTEN]		= NEVER,
		[FSR_MOVE_EV_COPIED]		= NEVER,
		[FSR_MOVE_EV_LEFT]		= NEVER,
		[FSR_MOVE_EV_FAIL]		= TO(NONE),
	},
	[FSR_MOVE_READING] = {
		[FSR_MOVE_EV_BEGIN]		= NEVER,
		[FSR_MOVE_EV_SETTLED]		= NEVER,
		[FSR_MOVE_EV_READ]		= TO(WRITING),
		[FSR_MOVE_EV_WRITTEN]		= NEVER,
		[FSR_MOVE_EV_COPIED]		= NEVER,
		[FSR_MOVE_EV_LEFT]		= NEVER,
		[FSR_MOVE_EV_FAIL]		= TO(NONE),
	},
	[FSR_MOVE_WRITING] = {
		[FSR_MOVE_EV_BEGIN]		= NEVER,
		[FSR_MOVE_EV_SETTLED]		= NEVER,
		[FSR_MOVE_EV_READ]		= NEVER,
		[FSR_MOVE_EV_WRITTEN]		= TO(READING),
		[FSR_MOVE_EV_COPIED]		= TO(LEAVING),
		[FSR_MOVE_EV_LEFT]		= NEVER,
		[FSR_MOVE_EV_FAIL]		= TO(NONE),
	},
	[FSR_MOVE_LEAVING] = {
		[FSR_MOVE_EV_BEGIN]		= NEVER,
		[FSR_MOVE_EV_SETTLED]		= NEVER,
		[FSR_MOVE_EV_READ]		= NEVER,
		[FSR_MOVE_EV_WRITTEN]		= NEVER,
		[FSR_MOVE_EV_COPIED]		= NEVER,
		[FSR_MOVE_EV_LEFT]		= TO(NONE),
		/* It is in its new frame: there is no way back. */
		[FSR_MOVE_EV_FAIL]		= NEVER,
	},
};

/**
 * fsr_move_step - what an event does to a move
 * @state: the state that it is in
 * @event: what happens
 * @next: the state to go to; @state itself if the event is not allowed
 *
 * Return: false if it is not, which is a bug.
 */
bool fsr_move_step(enum fsr_move_state state, enum fsr_move_event event,
		   enum fsr_move_state *next)
{
	u8 to;

	*next = state;
	if ((unsigned int)state >= FSR_NR_MOVE_STATES ||
	    (unsigned int)event >= FSR_NR_MOVE_EVENTS)
		return false;
	to = table[state][event];
	if (!to || to == NEVER)
		return false;
	*next = to - 1;
	return true;
}
