// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * Extents that get another frame, so that a chunk becomes empty which the server would like to have
 * back. One at a time, piece by piece, through a buffer that is there since attach: a READ of the
 * old frame, a WRITE of the new one. Both go through the lanes of two queues as any bio does, so
 * that a link that breaks is nothing special: they are posted again, or end with an error.
 *
 *	state		reads of the extent	writes		goes on when
 *	SETTLING	old frame		are held	writes of before have ended
 *	READING		old frame		are held	the piece is here
 *	WRITING		old frame		are held	it is there; the last one: switch
 *	LEAVING		new frame		new frame	all I/O of before has ended
 *
 * The old frame is free only then, so that nobody else's data comes to where somebody still reads.
 * That everything of before has ended the tending finds out by its marks, as for extents that lose
 * their frames (elastic.c); so there is the one or the other at a time. After an error the extent
 * stays where it is. What a slot holds is not looked at: all bytes are copied, and what was lost or
 * never written stays so in the slot map of the core.
 *
 * All of it is the tending's own, but for the end of the bio and for writes that are held.
 */
#include <linux/bottom_half.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "rdma.h"

#define MOVE_ORDER	4	/* 64 KiB */
#define RETRY_DELAY	HZ

/* The only place where the state changes. */
static void happens(struct fsr_session *s, enum fsr_move_event event)
{
	enum fsr_move_state next;

	WARN_ON_ONCE(!fsr_move_step(s->move.state, event, &next));
	s->move.state = next;
}

/* fsr_move_alloc - get the buffer; without one nothing is ever moved */
void fsr_move_alloc(struct fsr_session *s)
{
	s->move.pages = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, MOVE_ORDER);
	s->move.bytes = min_t(u32, PAGE_SIZE << MOVE_ORDER, s->max_bytes);
	s->move.retry_at = jiffies;
}

/* fsr_move_free - give it back */
void fsr_move_free(struct fsr_session *s)
{
	if (s->move.pages)
		__free_pages(s->move.pages, MOVE_ORDER);
	s->move.pages = NULL;
}

/**
 * fsr_move_hold - let a write of an extent that is being moved wait
 * @s: the session
 * @bio: the write
 * @class: its class
 *
 * Return: false if it must not.
 */
bool fsr_move_hold(struct fsr_session *s, struct bio *bio, enum fastswap_class class)
{
	lockdep_assert_held(&s->map_lock);
	if (!s->may_park)
		return false;
	bio_list_add(&s->move.held[class], bio);
	s->move.waits++;
	return true;
}

/**
 * fsr_move_stop_waiting - no write waits any more; there is no link
 * @s: the session
 *
 * See fsr_elastic_stop_waiting(). The move itself goes on, or fails, when there is another.
 */
void fsr_move_stop_waiting(struct fsr_session *s)
{
	struct bio_list lists[FASTSWAP_NR_CLASSES];
	unsigned long flags;

	spin_lock_irqsave(&s->map_lock, flags);
	s->move.stale = true;
	fsr_elastic_take(s->move.held, lists);
	spin_unlock_irqrestore(&s->map_lock, flags);
	fsr_elastic_fail(s, lists, BLK_STS_IOERR);
}

/* fsr_move_end - the bio has ended; any context */
void fsr_move_end(struct fsr_session *s, blk_status_t status)
{
	s->move.status = status;
	/* Pairs with the acquire in go_on(): its buffer is ours, and @status is there. */
	smp_store_release(&s->move.busy, false);
	wake_up_all(&s->wait);
	fsr_elastic_kick(s);
}

/* fsr_move_finish - wait until no piece is under way; bounded; the tending is over */
void fsr_move_finish(struct fsr_session *s)
{
	wait_event_timeout(s->wait, !READ_ONCE(s->move.busy), msecs_to_jiffies(FSR_RELEASE_MS));
}

