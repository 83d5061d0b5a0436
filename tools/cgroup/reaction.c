// SPDX-License-Identifier: GPL-2.0-only
#include "reaction.h"

#define US(n) ((n)*UINT64_C(1000))

/* Nanoseconds; each bucket holds what is at most as long. */
const uint64_t reaction_bounds[NR_REACTIONS - 1] = {
	US(50),
	US(100),
	US(200),
	US(500),
	US(1000),
	US(2000),
	US(5000),
	US(10000),
	US(20000),
	US(50000),
	US(100000),
};

/** reactions_add - count one */
void reactions_add(struct reactions *r, uint64_t ns)
{
	unsigned int i = 0;

	while (i < NR_REACTIONS - 1 && ns > reaction_bounds[i])
		i++;
	r->counts[i]++;
	r->total_ns += ns;
	if (ns > r->max_ns)
		r->max_ns = ns;
}

/** reactions_count - how many there are */
uint64_t reactions_count(const struct reactions *r)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < NR_REACTIONS; i++)
		sum += r->counts[i];
	return sum;
}

/**
 * reactions_quantile - so many per cent were at most that long
 * @r: the histogram
 * @percent: 1 to 100
 *
 * Return: nanoseconds, rounded up to the end of a bucket, but no more than the longest; 0: none.
 */
uint64_t reactions_quantile(const struct reactions *r, unsigned int percent)
{
	uint64_t count = reactions_count(r), sum = 0;
	/* Of 10, 99 % are all 10. */
	uint64_t wanted = count / 100 * percent + (count % 100 * percent + 99) / 100;
	unsigned int i;

	for (i = 0; i < NR_REACTIONS - 1; i++) {
		sum += r->counts[i];
		if (sum >= wanted && sum)
			break;
	}
	if (i == NR_REACTIONS - 1 || reaction_bounds[i] > r->max_ns)
		return r->max_ns;
	return reaction_bounds[i];
}
