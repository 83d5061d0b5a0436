/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that reclaim from groups so that their tasks need not. A group belongs to one thread
 * for good. Whoever starts the threads talks to them through a queue, and reads what they publish.
 */
#ifndef FASTSWAP_OFFLOAD_H
#define FASTSWAP_OFFLOAD_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amounts.h"
#include "reaction.h"

enum offload_policy {
	POLICY_FIXED,		/* all that the limit leaves */
	POLICY_ADAPTIVE,	/* what it needs, by how long its tasks stall */
};

/**
 * struct offload_options - for one group
 * @policy: how much memory it is to have
 * @headroom_min: of its limit
 * @headroom_max: of its limit
 * @floor: of its limit; it has at least that much with POLICY_ADAPTIVE
 * @stall_low_ppm: see struct ceiling_rules
 * @stall_high_ppm: see there
 * @min_period_us: between two looks
 * @max_period_us: between two looks when nothing happens
 */
struct offload_options {
	enum offload_policy policy;
	struct share headroom_min, headroom_max;
	struct share floor;
	unsigned int stall_low_ppm, stall_high_ppm;
	unsigned int min_period_us, max_period_us;
};

extern const struct offload_options offload_defaults;

/**
 * struct offload_figures - of one group, at its last look
 * @current: bytes of memory
 * @limit: memory.max, or memory.high if that is lower; UINT64_MAX: none
 * @level: bytes that it is kept at or below; UINT64_MAX: none
 * @headroom: bytes
 * @rate: bytes per second that it grows by
 * @swap: bytes that are swapped out
 * @swap_peak: the most that was seen of @swap
 * @max_events: times that its tasks had to reclaim, since it was added
 * @looks: times that it was looked at
 * @writes: writes to memory.reclaim
 * @failures: of these, those that got less than they asked for
 * @reclaimed: bytes that were asked for and got
 * @refreshes: times that the kernel was made to bring its counts up to date
 * @reach_ns: the longest delay of late
 * @reactions: times from its getting above @level to the write that sets it right
 * @stall_ppm: share of the time since the look before in which tasks stalled, with POLICY_ADAPTIVE
 * @stalls: times that the kernel has told of stalls, with POLICY_ADAPTIVE
 * @gone: it is not there any more, and nothing is done
 */
struct offload_figures {
	uint64_t current, limit, level, headroom, rate;
	uint64_t swap, swap_peak;
	uint64_t max_events;
	uint64_t looks, writes, failures, reclaimed, refreshes;
	uint64_t reach_ns;
	struct reactions reactions;
	uint64_t stall_ppm, stalls;
	bool gone;
};

struct offload;
struct offloaded;
struct group;

/**
 * offload_start - start the threads
 * @cpus: one thread on each of these; none: one thread wherever the kernel puts it
 * @nice: of the threads, as far as we may
 * @why: on an error what is wrong, in words
 * @why_size: bytes of @why
 *
 * Return: NULL on an error.
 */
struct offload *offload_start(const cpu_set_t *cpus, int nice, char *why, size_t why_size);

/** offload_stop - end the threads and free everything; interrupts what they are writing */
void offload_stop(struct offload *o);

/**
 * offload_add - reclaim from a group from now on
 * @o: the threads
 * @group: taken over, and closed when it is removed
 * @options: copied
 *
 * Return: NULL if there is no memory; @group is closed then.
 */
struct offloaded *offload_add(struct offload *o, struct group *group,
			      const struct offload_options *options);

/** offload_remove - leave a group alone; not to be touched by the caller afterwards */
void offload_remove(struct offloaded *g);

/** offload_look - what the group is like */
void offload_look(struct offloaded *g, struct offload_figures *figures);

/** offload_cpu_ns - CPU time of all threads so far */
uint64_t offload_cpu_ns(struct offload *o);

#endif /* FASTSWAP_OFFLOAD_H */
