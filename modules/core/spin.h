/* SPDX-License-Identifier: GPL-2.0-only */
/* How long a fault spins for its pages before the task sleeps. Pure. */
#ifndef _FASTSWAP_SPIN_H
#define _FASTSWAP_SPIN_H

#include <linux/types.h>

/*
 * Of what usually takes a certain time, hardly anything takes this many times
 * as long. What does has met a lost packet or a server that is not scheduled:
 * it takes longer by orders of magnitude, and spinning on is in vain.
 */
#define FASTSWAP_SPIN_FACTOR	4
/* Going to sleep and waking up takes about this long, ns: never worth it for less. */
#define FASTSWAP_SPIN_FLOOR	20000
/* One fault in so many spins although the queue is slow: it may be so no more. */
#define FASTSWAP_SPIN_PROBE	16

/**
 * fastswap_spin_ns - the bound of one spin
 * @max: the user's bound in ns; 0: never spin
 * @expected: ns that the transport usually takes; 0: not known
 *
 * Return: ns; 0 if the transport is known to be slower than @max.
 */
static inline u64 fastswap_spin_ns(u64 max, u32 expected)
{
	u64 bound = (u64)expected * FASTSWAP_SPIN_FACTOR;

	if (!expected)
		return max;
	if (expected > max)
		return 0;
	if (bound < FASTSWAP_SPIN_FLOOR)
		bound = FASTSWAP_SPIN_FLOOR;
	return bound < max ? bound : max;
}

#endif /* _FASTSWAP_SPIN_H */
