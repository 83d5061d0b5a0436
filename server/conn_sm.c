// SPDX-License-Identifier: GPL-2.0-only
#include "conn_sm.h"

#define TO(state, act)                                        \
	{                                                     \
		.next = CONN_##state, .action = CONN_DO_##act \
	}

static const struct conn_step table[CONN_NR_STATES][CONN_NR_EVENTS] = {
	[CONN_NEW] = {
		[CONN_EV_ACCEPT_SENT]		= TO(ACCEPTED, AWAIT),
		[CONN_EV_REFUSED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_CLOSE]			= TO(DOWN, TEAR_DOWN),
		[CONN_EV_DEADLINE]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_CUT]			= TO(DOWN, TEAR_DOWN),
		[CONN_EV_CONNECT_REQUEST]	= TO(NEW, IGNORE),
		/* Nothing was accepted, so there is nothing to confirm. */
		[CONN_EV_ESTABLISHED]		= TO(NEW, IGNORE),
		[CONN_EV_CONNECT_ERROR]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_UNREACHABLE]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_REJECTED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_DISCONNECTED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_TIMEWAIT_EXIT]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_DEVICE_REMOVAL]	= TO(DOWN, TEAR_DOWN),
		[CONN_EV_ADDR_CHANGE]		= TO(NEW, IGNORE),
		[CONN_EV_ACTIVE_SIDE]		= TO(NEW, IGNORE),
		[CONN_EV_MULTICAST]		= TO(NEW, IGNORE),
	},
	[CONN_ACCEPTED] = {
		[CONN_EV_ACCEPT_SENT]		= TO(ACCEPTED, IGNORE),
		[CONN_EV_REFUSED]		= TO(DOWN, TEAR_DOWN),
		/* A disconnect request before the confirmation is legal in the CM. */
		[CONN_EV_CLOSE]			= TO(CLOSING, DISCONNECT),
		[CONN_EV_DEADLINE]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_CUT]			= TO(DOWN, TEAR_DOWN),
		[CONN_EV_CONNECT_REQUEST]	= TO(ACCEPTED, IGNORE),
		[CONN_EV_ESTABLISHED]		= TO(LIVE, START),
		[CONN_EV_CONNECT_ERROR]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_UNREACHABLE]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_REJECTED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_DISCONNECTED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_TIMEWAIT_EXIT]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_DEVICE_REMOVAL]	= TO(DOWN, TEAR_DOWN),
		[CONN_EV_ADDR_CHANGE]		= TO(ACCEPTED, IGNORE),
		[CONN_EV_ACTIVE_SIDE]		= TO(ACCEPTED, IGNORE),
		[CONN_EV_MULTICAST]		= TO(ACCEPTED, IGNORE),
	},
	[CONN_LIVE] = {
		[CONN_EV_ACCEPT_SENT]		= TO(LIVE, IGNORE),
		[CONN_EV_REFUSED]		= TO(LIVE, IGNORE),
		[CONN_EV_CLOSE]			= TO(CLOSING, DISCONNECT),
		/* The confirmation came while the sweep was on its way. */
		[CONN_EV_DEADLINE]		= TO(LIVE, IGNORE),
		[CONN_EV_CUT]			= TO(DOWN, TEAR_DOWN),
		[CONN_EV_CONNECT_REQUEST]	= TO(LIVE, IGNORE),
		[CONN_EV_ESTABLISHED]		= TO(LIVE, IGNORE),
		[CONN_EV_CONNECT_ERROR]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_UNREACHABLE]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_REJECTED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_DISCONNECTED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_TIMEWAIT_EXIT]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_DEVICE_REMOVAL]	= TO(DOWN, TEAR_DOWN),
		/* The path still works until a send says otherwise. */
		[CONN_EV_ADDR_CHANGE]		= TO(LIVE, IGNORE),
		[CONN_EV_ACTIVE_SIDE]		= TO(LIVE, IGNORE),
		[CONN_EV_MULTICAST]		= TO(LIVE, IGNORE),
	},
	[CONN_CLOSING] = {
		[CONN_EV_ACCEPT_SENT]		= TO(CLOSING, IGNORE),
		[CONN_EV_REFUSED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_CLOSE]			= TO(CLOSING, NONE),
		[CONN_EV_DEADLINE]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_CUT]			= TO(DOWN, TEAR_DOWN),
		[CONN_EV_CONNECT_REQUEST]	= TO(CLOSING, IGNORE),
		/* Crossed our disconnect request on the wire. */
		[CONN_EV_ESTABLISHED]		= TO(CLOSING, NONE),
		[CONN_EV_CONNECT_ERROR]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_UNREACHABLE]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_REJECTED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_DISCONNECTED]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_TIMEWAIT_EXIT]		= TO(DOWN, TEAR_DOWN),
		[CONN_EV_DEVICE_REMOVAL]	= TO(DOWN, TEAR_DOWN),
		[CONN_EV_ADDR_CHANGE]		= TO(CLOSING, IGNORE),
		[CONN_EV_ACTIVE_SIDE]		= TO(CLOSING, IGNORE),
		[CONN_EV_MULTICAST]		= TO(CLOSING, IGNORE),
	},
	/* The teardown runs already, perhaps in another thread: hands off. */
	[CONN_DOWN] = {
		[CONN_EV_ACCEPT_SENT]		= TO(DOWN, IGNORE),
		[CONN_EV_REFUSED]		= TO(DOWN, IGNORE),
		[CONN_EV_CLOSE]			= TO(DOWN, NONE),
		[CONN_EV_DEADLINE]		= TO(DOWN, NONE),
		[CONN_EV_CUT]			= TO(DOWN, NONE),
		[CONN_EV_CONNECT_REQUEST]	= TO(DOWN, IGNORE),
		[CONN_EV_ESTABLISHED]		= TO(DOWN, NONE),
		[CONN_EV_CONNECT_ERROR]		= TO(DOWN, NONE),
		[CONN_EV_UNREACHABLE]		= TO(DOWN, NONE),
		[CONN_EV_REJECTED]		= TO(DOWN, NONE),
		[CONN_EV_DISCONNECTED]		= TO(DOWN, NONE),
		[CONN_EV_TIMEWAIT_EXIT]		= TO(DOWN, NONE),
		[CONN_EV_DEVICE_REMOVAL]	= TO(DOWN, NONE),
		[CONN_EV_ADDR_CHANGE]		= TO(DOWN, IGNORE),
		[CONN_EV_ACTIVE_SIDE]		= TO(DOWN, IGNORE),
		[CONN_EV_MULTICAST]		= TO(DOWN, IGNORE),
	},
};

struct conn_step conn_sm_step(enum conn_state state, enum conn_event event)
{
	/* Torn down already: doing so again would free what another thread is using. */
	if (state == CONN_DOWN && (unsigned int)event >= CONN_NR_EVENTS)
		return (struct conn_step)TO(DOWN, IGNORE);
	if ((unsigned int)state >= CONN_NR_STATES || (unsigned int)event >= CONN_NR_EVENTS)
		return (struct conn_step)TO(DOWN, TEAR_DOWN);
	return table[state][event];
}

#define NAME(name)	#name,

const char *conn_state_name(enum conn_state state)
{
	static const char *const names[] = { CONN_STATES(NAME) };

	return (unsigned int)state < CONN_NR_STATES ? names[state] : "?";
}

const char *conn_event_name(enum conn_event event)
{
	static const char *const names[] = { CONN_EVENTS(NAME) };

	return (unsigned int)event < CONN_NR_EVENTS ? names[event] : "?";
}

const char *conn_action_name(enum conn_action action)
{
	static const char *const names[] = { CONN_ACTIONS(NAME) };

	return (unsigned int)action < CONN_NR_ACTIONS ? names[action] : "?";
}
