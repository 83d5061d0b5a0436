/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is it always the same request that a link breaks at? Pure.
 *
 * What was under way when a link broke is done again with the next one. A request that fails each
 * time (the server refuses it, the adapter cannot do it) breaks that as well, and others get on in
 * between: without an end of its own it would break one link after the other for ever.
 */
#ifndef _FSR_SUSPECT_H
#define _FSR_SUSPECT_H

#include <linux/types.h>

/* Links that it has to break at least. */
#define FSR_SUSPECT_ROUNDS	3
/* One that has not failed for so long was somebody else, at the same place. */
#define FSR_SUSPECT_FORGET_MS	60000

/**
 * struct fsr_suspect - the request that failed last
 * @who: names it, together with @offset; NULL: none has failed
 * @offset: where it begins on the device
 * @fresh: it has failed since fsr_suspect_rest()
 * @rounds: times that it failed, one after the other
 * @since_ms: when it did first
 * @last_ms: and last
 */
struct fsr_suspect {
	const void *who;
	u64 offset;
	bool fresh;
	u32 rounds;
	u64 since_ms;
	u64 last_ms;
};

/* fsr_suspect_note - a request has failed, at @now_ms of any clock */
static inline void fsr_suspect_note(struct fsr_suspect *suspect, const void *who, u64 offset,
				    u64 now_ms)
{
	if (suspect->who != who || suspect->offset != offset ||
	    now_ms - suspect->last_ms > FSR_SUSPECT_FORGET_MS)
		*suspect = (struct fsr_suspect) {
			.who = who,
			.offset = offset,
			.since_ms = now_ms,
		};
	suspect->fresh = true;
	suspect->rounds++;
	suspect->last_ms = now_ms;
}

/* fsr_suspect_acquit - this request is done: it was not its fault */
static inline void fsr_suspect_acquit(struct fsr_suspect *suspect, const void *who)
{
	if (suspect->who == who)
		suspect->who = NULL;
}

/* fsr_suspect_rest - there will be another link */
static inline void fsr_suspect_rest(struct fsr_suspect *suspect)
{
	suspect->fresh = false;
}

/*
 * fsr_suspect_is_guilty - has this request failed often, and for half as long as I/O may wait? Not
 * longer, as nobody else may get on meanwhile, and would end with it.
 */
static inline bool fsr_suspect_is_guilty(const struct fsr_suspect *suspect, const void *who,
					 u64 offset, u64 now_ms, u64 hold_ms)
{
	return suspect->who && suspect->fresh && suspect->who == who && suspect->offset == offset &&
	       suspect->rounds >= FSR_SUSPECT_ROUNDS && now_ms - suspect->since_ms >= hold_ms / 2;
}

#endif /* _FSR_SUSPECT_H */
