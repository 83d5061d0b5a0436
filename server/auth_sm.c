// SPDX-License-Identifier: GPL-2.0-only
#include "auth_sm.h"

#define TO(state, act)                                        \
	{                                                     \
		.next = AUTH_##state, .action = AUTH_DO_##act \
	}

static const struct auth_step table[AUTH_NR_STATES][AUTH_NR_EVENTS] = {
	[AUTH_OPEN] = {
		/* Nobody asked for it, and nobody could look at it. */
		[AUTH_EV_PROOF]		= TO(OPEN, BREACH),
		[AUTH_EV_WISH]		= TO(OPEN, TAKE),
		[AUTH_EV_SIGN]		= TO(OPEN, TAKE),
		[AUTH_EV_GOOD]		= TO(OPEN, IGNORE),
		[AUTH_EV_BAD]		= TO(OPEN, IGNORE),
		[AUTH_EV_DEADLINE]	= TO(OPEN, IGNORE),
	},
	[AUTH_AWAITED] = {
		[AUTH_EV_PROOF]		= TO(CHECKING, CHECK),
		[AUTH_EV_WISH]		= TO(FAILED, DISMISS),
		[AUTH_EV_SIGN]		= TO(AWAITED, TAKE),
		/* Of nothing that it sent on this connection. */
		[AUTH_EV_GOOD]		= TO(AWAITED, IGNORE),
		[AUTH_EV_BAD]		= TO(AWAITED, IGNORE),
		[AUTH_EV_DEADLINE]	= TO(FAILED, DISMISS),
	},
	[AUTH_CHECKING] = {
		/* One proof for each connection: who guesses has to come again. */
		[AUTH_EV_PROOF]		= TO(FAILED, BREACH),
		[AUTH_EV_WISH]		= TO(FAILED, DISMISS),
		[AUTH_EV_SIGN]		= TO(CHECKING, TAKE),
		[AUTH_EV_GOOD]		= TO(PROVEN, CONFIRM),
		[AUTH_EV_BAD]		= TO(FAILED, REFUSE),
		/* It did its part in time; what it waits for is ours. */
		[AUTH_EV_DEADLINE]	= TO(CHECKING, IGNORE),
	},
	[AUTH_PROVEN] = {
		[AUTH_EV_PROOF]		= TO(PROVEN, BREACH),
		[AUTH_EV_WISH]		= TO(PROVEN, TAKE),
		[AUTH_EV_SIGN]		= TO(PROVEN, TAKE),
		[AUTH_EV_GOOD]		= TO(PROVEN, IGNORE),
		[AUTH_EV_BAD]		= TO(PROVEN, IGNORE),
		[AUTH_EV_DEADLINE]	= TO(PROVEN, IGNORE),
	},
	/* For good: there is no way out but the end of the connection. */
	[AUTH_FAILED] = {
		[AUTH_EV_PROOF]		= TO(FAILED, IGNORE),
		[AUTH_EV_WISH]		= TO(FAILED, IGNORE),
		[AUTH_EV_SIGN]		= TO(FAILED, IGNORE),
		[AUTH_EV_GOOD]		= TO(FAILED, IGNORE),
		[AUTH_EV_BAD]		= TO(FAILED, IGNORE),
		[AUTH_EV_DEADLINE]	= TO(FAILED, IGNORE),
	},
};

struct auth_step auth_sm_step(enum auth_state state, enum auth_event event)
{
	if ((unsigned int)state >= AUTH_NR_STATES || (unsigned int)event >= AUTH_NR_EVENTS)
		return (struct auth_step)TO(FAILED, BREACH);
	return table[state][event];
}
