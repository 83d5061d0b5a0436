/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log-linear latency histogram: every power of two is cut in 8 buckets, so a
 * bucket is at most 12.5 % wide. Pure; also compiled into user-space unit tests.
 */
#ifndef _FASTSWAP_HISTOGRAM_H
#define _FASTSWAP_HISTOGRAM_H

#include <linux/types.h>

#define FASTSWAP_HIST_SUB_BITS		3
#define FASTSWAP_HIST_SUB		(1u << FASTSWAP_HIST_SUB_BITS)
#define FASTSWAP_HIST_MIN_SHIFT		8	/* everything below 256 ns is bucket 0 */
#define FASTSWAP_HIST_MAX_SHIFT		34	/* everything from 17 s on is the last bucket */
#define FASTSWAP_HIST_BUCKETS \
	((FASTSWAP_HIST_MAX_SHIFT - FASTSWAP_HIST_MIN_SHIFT) * FASTSWAP_HIST_SUB + 2)

unsigned int fastswap_hist_bucket(u64 ns);
u64 fastswap_hist_upper(unsigned int bucket);

#endif /* _FASTSWAP_HISTOGRAM_H */
