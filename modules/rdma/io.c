// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The way out: bios to work requests.
 *
 * Bios of a batch join the end of their lane; fsr_queue_post() turns what
 * stands there into work requests as long as the ring has room: one for every
 * run of neighbours, chained, one doorbell, the last one signalled. What finds
 * no room is posted by whoever reaps (reap.c). All of it under queue->lock
 * with interrupts off: nothing here sleeps, allocates or waits.
 */
#include <linux/bottom_half.h>
#include <linux/ktime.h>
#include <linux/smp.h>

#include "fault.h"
#include "mark.h"
#include "merge.h"
#include "rdma.h"
#include "trace.h"

/* Attempts to map a bio when nothing is in flight, 10 ms apart. */
#define MAP_TRIES	500

/**
 * fsr_queue_unmap - the adapter is done with these pages
 * @q: the queue that they went through
 * @sge: mapped SGEs
 * @nr: how many
 */
void fsr_queue_unmap(struct fsr_queue *q, const struct ib_sge *sge, unsigned int nr)
{
	struct ib_device *ibdev = q->conn.session->ibdev;

	for (; nr; nr--, sge++)
		ib_dma_unmap_page(ibdev, sge->addr, sge->length, q->dir);
}

static unsigned int count_bvecs(const struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned int nr = 0;

	bio_for_each_bvec(bv, bio, iter)
		nr++;
	return nr;
}

/* Append the pages of a bio to the SGEs of a work request; all or none. */
static bool map_bio(struct fsr_queue *q, struct fsr_work *work, const struct bio *bio)
{
	struct fsr_session *s = q->conn.session;
	struct ib_sge *sge = &work->sge[work->wr.wr.num_sge];
	struct bvec_iter iter;
	unsigned int nr = 0;
	struct bio_vec bv;
	u64 addr;

	if (fsr_fault(MAP))
		return false;
	bio_for_each_bvec(bv, bio, iter) {
		if (q->opcode == IB_WR_RDMA_READ)
			fsr_mark_set(&bv, work->mark);
		addr = ib_dma_map_page(s->ibdev, bv.bv_page, bv.bv_offset, bv.bv_len, q->dir);
		if (ib_dma_mapping_error(s->ibdev, addr)) {
			fsr_queue_unmap(q, sge, nr);
			return false;
		}
		sge[nr].addr = addr;
		sge[nr].length = bv.bv_len;
		sge[nr].lkey = s->pd->local_dma_lkey;
		nr++;
	}
	work->wr.wr.num_sge += nr;
	return true;
}

/*
 * Make a work request of the bios at the head of a lane: the first, and those
 * that continue it.
 *
 * Return: 0; -ENOMEM if not even the first could be mapped; -EINVAL if it is
 * one that the core should not have let through.
 */
static int fill_work(struct fsr_work *work, struct fsr_lane *lane)
{
	struct fsr_queue *q = lane->queue;
	struct fsr_session *s = q->conn.session;
	struct fsr_run run = {
		.max_bytes = s->max_bytes,
		.max_segments = q->max_sge,
		.chunk_shift = s->map.extent_shift,
	};
	struct bio *bio = bio_list_peek(&lane->waiting);

	work->wr.wr.num_sge = 0;
	work->nr_bios = 0;
	work->lane = lane;
	work->mark = q->mark++;
	bio_list_init(&work->bios);

	if (unlikely(lane->own)) {
		work->wr.remote_addr = s->move.addr;
		work->wr.rkey = s->move.rkey;
	} else if (!fsr_chunkmap_find(&s->map, fastswap_bio_offset(bio), &work->wr.remote_addr,
				      &work->wr.rkey)) {
		return -EINVAL;
	}

	do {
		if (!fsr_run_add(&run, fastswap_bio_offset(bio), bio->bi_iter.bi_size,
				 count_bvecs(bio))) {
			if (!work->nr_bios)
				return -EINVAL;
			break;
		}
		if (!map_bio(q, work, bio)) {
			if (!work->nr_bios)
				return -ENOMEM;
			run.bytes -= bio->bi_iter.bi_size;
			break;
		}
		bio_list_add(&work->bios, bio_list_pop(&lane->waiting));
		work->nr_bios++;
	} while ((bio = bio_list_peek(&lane->waiting)));

	q->posted.bios += work->nr_bios;
	q->posted.pages += run.bytes >> FASTSWAP_SLOT_SHIFT;
	return 0;
}

