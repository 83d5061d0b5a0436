// SPDX-License-Identifier: GPL-2.0-only
#include "histogram.h"

#include <linux/bitops.h>
#include <linux/kernel.h>

/* Bucket that a latency falls into. */
unsigned int fastswap_hist_bucket(u64 ns)
{
	unsigned int shift;

	if (ns < 1ULL << FASTSWAP_HIST_MIN_SHIFT)
		return 0;
	if (ns >= 1ULL << FASTSWAP_HIST_MAX_SHIFT)
		return FASTSWAP_HIST_BUCKETS - 1;

	shift = fls64(ns) - 1;
	return 1 + (shift - FASTSWAP_HIST_MIN_SHIFT) * FASTSWAP_HIST_SUB +
	       ((ns >> (shift - FASTSWAP_HIST_SUB_BITS)) & (FASTSWAP_HIST_SUB - 1));
}

/* First latency in ns that is above a bucket; U64_MAX for the last, which has no end. */
u64 fastswap_hist_upper(unsigned int bucket)
{
	unsigned int shift, sub;

	if (bucket == 0)
		return 1ULL << FASTSWAP_HIST_MIN_SHIFT;
	if (bucket >= FASTSWAP_HIST_BUCKETS - 1)
		return U64_MAX;

	bucket--;
	shift = FASTSWAP_HIST_MIN_SHIFT + bucket / FASTSWAP_HIST_SUB;
	sub = bucket % FASTSWAP_HIST_SUB;
	return (1ULL << shift) + ((u64)(sub + 1) << (shift - FASTSWAP_HIST_SUB_BITS));
}
