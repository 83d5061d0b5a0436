// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * Life of a data queue: init, alloc (memory), then as often as the link is made
 * start (queue pair and completion queue), live, halt, destroy, and in the end
 * free. Bios that are there when it is destroyed wait for the next start.
 *
 * halt and destroy may be called in any state and more than once; the mutex of
 * the session makes them exclusive. The data path of io.c may run at any time
 * from the first live to free.
 */
#include <linux/log2.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "fault.h"

/* Completions that one run in the soft interrupt handles. */
#define FSR_IRQ_BUDGET		64

/**
 * fsr_queue_init - make a queue that may be stopped, destroyed and freed
 * @q: the queue, zeroed
 * @s: its session, whose RDMA device is known
 * @role: what it will be for
 * @set: index of its queue set
 */
void fsr_queue_init(struct fsr_queue *q, struct fsr_session *s, enum fsw_role role, u16 set)
{
	/* Those without a class of their own stay empty. */
	static const enum fastswap_class classes[FSW_NR_ROLES][FSR_LANES] = {
		[FSW_ROLE_DEMAND] = { FASTSWAP_DEMAND },
		[FSW_ROLE_PREFETCH] = { FASTSWAP_PREFETCH, FASTSWAP_OTHER_READ, FASTSWAP_AHEAD },
		[FSW_ROLE_WRITEBACK] = { FASTSWAP_WRITEBACK, FASTSWAP_OTHER_WRITE },
	};
	bool write = role == FSW_ROLE_WRITEBACK;
	unsigned int i;

	fsr_conn_init(&q->conn, s, role, set);
	mutex_init(&q->ending);
	spin_lock_init(&q->lock);
	INIT_DELAYED_WORK(&q->retry, fsr_queue_retry);
	irq_poll_init(&q->iop, FSR_IRQ_BUDGET, fsr_queue_irq_poll);
	/* No completion queue yet. */
	irq_poll_disable(&q->iop);
	set_bit(FSR_REAPING, &q->flags);

	q->opcode = write ? IB_WR_RDMA_WRITE : IB_WR_RDMA_READ;
	q->dir = write ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
	q->max_sge = min_t(u32, s->ibdev->attrs.max_send_sge, s->work_sge);
	if (!write)
		q->max_sge = min_t(u32, q->max_sge, s->ibdev->attrs.max_sge_rd ?: 1);
	q->depth = rounddown_pow_of_two(min_t(u32, s->ibdev->attrs.max_qp_wr, s->depth));

	for (i = 0; i < ARRAY_SIZE(q->lanes); i++) {
		q->lanes[i].queue = q;
		q->lanes[i].class = classes[role][i];
		q->lanes[i].own = i == FSR_LANE_OWN;
	}
}

/**
 * fsr_queue_alloc - get the memory of a queue
 * @q: the queue
 *
 * Return: 0 or -ENOMEM.
 */
int fsr_queue_alloc(struct fsr_queue *q)
{
	int node = ibdev_to_node(q->conn.session->ibdev);
	unsigned int i;

	q->ring = kvzalloc_node(q->depth * sizeof(*q->ring), GFP_KERNEL, node);
	q->sges = kvzalloc_node(q->depth * q->max_sge * sizeof(*q->sges), GFP_KERNEL, node);
	if (!q->ring || !q->sges)
		return -ENOMEM;
	q->mark = get_random_u64();
	for (i = 0; i < q->depth; i++)
		q->ring[i].sge = &q->sges[i * q->max_sge];
	return 0;
}

/* Any context. A queue pair that fails takes the link with it. */
static void queue_async_event(struct ib_event *event, void *context)
{
	struct fsr_queue *q = context;

	switch (event->event) {
	case IB_EVENT_COMM_EST:
	case IB_EVENT_SQ_DRAINED:
	case IB_EVENT_PATH_MIG:
		break;
	default:
		fsr_session_fail(q->conn.session, "queue pair: %s", ib_event_msg(event->event));
	}
}

/**
 * fsr_queue_start - create the queue pair of a connection whose route is known
 * @q: the queue
 *
 * Return: 0 or a negative errno.
 */