/* Send the piece on its way, from or to a frame. */
static void post(struct fsr_session *s, enum fsw_role role, u32 frame)
{
	struct fsr_queue *q = &s->queues[role - 1];
	struct fsr_lane *lane = &q->lanes[FSR_LANE_OWN];
	struct fsr_move *m = &s->move;
	bool taken;
	u32 seq = 0;

	bio_init(&m->bio, NULL, &m->bvec, 1,
		 role == FSW_ROLE_WRITEBACK ? REQ_OP_WRITE : REQ_OP_READ);
	m->bio.bi_iter.bi_sector =
		(((u64)m->extent << s->map.extent_shift) + m->done) >> SECTOR_SHIFT;
	__bio_add_page(&m->bio, m->pages, m->len, 0);
	fsr_chunkmap_where(&s->map, frame, m->done, &m->addr, &m->rkey);
	WRITE_ONCE(m->busy, true);

	local_bh_disable();
	spin_lock_irq(&q->lock);
	/* Who loses everything ends what waits here, after he has counted the loss. */
	taken = (q->live || q->hold) && READ_ONCE(s->losses) == m->losses;
	if (taken) {
		seq = ++lane->accepted;
		bio_list_add(&lane->waiting, &m->bio);
		if (q->live && !q->starved)
			fsr_queue_post(q);
	}
	spin_unlock_irq(&q->lock);
	local_bh_enable();

	if (taken)
		fsr_lane_want_irq(lane, seq);
	else
		fsr_move_end(s, BLK_STS_IOERR);
}

static void post_piece(struct fsr_session *s)
{
	struct fsr_move *m = &s->move;

	m->len = min_t(u32, m->bytes, (1u << s->map.extent_shift) - m->done);
	post(s, FSW_ROLE_PREFETCH, m->old);
}

static bool is_lost(const struct fsr_session *s)
{
	return READ_ONCE(s->losses) != s->move.losses;
}

/* The extent stays where it is. */
static void abort_move(struct fsr_session *s)
{
	struct bio_list lists[FASTSWAP_NR_CLASSES];
	struct fsr_move *m = &s->move;

	spin_lock_irq(&s->map_lock);
	/* The extents of after a loss are others. */
	if (!is_lost(s))
		fsr_chunkmap_abort_move(&s->map, m->extent, m->frame, fsr_seconds());
	fsr_chunkmap_stay(&s->map);
	fsr_elastic_take(s->move.held, lists);
	spin_unlock_irq(&s->map_lock);
	happens(s, FSR_MOVE_EV_FAIL);
	m->retry_at = jiffies + RETRY_DELAY;
	fsr_elastic_resubmit(s, lists);
}

/*
 * Has everything ended that was accepted before the marks were set? Not when the link is broken:
 * what waits may be ended then before what is still posted. Once there is another link, all of it
 * has ended, or waits in its order.
 */
static bool is_settled(struct fsr_session *s)
{
	bool stale;

	if (fsr_session_state(s) != FSR_LIVE)
		return false;
	spin_lock_irq(&s->map_lock);
	stale = s->move.stale;
	s->move.stale = false;
	spin_unlock_irq(&s->map_lock);
	if (stale)
		fsr_elastic_set_marks(s);
	return fsr_elastic_are_marks_passed(s) && !READ_ONCE(s->move.stale) &&
	       fsr_session_state(s) == FSR_LIVE;
}

/* Find an extent of the chunk that is left, and have nothing written to it from now on. */
static bool find_next(struct fsr_session *s)
{
	struct fsr_move *m = &s->move;
	const u32 nr = s->map.nr_extents;
	u32 i, extent, entry, chunk;
	bool found = false;

	spin_lock_irq(&s->map_lock);
	if (s->map.leaving == FSR_NO_CHUNK)
		fsr_chunkmap_leave(&s->map);
	chunk = s->map.leaving;
	spin_unlock_irq(&s->map_lock);
	for (i = 0; chunk != FSR_NO_CHUNK && i < nr && !found; i++) {
		if (!(i % 1024))
			cond_resched();
		extent = (m->cursor + i) % nr;
		entry = READ_ONCE(s->map.extents[extent]);
		if (!(entry & FSR_EXTENT_MAPPED) ||
		    fsr_chunkmap_chunk(&s->map, entry & FSR_EXTENT_FRAME) != chunk)
			continue;
		spin_lock_irq(&s->map_lock);
		found = fsr_chunkmap_begin_move(&s->map, extent, &m->frame);
		m->old = s->map.extents[extent] & FSR_EXTENT_FRAME;
		m->stale = false;
		spin_unlock_irq(&s->map_lock);
		m->extent = extent;
	}
	if (found)
		m->cursor = m->extent;
	return found;
}

