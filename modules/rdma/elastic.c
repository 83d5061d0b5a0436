// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The device holds memory of the server only for what it stores.
 *
 * Extents get their frames here when they are first written (fsr_elastic_place()), and lose them
 * here when the core says that nothing is in them any more. A work tends the chunks: it asks for
 * more before they are needed, gives back what was empty for a while, and sees to writes that found
 * no frame.
 *
 * How an extent loses its frame while I/O goes on, without anything on the way of I/O but a look at
 * its entry, under the lock of the queue:
 *
 *	fsr_submit()			the work
 *	  lock of a queue		  the core: nothing is in it
 *	    entry: MAPPED		  entry: DRAINING
 *	    accepted++			  for each queue: lock, marks = accepted, unlock
 *	  unlock			  later: all lanes have ended what is in the marks
 *					  the core: still nothing is in it
 *					  entry: still DRAINING? then 0
 *
 * Who comes before the mark is waited for, and if it was a write the core then says that something
 * is there. Who comes after it sees DRAINING, takes that back, and the extent stays as it is. Bios
 * that wait for the link have been accepted, so no extent loses its frame under them.
 *
 * Locks: that of a queue or that of the control connection, then map_lock.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "rdma.h"

#define TEND_DELAY	HZ
/* While an extent loses its frame, or a write waits for one. */
#define TEND_SOON	(HZ / 20)
/* So long the server is not asked again that has just said no. */
#define DENIED_DELAY	HZ
/* So long none are kept spare after a recall: the server repeats it while it lacks some. */
#define RECALL_HOLD	(10 * HZ)

/* fsr_elastic_init - for a session that has nothing yet */
void fsr_elastic_init(struct fsr_session *s)
{
	spin_lock_init(&s->map_lock);
	INIT_DELAYED_WORK(&s->tending, fsr_elastic_tend);
	s->ask_max = U32_MAX;
}

/* fsr_elastic_alloc - the tables of a device of so many chunks */
int fsr_elastic_alloc(struct fsr_session *s, u32 nr)
{
	struct fsr_chunkmap *map = &s->map;

	fsr_chunkmap_lay_out(map, s->welcome.chunk_shift, nr);
	map->extents = kvcalloc(map->nr_extents, sizeof(*map->extents), GFP_KERNEL);
	map->frames = kvcalloc(BITS_TO_LONGS(map->nr_extents), sizeof(long), GFP_KERNEL);
	map->chunks = kvcalloc(nr, sizeof(*map->chunks), GFP_KERNEL);
	fsr_move_alloc(s);
	return map->extents && map->frames && map->chunks ? 0 : -ENOMEM;
}

/* fsr_elastic_free - give the memory back */
void fsr_elastic_free(struct fsr_session *s)
{
	kvfree(s->map.chunks);
	kvfree(s->map.frames);
	kvfree(s->map.extents);
	kvfree(s->marks);
	fsr_move_free(s);
}

/* fsr_elastic_kick - there may be something to tend; any context */
void fsr_elastic_kick(struct fsr_session *s)
{
	if (fsr_session_state(s) == FSR_LIVE)
		mod_delayed_work(fsr_wq, &s->tending, 0);
}

static bool is_recalling(const struct fsr_session *s)
{
	return READ_ONCE(s->recalling) &&
	       time_before(jiffies, READ_ONCE(s->recalled_at) + RECALL_HOLD);
}

/* Frames that should be free, without those that somebody waits for. */
static u64 spare_frames(const struct fsr_session *s)
{
	if (unlikely(is_recalling(s)))
		return 0;
	return (u64)READ_ONCE(fsr_spare_chunks) << fsr_chunkmap_frame_shift(&s->map);
}

static bool is_denied(const struct fsr_session *s)
{
	return s->denied && time_before(jiffies, s->denied_at + DENIED_DELAY);
}

/* Let a write wait for a chunk. Return: false if it must not. */
static bool park(struct fsr_session *s, struct bio *bio, enum fastswap_class class)
{
	lockdep_assert_held(&s->map_lock);
	if (!s->may_park || is_denied(s))
		return false;
	if (!s->nr_parked++)
		s->parked_since = jiffies;
	bio_list_add(&s->parked[class], bio);
	s->waits++;
	return true;
}

