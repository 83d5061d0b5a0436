/* SPDX-License-Identifier: GPL-2.0-only */
/* How long something takes, learned from what it took. Pure. */
#ifndef _FASTSWAP_MEAN_H
#define _FASTSWAP_MEAN_H

#include <linux/types.h>

/* A sample counts an eighth, as in TCP's mean (RFC 6298): one that strays does not matter much. */
#define FASTSWAP_MEAN_SHIFT	3
/* Longer ones count as this: about 0.5 s, the retransmission time-out. */
#define FASTSWAP_MEAN_MAX	(1u << 29)

/**
 * fastswap_mean_add - the mean after one more sample
 * @mean: the mean so far in ns; 0 if there is none
 * @sample: in ns
 *
 * Return: the new mean in ns, never 0.
 */
static inline u32 fastswap_mean_add(u32 mean, u64 sample)
{
	s32 last = sample > FASTSWAP_MEAN_MAX ? FASTSWAP_MEAN_MAX : (s32)sample;

	if (mean)
		last = (s32)mean + (last - (s32)mean) / (1 << FASTSWAP_MEAN_SHIFT);
	return last > 0 ? last : 1;
}

#endif /* _FASTSWAP_MEAN_H */
