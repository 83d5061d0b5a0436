// SPDX-License-Identifier: GPL-2.0-only
#include "region_sm.h"

/* A state is stored plus one, so that a hole in the table differs from every decision. */
#define TO(state)	(REGION_##state + 1)
#define BUG		(REGION_NR_STATES + 1)

static const unsigned char table[REGION_NR_STATES][REGION_NR_EVENTS] = {
	[REGION_FREE] = {
		[REGION_EV_CLAIM]		= TO(CLAIMED),
		[REGION_EV_UNCLAIM]		= BUG,
		[REGION_EV_REGISTERED]		= BUG,
		[REGION_EV_REGISTER_FAILED]	= BUG,
		[REGION_EV_RECALL]		= BUG,
		[REGION_EV_DEREGISTERED]	= BUG,
		[REGION_EV_DEREGISTER_FAILED]	= BUG,
		[REGION_EV_DEVICE_GONE]		= BUG,
		[REGION_EV_ZERO_BEGIN]		= BUG,
		[REGION_EV_ZERO_DONE]		= BUG,
		[REGION_EV_RETIRE]		= TO(RETIRED),
		[REGION_EV_RESTORE]		= BUG,
	},
	[REGION_CLAIMED] = {
		[REGION_EV_CLAIM]		= BUG,
		/* Nobody could write to it, so it still is all zeros. */
		[REGION_EV_UNCLAIM]		= TO(FREE),
		[REGION_EV_REGISTERED]		= TO(GRANTED),
		[REGION_EV_REGISTER_FAILED]	= TO(CLAIMED),
		[REGION_EV_RECALL]		= BUG,
		[REGION_EV_DEREGISTERED]	= BUG,
		[REGION_EV_DEREGISTER_FAILED]	= BUG,
		[REGION_EV_DEVICE_GONE]		= BUG,
		[REGION_EV_ZERO_BEGIN]		= BUG,
		[REGION_EV_ZERO_DONE]		= BUG,
		[REGION_EV_RETIRE]		= BUG,
		[REGION_EV_RESTORE]		= BUG,
	},
	[REGION_GRANTED] = {
		[REGION_EV_CLAIM]		= BUG,
		[REGION_EV_UNCLAIM]		= BUG,
		[REGION_EV_REGISTERED]		= BUG,
		[REGION_EV_REGISTER_FAILED]	= BUG,
		[REGION_EV_RECALL]		= TO(CONDEMNED),
		[REGION_EV_DEREGISTERED]	= BUG,
		[REGION_EV_DEREGISTER_FAILED]	= BUG,
		[REGION_EV_DEVICE_GONE]		= BUG,
		[REGION_EV_ZERO_BEGIN]		= BUG,
		[REGION_EV_ZERO_DONE]		= BUG,
		[REGION_EV_RETIRE]		= BUG,
		[REGION_EV_RESTORE]		= BUG,
	},
	[REGION_CONDEMNED] = {
		[REGION_EV_CLAIM]		= BUG,
		[REGION_EV_UNCLAIM]		= BUG,
		[REGION_EV_REGISTERED]		= BUG,
		[REGION_EV_REGISTER_FAILED]	= BUG,
		[REGION_EV_RECALL]		= BUG,
		[REGION_EV_DEREGISTERED]	= TO(DIRTY),
		/* The rkey may still work: better a chunk less than a stranger's bytes. */
		[REGION_EV_DEREGISTER_FAILED]	= TO(LOST),
		/* No device, no rkey: the memory is as good as any other. */
		[REGION_EV_DEVICE_GONE]		= TO(DIRTY),
		[REGION_EV_ZERO_BEGIN]		= BUG,
		[REGION_EV_ZERO_DONE]		= BUG,
		[REGION_EV_RETIRE]		= BUG,
		[REGION_EV_RESTORE]		= BUG,
	},
	[REGION_DIRTY] = {
		[REGION_EV_CLAIM]		= BUG,
		[REGION_EV_UNCLAIM]		= BUG,
		[REGION_EV_REGISTERED]		= BUG,
		[REGION_EV_REGISTER_FAILED]	= BUG,
		[REGION_EV_RECALL]		= BUG,
		[REGION_EV_DEREGISTERED]	= BUG,
		[REGION_EV_DEREGISTER_FAILED]	= BUG,
		[REGION_EV_DEVICE_GONE]		= BUG,
		[REGION_EV_ZERO_BEGIN]		= TO(ZEROING),
		[REGION_EV_ZERO_DONE]		= BUG,
		[REGION_EV_RETIRE]		= BUG,
		[REGION_EV_RESTORE]		= BUG,
	},
	[REGION_ZEROING] = {
		[REGION_EV_CLAIM]		= BUG,
		[REGION_EV_UNCLAIM]		= BUG,
		[REGION_EV_REGISTERED]		= BUG,
		[REGION_EV_REGISTER_FAILED]	= BUG,
		[REGION_EV_RECALL]		= BUG,
		[REGION_EV_DEREGISTERED]	= BUG,
		[REGION_EV_DEREGISTER_FAILED]	= BUG,
		[REGION_EV_DEVICE_GONE]		= BUG,
		[REGION_EV_ZERO_BEGIN]		= BUG,
		[REGION_EV_ZERO_DONE]		= TO(FREE),
		[REGION_EV_RETIRE]		= BUG,
		[REGION_EV_RESTORE]		= BUG,
	},
	[REGION_LOST] = {
		[REGION_EV_CLAIM]		= BUG,
		[REGION_EV_UNCLAIM]		= BUG,
		[REGION_EV_REGISTERED]		= BUG,
		[REGION_EV_REGISTER_FAILED]	= BUG,
		[REGION_EV_RECALL]		= BUG,
		[REGION_EV_DEREGISTERED]	= BUG,
		[REGION_EV_DEREGISTER_FAILED]	= BUG,
		[REGION_EV_DEVICE_GONE]		= BUG,
		[REGION_EV_ZERO_BEGIN]		= BUG,
		[REGION_EV_ZERO_DONE]		= BUG,
		[REGION_EV_RETIRE]		= BUG,
		[REGION_EV_RESTORE]		= BUG,
	},
	[REGION_RETIRED] = {
		[REGION_EV_CLAIM]		= BUG,
		[REGION_EV_UNCLAIM]		= BUG,
		[REGION_EV_REGISTERED]		= BUG,
		[REGION_EV_REGISTER_FAILED]	= BUG,
		[REGION_EV_RECALL]		= BUG,
		[REGION_EV_DEREGISTERED]	= BUG,
		[REGION_EV_DEREGISTER_FAILED]	= BUG,
		[REGION_EV_DEVICE_GONE]		= BUG,
		[REGION_EV_ZERO_BEGIN]		= BUG,
		[REGION_EV_ZERO_DONE]		= BUG,
		[REGION_EV_RETIRE]		= BUG,
		/* Nobody has touched it: it still is all zeros. */
		[REGION_EV_RESTORE]		= TO(FREE),
	},
};

bool region_sm_step(enum region_state state, enum region_event event, enum region_state *next)
{
	unsigned int to;

	*next = state;
	if ((unsigned int)state >= REGION_NR_STATES || (unsigned int)event >= REGION_NR_EVENTS)
		return false;
	to = table[state][event];
	if (!to || to == BUG)
		return false;
	*next = to - 1;
	return true;
}

bool region_sm_has_mr(enum region_state state)
{
	return state == REGION_GRANTED || state == REGION_CONDEMNED || state == REGION_LOST;
}

#define NAME(name)	#name,

const char *region_state_name(enum region_state state)
{
	static const char *const names[] = { REGION_STATES(NAME) };

	return (unsigned int)state < REGION_NR_STATES ? names[state] : "?";
}

const char *region_event_name(enum region_event event)
{
	static const char *const names[] = { REGION_EVENTS(NAME) };

	return (unsigned int)event < REGION_NR_EVENTS ? names[event] : "?";
}
