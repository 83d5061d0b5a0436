/* SPDX-License-Identifier: GPL-2.0-only */
/* The states of a session and the ways between them. Pure: no locks, no logging, no verbs. */
#ifndef _FSR_SESSION_SM_H
#define _FSR_SESSION_SM_H

#include <linux/types.h>

/*
 * X(state, name, bits of the states that may follow)
 *
 * CONNECTING	->attach is on its way
 * LIVE		I/O is served
 * BROKEN	the link is lost, or an attempt to get another has failed
 * RECONNECTING	such an attempt is on its way
 * FAILED	->attach cannot succeed any more
 * CLOSING	->detach, or ->attach undoing what it did
 * CLOSED	nothing is left but memory
 */
#define FSR_STATES(X)                                                      \
	X(CONNECTING, "connecting", FSR_TO(LIVE) | FSR_TO(FAILED) | FSR_TO(CLOSING)) \
	X(LIVE, "live", FSR_TO(BROKEN) | FSR_TO(CLOSING))                  \
	X(BROKEN, "broken", FSR_TO(RECONNECTING) | FSR_TO(CLOSING))        \
	X(RECONNECTING, "reconnecting", FSR_TO(LIVE) | FSR_TO(BROKEN) | FSR_TO(CLOSING)) \
	X(FAILED, "failed", FSR_TO(CLOSING))                               \
	X(CLOSING, "closing", FSR_TO(CLOSED))                              \
	X(CLOSED, "closed", 0)

enum fsr_state {
#define X(state, name, next) FSR_##state,
	FSR_STATES(X)
#undef X
	FSR_NR_STATES,
};

bool fsr_state_may_change(enum fsr_state from, enum fsr_state to);
enum fsr_state fsr_state_after_failure(enum fsr_state state);
const char *fsr_state_name(enum fsr_state state);

#endif /* _FSR_SESSION_SM_H */