/* A lane whose turn it is, so that none can starve another. */
static struct fsr_lane *next_lane(struct fsr_queue *q)
{
	unsigned int i;

	for (i = 0; i < FSR_LANES; i++) {
		struct fsr_lane *lane = &q->lanes[q->turn];

		q->turn = (q->turn + 1) % FSR_LANES;
		if (!bio_list_empty(&lane->waiting))
			return lane;
	}
	return NULL;
}

/* The work requests from @bad on were not posted: their bios wait again. */
static void take_back(struct fsr_queue *q, u32 bad, int err)
{
	u32 seq = q->head;

	while (seq != bad) {
		struct fsr_work *work = &q->ring[--seq & (q->depth - 1)];

		fsr_queue_unmap(q, work->sge, work->wr.wr.num_sge);
		bio_list_merge(&work->bios, &work->lane->waiting);
		work->lane->waiting = work->bios;
		bio_list_init(&work->bios);
	}
	WRITE_ONCE(q->head, bad);
	q->live = false;
	fsr_session_fail(q->conn.session, "cannot post: error %d", err);
}

/* Chain what waits, as far as the ring has room, and ring the doorbell. */
static void post_chain(struct fsr_queue *q, u32 room)
{
	const struct ib_send_wr *bad = NULL;
	struct fsr_work *work = NULL;
	u32 first = q->head, seq;
	struct fsr_lane *lane;
	int err = 0;

	for (seq = first; seq - first < room && (lane = next_lane(q)); seq++) {
		struct fsr_work *next = &q->ring[seq & (q->depth - 1)];

		err = fill_work(next, lane);
		if (err)
			break;
		next->wr.wr.next = NULL;
		next->wr.wr.wr_id = seq;
		next->wr.wr.sg_list = next->sge;
		next->wr.wr.opcode = q->opcode;
		/* At least two completions per turn of the ring. */
		next->wr.wr.send_flags =
			(seq + 1) & (q->depth / 2 - 1) ? 0 : IB_SEND_SIGNALED;
		if (work)
			work->wr.wr.next = &next->wr.wr;
		work = next;
	}

	if (work) {
		u64 now = ktime_get_ns();
		u32 i;

		for (i = first; i != seq; i++)
			q->ring[i & (q->depth - 1)].start_ns = now;
		work->wr.wr.send_flags = IB_SEND_SIGNALED;
		q->posted.works += seq - first;
		q->posted.doorbells++;
		q->map_failures = 0;
		trace_fastswap_rdma_post(q, first, seq - first);
		/* Before the first can complete. */
		WRITE_ONCE(q->head, seq);
		if (fsr_fault(POST))
			err = -ENOMEM;
		else
			err = ib_post_send(q->qp, &q->ring[first & (q->depth - 1)].wr.wr, &bad);
		if (err)
			take_back(q, bad ? (u32)bad->wr_id : first, err);
		return;
	}

	if (err == -EINVAL) {
		q->live = false;
		fsr_session_fail(q->conn.session, "a bio has a shape that was not agreed on");
	} else if (err == -ENOMEM) {
		/* Whoever reaps tries again. */
		WRITE_ONCE(q->starved, true);
		/* Pairs with the one in reap(), see fsr_queue_post(). */
		smp_mb();
		if (!fsr_queue_is_idle(q))
			return;
		/* Nothing is in flight that could be reaped. */
		if (++q->map_failures > MAP_TRIES) {
			q->live = false;
			fsr_session_fail(q->conn.session, "cannot map memory for DMA");
		} else {
			trace_fastswap_rdma_retry(q, q->map_failures);
			queue_delayed_work(fsr_wq, &q->retry, msecs_to_jiffies(10));
		}
	}
}