static bool begin(struct fsr_session *s)
{
	struct fsr_move *m = &s->move;

	if (!m->pages || time_before(jiffies, m->retry_at))
		return false;
	m->losses = READ_ONCE(s->losses);
	if (!find_next(s)) {
		spin_lock_irq(&s->map_lock);
		fsr_chunkmap_stay(&s->map);
		spin_unlock_irq(&s->map_lock);
		m->retry_at = jiffies + RETRY_DELAY;
		return false;
	}
	happens(s, FSR_MOVE_EV_BEGIN);
	fsr_elastic_set_marks(s);
	return true;
}

/* All is copied: the extent is in its new frame from now on, and may be written again. */
static bool switch_over(struct fsr_session *s)
{
	struct bio_list lists[FASTSWAP_NR_CLASSES];
	struct fsr_move *m = &s->move;
	bool done;

	spin_lock_irq(&s->map_lock);
	done = !is_lost(s) && fsr_chunkmap_end_move(&s->map, m->extent, m->frame, &m->old);
	if (done)
		fsr_elastic_take(s->move.held, lists);
	spin_unlock_irq(&s->map_lock);
	if (!done) {
		abort_move(s);
		return false;
	}
	happens(s, FSR_MOVE_EV_COPIED);
	fsr_elastic_set_marks(s);
	fsr_elastic_resubmit(s, lists);
	return true;
}

static bool leave(struct fsr_session *s)
{
	struct fsr_move *m = &s->move;
	bool done;

	if (!is_lost(s) && !is_settled(s))
		return false;
	spin_lock_irq(&s->map_lock);
	/* That everything ended there is no proof if somebody stopped waiting just now. */
	done = is_lost(s) || !m->stale;
	if (done && !is_lost(s)) {
		fsr_chunkmap_put(&s->map, m->old, fsr_seconds());
		m->moved++;
	}
	spin_unlock_irq(&s->map_lock);
	if (done)
		happens(s, FSR_MOVE_EV_LEFT);
	return done;
}

/* Return: go on at once? */
static bool go_on(struct fsr_session *s, bool wanted)
{
	struct fsr_move *m = &s->move;

	switch (m->state) {
	case FSR_MOVE_NONE:
		return wanted && begin(s);
	case FSR_MOVE_SETTLING:
		if (is_lost(s)) {
			abort_move(s);
			return false;
		}
		if (!is_settled(s))
			return false;
		m->done = 0;
		happens(s, FSR_MOVE_EV_SETTLED);
		post_piece(s);
		return true;
	case FSR_MOVE_READING:
		/* Pairs with the release in fsr_move_end(). */
		if (smp_load_acquire(&m->busy))
			return false;
		if (m->status) {
			abort_move(s);
			return false;
		}
		happens(s, FSR_MOVE_EV_READ);
		post(s, FSW_ROLE_WRITEBACK, m->frame);
		return true;
	case FSR_MOVE_WRITING:
		/* Likewise. */
		if (smp_load_acquire(&m->busy))
			return false;
		if (m->status) {
			abort_move(s);
			return false;
		}
		m->done += m->len;
		if (m->done == 1u << s->map.extent_shift)
			return switch_over(s);
		happens(s, FSR_MOVE_EV_WRITTEN);
		post_piece(s);
		return true;
	case FSR_MOVE_LEAVING:
		return leave(s);
	case FSR_NR_MOVE_STATES:
		break;
	}
	return false;
}

/* Is nothing in the chunk any more that was to be left? */
static bool is_left_empty(const struct fsr_session *s)
{
	const u32 chunk = READ_ONCE(s->map.leaving);

	return chunk == FSR_NO_CHUNK || !READ_ONCE(s->map.chunks[chunk].used);
}

/**
 * fsr_move_tend - go on with the move, or begin one
 * @s: the session, live, no extents draining unless something is being moved
 * @wanted: begin one, if none is under way
 *
 * Of the tending only. To be called again soon as long as fsr_move_is_active().
 */
void fsr_move_tend(struct fsr_session *s, bool wanted)
{
	if (!wanted && !fsr_move_is_active(s)) {
		spin_lock_irq(&s->map_lock);
		fsr_chunkmap_stay(&s->map);
		spin_unlock_irq(&s->map_lock);
		return;
	}
	/* A chunk that has become empty is to be given back before the next one is. */
	while (go_on(s, wanted))
		if (!fsr_move_is_active(s) && is_left_empty(s))
			break;
}