/**
 * fsr_elastic_place - see to it that bios have their frames
 * @s: the session
 * @batch: bios of which some are not ready; those stay that are when this returns
 * @refused: those are added that cannot be done: writes for which there is no memory, reads of what
 *	is in no chunk, as it was freed a moment ago
 *
 * Under the lock of the queue that they go to. Writes that may wait for a chunk are kept.
 *
 * Return: call fsr_elastic_kick() when the lock is released.
 */
bool fsr_elastic_place(struct fsr_session *s, struct fastswap_batch *batch,
		       struct bio_list *refused)
{
	bool write = fastswap_class_is_write(batch->class), scarce;
	struct bio_list good = BIO_EMPTY_LIST;
	struct bio *bio;

	spin_lock(&s->map_lock);
	while ((bio = bio_list_pop(&batch->bios))) {
		u64 extent = fsr_chunkmap_extent(&s->map, fastswap_bio_offset(bio));

		if (write && unlikely(fsr_chunkmap_is_moving(&s->map, extent))) {
			batch->nr--;
			if (!fsr_move_hold(s, bio, batch->class))
				bio_list_add(refused, bio);
			continue;
		}
		if (write ? fsr_chunkmap_map(&s->map, extent) :
			    fsr_chunkmap_keep(&s->map, extent)) {
			bio_list_add(&good, bio);
			continue;
		}
		batch->nr--;
		if (write && park(s, bio, batch->class))
			continue;
		s->refusals += write;
		bio_list_add(refused, bio);
	}
	scarce = s->nr_parked || s->map.free < spare_frames(s);
	spin_unlock(&s->map_lock);
	batch->bios = good;
	return scarce;
}

/* fsr_elastic_take - all bios that wait somewhere, by class; the lock of @waiting is held */
void fsr_elastic_take(struct bio_list waiting[FASTSWAP_NR_CLASSES],
		      struct bio_list lists[FASTSWAP_NR_CLASSES])
{
	unsigned int i;

	for (i = 0; i < FASTSWAP_NR_CLASSES; i++) {
		lists[i] = waiting[i];
		bio_list_init(&waiting[i]);
	}
}

/* fsr_elastic_fail - bios that have waited, by class, end with an error */
void fsr_elastic_fail(struct fsr_session *s, struct bio_list lists[FASTSWAP_NR_CLASSES],
		      blk_status_t status)
{
	unsigned int i;

	for (i = 0; i < FASTSWAP_NR_CLASSES; i++)
		if (!bio_list_empty(&lists[i]))
			fastswap_end_bios(s->up, i, &lists[i], status, 0);
}

static void take_parked(struct fsr_session *s, struct bio_list lists[FASTSWAP_NR_CLASSES])
{
	lockdep_assert_held(&s->map_lock);
	fsr_elastic_take(s->parked, lists);
	s->nr_parked = 0;
}

static void fail_parked(struct fsr_session *s)
{
	struct bio_list lists[FASTSWAP_NR_CLASSES];
	unsigned long flags;

	spin_lock_irqsave(&s->map_lock, flags);
	s->refusals += s->nr_parked;
	take_parked(s, lists);
	spin_unlock_irqrestore(&s->map_lock, flags);
	fsr_elastic_fail(s, lists, BLK_STS_NOSPC);
}

/* fsr_elastic_resubmit - bios that have waited, by class, come once more */
void fsr_elastic_resubmit(struct fsr_session *s, struct bio_list lists[FASTSWAP_NR_CLASSES])
{
	unsigned int i;

	for (i = 0; i < FASTSWAP_NR_CLASSES; i++) {
		struct fastswap_batch batch = { .class = i, .bios = lists[i] };
		struct fastswap_ticket ticket;

		batch.nr = bio_list_size(&lists[i]);
		if (batch.nr)
			fsr_submit(s, &batch, &ticket);
	}
}

