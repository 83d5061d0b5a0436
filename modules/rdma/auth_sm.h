/* SPDX-License-Identifier: GPL-2.0-only */
/* Does the server have our key, and do we have to show that we do? Pure: no locks, no verbs. */
#ifndef _FSR_AUTH_SM_H
#define _FSR_AUTH_SM_H

#include <linux/types.h>

/**
 * enum fsr_auth_state - how far it is, on one control connection
 * @FSR_AUTH_KEYLESS: we have no key; the server has not said yet whether it wants one
 * @FSR_AUTH_KEYED: we have one; likewise
 * @FSR_AUTH_OPEN: there is no key on either side
 * @FSR_AUTH_ASKED: the server has our proof, and owes us its own
 * @FSR_AUTH_PROVEN: we have seen it
 * @FSR_AUTH_FAILED: nothing may be asked of this server
 */
enum fsr_auth_state {
	FSR_AUTH_KEYLESS,
	FSR_AUTH_KEYED,
	FSR_AUTH_OPEN,
	FSR_AUTH_ASKED,
	FSR_AUTH_PROVEN,
	FSR_AUTH_FAILED,
	FSR_AUTH_NR_STATES,
};

enum fsr_auth_event {
	FSR_AUTH_EV_WELCOME,	/* it wants no proof */
	FSR_AUTH_EV_CHALLENGE,	/* it wants one */
	FSR_AUTH_EV_GOOD,	/* its own proof came, and is right */
	FSR_AUTH_EV_BAD,	/* likewise, and is wrong */
	FSR_AUTH_NR_EVENTS,
};

enum fsr_auth_action {
	FSR_AUTH_DO_UNDECIDED,	/* a hole in the table: never returned, the tests see to it */
	FSR_AUTH_DO_GO_ON,	/* ask for what we want */
	FSR_AUTH_DO_PROVE,	/* send our proof */
	FSR_AUTH_DO_LACK,	/* give up: we have no key */
	FSR_AUTH_DO_DOWNGRADE,	/* give up: it would take anybody, so it may be anybody */
	FSR_AUTH_DO_IMPOSTOR,	/* give up: it does not have our key */
	FSR_AUTH_DO_BREACH,	/* give up: it must not say that now */
	FSR_AUTH_NR_ACTIONS,
};

struct fsr_auth_step {
	enum fsr_auth_state next;
	enum fsr_auth_action action;
};

struct fsr_auth_step fsr_auth_sm_step(enum fsr_auth_state state, enum fsr_auth_event event);

#endif /* _FSR_AUTH_SM_H */
