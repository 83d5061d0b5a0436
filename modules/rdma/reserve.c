// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The memory of a link is kept for the next one.
 *
 * An attempt that fails gives back all that it took. On a machine that is short of
 * memory others would have that before the next attempt, which would take as much
 * out of the kernel's reserves: those that packets come from, also the packets of
 * the attempt. So as many pages as a link takes, or nearly, are kept in between,
 * and given back just before they are needed.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "rdma.h"

/* Completion queue, receive queue and small things of one queue pair. */
#define FSR_RESERVE_FIXED	SZ_32K
/* Of an SGE of a send queue, with its part of the work request; soft-RoCE doubles the depth. */
#define FSR_RESERVE_SGE		64

static unsigned int wanted_pages(const struct fsr_session *s)
{
	unsigned int i;
	u64 bytes = 0;

	for (i = 0; i < fsr_nr_queues(s); i++) {
		const struct fsr_queue *q = &s->queues[i];

		bytes += (u64)q->depth * q->max_sge * FSR_RESERVE_SGE + FSR_RESERVE_FIXED;
	}
	return bytes >> PAGE_SHIFT;
}

/**
 * fsr_reserve_take - a link has just given back what it had: keep it
 * @s: the session, its mutex held
 *
 * Only what is there for everybody: of the kernel's reserves nothing. Does not sleep.
 */
void fsr_reserve_take(struct fsr_session *s)
{
	unsigned int wanted = wanted_pages(s);
	struct page *page;

	lockdep_assert_held(&s->mutex);
	for (; s->reserved < wanted; s->reserved++) {
		page = alloc_page(GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC);
		if (!page)
			return;
		list_add(&page->lru, &s->reserve);
	}
}

/* fsr_reserve_give - the next link is about to take it, or there will be none */
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