/* Those that find no frame wait again. */
static void unpark(struct fsr_session *s)
{
	struct bio_list lists[FASTSWAP_NR_CLASSES] = { };
	bool any;

	spin_lock_irq(&s->map_lock);
	any = s->nr_parked && s->map.free;
	if (any)
		take_parked(s, lists);
	spin_unlock_irq(&s->map_lock);
	if (any)
		fsr_elastic_resubmit(s, lists);
}

/**
 * fsr_elastic_start - writes may wait for chunks from now on
 * @s: the session, its queues live
 */
void fsr_elastic_start(struct fsr_session *s)
{
	spin_lock_irq(&s->map_lock);
	s->may_park = true;
	s->denied = false;
	s->told_denied = false;
	s->ask_max = U32_MAX;
	s->parked_since = jiffies;
	spin_unlock_irq(&s->map_lock);
}

/**
 * fsr_elastic_stop_waiting - no write waits any more; there is no link
 * @s: the session
 *
 * To be called before what waits in the queues ends: that counts as ended before what is still
 * posted does, so that the marks would seem to be passed too early.
 */
void fsr_elastic_stop_waiting(struct fsr_session *s)
{
	spin_lock_irq(&s->map_lock);
	s->may_park = false;
	s->draining = false;
	spin_unlock_irq(&s->map_lock);
	fail_parked(s);
	fsr_move_stop_waiting(s);
}

/* fsr_elastic_spoil_marks - a bio is about to end before others that came earlier; no link */
void fsr_elastic_spoil_marks(struct fsr_session *s)
{
	spin_lock_irq(&s->map_lock);
	s->draining = false;
	s->move.stale = true;
	spin_unlock_irq(&s->map_lock);
}

/* fsr_elastic_granted - the server has granted all that it was asked for */
void fsr_elastic_granted(struct fsr_session *s)
{
	WRITE_ONCE(s->denied, false);
	s->told_denied = false;
	s->ask_max = U32_MAX;
}

/* fsr_elastic_denied - the server does not grant (all of) the @asked chunks */
void fsr_elastic_denied(struct fsr_session *s, const struct fsw_deny *deny, u32 asked)
{
	if (asked > 1) {
		/* All or none is what it grants: perhaps it has some. */
		s->ask_max = 1;
		return;
	}
	s->deny_reason = fsw_letoh16(deny->reason);
	s->denied_at = jiffies;
	WRITE_ONCE(s->denied, true);
}

/* fsr_elastic_recall - the server would like to have @chunks back */
void fsr_elastic_recall(struct fsr_session *s, u32 chunks)
{
	unsigned long flags;

	spin_lock_irqsave(&s->map_lock, flags);
	s->recalled = chunks;
	WRITE_ONCE(s->recalled_at, jiffies);
	WRITE_ONCE(s->recalling, true);
	s->recalls++;
	spin_unlock_irqrestore(&s->map_lock, flags);
	fsr_elastic_kick(s);
}

/* Give back what nothing is in, however short a time. */
static void give_recalled(struct fsr_session *s)
{
	int given = fsr_question_return(s, 0, 0, READ_ONCE(s->recalled));

	if (given <= 0)
		return;
	spin_lock_irq(&s->map_lock);
	s->recalled -= min_t(u32, s->recalled, given);
	spin_unlock_irq(&s->map_lock);
}

/* What was said long ago would seem to be new when the clock goes round. */
static void end_recall(struct fsr_session *s)
{
	spin_lock_irq(&s->map_lock);
	if (!is_recalling(s))
		WRITE_ONCE(s->recalling, false);
	spin_unlock_irq(&s->map_lock);
}

/* ---- Loss ---- */

/* What waits for the link in a queue that writes: its extents are about to have no frames. */
static void park_waiting(struct fsr_queue *q)
{
	struct fsr_session *s = q->conn.session;
	bool moved = false;
	unsigned int i;
	struct bio *bio;

	spin_lock_irq(&q->lock);
	spin_lock(&s->map_lock);
	for (i = 0; i < FSR_LANES; i++) {
		struct fsr_lane *lane = &q->lanes[i];

		if (lane->own && bio_list_pop(&lane->waiting))
			moved = true;
		while ((bio = bio_list_pop(&lane->waiting))) {
			bio_list_add(&s->parked[lane->class], bio);
			s->nr_parked++;
		}
		/* Nothing is in flight: as if they had never come. */
		lane->accepted = lane->ended;
		lane->wanted = lane->ended;
	}
	spin_unlock(&s->map_lock);
	spin_unlock_irq(&q->lock);
	if (moved)
		fsr_move_end(s, BLK_STS_IOERR);
}

