// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/kernel.h>

#include "session_sm.h"

#define FSR_TO(state) BIT(FSR_##state)

static const struct {
	const char *name;
	unsigned int next;
} states[] = {
#define X(state, text, bits) [FSR_##state] = { .name = text, .next = bits },
	FSR_STATES(X)
#undef X
};

static_assert(ARRAY_SIZE(states) == FSR_NR_STATES, "states");

/**
 * fsr_state_may_change - is there a way from one state to another?
 * @from: the state that a session is in
 * @to: where it shall go
 *
 * No state leads to itself: of several contexts that see a session fail, one
 * makes the change and acts on it.
 */
bool fsr_state_may_change(enum fsr_state from, enum fsr_state to)
{
	if ((unsigned int)from >= FSR_NR_STATES || (unsigned int)to >= FSR_NR_STATES)
		return false;
	return states[from].next & BIT(to);
}

/**
 * fsr_state_after_failure - where a failure of the link leads
 * @state: the state that a session is in
 *
 * Return: the state to change to; @state itself if it has no effect there.
 */
enum fsr_state fsr_state_after_failure(enum fsr_state state)
{
	if (fsr_state_may_change(state, FSR_BROKEN))
		return FSR_BROKEN;
	if (fsr_state_may_change(state, FSR_FAILED))
		return FSR_FAILED;
	return state;
}

const char *fsr_state_name(enum fsr_state state)
{
	return (unsigned int)state < FSR_NR_STATES ? states[state].name : "unknown";
}
