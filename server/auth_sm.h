/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the client at the other end of a control connection is known to be who it says.
 * Pure: no verbs, no allocation, no I/O, no logging. Every event is decided in every state, also
 * where it "cannot happen": events come from the network.
 */
#ifndef FASTSWAP_SERVER_AUTH_SM_H
#define FASTSWAP_SERVER_AUTH_SM_H

#include <stdbool.h>

#define AUTH_STATES(X) \
	X(OPEN)		/* nobody asks */ \
	X(AWAITED)	/* it has not said anything yet */ \
	X(CHECKING)	/* the main thread looks at its proof */ \
	X(PROVEN)	/* it is who it says */ \
	X(FAILED)	/* it is not, or did not wait; the goodbye is said */

#define AUTH_EVENTS(X) \
	X(PROOF)	/* a proof arrived */ \
	X(WISH)		/* a message arrived that only who is known may send */ \
	X(SIGN)		/* a message arrived that says nothing but "I am here" */ \
	X(GOOD)		/* the proof is right */ \
	X(BAD)		/* the proof is wrong */ \
	X(DEADLINE)	/* it had enough time */

#define AUTH_ACTIONS(X) \
	X(UNDECIDED)	/* a hole in the table: never returned, the tests see to it */ \
	X(IGNORE)	/* nothing */ \
	X(TAKE)		/* handle the message */ \
	X(CHECK)	/* let the main thread look at the proof */ \
	X(CONFIRM)	/* answer with our own proof */ \
	X(REFUSE)	/* goodbye: the proof is wrong */ \
	X(DISMISS)	/* goodbye: there was no proof when there should have been */ \
	X(BREACH)	/* goodbye: the protocol is broken */

#define AUTH_ENUM_STATE(name)	AUTH_##name,
#define AUTH_ENUM_EVENT(name)	AUTH_EV_##name,
#define AUTH_ENUM_ACTION(name)	AUTH_DO_##name,

enum auth_state {
	AUTH_STATES(AUTH_ENUM_STATE)
	AUTH_NR_STATES
};
enum auth_event {
	AUTH_EVENTS(AUTH_ENUM_EVENT)
	AUTH_NR_EVENTS
};
enum auth_action {
	AUTH_ACTIONS(AUTH_ENUM_ACTION)
	AUTH_NR_ACTIONS
};

struct auth_step {
	enum auth_state next;
	enum auth_action action;
};

/**
 * auth_sm_step - what an event does
 * @state: the state it happens in
 * @event: what happened
 *
 * Return: the state to go to and what to do then. Arguments out of range give FAILED and BREACH,
 * the only answer that is safe without knowing more.
 */
struct auth_step auth_sm_step(enum auth_state state, enum auth_event event);

/** auth_sm_counts - does it matter what the client wants? */
static inline bool auth_sm_counts(enum auth_state state)
{
	return state == AUTH_OPEN || state == AUTH_PROVEN;
}

#endif /* FASTSWAP_SERVER_AUTH_SM_H */
