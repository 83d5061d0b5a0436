// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "rate.h"

static unsigned int set_of(const struct rate *rate, const struct netaddr *addr)
{
	uint64_t hash = rate->seed;
	unsigned int i;

	/* The multiplication and the shift spread every bit over all. */
	for (i = 0; i < sizeof(addr->bytes); i++) {
		hash = (hash ^ addr->bytes[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	return hash % RATE_SETS;
}

static struct rate_slot *find_slot(struct rate *rate, const struct netaddr *addr)
{
	struct rate_slot *set = rate->slots[set_of(rate, addr)], *least = set;
	unsigned int i;

	for (i = 0; i < RATE_WAYS; i++) {
		if (set[i].due_us && !memcmp(&set[i].addr, addr, sizeof(*addr)))
			return &set[i];
		if (set[i].due_us < least->due_us)
			least = &set[i];
	}
	*least = (struct rate_slot) { .addr = *addr };
	return least;
}

bool rate_allow(struct rate *rate, const struct netaddr *addr, unsigned int per_second,
		unsigned int burst, uint64_t now_us)
{
	const uint64_t cost_us = 1000000 / per_second ? 1000000 / per_second : 1;
	const struct netaddr key = netaddr_machine(addr);
	struct rate_slot *slot;

	slot = find_slot(rate, &key);
	if (slot->due_us < now_us)
		slot->due_us = now_us;
	/* All that was done at once is a debt, which time pays. */
	if (slot->due_us - now_us + cost_us > burst * cost_us)
		return false;
	slot->due_us += cost_us;
	return true;
}
