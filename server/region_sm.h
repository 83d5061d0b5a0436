/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of one chunk of the pool and of its memory registration. Pure: no
 * verbs, no allocation, no I/O, no logging.
 *
 * The order is what keeps clients apart: a chunk becomes FREE only through
 * ZEROING, ZEROING begins only in DIRTY, and DIRTY is reached only when the
 * registration is gone, so no remote access can race with the zeroing.
 */
#ifndef FASTSWAP_SERVER_REGION_SM_H
#define FASTSWAP_SERVER_REGION_SM_H

#include <stdbool.h>

#define REGION_STATES(X) \
	X(FREE)		/* all zeros, on the free list, not registered */ \
	X(CLAIMED)	/* all zeros, taken for a request, not registered yet */ \
	X(GRANTED)	/* registered; a client may know the rkey */ \
	X(CONDEMNED)	/* still registered, but on its way back */ \
	X(DIRTY)	/* not registered; holds the last client's bytes */ \
	X(ZEROING)	/* being cleared */ \
	X(LOST)		/* the device would not deregister it: never used again */ \
	X(RETIRED)	/* not lent any more: its memory goes back to the system */

#define REGION_EVENTS(X) \
	X(CLAIM)	/* taken for a request */ \
	X(UNCLAIM)	/* the request came to nothing */ \
	X(REGISTERED) \
	X(REGISTER_FAILED) \
	X(RECALL)	/* released by the client, or its session ended */ \
	X(DEREGISTERED) \
	X(DEREGISTER_FAILED) \
	X(DEVICE_GONE)	/* the device was removed, and all registrations with it */ \
	X(ZERO_BEGIN) \
	X(ZERO_DONE) \
	X(RETIRE)	/* the pool shrinks */ \
	X(RESTORE)	/* its memory could not be given back */

#define REGION_ENUM_STATE(name)	REGION_##name,
#define REGION_ENUM_EVENT(name)	REGION_EV_##name,

enum region_state {
	REGION_STATES(REGION_ENUM_STATE)
	REGION_NR_STATES
};
enum region_event {
	REGION_EVENTS(REGION_ENUM_EVENT)
	REGION_NR_EVENTS
};

/**
 * region_sm_step - what an event does to a chunk
 * @state: the state it is in
 * @event: what happened
 * @next: the state to go to; @state itself when the event is not allowed
 *
 * Return: true if the event is allowed in that state. All events are the
 * server's own doing, so false means a bug of the server.
 */
bool region_sm_step(enum region_state state, enum region_event event, enum region_state *next);

/** region_sm_has_mr - does a chunk in this state have a memory registration? */
bool region_sm_has_mr(enum region_state state);

const char *region_state_name(enum region_state state);
const char *region_event_name(enum region_event event);

#endif /* FASTSWAP_SERVER_REGION_SM_H */
