// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The data path: bios to work requests, completions to ended bios.
 *
 * Posting. Bios of a batch join the end of their lane; post_waiting() turns
 * what stands there into work requests as long as the ring has room: one for
 * every run of neighbours, chained, one doorbell, the last one signalled. What
 * finds no room is posted by whoever reaps.
 *
 * Reaping. Whoever holds FSR_REAPING owns the completion queue, @tail and the
 * @ended of the lanes: a lock that is only ever tried, with preemption off.
 * RC completes in order, so one completion stands for all work requests up to
 * it. Bios end without any other lock: the end of one may submit the next,
 * even to this queue.
 *
 * Interrupts. A reader polls, so its completions need none. The completion
 * queue is armed for those who do not wait actively: writers always, readers
 * when they give up. The invariant: as long as a lane has ended less than is
 * @wanted, the completion queue is armed, or its event is on the way, or
 * somebody is in arm().
 *
 *	who gives up			who reaps
 *	wanted = ticket
 *	arm				(completion arrives)
 *	is a completion there already?	- after the arming: event
 *	  yes: reap, again		- before it: "missed", seen on the left
 *
 * An event clears FSR_ARMED before anything else; fsr_queue_irq_poll() reaps
 * and arms again if more is wanted. So one event at a time is under way, and
 * none when only pollers wait.
 */
#include <linux/ktime.h>
#include <linux/smp.h>

#include "merge.h"
#include "rdma.h"

/* Completions that one look at a completion queue handles. */
#define FSR_REAP_BUDGET		64
/* Attempts to map a bio when nothing is in flight, 10 ms apart. */
#define FSR_MAP_TRIES		500

/* ---- Posting: under queue->lock, interrupts off ---- */

