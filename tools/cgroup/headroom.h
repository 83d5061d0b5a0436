/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far below its limit to keep a group, and when to look again. Pure: no clock, no files.
 *
 * A task that finds its group at the limit reclaims itself, in its page fault. So somebody else
 * is to reclaim before that, early enough: while he has not looked, or is still writing, the
 * group goes on growing. The headroom is what it grows in that time, by what was seen lately
 * (feed forward), and what experience has added (feedback): every time that the limit was hit
 * all the same it grows, and as long as it is not hit it slowly shrinks.
 */
#ifndef FASTSWAP_HEADROOM_H
#define FASTSWAP_HEADROOM_H

#include <stdbool.h>
#include <stdint.h>

#define NSEC_PER_USEC	UINT64_C(1000)
#define NSEC_PER_MSEC	UINT64_C(1000000)
#define NSEC_PER_SEC	UINT64_C(1000000000)

/**
 * struct headroom_bounds - what an administrator decides
 * @min: bytes; headroom is never less
 * @max: never more; at least @min
 * @step: bytes that one CPU's cache of charges makes uncertain, for all CPUs
 * @min_chunk: bytes that are reclaimed at once, if need be
 * @chunk: at most
 * @min_period: nanoseconds between two looks, at least
 * @max_period: when nothing happens
 */
struct headroom_bounds {
	uint64_t min, max;
	uint64_t step;
	uint64_t min_chunk, chunk;
	uint64_t min_period, max_period;
};

/**
 * struct headroom_sample - what was seen
 * @now: nanoseconds
 * @current: bytes that are charged to the group
 * @limit: its limit; UINT64_MAX: none
 * @ceiling: bytes that it is to have at most for another reason; UINT64_MAX: none
 * @max_events: times that it was at its limit, since ever
 * @swapin_rate: bytes per second that come in from swap lately, for all groups. Counts only when
 *	the limit was hit: what the group would have grown by does not show in @current then.
 * @look_cost: nanoseconds of CPU time that a look takes, waking up for it included; 0: not known
 */
struct headroom_sample {
	uint64_t now;
	uint64_t current;
	uint64_t limit;
	uint64_t ceiling;
	uint64_t max_events;
	uint64_t swapin_rate;
	uint64_t look_cost;
};

/**
 * struct headroom_order - what to do
 * @reclaim: bytes, now; headroom_reclaimed() is to be told what came of it
 * @delay: nanoseconds until the next look if there is nothing to reclaim
 * @is_first: of the orders since the group was last seen at or below its level
 * @above: nanoseconds that it has been above it, if it has grown evenly since; of the first only
 */
struct headroom_order {
	uint64_t reclaim;
	uint64_t delay;
	bool is_first;
	uint64_t above;
};

/**
 * struct headroom - state of one group
 * @bytes: the headroom
 * @rate: bytes per second that the group grows by, lately
 * @learned: the part of @bytes that feedback has added
 * @speed: bytes per second that are reclaimed when they are
 * @reach: nanoseconds that looks come later than planned, the longest of late
 */
struct headroom {
	struct headroom_bounds bounds;
	uint64_t bytes;
	uint64_t rate;
	uint64_t learned;
	uint64_t speed;
	uint64_t reach;
	/* of the sample before */
	bool has_before;
	uint64_t before;
	uint64_t current;
	uint64_t max_events;
	/* It was above its level, and something was ordered. */
	bool is_above;
	/* Bytes that the group grew by, besides what the difference of two samples shows. */
	uint64_t hidden;
	/* Growth since the last rate was taken, and nanoseconds. */
	uint64_t grown, grown_in;
	/* It was at its limit, or has grown far faster than before. */
	bool surprised;
	uint64_t last_hit;
	uint64_t period;
	uint64_t planned;
	unsigned int failures;
	uint64_t retry;
};

void headroom_init(struct headroom *h, const struct headroom_bounds *bounds);
void headroom_rebound(struct headroom *h, const struct headroom_bounds *bounds);
struct headroom_order headroom_look(struct headroom *h, const struct headroom_sample *sample);
void headroom_reclaimed(struct headroom *h, uint64_t asked, uint64_t now, uint64_t current,
			bool complete);
uint64_t headroom_level(const struct headroom *h, uint64_t limit, uint64_t ceiling);

#endif /* FASTSWAP_HEADROOM_H */
