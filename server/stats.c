// SPDX-License-Identifier: GPL-2.0-only
#include <stdatomic.h>

#include "stats.h"

static atomic_uint_least64_t counts[STAT_NR];

/* Nothing else follows from a count, so no order is needed. */
void stats_add(enum stat_what what, uint64_t nr)
{
	atomic_fetch_add_explicit(&counts[what], nr, memory_order_relaxed);
}

uint64_t stats_get(enum stat_what what)
{
	return atomic_load_explicit(&counts[what], memory_order_relaxed);
}
