/* SPDX-License-Identifier: GPL-2.0-only */
/* One group that is kept below its limit: look at its files, ask the law, reclaim. No threads. */
#ifndef FASTSWAP_KEEPER_H
#define FASTSWAP_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "ceiling.h"
#include "group.h"
#include "headroom.h"
#include "offload.h"
#include "swapins.h"

/**
 * struct swapin_meter - how fast pages come in from swap, for all groups of a thread
 * @rate: bytes per second
 */
struct swapin_meter {
	struct swapins source;
	uint64_t time, bytes;
	uint64_t rate;
};

/**
 * struct keeper - state of one group
 * @group: its files
 * @figures: what others may know; kept up to date by keeper_look() and keeper_reclaim()
 * @was_hit: the group may have been at its limit since the last look: read its events
 * @always_read: nobody tells us when that happens
 * @stalls: tasks of the group have stalled since the last look, says the kernel
 * @look_cost: nanoseconds of CPU time that a look takes, as the caller has measured; 0: not known
 */
struct keeper {
	struct group group;
	struct offload_options options;
	struct offload_figures figures;
	bool was_hit, always_read, stalls;
	uint64_t look_cost;

	struct swapin_meter *meter;
	unsigned int nr_cpus;
	uint64_t max_period;
	struct headroom headroom;
	struct ceiling ceiling;
	uint64_t limit, ceiling_bytes;
	bool high_is_limit;	/* @limit is memory.high */
	bool is_first;		/* of the writes since it was below its level, at... */
	uint64_t above_since;
	uint64_t fresh;		/* bytes to reclaim before the kernel's counts are too old */
	uint64_t high_events, max_events;
	uint64_t hits;		/* of @limit, since it was added */
	uint64_t next_slow, next_stall;
	uint64_t faults, latency_count, latency_ns, stall_ns;
};

uint64_t keeper_now(void);
void keeper_init(struct keeper *k, const struct group *group,
		 const struct offload_options *options, struct swapin_meter *meter,
		 unsigned int nr_cpus);
int keeper_look(struct keeper *k, struct headroom_order *order);
int keeper_reclaim(struct keeper *k, uint64_t bytes);

#endif /* FASTSWAP_KEEPER_H */
