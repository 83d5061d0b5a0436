/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FSW_PROBE_STORM_H
#define FSW_PROBE_STORM_H

#include "cases.h"

/* One process connects all the time; a client that is attached does not notice. */
int case_storm(const struct target *target);

/* One process takes sessions and queue pairs without end; likewise. */
int case_hoard(const struct target *target);

#endif /* FSW_PROBE_STORM_H */
