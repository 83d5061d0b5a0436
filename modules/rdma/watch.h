/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does a queue get on? Pure.
 *
 * A queue pair that cannot get its work done says so after a few seconds, by a
 * completion with an error. But a completion, or the interrupt that tells of it,
 * may get lost in an adapter or its driver, and somebody would wait for a page for ever.
 * As in keepalive.h, time is counted in ticks.
 */
#ifndef _FSR_WATCH_H
#define _FSR_WATCH_H

#include <linux/types.h>

/* Three times what it takes a queue pair to give up: see FSR_RETRIES. */
#define FSR_WATCH_MS	12000u

/**
 * struct fsr_watch - what was seen at the last tick
 * @tail: oldest work request that had not completed
 * @still: ticks in a row at which it was the same
 */
struct fsr_watch {
	u32 tail;
	u32 still;
};

/**
 * fsr_watch_tick - take another look
 * @watch: what is known
 * @head: sequence number of the next work request
 * @tail: of the oldest that has not completed
 *
 * Return: so many ticks ago something was in flight, and nothing has completed since.
 */
static inline u32 fsr_watch_tick(struct fsr_watch *watch, u32 head, u32 tail)
{
	if (head == tail || tail != watch->tail)
		watch->still = 0;
	else
		watch->still++;
	watch->tail = tail;
	return watch->still;
}

/* Is that too long, with a tick every @ms? The first may come at any time after a post. */
static inline bool fsr_watch_is_stuck(u32 still, u32 ms)
{
	return still > 1 && (u64)(still - 1) * ms >= FSR_WATCH_MS;
}

#endif /* _FSR_WATCH_H */