/**
 * fsr_elastic_lose - the server has nothing of ours any more
 * @s: the session, its queues not live and nothing in flight; @hold_lock is held, so that nobody
 *	is about to end what waits, and to count it
 *
 * If something was stored fastswap_lose_all() has been called. Writes wait for new chunks, reads
 * end with an error. fsr_submit() sees to those that come meanwhile: it has looked at @losses
 * before it looked at a slot or an extent, and looks again under the lock that is taken here last.
 */
void fsr_elastic_lose(struct fsr_session *s)
{
	unsigned int i;

	lockdep_assert_held(&s->hold_lock);
	spin_lock_irq(&s->map_lock);
	fsr_chunkmap_lose(&s->map);
	s->draining = false;
	spin_unlock_irq(&s->map_lock);

	/* Pairs with the acquire in fsr_submit(). */
	smp_store_release(&s->losses, s->losses + 1);
	for (i = 0; i < fsr_nr_queues(s); i++) {
		if (s->queues[i].dir == DMA_FROM_DEVICE)
			fsr_queue_fail_waiting(&s->queues[i]);
		else
			park_waiting(&s->queues[i]);
	}
}

/* ---- Extents that nothing is in any more ---- */

static u64 extent_offset(const struct fsr_session *s, u32 extent)
{
	return (u64)extent << s->map.extent_shift;
}

static bool may_hold(const struct fsr_session *s, u32 extent)
{
	return fastswap_may_hold(s->up, extent_offset(s, extent), 1ULL << s->map.extent_shift);
}

/* fsr_elastic_set_marks - what is accepted now is to end; for one thing at a time */
void fsr_elastic_set_marks(struct fsr_session *s)
{
	unsigned int i, l;

	for (i = 0; i < fsr_nr_queues(s); i++) {
		struct fsr_queue *q = &s->queues[i];

		spin_lock_irq(&q->lock);
		for (l = 0; l < FSR_LANES; l++)
			s->marks[i * FSR_LANES + l] = q->lanes[l].accepted;
		spin_unlock_irq(&q->lock);
	}
}

/* fsr_elastic_are_marks_passed - has it? */
bool fsr_elastic_are_marks_passed(struct fsr_session *s)
{
	unsigned int i, l;
	bool all = true;

	for (i = 0; i < fsr_nr_queues(s); i++) {
		struct fsr_queue *q = &s->queues[i];

		for (l = 0; l < FSR_LANES; l++) {
			if (fsr_lane_has_ended(&q->lanes[l], s->marks[i * FSR_LANES + l]))
				continue;
			/* Nobody may wait for it: reads ahead have no interrupt. */
			irq_poll_sched(&q->iop);
			all = false;
		}
	}
	return all;
}

static void begin_drain(struct fsr_session *s)
{
	bool any = false;
	u32 i;

	if (READ_ONCE(s->draining) || fsr_move_is_active(s) ||
	    (!READ_ONCE(s->nr_parked) && time_before(jiffies, s->looked_at + TEND_DELAY)))
		return;
	s->looked_at = jiffies;
	s->marks_losses = READ_ONCE(s->losses);
	for (i = 0; i < s->map.nr_extents; i++) {
		if (!(i % 1024))
			cond_resched();
		if (!READ_ONCE(s->map.extents[i]) || may_hold(s, i))
			continue;
		spin_lock_irq(&s->map_lock);
		fsr_chunkmap_drain(&s->map, i);
		spin_unlock_irq(&s->map_lock);
		any = true;
	}
	if (!any)
		return;
	/* Once all that is accepted has ended nobody uses the extents that are DRAINING now. */
	fsr_elastic_set_marks(s);
	spin_lock_irq(&s->map_lock);
	s->draining = true;
	spin_unlock_irq(&s->map_lock);
}

