// SPDX-License-Identifier: GPL-2.0-only
/* What the fault points of the RDMA backend take besides an if. */
#include <linux/ktime.h>

#include "fault.h"

struct fastswap_fault fsr_faults[FSR_NR_FAULTS + 1] = {
#define X(name, text) [FSR_FAULT_##name] = FASTSWAP_FAULT(text),
	FSR_FAULTS(X)
#undef X
};

/* fsr_fault_is_late - of fsr_fault_delays(), while the point is armed */
bool fsr_fault_is_late(struct fsr_queue *q)
{
	struct fastswap_fault *fault = &fsr_faults[FSR_FAULT_DELAY];
	u64 now = ktime_get_ns();

	if (now < q->late_until)
		return true;
	if (!fastswap_fault_visit(fault))
		return false;
	q->late_until = now + fault->rule.arg * (u64)NSEC_PER_USEC;
	return true;
}

static bool has_slot(const struct fsr_work *work, u64 slot)
{
	struct bio *bio;

	bio_list_for_each(bio, &work->bios)
		if (slot - fastswap_first_slot(bio) < fastswap_nr_slots(bio))
			return true;
	return false;
}

/**
 * fsr_fault_poison - have the completion be that of a request which failed, if there is one
 * @q: the queue; under FSR_REAPING
 * @wc: of this one, and all before it that have none of their own
 */
void fsr_fault_poison(struct fsr_queue *q, struct ib_wc *wc)
{
	struct fastswap_fault *fault = &fsr_faults[FSR_FAULT_POISON];
	u32 seq;

	if (wc->status != IB_WC_SUCCESS || (u32)wc->wr_id - q->tail >= q->head - q->tail)
		return;
	for (seq = q->tail; seq != (u32)wc->wr_id + 1; seq++) {
		if (!has_slot(&q->ring[seq & (q->depth - 1)], fault->rule.arg) ||
		    !fastswap_fault_visit(fault))
			continue;
		wc->status = IB_WC_GENERAL_ERR;
		wc->wr_id = seq;
		return;
	}
}

/**
 * fsr_fault_kill - move one of the queue pairs of a link to the error state
 * @s: the session; its keep-alive is running, so that they are there if it is live
 *
 * Another one each time, that of the control connection among them. Task context.
 */
void fsr_fault_kill(struct fsr_session *s)
{
	struct ib_qp_attr attr = { .qp_state = IB_QPS_ERR };
	u32 i = atomic_read(&fsr_faults[FSR_FAULT_KILL].strikes);
	struct ib_qp *qp = s->conn.id->qp;

	if (fsr_session_state(s) != FSR_LIVE)
		return;
	i %= fsr_nr_queues(s) + 1;
	if (i < fsr_nr_queues(s))
		qp = s->queues[i].qp;
	ib_modify_qp(qp, &attr, IB_QP_STATE);
}
