/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes in from swap, for all groups, and how long tasks wait for it. */
#ifndef FASTSWAP_SWAPINS_H
#define FASTSWAP_SWAPINS_H

#include <stdint.h>

/**
 * struct swapins - where to look
 * @vmstat: /proc/vmstat, held open
 */
struct swapins {
	int vmstat;
};

void swapins_open(struct swapins *s);
void swapins_close(struct swapins *s);
uint64_t swapins_bytes(const struct swapins *s);
void swapins_latency(uint64_t *count, uint64_t *total_ns);

#endif /* FASTSWAP_SWAPINS_H */