static void unmap_sges(struct fsr_queue *q, const struct ib_sge *sge, unsigned int nr)
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

	bio_for_each_bvec(bv, bio, iter) {
		addr = ib_dma_map_page(s->ibdev, bv.bv_page, bv.bv_offset, bv.bv_len, q->dir);
		if (ib_dma_mapping_error(s->ibdev, addr)) {
			unmap_sges(q, sge, nr);
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
		.chunk_shift = s->map.shift,
	};
	struct bio *bio = bio_list_peek(&lane->waiting);

	work->wr.wr.num_sge = 0;
	work->nr_bios = 0;
	work->lane = lane;
	bio_list_init(&work->bios);

	if (!fsr_chunkmap_find(&s->map, fastswap_bio_offset(bio), &work->wr.remote_addr,
			       &work->wr.rkey))
		return -EINVAL;

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

/* A lane whose turn it is, so that swap and others cannot starve each other. */
static struct fsr_lane *next_lane(struct fsr_queue *q)
{
	struct fsr_lane *lane = &q->lanes[q->turn];

	if (bio_list_empty(&lane->waiting))
		lane = &q->lanes[!q->turn];
	if (bio_list_empty(&lane->waiting))
		return NULL;
	q->turn = lane == q->lanes;
	return lane;
}

/* The work requests from @bad on were not posted: their bios wait again, for fsr_queue_stop(). */
static void take_back(struct fsr_queue *q, u32 bad, int err)
{
	u32 seq = q->head;

	while (seq != bad) {
		struct fsr_work *work = &q->ring[--seq & (q->depth - 1)];

		unmap_sges(q, work->sge, work->wr.wr.num_sge);
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
		/* Before the first can complete. */
		WRITE_ONCE(q->head, seq);
		err = ib_post_send(q->qp, &q->ring[first & (q->depth - 1)].wr.wr, &bad);
		if (err)
			take_back(q, bad ? (u32)bad->wr_id : first, err);
		return;
	}

	if (err == -EINVAL) {
		q->live = false;
		fsr_session_fail(q->conn.session, "a bio has a shape that was not agreed on");
	} else if (err == -ENOMEM) {
		/* Whoever reaps tries again; see post_waiting(). */
		WRITE_ONCE(q->starved, true);
		smp_mb();
		if (!fsr_queue_is_idle(q))
			return;
		/* Nothing is in flight that could be reaped. */
		if (++q->map_failures > FSR_MAP_TRIES) {
			q->live = false;
			fsr_session_fail(q->conn.session, "cannot map memory for DMA");
		} else {
			queue_delayed_work(fsr_wq, &q->retry, msecs_to_jiffies(10));
		}
	}
}

static bool has_waiting(const struct fsr_queue *q)
{
	return !bio_list_empty(&q->lanes[0].waiting) || !bio_list_empty(&q->lanes[1].waiting);
}

/*
 * Post what waits. The reaper makes room without the lock:
 *
 *	post_waiting()			reap_owned()
 *	  starved = true		  tail = ...
 *	  smp_mb()			  smp_mb()
 *	  room in the ring?		  starved?
 *
 * At least one of the two sees what the other did.
 */
static void post_waiting(struct fsr_queue *q)
{
	u32 room;

	lockdep_assert_held(&q->lock);
	WRITE_ONCE(q->starved, false);
	while (q->live && has_waiting(q)) {
		/* Pairs with the release in complete_up_to(): the entries are no longer in use. */
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
		smp_mb();
	}
}

/* ---- Reaping: under FSR_REAPING ---- */

/**
 * struct done - bios that have ended in the same way, on their way out
 * @lane: of all of them
 * @bios: the bios
 * @nr: how many
 * @start_ns: when they were posted
 * @status: how they ended
 */
struct done {
	struct fsr_lane *lane;
	struct bio_list bios;
	unsigned int nr;
	u64 start_ns;
	blk_status_t status;
};

static void end_done(struct fsr_session *s, struct done *done)
{
	struct fsr_lane *lane = done->lane;

	if (!done->nr)
		return;
	fastswap_end_bios(s->dev, lane->class, &done->bios, done->status, done->start_ns);
	/* Only now: whoever polls expects its pages to be unlocked. */
	smp_store_release(&lane->ended, lane->ended + done->nr);
	done->nr = 0;
	bio_list_init(&done->bios);
}

/* Take every work request up to @seq off the ring; their bios end with @status. */
static void complete_up_to(struct fsr_queue *q, u32 seq, blk_status_t status, struct done *done)
{
	u32 tail = q->tail;

	while ((s32)(seq - tail) >= 0) {
		struct fsr_work *work = &q->ring[tail & (q->depth - 1)];

		unmap_sges(q, work->sge, work->wr.wr.num_sge);
		if (done->nr && (done->lane != work->lane || done->status != status ||
				 done->start_ns != work->start_ns)) {
			smp_store_release(&q->tail, tail);
			end_done(q->conn.session, done);
		}
		done->lane = work->lane;
		done->status = status;
		done->start_ns = work->start_ns;
		done->nr += work->nr_bios;
		bio_list_merge(&done->bios, &work->bios);
		bio_list_init(&work->bios);
		tail++;
	}
	/* Pairs with the acquire in post_waiting(). */
	smp_store_release(&q->tail, tail);
}

static void handle_wc(struct fsr_queue *q, const struct ib_wc *wc, struct done *done)
{
	struct fsr_session *s = q->conn.session;
	u32 seq = (u32)wc->wr_id;

	if (unlikely(seq - q->tail >= q->depth)) {
		/* Cannot be one that is in flight. What is there is unknown from now on. */
		q->broken = true;
		fsr_session_fail(s, "a completion that nobody waits for");
		return;
	}

	if (unlikely(wc->status != IB_WC_SUCCESS)) {
		if (!q->broken)
			fsr_session_fail(s, "%s failed: %s (vendor error 0x%x)",
					 q->opcode == IB_WR_RDMA_READ ? "RDMA READ" : "RDMA WRITE",
					 ib_wc_status_msg(wc->status), wc->vendor_err);
		/* From here on nothing on this queue pair is known to be done. */
		q->broken = true;
	}
	complete_up_to(q, seq, q->broken ? BLK_STS_IOERR : BLK_STS_OK, done);
}

/* Return: completions that were handled. */
static int reap_owned(struct fsr_queue *q, int budget)
{
	struct done done = { };
	int n, i, total = 0;

	do {
		n = ib_poll_cq(q->cq, min_t(int, ARRAY_SIZE(q->wc), budget - total), q->wc);
		for (i = 0; i < n; i++)
			handle_wc(q, &q->wc[i], &done);
		if (n > 0)
			total += n;
	} while (n == ARRAY_SIZE(q->wc) && total < budget);

	if (unlikely(n < 0))
		fsr_session_fail(q->conn.session, "cannot poll completions: error %d", n);
	if (!total)
		return 0;

	end_done(q->conn.session, &done);
	q->reaped.completions += total;
	q->reaped.reaps++;
	return total;
}

/*
 * Reap if nobody else is at it. With @again whoever is at it goes round once
 * more afterwards; pollers come back by themselves and need not ask.
 */
static int reap(struct fsr_queue *q, int budget, bool again)
{
	unsigned long flags;
	int total = 0;

	if (again)
		set_bit(FSR_REAP_AGAIN, &q->flags);
	else if (test_bit(FSR_REAPING, &q->flags))
		return 0;

	/* Others depend on the holder: it must not lose the CPU. */
	preempt_disable();
	while (!test_and_set_bit_lock(FSR_REAPING, &q->flags)) {
		clear_bit(FSR_REAP_AGAIN, &q->flags);
		smp_mb__after_atomic();
		total += reap_owned(q, budget);
		clear_bit_unlock(FSR_REAPING, &q->flags);
		/* Either we see the bit, or who set it sees FSR_REAPING clear. */
		smp_mb__after_atomic();
		if (!test_bit(FSR_REAP_AGAIN, &q->flags))
			break;
	}
	preempt_enable();

	if (total) {
		/* See post_waiting(). */
		smp_mb();
		if (READ_ONCE(q->starved)) {
			spin_lock_irqsave(&q->lock, flags);
			post_waiting(q);
			spin_unlock_irqrestore(&q->lock, flags);
		}
	}
	return total;
}

/* ---- Interrupts ---- */

static bool is_irq_wanted(const struct fsr_queue *q)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(q->lanes); i++)
		if ((s32)(READ_ONCE(q->lanes[i].ended) - q->lanes[i].wanted) < 0)
			return true;
	return false;
}

