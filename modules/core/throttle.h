/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much of reclaim's writing may be under way.
 *
 * Reclaim counts on a swap device to slow it down when it brings more than the
 * device can take, as a request queue does that has no request left. Otherwise
 * it runs ahead until everything is under writeback, finds nothing to free and
 * nothing to write, and kills a task. So who brings write-backs while the
 * backend still holds too many waits until it holds fewer: too many for the
 * device (module parameter writeback_pages), or for the memory control group
 * whose pages they are, of which they may be no large part.
 */
#ifndef _FASTSWAP_THROTTLE_H
#define _FASTSWAP_THROTTLE_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/wait.h>

struct fastswap_device;

/**
 * struct fastswap_throttle - write-backs that the backend of a device holds
 * @pages: slots of all of them
 * @groups: slots by memory control group. Groups whose ids are far apart may share
 *	one; they wait for each other then, and no page is counted twice
 * @wait: tasks that wait for these to become fewer
 */
struct fastswap_throttle {
	atomic_t pages;
	atomic_t *groups;
	wait_queue_head_t wait;
};

/**
 * struct fastswap_tally - write-backs that begin or end together
 * @total: slots
 * @group: of the last of them, NULL if nothing bounds it
 * @pages: slots that are not yet counted in @group
 * @tight: the group that has the least room, NULL: none has a bound of its own
 * @bound: slots that @tight may have under way
 * @room: how many more it might have had when it was found
 */
struct fastswap_tally {
	unsigned int total;
	atomic_t *group;
	unsigned int pages;
	atomic_t *tight;
	int bound;
	int room;
};

int fastswap_throttle_init(struct fastswap_throttle *throttle);
void fastswap_throttle_exit(struct fastswap_throttle *throttle);

void fastswap_throttle_add(struct fastswap_throttle *throttle, struct fastswap_tally *tally,
			   struct bio *bio);
void fastswap_throttle_begin(struct fastswap_throttle *throttle, struct fastswap_tally *tally);
void fastswap_throttle_take(struct fastswap_throttle *throttle, struct fastswap_tally *tally,
			    struct bio *bio);
void fastswap_throttle_end(struct fastswap_throttle *throttle, struct fastswap_tally *tally);
void fastswap_throttle_wait(struct fastswap_device *dev, const struct fastswap_tally *tally);

#endif /* _FASTSWAP_THROTTLE_H */