static bool has_waiting(const struct fsr_queue *q)
{
	unsigned int i;

	for (i = 0; i < FSR_LANES; i++)
		if (!bio_list_empty(&q->lanes[i].waiting))
			return true;
	return false;
}

/**
 * fsr_queue_post - post what waits, as far as there is room
 * @q: the queue, its lock held
 *
 * The reaper makes room without the lock:
 *
 *	fsr_queue_post()		reap()
 *	  starved = true		  tail = ...
 *	  smp_mb()			  smp_mb()
 *	  room in the ring?		  starved?
 *
 * At least one of the two sees what the other did.
 */
void fsr_queue_post(struct fsr_queue *q)
{
	u32 room;

	lockdep_assert_held(&q->lock);
	WRITE_ONCE(q->starved, false);
	while (q->live && has_waiting(q)) {
		/* Pairs with the release in complete_up_to(): what it left is free for use. */
		room = q->depth - (q->head - smp_load_acquire(&q->tail));
		if (room) {
			u32 head = q->head;

			post_chain(q, room);
			if (q->head == head)
				return;
			continue;
		}
		if (q->starved)
			return;
		q->posted.no_room++;
		WRITE_ONCE(q->starved, true);
		/* Pairs with the one in reap(), see above. */
		smp_mb();
	}
}

static struct fsr_lane *choose_lane(struct fsr_session *s, enum fastswap_class class)
{
	static const struct {
		u8 queue, lane;
	} way[FASTSWAP_NR_CLASSES] = {
		[FASTSWAP_DEMAND] = { FSW_ROLE_DEMAND - 1, 0 },
		[FASTSWAP_PREFETCH] = { FSW_ROLE_PREFETCH - 1, 0 },
		[FASTSWAP_WRITEBACK] = { FSW_ROLE_WRITEBACK - 1, 0 },
		[FASTSWAP_AHEAD] = { FSW_ROLE_PREFETCH - 1, 2 },
		[FASTSWAP_OTHER_READ] = { FSW_ROLE_PREFETCH - 1, 1 },
		[FASTSWAP_OTHER_WRITE] = { FSW_ROLE_WRITEBACK - 1, 1 },
	};
	/* Any set would do; that of this CPU is the one nobody else uses much. */
	unsigned int set = raw_smp_processor_id() % s->nr_sets;

	return &s->queues[set * FSR_QUEUES_PER_SET + way[class].queue].lanes[way[class].lane];
}

/* End the reads of a batch whose data is lost. */
static void refuse_lost(struct fsr_session *s, struct fastswap_batch *batch)
{
	struct bio_list good = BIO_EMPTY_LIST, lost = BIO_EMPTY_LIST;
	struct bio *bio;

	while ((bio = bio_list_pop(&batch->bios))) {
		if (fastswap_holds_data(s->up, bio)) {
			bio_list_add(&good, bio);
		} else {
			bio_list_add(&lost, bio);
			batch->nr--;
		}
	}
	batch->bios = good;
	if (!bio_list_empty(&lost))
		fastswap_end_bios(s->up, batch->class, &lost, BLK_STS_IOERR, 0);
}

/* May all bios of a batch be posted? */
static bool are_ready(const struct fsr_session *s, const struct fastswap_batch *batch)
{
	const struct bio *bio;

	for (bio = batch->bios.head; bio; bio = bio->bi_next)
		if (unlikely(!fsr_chunkmap_is_ready(&s->map, fastswap_bio_offset(bio))))
			return false;
	return true;
}

static void end_refused(struct fsr_session *s, enum fastswap_class class, struct bio_list *refused)
{
	if (likely(bio_list_empty(refused)))
		return;
	fastswap_end_bios(s->up, class, refused,
			  fastswap_class_is_write(class) ? BLK_STS_NOSPC : BLK_STS_IOERR, 0);
}