/* Keep the invariant at the top of this file. Any context. */
static void arm(struct fsr_queue *q)
{
	unsigned long flags;
	unsigned int tries;
	int missed;

	for (tries = 0; tries < 4; tries++) {
		missed = 0;
		spin_lock_irqsave(&q->lock, flags);
		/* When not live, fsr_queue_stop() reaps, or will; the queue may be gone. */
		if (q->live && is_irq_wanted(q) &&
		    (!test_and_set_bit(FSR_ARMED, &q->flags) || tries)) {
			missed = ib_req_notify_cq(q->cq, IB_CQ_NEXT_COMP |
							 IB_CQ_REPORT_MISSED_EVENTS);
			atomic_long_inc(&q->arms);
		}
		spin_unlock_irqrestore(&q->lock, flags);

		if (missed < 0)
			fsr_session_fail(q->conn.session, "cannot arm: error %d", missed);
		if (missed <= 0)
			return;
		reap(q, FSR_REAP_BUDGET, true);
	}
	/* Completions come faster than we look: go on in the soft interrupt. */
	irq_poll_sched(&q->iop);
}

/* Nobody polls for @seq: an interrupt must see to it. */
static void want_irq(struct fsr_lane *lane, u32 seq)
{
	struct fsr_queue *q = lane->queue;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if ((s32)(READ_ONCE(lane->ended) - lane->wanted) >= 0 || (s32)(seq - lane->wanted) > 0)
		lane->wanted = seq;
	spin_unlock_irqrestore(&q->lock, flags);
	arm(q);
}

/*
 * Completion event. Some drivers (soft-RoCE of 6.12) call this with their lock
 * of the completion queue held: nothing may be polled or armed here.
 */
void fsr_queue_event(struct ib_cq *cq, void *context)
{
	struct fsr_queue *q = context;

	atomic_long_inc(&q->interrupts);
	/* Before irq_poll_sched(): if that is under way already, it arms after this. */
	clear_bit(FSR_ARMED, &q->flags);
	smp_mb__after_atomic();
	irq_poll_sched(&q->iop);
}

int fsr_queue_irq_poll(struct irq_poll *iop, int budget)
{
	struct fsr_queue *q = container_of(iop, struct fsr_queue, iop);
	int done = reap(q, budget, true);

	if (done >= budget)
		return budget;
	/* Complete first: an event from here on must find that it can schedule again. */
	irq_poll_complete(iop);
	arm(q);
	return done;
}

/* ---- What the core and the other files call ---- */

static struct fsr_lane *choose_lane(struct fsr_session *s, enum fastswap_class class)
{
	static const struct {
		u8 queue, lane;
	} way[FASTSWAP_NR_CLASSES] = {
		[FASTSWAP_DEMAND] = { FSW_ROLE_DEMAND - 1, 0 },
		[FASTSWAP_PREFETCH] = { FSW_ROLE_PREFETCH - 1, 0 },
		[FASTSWAP_WRITEBACK] = { FSW_ROLE_WRITEBACK - 1, 0 },
		[FASTSWAP_OTHER_READ] = { FSW_ROLE_PREFETCH - 1, 1 },
		[FASTSWAP_OTHER_WRITE] = { FSW_ROLE_WRITEBACK - 1, 1 },
	};
	/* Any set would do; that of this CPU is the one nobody else uses much. */
	unsigned int set = raw_smp_processor_id() % s->nr_sets;

