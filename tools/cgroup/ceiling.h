/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ceiling of a group with the policy "adaptive": how much memory it needs, found out by taking
 * away what it does not miss. Pure.
 *
 * While its tasks hardly stall, the ceiling comes down, slowly; when they do, it goes up, fast.
 * In between it stays, and while the group grows below it: that it does not use yet what it is
 * about to use says nothing. A ceiling that had to go up is left alone for a while, twice as long
 * each time that it comes to this again soon, so that there is no endless up and down.
 */
#ifndef FASTSWAP_CEILING_H
#define FASTSWAP_CEILING_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct ceiling_rules - what an administrator decides
 * @low_ppm: share of time, in millionths, that tasks may stall for the ceiling to come down
 * @high_ppm: share from which on it goes up; more than @low_ppm
 */
struct ceiling_rules {
	unsigned int low_ppm, high_ppm;
};

/**
 * struct ceiling - state of one group
 * @bytes: the ceiling; UINT64_MAX: not known yet
 */
struct ceiling {
	struct ceiling_rules rules;
	uint64_t bytes;
	bool has_before;
	uint64_t before;
	uint64_t stall_ns;
	uint64_t current;
	uint64_t rest_until, rest, last_raise;
};

/**
 * struct ceiling_sample - what was seen
 * @now: nanoseconds
 * @stall_ns: that tasks of the group have waited for memory, since ever
 * @current: bytes that are charged to the group
 * @floor: bytes that the ceiling does not go below
 * @top: bytes that it does not go above
 * @stalls: the kernel has said that tasks have just stalled for @high_ppm of a second, which need
 *	not show in @stall_ns if the sample before was long ago
 */
struct ceiling_sample {
	uint64_t now;
	uint64_t stall_ns;
	uint64_t current;
	uint64_t floor, top;
	bool stalls;
};

void ceiling_init(struct ceiling *c, const struct ceiling_rules *rules);
uint64_t ceiling_look(struct ceiling *c, const struct ceiling_sample *sample);

#endif /* FASTSWAP_CEILING_H */