int fsr_queue_start(struct fsr_queue *q)
{
	struct fsr_session *s = q->conn.session;
	struct ib_cq_init_attr cq_attr = {
		/* Failed work requests complete whether signalled or not. */
		.cqe = q->depth + 1,
		.comp_vector = q->conn.set % s->ibdev->num_comp_vectors,
	};
	struct ib_qp_init_attr qp_attr = {
		.event_handler = queue_async_event,
		.qp_context = q,
		.cap = {
			.max_send_wr = q->depth,
			.max_send_sge = q->max_sge,
			/* Nobody sends to us; but not all drivers know a queue of none. */
			.max_recv_wr = 1,
			.max_recv_sge = 1,
		},
		.sq_sig_type = IB_SIGNAL_REQ_WR,
		.qp_type = IB_QPT_RC,
	};
	int err;

	if (fsr_fault(ALLOC))
		return -ENOMEM;
	q->cq = ib_create_cq(s->ibdev, fsr_queue_event, queue_async_event, q, &cq_attr);
	if (IS_ERR(q->cq)) {
		err = PTR_ERR(q->cq);
		q->cq = NULL;
		return err;
	}

	qp_attr.send_cq = q->cq;
	qp_attr.recv_cq = q->cq;
	err = rdma_create_qp(q->conn.id, s->pd, &qp_attr);
	if (err) {
		ib_destroy_cq(q->cq);
		q->cq = NULL;
		return err;
	}
	q->qp = q->conn.id->qp;

	q->broken = false;
	q->map_failures = 0;
	q->watch.still = 0;
	clear_bit(FSR_ARMED, &q->flags);

	mutex_lock(&q->ending);
	q->started = true;
	irq_poll_enable(&q->iop);
	clear_bit_unlock(FSR_REAPING, &q->flags);
	mutex_unlock(&q->ending);
	return 0;
}

/* fsr_queue_go_live - post what waits, and what comes from now on; the connection is established */
void fsr_queue_go_live(struct fsr_queue *q)
{
	spin_lock_irq(&q->lock);
	q->live = true;
	q->hold = true;
	fsr_queue_post(q);
	spin_unlock_irq(&q->lock);
	fsr_queue_arm(q);
}

/**
 * fsr_queue_give_up - bios do not wait here any more, until the queue is live again
 * @q: the queue; one that is live is left alone
 *
 * May sleep, but waits neither for memory nor for the RDMA device.
 */
void fsr_queue_give_up(struct fsr_queue *q)
{
	bool live;

	spin_lock_irq(&q->lock);
	live = q->live;
	if (!live)
		q->hold = false;
	spin_unlock_irq(&q->lock);
	if (!live)
		fsr_queue_fail_waiting(q);
}

static void destroy_qp(struct fsr_queue *q)
{
	if (q->qp)
		rdma_destroy_qp(q->conn.id);
	q->qp = NULL;
}

/**
 * fsr_queue_watch - find out whether completions do not come that must come
 * @q: the queue, started
 * @tick_ms: time since the last call
 */
void fsr_queue_watch(struct fsr_queue *q, u32 tick_ms)
{
	u32 tail = READ_ONCE(q->tail), still;

	still = fsr_watch_tick(&q->watch, READ_ONCE(q->head), tail);
	if (!still)
		return;
	/* Perhaps they are there: nobody waits for reads ahead, and an interrupt may get lost. */
	irq_poll_sched(&q->iop);
	if (fsr_watch_is_stuck(still, tick_ms))
		fsr_session_fail(q->conn.session, "%s not done, and no word of it for %u ms",
				 q->opcode == IB_WR_RDMA_READ ? "RDMA READ" : "RDMA WRITE",
				 still * tick_ms);
}

/* fsr_queue_halt - post nothing more; may sleep */
void fsr_queue_halt(struct fsr_queue *q)
{
	bool expired;

	spin_lock_irq(&q->lock);
	q->live = false;
	/* Then it was live when the time was up, or is given up just now. */
	expired = READ_ONCE(q->conn.session->expired);
	if (expired)
		q->hold = false;
	spin_unlock_irq(&q->lock);
	cancel_delayed_work_sync(&q->retry);
	if (expired)
		fsr_queue_fail_waiting(q);
}

/**
 * fsr_queue_destroy - let go of the RDMA device, but for the connection
 * @q: the queue, halted
 *
 * A page may be given back, or used for another work request, only when the
 * adapter certainly does not touch it any more: when its work request has
 * completed, or when the queue pair is gone. What has not completed until
 * then waits again, or ends with an error if the time for that is over. May sleep.
 */
void fsr_queue_destroy(struct fsr_queue *q)
{
	destroy_qp(q);
	if (!q->cq)
		return;

	mutex_lock(&q->ending);
	fsr_queue_reap(q);
	/* No more reaping after an interrupt, nor by pollers. */
	irq_poll_disable(&q->iop);
	fsr_queue_stop_reaping(q);
	fsr_queue_take_back(q);
	q->started = false;
	mutex_unlock(&q->ending);
	/* Whoever ends the wait from here on finds them by himself. */
	if (!READ_ONCE(q->hold))
		fsr_queue_fail_waiting(q);

	ib_destroy_cq(q->cq);
	q->cq = NULL;
}

/* fsr_queue_free - give the memory back; the queue is destroyed, or was never started */
void fsr_queue_free(struct fsr_queue *q)
{
	kvfree(q->sges);
	kvfree(q->ring);
}