/**
 * fsr_submit - ->submit of struct fastswap_backend_ops
 * @priv: the session
 * @batch: bios of one class; taken over
 * @ticket: for fsr_poll(); none for writes, which interrupts see to
 *
 * Task or soft interrupt, interrupts on.
 *
 * The core has found that the slots of a read hold data, but that may be a while
 * ago: all may have been lost since. Who loses it (link.c, elastic.c)
 *
 *	marks the slots, then counts @losses, then ends the reads that wait here
 *
 * and we, once there ever was a loss, look at @losses, then at the slots, and at
 * @losses again under the lock: a read either waits in time to be ended there,
 * or sees that the slot is lost. A write sees by @losses that the frame of its extent is gone.
 */
void fsr_submit(void *priv, struct fastswap_batch *batch, struct fastswap_ticket *ticket)
{
	struct fsr_session *s = priv;
	struct fsr_lane *lane = choose_lane(s, batch->class);
	struct bio_list refused = BIO_EMPTY_LIST;
	struct fsr_queue *q = lane->queue;
	bool live, taken, joined = false, kick = false;
	unsigned long flags;
	u32 seq = 0, ended, losses;

	ticket->queue = NULL;
again:
	/* Pairs with the release in fsr_elastic_lose(). */
	losses = smp_load_acquire(&s->losses);
	if (unlikely(losses) && !fastswap_class_is_write(batch->class)) {
		refuse_lost(s, batch);
		if (!batch->nr)
			return;
	}

	/*
	 * An RDMA device in software may do its work in soft interrupts, as
	 * soft-RoCE of 6.1 does. Raised in here it is done at the end, by this task,
	 * which would only spin or sleep until another had done it.
	 */
	local_bh_disable();
	spin_lock_irqsave(&q->lock, flags);
	if (unlikely(READ_ONCE(s->losses) != losses)) {
		spin_unlock_irqrestore(&q->lock, flags);
		local_bh_enable();
		goto again;
	}
	live = q->live;
	taken = live || q->hold;
	if (likely(taken) && unlikely(!are_ready(s, batch)))
		kick = fsr_elastic_place(s, batch, &refused);
	if (likely(taken && batch->nr)) {
		joined = true;
		lane->accepted += batch->nr;
		seq = lane->accepted;
		/* Pulled along, or what was wanted long ago would seem to lie ahead one day. */
		ended = READ_ONCE(lane->ended);
		if ((s32)(ended - lane->wanted) > 0)
			lane->wanted = ended;
		bio_list_merge(&lane->waiting, &batch->bios);
		bio_list_init(&batch->bios);
		q->posted.batches++;
		/* Starved: others wait already, and the reaper will post. */
		if (live && !q->starved)
			fsr_queue_post(q);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	local_bh_enable();

	if (unlikely(kick))
		fsr_elastic_kick(s);
	end_refused(s, batch->class, &refused);
	if (unlikely(!taken)) {
		fastswap_end_bios(s->up, batch->class, &batch->bios, BLK_STS_IOERR, 0);
		return;
	}
	if (unlikely(!joined))
		return;
	if (fastswap_class_is_write(batch->class)) {
		fsr_lane_want_irq(lane, seq);
		return;
	}
	if (!fsr_lane_has_ended(lane, seq)) {
		ticket->queue = lane;
		ticket->seq = seq;
		/* Nobody spins for a link that has to be made first. */
		ticket->expected_ns = live ? READ_ONCE(lane->rtt_ns) : U32_MAX;
	}
}

/* A bio could not be mapped when nothing was in flight. Here is the next attempt. */
void fsr_queue_retry(struct work_struct *work)
{
	struct fsr_queue *q = container_of(work, struct fsr_queue, retry.work);

	spin_lock_irq(&q->lock);
	fsr_queue_post(q);
	spin_unlock_irq(&q->lock);
	fsr_queue_arm(q);
}
