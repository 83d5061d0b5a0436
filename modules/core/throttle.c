// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/swap.h>

#include "core.h"
#include "throttle.h"

/* 1 MiB in flight is more than the fastest links need. */
static unsigned int writeback_pages = 256;
FASTSWAP_UINT_PARAM(writeback_pages, writeback_pages, 1, 1 << 20);
MODULE_PARM_DESC(writeback_pages, "pages of write-backs under way above which reclaim waits");

/*
 * A group may have this part of its limit under way, and always one batch of
 * reclaim. With an eighth of it the multi-generational LRU of 6.12 finds nothing
 * to do, and kills a task with swap free.
 */
#define GROUP_SHARE		32

/* Ids of groups are small numbers, each the lowest that is free. */
#define NR_GROUPS		4096

/*
 * The backend's own bounds on I/O end this wait; to give up earlier than they
 * do is to run ahead, and only a broken backend needs more.
 */
#define THROTTLE_WAIT		(60 * HZ)

/* May sleep. */
int fastswap_throttle_init(struct fastswap_throttle *throttle)
{
	init_waitqueue_head(&throttle->wait);
	throttle->groups = kvcalloc(NR_GROUPS, sizeof(*throttle->groups), GFP_KERNEL);
	return throttle->groups ? 0 : -ENOMEM;
}

void fastswap_throttle_exit(struct fastswap_throttle *throttle)
{
	kvfree(throttle->groups);
}

#ifdef CONFIG_MEMCG
/*
 * A page under writeback stays in its group, so that it is counted where it was
 * counted in. Not so with version 1, where a task can take its pages along to
 * another group.
 */
static struct mem_cgroup *group_of(struct bio *bio)
{
	struct mem_cgroup *memcg;

	if (!cgroup_subsys_on_dfl(memory_cgrp_subsys))
		return NULL;
	memcg = folio_memcg(page_folio(bio_iovec(bio).bv_page));
	/* Nothing limits the root group, in which most pages may be. */
	return memcg && memcg->css.parent ? memcg : NULL;
}

static unsigned int index_of(struct mem_cgroup *memcg)
{
	return memcg->css.id % NR_GROUPS;
}

static int bound_of(struct mem_cgroup *memcg)
{
	unsigned long limit = PAGE_COUNTER_MAX;

	for (; memcg; memcg = parent_mem_cgroup(memcg))
		limit = min(limit, READ_ONCE(memcg->memory.max));
	return clamp_t(unsigned long, limit / GROUP_SHARE, SWAP_CLUSTER_MAX, INT_MAX);
}
#else
static struct mem_cgroup *group_of(struct bio *bio)
{
	return NULL;
}

static unsigned int index_of(struct mem_cgroup *memcg)
{
	return 0;
}

static int bound_of(struct mem_cgroup *memcg)
{
	return INT_MAX;
}
#endif

static atomic_t *counter_of(struct fastswap_throttle *throttle, struct mem_cgroup *memcg)
{
	return memcg ? &throttle->groups[index_of(memcg)] : NULL;
}

/* Add @sign times what was found in one group to it, and go on to the next one. */
static void next_group(struct fastswap_tally *tally, atomic_t *group, int sign)
{
	if (tally->group)
		atomic_add(sign * (int)tally->pages, tally->group);
	tally->group = group;
	tally->pages = 0;
}

static void count_bio(struct fastswap_tally *tally, struct bio *bio)
{
	u32 slots = fastswap_nr_slots(bio);

	tally->total += slots;
	tally->pages += slots;
}

/**
 * fastswap_throttle_add - one more write-back will begin
 * @throttle: of the device
 * @tally: zeroed before the first
 * @bio: the write-back, not yet submitted
 */
void fastswap_throttle_add(struct fastswap_throttle *throttle, struct fastswap_tally *tally,
			   struct bio *bio)
{
	struct mem_cgroup *memcg = group_of(bio);
	atomic_t *group = counter_of(throttle, memcg);

	if (group != tally->group) {
		next_group(tally, group, 1);
		if (memcg) {
			int bound = bound_of(memcg), room = bound - atomic_read(group);

			if (!tally->tight || room < tally->room) {
				tally->tight = group;
				tally->bound = bound;
				tally->room = room;
			}
		}
	}
	count_bio(tally, bio);
}

/* fastswap_throttle_begin - all were added; before the first is submitted, as it may end then */
void fastswap_throttle_begin(struct fastswap_throttle *throttle, struct fastswap_tally *tally)
{
	next_group(tally, NULL, 1);
	atomic_add(tally->total, &throttle->pages);
}

/* fastswap_throttle_take - a write-back is about to end; its pages are still its own */
void fastswap_throttle_take(struct fastswap_throttle *throttle, struct fastswap_tally *tally,
			    struct bio *bio)
{
	atomic_t *group = counter_of(throttle, group_of(bio));

	if (group != tally->group)
		next_group(tally, group, -1);
	count_bio(tally, bio);
}

/* fastswap_throttle_end - all have ended. Any context. */
void fastswap_throttle_end(struct fastswap_throttle *throttle, struct fastswap_tally *tally)
{
	next_group(tally, NULL, -1);
	if (atomic_sub_return(tally->total, &throttle->pages) >= READ_ONCE(writeback_pages))
		return;
	/* atomic_sub_return() is the full barrier that waitqueue_active() needs. */
	if (waitqueue_active(&throttle->wait))
		wake_up(&throttle->wait);
}

static bool is_room(struct fastswap_throttle *throttle, const struct fastswap_tally *tally)
{
	return atomic_read(&throttle->pages) < READ_ONCE(writeback_pages) &&
	       (!tally->tight || atomic_read(tally->tight) < tally->bound);
}

/**
 * fastswap_throttle_wait - wait if there is too much under way
 * @dev: the device
 * @tally: what the task has just submitted
 *
 * Only write-backs wait: others have their own limits, and nobody's memory. And only tasks and
 * kswapd do, as in the kernel's own reclaim_throttle(). Any other thread of the kernel that
 * reclaims may be what the backend waits for to send a page, or to get its link back: a worker
 * (soft-RoCE and the CM have work queues without a rescuer), or kthreadd, which makes workers.
 *
 * Nor does a task that is being killed: it ends after this batch, and its memory is free.
 *
 * May sleep.
 */
void fastswap_throttle_wait(struct fastswap_device *dev, const struct fastswap_tally *tally)
{
	struct fastswap_throttle *throttle = &dev->throttle;
	struct fastswap_tally all = *tally;
	long left;

	if (current->flags & PF_KTHREAD) {
		if (!current_is_kswapd())
			return;
		/* It serves all groups, and none may hold it up. */
		all.tight = NULL;
	}
	if (likely(is_room(throttle, &all)))
		return;
	this_cpu_inc(dev->stats->write_waits);
	do {
		left = wait_event_killable_timeout(throttle->wait, is_room(throttle, &all),
						   THROTTLE_WAIT);
		/* That it takes long is known then, and has a bound of the user's choice. */
	} while (!left && READ_ONCE(dev->health) == FASTSWAP_RECOVERING);
}
