/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads that belong together: a readahead window, and the page that a task waits for. */
#ifndef _FASTSWAP_WINDOW_H
#define _FASTSWAP_WINDOW_H

#include "core.h"

/**
 * struct fastswap_window - reads that are waited for together
 * @tickets: of what was handed over so far, by class
 * @first: lowest slot, U64_MAX before the first read
 * @last: highest slot
 * @demand: a task waits for one of them
 * @flight: where others find them, see flight.h
 */
struct fastswap_window {
	struct fastswap_ticket tickets[FASTSWAP_NR_CLASSES];
	u64 first;
	u64 last;
	bool demand;
	u32 flight;
};

/* Is there a read of the swap cache in it, handed over or not? */
static inline bool fastswap_window_began(const struct fastswap_window *window)
{
	return window->first != U64_MAX;
}

/* No read is in it. @window is zeroed. */
static inline void fastswap_window_init(struct fastswap_window *window)
{
	window->first = U64_MAX;
}

bool fastswap_hurries_demand(void);
bool fastswap_window_hurry(struct fastswap_device *dev, struct fastswap_window *window,
			   struct bio *bio);
void fastswap_window_go(struct fastswap_device *dev, struct fastswap_window *window,
			struct bio_list *bios, bool may_spin);

#endif /* _FASTSWAP_WINDOW_H */
