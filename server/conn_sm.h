/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of one queue pair as the RDMA CM shows it to the passive side.
 * Pure: no verbs, no allocation, no I/O, no logging. Every event is decided in
 * every state, also where it "cannot happen": events come from the network.
 */
#ifndef FASTSWAP_SERVER_CONN_SM_H
#define FASTSWAP_SERVER_CONN_SM_H

#define CONN_STATES(X) \
	X(NEW)		/* asked for; nothing is answered yet */ \
	X(ACCEPTED)	/* accept sent; the other side has not confirmed */ \
	X(LIVE)		/* both sides may use it */ \
	X(CLOSING)	/* we sent a disconnect request and wait for the answer */ \
	X(DOWN)		/* over; only resources are left to be freed */

#define CONN_EVENTS(X) \
	/* what the listener decides or observes itself */ \
	X(ACCEPT_SENT) \
	X(REFUSED) \
	X(CLOSE) \
	X(DEADLINE) \
	X(CUT)		/* no more waiting, the server must go */ \
	/* what the CM reports */ \
	X(CONNECT_REQUEST) \
	X(ESTABLISHED) \
	X(CONNECT_ERROR) \
	X(UNREACHABLE) \
	X(REJECTED) \
	X(DISCONNECTED) \
	X(TIMEWAIT_EXIT) \
	X(DEVICE_REMOVAL) \
	X(ADDR_CHANGE) \
	X(ACTIVE_SIDE)	/* address and route resolution, connect response */ \
	X(MULTICAST)

#define CONN_ACTIONS(X) \
	X(UNDECIDED)	/* a hole in the table: never returned, the tests see to it */ \
	X(NONE)		/* expected, nothing to do */ \
	X(IGNORE)	/* does not belong here; harmless, worth a debug line */ \
	X(AWAIT)	/* start the deadline for the confirmation */ \
	X(START)	/* the connection may be used from now on */ \
	X(DISCONNECT)	/* ask the other side to disconnect, start the deadline */ \
	X(TEAR_DOWN)	/* free what the connection holds */

#define CONN_ENUM_STATE(name)	CONN_##name,
#define CONN_ENUM_EVENT(name)	CONN_EV_##name,
#define CONN_ENUM_ACTION(name)	CONN_DO_##name,

enum conn_state {
	CONN_STATES(CONN_ENUM_STATE)
	CONN_NR_STATES
};
enum conn_event {
	CONN_EVENTS(CONN_ENUM_EVENT)
	CONN_NR_EVENTS
};
enum conn_action {
	CONN_ACTIONS(CONN_ENUM_ACTION)
	CONN_NR_ACTIONS
};

struct conn_step {
	enum conn_state next;
	enum conn_action action;
};

/**
 * conn_sm_step - what an event does to a connection
 * @state: the state it is in
 * @event: what happened
 *
 * Return: the state to go to and what to do then. Arguments out of range give
 * DOWN and TEAR_DOWN, the only answer that is safe without knowing more; but a
 * connection that is DOWN ignores events that nobody knows.
 */
struct conn_step conn_sm_step(enum conn_state state, enum conn_event event);

const char *conn_state_name(enum conn_state state);
const char *conn_event_name(enum conn_event event);
const char *conn_action_name(enum conn_action action);

#endif /* FASTSWAP_SERVER_CONN_SM_H */
