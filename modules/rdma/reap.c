// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The way back: completions to ended bios.
 *
 * Whoever holds FSR_REAPING owns the completion queue, @tail and the @ended of
 * the lanes: a lock that is only ever tried, with preemption off; but whoever ends
 * what waits tries until he has it, and may sleep then. While the queue is not started
 * nobody gets it, and @ended belongs to the holder of queue->ending. RC completes
 * in order, so one completion stands for all work requests up to it. Bios end
 * without any other lock: the end of one may submit the next, even to this
 * queue.
 *
 * Interrupts. A reader polls, so its completions need none. The completion
 * queue is armed for those who do not wait actively: writers always, readers
 * when they give up. The invariant: as long as a lane has ended less than is
 * @wanted, the completion queue is armed, or its event is on the way, or
 * somebody is in fsr_queue_arm().
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
#include <linux/delay.h>

#include <fastswap/mean.h>

#include "fault.h"
#include "mark.h"
#include "rdma.h"
#include "trace.h"

/* Completions that one look at a completion queue handles. */
#define REAP_BUDGET	64

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
	u64 start = done->start_ns, ns = 0;

	if (!done->nr)
		return;
	/* It may have been there for long: nobody waited for it. */
	if (lane->class == FASTSWAP_AHEAD)
		start = 0;
	if (likely(!lane->own))
		ns = fastswap_end_bios(s->up, lane->class, &done->bios, done->status, start);
	if (likely(ns))
		WRITE_ONCE(lane->rtt_ns, fastswap_mean_add(lane->rtt_ns, ns));
	/* Only now: whoever polls expects its pages to be unlocked. */
	smp_store_release(&lane->ended, lane->ended + done->nr);
	done->nr = 0;
	bio_list_init(&done->bios);
	if (unlikely(lane->own))
		fsr_move_end(s, done->status);
}

/* Has all the data of a READ come? It is unmapped. */
static bool has_data(const struct fsr_work *work)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	struct bio *bio;

	if (fsr_fault(SHORT))
		return false;
	bio_list_for_each(bio, &work->bios)
		bio_for_each_bvec(bv, bio, iter)
			if (unlikely(fsr_mark_stands(&bv, work->mark)))
				return false;
	return true;
}

/*
 * Every work request up to @seq is done.
 *
 * Return: false if one is not, whatever its completion says; those before it are.
 */
static bool complete_up_to(struct fsr_queue *q, u32 seq, struct done *done)
{
	bool *useful = &q->conn.session->useful;
	bool whole = true;
	u32 tail = q->tail;

	while ((s32)(seq - tail) >= 0) {
		struct fsr_work *work = &q->ring[tail & (q->depth - 1)];

		fsr_queue_unmap(q, work->sge, work->wr.wr.num_sge);
		if (q->opcode == IB_WR_RDMA_READ && !has_data(work)) {
			/* It stays in the ring, for fsr_queue_take_back(). */
			work->wr.wr.num_sge = 0;
			whole = false;
			break;
		}
		if (done->nr && (done->lane != work->lane || done->start_ns != work->start_ns)) {
			/* As below, early: the end of a bio may post the next. */
			smp_store_release(&q->tail, tail);
			end_done(q->conn.session, done);
		}
		done->lane = work->lane;
		done->start_ns = work->start_ns;
		done->nr += work->nr_bios;
		if (unlikely(q->suspect.who))
			fsr_suspect_acquit(&q->suspect, bio_list_peek(&work->bios));
		bio_list_merge(&done->bios, &work->bios);
		bio_list_init(&work->bios);
		tail++;
		if (unlikely(!READ_ONCE(*useful)))
			WRITE_ONCE(*useful, true);
	}
	/* Pairs with the acquire in fsr_queue_post(): the entries are empty before. */
	smp_store_release(&q->tail, tail);
	return whole;
}

