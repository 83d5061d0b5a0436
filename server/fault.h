/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault points: places where a test may have something go wrong. Pure.
 *
 * The environment variable FASTSWAP_FAULTS arms them at start: POINT=RULE, with
 * commas in between, rules as in <fastswap/fault_rule.h>. As long as none is armed
 * they cost a look at one variable.
 */
#ifndef FASTSWAP_SERVER_FAULT_H
#define FASTSWAP_SERVER_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULT_ENVIRONMENT "FASTSWAP_FAULTS"

#define FAULT_POINTS(X) \
	X(ALLOC, "alloc")	/* a chunk cannot be registered, a queue pair not made */ \
	X(DELAY, "delay")	/* the worker sleeps before it sends; ARG in ms */ \
	X(DROP, "drop")		/* a message that has arrived is not looked at */ \
	X(GRANT, "grant")	/* a request for chunks is refused */ \
	X(KILL, "kill")		/* a queue pair moves to the error state */ \
	X(MUTE, "mute")		/* a message is not sent */ \
	X(STATUS, "status")	/* a good completion counts as failed */

enum fault_point {
#define FAULT_ENUM(name, text) FAULT_##name,
	FAULT_POINTS(FAULT_ENUM)
#undef FAULT_ENUM
	FAULT_NR_POINTS
};

extern bool faults_armed;

/**
 * faults_arm - take over the rules; before there are threads
 * @text: as in the environment; NULL or empty: no faults
 * @why: gets the reason of a failure in words
 * @why_size: bytes of @why
 *
 * Return: 0 or an errno value; no fault is armed then.
 */
int faults_arm(const char *text, char *why, size_t why_size);

/** fault_visit - of fault() */
bool fault_visit(enum fault_point point);

/** fault_arg - what the rule of a point gives beside the chance */
uint32_t fault_arg(enum fault_point point);

/** fault - does it strike this time? Any thread */
static inline bool fault(enum fault_point point)
{
	return __builtin_expect(faults_armed, 0) && fault_visit(point);
}

#endif /* FASTSWAP_SERVER_FAULT_H */
