/* SPDX-License-Identifier: GPL-2.0-only */
/* How long it took from a group's getting above its level to the write that sets it right. Pure. */
#ifndef FASTSWAP_REACTION_H
#define FASTSWAP_REACTION_H

#include <stdint.h>

/* Buckets with an upper end, from 50 us to 100 ms, and one for what is longer. */
#define NR_REACTIONS	12

extern const uint64_t reaction_bounds[NR_REACTIONS - 1];

/**
 * struct reactions - a histogram
 * @counts: by bucket; the last is for what is above all of reaction_bounds
 * @total_ns: sum of all
 * @max_ns: the longest
 */
struct reactions {
	uint64_t counts[NR_REACTIONS];
	uint64_t total_ns, max_ns;
};

void reactions_add(struct reactions *r, uint64_t ns);
uint64_t reactions_count(const struct reactions *r);
uint64_t reactions_quantile(const struct reactions *r, unsigned int percent);

#endif /* FASTSWAP_REACTION_H */