static void fail_session(struct fsr_queue *q, const struct ib_wc *wc)
{
	const char *what = q->opcode == IB_WR_RDMA_READ ? "RDMA READ" : "RDMA WRITE";

	/* A queue pair flushes what it has not done when its connection breaks. */
	if (wc->status == IB_WC_WR_FLUSH_ERR)
		fsr_session_fail(q->conn.session, "%s not done: the connection broke", what);
	else
		fsr_session_fail(q->conn.session, "%s failed: %s (vendor error 0x%x)", what,
				 ib_wc_status_msg(wc->status), wc->vendor_err);
}

/* Is it the fault of the request? Not if it was flushed, or nothing at all gets through. */
static bool is_suspicious(const struct fsr_session *s, enum ib_wc_status status)
{
	switch (status) {
	case IB_WC_WR_FLUSH_ERR:
		return false;
	case IB_WC_RETRY_EXC_ERR:
	case IB_WC_RNR_RETRY_EXC_ERR:
		return READ_ONCE(s->useful);
	default:
		return true;
	}
}

static void note_suspect(struct fsr_queue *q, u32 seq, enum ib_wc_status status)
{
	const struct bio *bio = bio_list_peek(&q->ring[seq & (q->depth - 1)].bios);

	if (bio && is_suspicious(q->conn.session, status))
		fsr_suspect_note(&q->suspect, bio, fastswap_bio_offset(bio),
				 ktime_to_ms(ktime_get()));
}

static bool is_guilty(const struct fsr_queue *q, struct fsr_work *work)
{
	const struct bio *bio = bio_list_peek(&work->bios);
	u64 hold_ms = (u64)READ_ONCE(q->conn.session->hold_s) * MSEC_PER_SEC;

	return bio && fsr_suspect_is_guilty(&q->suspect, bio, fastswap_bio_offset(bio),
					    ktime_to_ms(ktime_get()), hold_ms);
}

static void handle_wc(struct fsr_queue *q, const struct ib_wc *wc, struct done *done)
{
	struct fsr_session *s = q->conn.session;
	u32 seq = (u32)wc->wr_id;

	trace_fastswap_rdma_complete(q, seq, wc->status);
	if (unlikely(seq - q->tail >= READ_ONCE(q->head) - q->tail)) {
		/* Cannot be one that is in flight. What is there is unknown from now on. */
		q->broken = true;
		fsr_session_fail(s, "a completion that nobody waits for");
		return;
	}

	if (unlikely(wc->status != IB_WC_SUCCESS)) {
		if (!q->broken) {
			note_suspect(q, seq, wc->status);
			fail_session(q, wc);
		}
		/*
		 * From here on nothing on this queue pair is known to be done. What
		 * is in the ring will be done again: see fsr_queue_take_back().
		 */
		q->broken = true;
	}
	if (likely(!q->broken) && !complete_up_to(q, seq, done)) {
		q->broken = true;
		fsr_session_fail(s, "RDMA READ reported as done without its data");
	}
}

