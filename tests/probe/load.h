/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FSW_PROBE_LOAD_H
#define FSW_PROBE_LOAD_H

struct target;

/* case_load - many clients at once, and how they fare */
int case_load(const struct target *target);

/* case_cycles - one client after the other comes and goes */
int case_cycles(const struct target *target);

#endif /* FSW_PROBE_LOAD_H */
