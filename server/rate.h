/* SPDX-License-Identifier: GPL-2.0-only */
/* How often each address may do something. Pure: a table in memory of its own, no clock. */
#ifndef FASTSWAP_SERVER_RATE_H
#define FASTSWAP_SERVER_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "netaddr.h"

/* Addresses that are remembered at the same time; the one that did the least makes room. */
#define RATE_WAYS	8
#define RATE_SETS	128

struct rate_slot {
	struct netaddr addr;
	uint64_t due_us;	/* up to when what it did is paid for; 0: the slot is free */
};

struct rate {
	uint64_t seed;		/* so that nobody can choose who is in his set */
	struct rate_slot slots[RATE_SETS][RATE_WAYS];
};

/**
 * rate_allow - may an address do it once more?
 * @rate: what it did before; zero but for the seed at the beginning
 * @addr: the address; of IPv6 the first 64 bits count, which one machine may use at will
 * @per_second: how often it may in the long run, at least 1
 * @burst: how often at once, at least 1
 * @now_us: a clock that does not go back
 *
 * What is not allowed does not count.
 */
bool rate_allow(struct rate *rate, const struct netaddr *addr, unsigned int per_second,
		unsigned int burst, uint64_t now_us);

#endif /* FASTSWAP_SERVER_RATE_H */