/* Return: completions that were handled. */
static int reap_owned(struct fsr_queue *q, int budget)
{
	struct done done = { };
	int n, i, total = 0;

	if (fsr_fault_delays(q))
		return 0;
	do {
		n = ib_poll_cq(q->cq, min_t(int, ARRAY_SIZE(q->wc), budget - total), q->wc);
		for (i = 0; i < n; i++) {
			if (fsr_fault(DROP))
				continue;
			if (fsr_fault(STATUS))
				q->wc[i].status = IB_WC_GENERAL_ERR;
			if (fsr_fault_poisons())
				fsr_fault_poison(q, &q->wc[i]);
			handle_wc(q, &q->wc[i], &done);
		}
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
 *
 * Return: completions that were handled, or -EBUSY: somebody else is at it,
 * maybe the very task that this soft interrupt has interrupted.
 */
static int reap(struct fsr_queue *q, int budget, bool again)
{
	int total = -EBUSY, done;
	unsigned long flags;

	if (again)
		set_bit(FSR_REAP_AGAIN, &q->flags);
	else if (test_bit(FSR_REAPING, &q->flags))
		return -EBUSY;

	/* Others depend on the holder: it must not lose the CPU. */
	preempt_disable();
	while (!test_and_set_bit_lock(FSR_REAPING, &q->flags)) {
		clear_bit(FSR_REAP_AGAIN, &q->flags);
		/* Clear before looking: what comes after this look sets it again. */
		smp_mb__after_atomic();
		done = reap_owned(q, budget);
		total = max(total, 0) + done;
		/* More may be there, and whoever asked for this round has left. */
		if (unlikely(done >= budget))
			irq_poll_sched(&q->iop);
		clear_bit_unlock(FSR_REAPING, &q->flags);
		/* Either we see the bit, or who set it sees FSR_REAPING clear. */
		smp_mb__after_atomic();
		if (!test_bit(FSR_REAP_AGAIN, &q->flags))
			break;
	}
	preempt_enable();

	if (total > 0) {
		/* Pairs with the one in fsr_queue_post(), which see. */
		smp_mb();
		if (READ_ONCE(q->starved)) {
			spin_lock_irqsave(&q->lock, flags);
			fsr_queue_post(q);
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

/**
 * fsr_queue_arm - see to an interrupt if one is wanted
 * @q: the queue
 *
 * Keeps the invariant at the top of this file. Any context, no lock held.
 */
void fsr_queue_arm(struct fsr_queue *q)
{
	const enum ib_cq_notify_flags how = IB_CQ_NEXT_COMP | IB_CQ_REPORT_MISSED_EVENTS;
	unsigned long flags;
	unsigned int tries;
	int missed;

	for (tries = 0; tries < 4; tries++) {
		missed = 0;
		spin_lock_irqsave(&q->lock, flags);
		/* Who makes the queue live arms it again; until then there may be none. */
		if (q->live && is_irq_wanted(q) &&
		    (!test_and_set_bit(FSR_ARMED, &q->flags) || tries)) {
			missed = ib_req_notify_cq(q->cq, how);
			atomic_long_inc(&q->arms);
		}
		spin_unlock_irqrestore(&q->lock, flags);

		if (missed < 0)
			fsr_session_fail(q->conn.session, "cannot arm: error %d", missed);
		if (missed <= 0)
			return;
		/* Busy: what is there already is seen to, and what comes makes an event. */
		if (reap(q, REAP_BUDGET, true) < 0)
			return;
	}
	/* Completions come faster than we look: go on in the soft interrupt. */
	irq_poll_sched(&q->iop);
}

/**
 * fsr_lane_want_irq - nobody polls: an interrupt must see to it
 * @lane: the lane
 * @seq: what has come so far
 */
void fsr_lane_want_irq(struct fsr_lane *lane, u32 seq)
{
	struct fsr_queue *q = lane->queue;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if ((s32)(READ_ONCE(lane->ended) - lane->wanted) >= 0 || (s32)(seq - lane->wanted) > 0)
		lane->wanted = seq;
	spin_unlock_irqrestore(&q->lock, flags);
	fsr_queue_arm(q);
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
	/* And seen to be before. */
	smp_mb__after_atomic();
	irq_poll_sched(&q->iop);
}

/* The soft interrupt that follows an event. */
int fsr_queue_irq_poll(struct irq_poll *iop, int budget)
{
	struct fsr_queue *q = container_of(iop, struct fsr_queue, iop);
	int done = reap(q, budget, true);

	if (done >= budget)
		return budget;
	/* Complete first: an event from here on must find that it can schedule again. */
	irq_poll_complete(iop);
	fsr_queue_arm(q);
	return done;
}

/**
 * fsr_poll - ->poll of struct fastswap_backend_ops
 * @priv: the session
 * @ticket: of fsr_submit()
 * @last: nobody polls for it after this
 *
 * Return: true if everything up to the ticket has ended.
 */
bool fsr_poll(void *priv, const struct fastswap_ticket *ticket, bool last)
{
	struct fsr_lane *lane = ticket->queue;

	if (fsr_lane_has_ended(lane, ticket->seq))
		return true;
	reap(lane->queue, REAP_BUDGET, false);
	if (fsr_lane_has_ended(lane, ticket->seq))
		return true;
	if (last) {
		atomic_long_inc(&lane->queue->gave_up);
		fsr_lane_want_irq(lane, ticket->seq);
	}
	return false;
}

/* fsr_queue_reap - reap all that is there; for a queue that is being stopped */
void fsr_queue_reap(struct fsr_queue *q)
{
	while (reap(q, REAP_BUDGET, true) > 0)
		;
}

/* fsr_queue_stop_reaping - take FSR_REAPING, which others hold for a moment only; may sleep */
void fsr_queue_stop_reaping(struct fsr_queue *q)
{
	while (test_and_set_bit_lock(FSR_REAPING, &q->flags))
		usleep_range(10, 100);
}

/**
 * fsr_queue_take_back - what was posted and is not known to be done waits again
 * @q: the queue: not live, its queue pair gone, FSR_REAPING held
 *
 * No adapter touches these pages any more, so they may be read or written once
 * more. Their bios go before all others of their lane, in their order; but one at which
 * the links break each time ends with an error. Task context.
 */
void fsr_queue_take_back(struct fsr_queue *q)
{
	struct bio_list lists[ARRAY_SIZE(q->lanes)] = { };
	struct done bad = { .status = BLK_STS_IOERR };
	struct fsr_session *s = q->conn.session;
	unsigned int i;
	u32 seq;

	for (seq = q->tail; seq != q->head; seq++) {
		struct fsr_work *work = &q->ring[seq & (q->depth - 1)];

		fsr_queue_unmap(q, work->sge, work->wr.wr.num_sge);
		if (unlikely(!bad.nr && is_guilty(q, work))) {
			bad.lane = work->lane;
			bad.bios = work->bios;
			bad.nr = work->nr_bios;
		} else {
			bio_list_merge(&lists[work->lane - q->lanes], &work->bios);
		}
		bio_list_init(&work->bios);
	}

	spin_lock_irq(&q->lock);
	WRITE_ONCE(q->tail, q->head);
	for (i = 0; i < ARRAY_SIZE(q->lanes); i++)
		bio_list_merge_head(&q->lanes[i].waiting, &lists[i]);
	spin_unlock_irq(&q->lock);
	fsr_suspect_rest(&q->suspect);
	if (likely(!bad.nr))
		return;
	fsr_err(s, "the request at %llu has broken %u connections: it ends with an error\n",
		(unsigned long long)q->suspect.offset, q->suspect.rounds);
	q->suspect = (struct fsr_suspect) { };
	fsr_elastic_spoil_marks(s);
	end_done(s, &bad);
}

/**
 * fsr_queue_fail_waiting - end the bios that wait, with an error
 * @q: the queue; nothing happens if it is live
 *
 * What is posted stays: an adapter may touch its pages. Task context, no lock of the
 * queue held; waits neither for memory nor for the RDMA device.
 */
void fsr_queue_fail_waiting(struct fsr_queue *q)
{
	struct fsr_session *s = q->conn.session;
	struct done done = { .status = BLK_STS_IOERR };
	unsigned int i;

	mutex_lock(&q->ending);
	/* For the @ended of the lanes. */
	if (q->started)
		fsr_queue_stop_reaping(q);
	for (i = 0; i < ARRAY_SIZE(q->lanes); i++) {
		struct fsr_lane *lane = &q->lanes[i];

		spin_lock_irq(&q->lock);
		if (!q->live) {
			done.bios = lane->waiting;
			bio_list_init(&lane->waiting);
		}
		spin_unlock_irq(&q->lock);
		done.lane = lane;
		done.nr = bio_list_size(&done.bios);
		end_done(s, &done);
	}
	if (q->started) {
		clear_bit_unlock(FSR_REAPING, &q->flags);
		/* Who was turned away meanwhile left it to us. */
		irq_poll_sched(&q->iop);
	}
	mutex_unlock(&q->ending);
}