static void end_drain(struct fsr_session *s)
{
	u32 i, now = fsr_seconds();

	if (!READ_ONCE(s->draining))
		return;
	/* The marks of before a loss mean nothing. Who is DRAINING yet is so in the next round. */
	if (READ_ONCE(s->losses) == s->marks_losses) {
		/* In this order: they seem to be passed too early only when there is no link. */
		if (!fsr_elastic_are_marks_passed(s) || fsr_session_state(s) != FSR_LIVE)
			return;
		for (i = 0; i < s->map.nr_extents; i++) {
			if (!(i % 1024))
				cond_resched();
			if (!(READ_ONCE(s->map.extents[i]) & FSR_EXTENT_DRAINING) || may_hold(s, i))
				continue;
			spin_lock_irq(&s->map_lock);
			if (s->draining)
				fsr_chunkmap_unmap(&s->map, i, now);
			spin_unlock_irq(&s->map_lock);
		}
	}
	spin_lock_irq(&s->map_lock);
	s->draining = false;
	spin_unlock_irq(&s->map_lock);
}

/* ---- Chunks ---- */

/* Has a write waited in vain? */
static void give_up(struct fsr_session *s)
{
	bool late, denied, refused;

	spin_lock_irq(&s->map_lock);
	/* Also at once, as the server had just said no. */
	refused = s->denied && s->refusals != s->told_refusals;
	/* Not while there may be frames soon that nobody uses any more. */
	denied = s->nr_parked && is_denied(s) && !s->draining;
	late = s->nr_parked &&
	       time_after(jiffies, s->parked_since + msecs_to_jiffies(FSR_GRANT_MS));
	spin_unlock_irq(&s->map_lock);
	if ((denied || late || refused) && !s->told_denied) {
		fsr_err(s, "no memory for what is to be written: %s\n",
			late ? "no answer" : fsw_reason_text(s->deny_reason));
		s->told_denied = true;
	}
	if (denied || late)
		fail_parked(s);
	s->told_refusals = s->refusals;
}

static void talk(struct fsr_session *s)
{
	u64 spare = spare_frames(s), need = spare;
	u32 missing, age = READ_ONCE(fsr_return_s);
	bool unsure;

	spin_lock_irq(&s->map_lock);
	/* More than one chunk at a time is not waited for. */
	need += min(s->nr_parked, 1u << fsr_chunkmap_frame_shift(&s->map));
	missing = fsr_chunkmap_shortage(&s->map, need);
	unsure = s->map.in[FSR_CHUNK_UNSURE];
	spin_unlock_irq(&s->map_lock);

	if (unsure)
		fsr_question_settle(s);
	else if (missing && !is_denied(s))
		fsr_question_chunks(s, min(missing, s->ask_max));
	else if (!missing && is_recalling(s) && READ_ONCE(s->recalled))
		give_recalled(s);
	else if (!missing && age)
		fsr_question_return(s, age, spare, U32_MAX);
}

/* fsr_elastic_tend - the work of a session that is live; it comes back by itself */
void fsr_elastic_tend(struct work_struct *work)
{
	struct fsr_session *s = container_of(work, struct fsr_session, tending.work);
	bool soon;

	if (fsr_session_state(s) != FSR_LIVE)
		return;
	fsr_session_recovered(s);
	fsr_question_check(s);
	unpark(s);
	if (!s->elastic) {
		/* One that was begun with another server: its writes wait for the end of it. */
		fsr_move_tend(s, false);
		if (fsr_move_is_active(s))
			queue_delayed_work(fsr_wq, &s->tending, TEND_SOON);
		return;
	}
	end_recall(s);
	end_drain(s);
	begin_drain(s);
	if (fsr_move_is_active(s) || !READ_ONCE(s->draining))
		fsr_move_tend(s, is_recalling(s) && READ_ONCE(s->recalled));
	unpark(s);
	give_up(s);
	talk(s);
	soon = READ_ONCE(s->draining) || READ_ONCE(s->nr_parked) || fsr_move_is_active(s);
	queue_delayed_work(fsr_wq, &s->tending, soon ? TEND_SOON : TEND_DELAY);
}
