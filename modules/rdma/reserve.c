// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * Memory for a recovery, kept where nobody else gets at it.
 *
 * Threads of the kernel that work for a recovery, in the CM say, allocate as if
 * nothing depended on them. With no memory left they reclaim, write to this very
 * device, and wait for what waits for them: a bio, if not for more. So while the link
 * is there a few pages are kept. When it breaks they become free, and there is
 * memory without reclaim for a while: tasks should not use it up, as each soon needs a
 * page that is far away, and stops there.
 *
 * And what a link takes is kept between two attempts. One that fails gives it all
 * back; others would have it before the next one, which would take as much out
 * of the kernel's reserves: those that packets come from.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "rdma.h"

/* For others, when the link breaks. */
#define FSR_RESERVE_OTHERS	SZ_1M
/* Completion queue, receive queue and small things of one queue pair. */
#define FSR_RESERVE_FIXED	SZ_32K
/* Of an SGE of a send queue, with its part of the work request; soft-RoCE doubles the depth. */
#define FSR_RESERVE_SGE		64

static u64 link_bytes(const struct fsr_session *s)
{
	unsigned int i;
	u64 bytes = 0;

	for (i = 0; i < fsr_nr_queues(s); i++) {
		const struct fsr_queue *q = &s->queues[i];

		bytes += (u64)q->depth * q->max_sge * FSR_RESERVE_SGE + FSR_RESERVE_FIXED;
	}
	return bytes;
}

/* Only what is there for everybody: nothing of the kernel's reserves. Does not sleep. */
static void fill(struct fsr_session *s, u64 bytes)
{
	struct page *page;

	lockdep_assert_held(&s->mutex);
	for (; s->reserved < bytes >> PAGE_SHIFT; s->reserved++) {
		page = alloc_page(GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC);
		if (!page)
			return;
		list_add(&page->lru, &s->reserve);
	}
}

/**
 * fsr_reserve_keep_link - a link has just given back what it had: keep it
 * @s: the session, its mutex held
 */
void fsr_reserve_keep_link(struct fsr_session *s)
{
	fill(s, link_bytes(s));
}

/**
 * fsr_reserve_keep_others - the link is there: keep what will be needed when it breaks
 * @s: the session, its mutex held
 *
 * To be called again and again, as there may not be enough at the time.
 */
void fsr_reserve_keep_others(struct fsr_session *s)
{
	fill(s, FSR_RESERVE_OTHERS);
}

/**
 * fsr_reserve_give - now it is needed, or never
 * @s: the session, its mutex held
 */
void fsr_reserve_give(struct fsr_session *s)
{
	struct page *page, *next;

	lockdep_assert_held(&s->mutex);
	list_for_each_entry_safe(page, next, &s->reserve, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
	s->reserved = 0;
}
