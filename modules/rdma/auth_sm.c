// SPDX-License-Identifier: GPL-2.0-only
#include "auth_sm.h"

#define TO(state, act)                                                \
	{                                                             \
		.next = FSR_AUTH_##state, .action = FSR_AUTH_DO_##act \
	}

static const struct fsr_auth_step table[FSR_AUTH_NR_STATES][FSR_AUTH_NR_EVENTS] = {
	[FSR_AUTH_KEYLESS] = {
		[FSR_AUTH_EV_WELCOME]	= TO(OPEN, GO_ON),
		[FSR_AUTH_EV_CHALLENGE]	= TO(FAILED, LACK),
		[FSR_AUTH_EV_GOOD]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_BAD]	= TO(FAILED, BREACH),
	},
	[FSR_AUTH_KEYED] = {
		[FSR_AUTH_EV_WELCOME]	= TO(FAILED, DOWNGRADE),
		[FSR_AUTH_EV_CHALLENGE]	= TO(ASKED, PROVE),
		[FSR_AUTH_EV_GOOD]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_BAD]	= TO(FAILED, BREACH),
	},
	[FSR_AUTH_OPEN] = {
		[FSR_AUTH_EV_WELCOME]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_CHALLENGE]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_GOOD]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_BAD]	= TO(FAILED, BREACH),
	},
	[FSR_AUTH_ASKED] = {
		[FSR_AUTH_EV_WELCOME]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_CHALLENGE]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_GOOD]	= TO(PROVEN, GO_ON),
		[FSR_AUTH_EV_BAD]	= TO(FAILED, IMPOSTOR),
	},
	[FSR_AUTH_PROVEN] = {
		[FSR_AUTH_EV_WELCOME]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_CHALLENGE]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_GOOD]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_BAD]	= TO(FAILED, BREACH),
	},
	[FSR_AUTH_FAILED] = {
		[FSR_AUTH_EV_WELCOME]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_CHALLENGE]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_GOOD]	= TO(FAILED, BREACH),
		[FSR_AUTH_EV_BAD]	= TO(FAILED, BREACH),
	},
};

/**
 * fsr_auth_sm_step - what an event does
 * @state: the state it happens in
 * @event: what happened
 *
 * Return: the state to go to and what to do then; FAILED and BREACH for arguments out of range.
 */
struct fsr_auth_step fsr_auth_sm_step(enum fsr_auth_state state, enum fsr_auth_event event)
{
	if ((unsigned int)state >= FSR_AUTH_NR_STATES || (unsigned int)event >= FSR_AUTH_NR_EVENTS)
		return (struct fsr_auth_step)TO(FAILED, BREACH);
	return table[state][event];
}
