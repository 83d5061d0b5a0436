/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FSW_PROBE_HOSTILE_H
#define FSW_PROBE_HOSTILE_H

#include "cases.h"

/* Every move in every state. */
int case_hostile(const struct target *target);
/* Several moves in some state, again and again for @seconds, as @seed says. */
int case_random(const struct target *target);

#endif /* FSW_PROBE_HOSTILE_H */