	return &s->queues[set * FSR_QUEUES_PER_SET + way[class].queue].lanes[way[class].lane];
}

static bool has_ended(const struct fsr_lane *lane, u32 seq)
{
	/* Pairs with the release in end_done(). */
	return (s32)(smp_load_acquire(&lane->ended) - seq) >= 0;
}

/* ->submit of struct fastswap_backend_ops */
void fsr_submit(void *priv, struct fastswap_batch *batch, struct fastswap_ticket *ticket)
{
	struct fsr_session *s = priv;
	struct fsr_lane *lane = choose_lane(s, batch->class);
	struct fsr_queue *q = lane->queue;
	unsigned long flags;
	bool live;
	u32 seq;

	ticket->queue = NULL;

	spin_lock_irqsave(&q->lock, flags);
	live = q->live;
	if (likely(live)) {
		lane->accepted += batch->nr;
		seq = lane->accepted;
		bio_list_merge(&lane->waiting, &batch->bios);
		bio_list_init(&batch->bios);
		q->posted.batches++;
		/* Starved: others wait already, and the reaper will post. */
		if (!q->starved)
			post_waiting(q);
	}
	spin_unlock_irqrestore(&q->lock, flags);

	if (unlikely(!live)) {
		fastswap_end_bios(s->dev, batch->class, &batch->bios, BLK_STS_IOERR, 0);
		return;
	}
	if (fastswap_class_is_write(batch->class)) {
		want_irq(lane, seq);
		return;
	}
	if (!has_ended(lane, seq)) {
		ticket->queue = lane;
		ticket->seq = seq;
	}
}

/* ->poll of struct fastswap_backend_ops */
bool fsr_poll(void *priv, const struct fastswap_ticket *ticket, bool last)
{
	struct fsr_lane *lane = ticket->queue;

	if (has_ended(lane, ticket->seq))
		return true;
	reap(lane->queue, FSR_REAP_BUDGET, false);
	if (has_ended(lane, ticket->seq))
		return true;
	if (last) {
		atomic_long_inc(&lane->queue->gave_up);
		want_irq(lane, ticket->seq);
	}
	return false;
}

/* A bio could not be mapped when nothing was in flight. Here is the next attempt. */
void fsr_queue_retry(struct work_struct *work)
{
	struct fsr_queue *q = container_of(work, struct fsr_queue, retry.work);

	spin_lock_irq(&q->lock);
	post_waiting(q);
	spin_unlock_irq(&q->lock);
	arm(q);
}

/* fsr_queue_reap - reap what is there; for a queue that is being stopped */
void fsr_queue_reap(struct fsr_queue *q)
{
	reap(q, FSR_REAP_BUDGET, true);
}

/* fsr_queue_is_idle - is nothing in flight? Stable once the queue is not live. */
bool fsr_queue_is_idle(const struct fsr_queue *q)
{
	return READ_ONCE(q->head) == READ_ONCE(q->tail);
}

/**
 * fsr_queue_end_all - end every bio that is left, with an error
 * @q: the queue: not live, and nothing in flight that an adapter still works on
 */
void fsr_queue_end_all(struct fsr_queue *q)
{
	struct fsr_session *s = q->conn.session;
	struct done done = { };
	unsigned int i;

	preempt_disable();
	while (test_and_set_bit_lock(FSR_REAPING, &q->flags)) {
		/* Taken for good by fsr_queue_destroy(): this was done then. */
		if (!q->cq)
			goto out;
		cpu_relax();
	}

	if (!fsr_queue_is_idle(q))
		complete_up_to(q, q->head - 1, BLK_STS_IOERR, &done);
	end_done(s, &done);

	for (i = 0; i < ARRAY_SIZE(q->lanes); i++) {
		struct fsr_lane *lane = &q->lanes[i];
		u32 accepted;

		spin_lock_irq(&q->lock);
		accepted = lane->accepted;
		done.lane = lane;
		done.nr = accepted - lane->ended;
		done.bios = lane->waiting;
		done.start_ns = 0;
		done.status = BLK_STS_IOERR;
		bio_list_init(&lane->waiting);
		spin_unlock_irq(&q->lock);
		end_done(s, &done);
	}
	clear_bit_unlock(FSR_REAPING, &q->flags);
out:
	preempt_enable();
}
