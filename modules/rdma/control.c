// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The control connection: messages, keep-alive, goodbye. What is asked is question.c.
 *
 * All in process context: completions come from the RDMA core's work queue.
 */
#include <linux/slab.h>

#include "control.h"
#include "fault.h"

#define SEND_BYTES	256

static_assert(sizeof(struct fsw_msg) + sizeof(struct fsw_range) <= SEND_BYTES);
static_assert(sizeof(struct fsw_msg) + sizeof(struct fsw_goodbye) <= SEND_BYTES);
static_assert(sizeof(struct fsw_msg) + sizeof(struct fsw_auth) <= SEND_BYTES);
static_assert(FSR_NR_SENDS <= BITS_PER_LONG);

static bool check_wc(struct fsr_control *ctl, const struct ib_wc *wc)
{
	/* A flush only follows from something else, which has a better reason to tell. */
	if (wc->status != IB_WC_SUCCESS && wc->status != IB_WC_WR_FLUSH_ERR)
		fsr_session_fail(ctl->session, "control connection: %s",
				 ib_wc_status_msg(wc->status));
	return wc->status == IB_WC_SUCCESS;
}

/* ---- Sending ---- */

static void send_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct fsr_control *ctl = cq->cq_context;
	struct fsr_buffer *buf = container_of(wc->wr_cqe, struct fsr_buffer, cqe);

	check_wc(ctl, wc);
	spin_lock(&ctl->lock);
	ctl->busy &= ~BIT(buf - ctl->sends);
	spin_unlock(&ctl->lock);
	wake_up_all(&ctl->session->wait);
}

/* fsr_control_post - send a message; ctl->lock is held */
int fsr_control_post(struct fsr_control *ctl, enum fsw_msg_type type, u32 seq,
		     const void *payload, size_t len)
{
	struct fsr_session *s = ctl->session;
	unsigned int slot = ffz(ctl->busy);
	struct ib_send_wr wr = { };
	struct fsr_buffer *buf;
	struct ib_sge sge;
	int err;

	lockdep_assert_held(&ctl->lock);
	if (!ctl->open)
		return -ENOTCONN;
	if (slot >= FSR_NR_SENDS)
		return -EBUSY;
	if (fsr_fault(MUTE))
		goto said;
	buf = &ctl->sends[slot];

	ib_dma_sync_single_for_cpu(s->ibdev, buf->dma, SEND_BYTES, DMA_TO_DEVICE);
	fsw_msg_init(buf->data, type, seq, len);
	if (len)
		memcpy(buf->data + sizeof(struct fsw_msg), payload, len);
	ib_dma_sync_single_for_device(s->ibdev, buf->dma, SEND_BYTES, DMA_TO_DEVICE);

	sge.addr = buf->dma;
	sge.length = sizeof(struct fsw_msg) + len;
	sge.lkey = s->pd->local_dma_lkey;
	buf->cqe.done = send_done;
	wr.wr_cqe = &buf->cqe;
	wr.sg_list = &sge;
	wr.num_sge = 1;
	wr.opcode = IB_WR_SEND;
	wr.send_flags = IB_SEND_SIGNALED;
	err = ib_post_send(s->conn.id->qp, &wr, NULL);
	if (err)
		return err;
	ctl->busy |= BIT(slot);
said:
	fsr_keepalive_said(&ctl->keepalive);
	return 0;
}

static int send_message(struct fsr_control *ctl, enum fsw_msg_type type, u32 seq,
			const void *payload, size_t len)
{
	int err;

	spin_lock(&ctl->lock);
	err = fsr_control_post(ctl, type, seq, payload, len);
	spin_unlock(&ctl->lock);
	return err;
}

/* fsr_control_send - send a message of somebody else's */
int fsr_control_send(struct fsr_session *s, enum fsw_msg_type type, u32 seq, const void *payload,
		     size_t len)
{
	return send_message(s->control, type, seq, payload, len);
}

/* ---- Receiving ---- */

/* Return: 0, or -EPROTO if the server must not send this now. */
static int on_message(struct fsr_control *ctl, const struct fsw_msg *msg, size_t len)
{
	const struct fsw_goodbye *goodbye = (const void *)(msg + 1);
	const struct fsw_recall *recall = (const void *)(msg + 1);
	struct fsr_session *s = ctl->session;
	int err;

	if (fsw_msg_check(msg, len))
		return -EPROTO;

	switch (fsw_letoh16(msg->type)) {
	case FSW_MSG_PING:
		err = send_message(ctl, FSW_MSG_PONG, fsw_letoh32(msg->seq), NULL, 0);
		/* More questions than the protocol allows, or a session at its end. */
		return err == -EBUSY ? -EPROTO : 0;
	case FSW_MSG_PONG:
		/* That it came is all it says. */
		return 0;
	case FSW_MSG_GRANT:
	case FSW_MSG_DENY:
	case FSW_MSG_RELEASED:
	case FSW_MSG_PROMISED:
		return fsr_question_answer(ctl, msg, len - sizeof(*msg));
	case FSW_MSG_RECALL:
		if (!s->elastic || fsw_letoh16(s->welcome.version) < FSW_VERSION_RECALL)
			return -EPROTO;
		fsr_elastic_recall(s, fsw_letoh32(recall->chunks));
		return 0;
	case FSW_MSG_AUTH_OK:
		return fsr_auth_answer(s, fsw_letoh32(msg->seq), (const void *)(msg + 1));
	case FSW_MSG_GOODBYE:
		fsr_session_fail(s, "the server ends the session: %s",
				 fsw_reason_text(fsw_letoh16(goodbye->reason)));
		return 0;
	default:
		return -EPROTO;
	}
}

static int post_recv(struct fsr_control *ctl, struct fsr_buffer *buf)
{
	struct fsr_session *s = ctl->session;
	struct ib_sge sge = {
		.addr = buf->dma,
		.length = FSW_MSG_MAX,
		.lkey = s->pd->local_dma_lkey,
	};
	struct ib_recv_wr wr = {
		.wr_cqe = &buf->cqe,
		.sg_list = &sge,
		.num_sge = 1,
	};
	int err = 0;

	spin_lock(&ctl->lock);
	if (ctl->open)
		err = ib_post_recv(s->conn.id->qp, &wr, NULL);
	spin_unlock(&ctl->lock);
	return err;
}

static void recv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct fsr_control *ctl = cq->cq_context;
	struct fsr_buffer *buf = container_of(wc->wr_cqe, struct fsr_buffer, cqe);
	struct fsr_session *s = ctl->session;
	int err;

	if (!check_wc(ctl, wc))
		return;

	spin_lock(&ctl->lock);
	fsr_keepalive_heard(&ctl->keepalive);
	spin_unlock(&ctl->lock);

	ib_dma_sync_single_for_cpu(s->ibdev, buf->dma, FSW_MSG_MAX, DMA_FROM_DEVICE);
	err = on_message(ctl, buf->data, wc->byte_len);
	if (err)
		fsr_session_fail(s, "the server broke the protocol");
	ib_dma_sync_single_for_device(s->ibdev, buf->dma, FSW_MSG_MAX, DMA_FROM_DEVICE);

	err = post_recv(ctl, buf);
	if (err)
		fsr_session_fail(s, "cannot receive: error %d", err);
	wake_up_all(&s->wait);
}

/* ---- Keep-alive ---- */

static void watch_queues(struct fsr_session *s, u32 tick_ms)
{
	unsigned int i;

	/* They stay as long as the tick runs, but are there only when the link is made. */
	if (fsr_session_state(s) != FSR_LIVE)
		return;
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_watch(&s->queues[i], tick_ms);
}

/* Whoever has the mutex may be waiting for this work. */
static void top_up_reserve(struct fsr_session *s)
{
	if (!mutex_trylock(&s->mutex))
		return;
	if (fsr_session_state(s) == FSR_LIVE)
		fsr_reserve_keep_others(s);
	mutex_unlock(&s->mutex);
}

static void keep_alive_tick(struct work_struct *work)
{
	struct fsr_control *ctl = container_of(work, struct fsr_control, tick.work);
	enum fsr_keepalive_verdict verdict;

	spin_lock(&ctl->lock);
	verdict = fsr_keepalive_tick(&ctl->keepalive);
	if (verdict == FSR_KEEPALIVE_PING)
		fsr_control_post(ctl, FSW_MSG_PING, ++ctl->seq, NULL, 0);
	spin_unlock(&ctl->lock);
	if (fsr_fault(KILL))
		fsr_fault_kill(ctl->session);
	watch_queues(ctl->session, jiffies_to_msecs(ctl->interval));
	top_up_reserve(ctl->session);

	if (verdict == FSR_KEEPALIVE_DEAD)
		fsr_session_fail(ctl->session, "the server has been silent for %u ms",
				 FSR_SILENT_TICKS * jiffies_to_msecs(ctl->interval));
	else
		queue_delayed_work(fsr_wq, &ctl->tick, ctl->interval);
}

/* fsr_control_keep_alive - watch over the server, if it wants so */
void fsr_control_keep_alive(struct fsr_session *s)
{
	u32 ms = fsw_letoh32(s->welcome.keepalive_ms);

	if (!ms)
		return;
	s->control->interval = msecs_to_jiffies(fsr_keepalive_tick_ms(ms));
	queue_delayed_work(fsr_wq, &s->control->tick, s->control->interval);
}

/* ---- Life ---- */

/* fsr_control_alloc - once per session; fsr_control_free() is due even if it fails */
int fsr_control_alloc(struct fsr_session *s)
{
	struct fsr_control *ctl = kzalloc(sizeof(*ctl), GFP_KERNEL);
	unsigned int i;

	s->control = ctl;
	if (!ctl)
		return -ENOMEM;
	ctl->session = s;
	spin_lock_init(&ctl->lock);
	INIT_DELAYED_WORK(&ctl->tick, keep_alive_tick);

	for (i = 0; i < FSR_NR_SENDS; i++) {
		ctl->sends[i].data = kzalloc(SEND_BYTES, GFP_KERNEL);
		if (!ctl->sends[i].data)
			return -ENOMEM;
	}
	for (i = 0; i < FSW_CTRL_DEPTH; i++) {
		ctl->recvs[i].data = kzalloc(FSW_MSG_MAX, GFP_KERNEL);
		if (!ctl->recvs[i].data)
			return -ENOMEM;
	}
	return 0;
}

static int map_buffer(struct ib_device *ibdev, struct fsr_buffer *buf, size_t len,
		      enum dma_data_direction dir)
{
	u64 dma = ib_dma_map_single(ibdev, buf->data, len, dir);

	if (ib_dma_mapping_error(ibdev, dma))
		return -ENOMEM;
	buf->dma = dma;
	return 0;
}

static void unmap_buffer(struct ib_device *ibdev, struct fsr_buffer *buf, size_t len,
			 enum dma_data_direction dir)
{
	if (buf->dma)
		ib_dma_unmap_single(ibdev, buf->dma, len, dir);
	buf->dma = 0;
}

static void control_async_event(struct ib_event *event, void *context)
{
	struct fsr_session *s = context;

	if (event->event == IB_EVENT_QP_FATAL || event->event == IB_EVENT_QP_REQ_ERR ||
	    event->event == IB_EVENT_QP_ACCESS_ERR)
		fsr_session_fail(s, "control queue pair: %s", ib_event_msg(event->event));
}

/**
 * fsr_control_start - create the queue pair of a connection whose route is known
 * @s: the session
 *
 * Return: 0 or a negative errno; fsr_control_destroy() is due in either case.
 */
int fsr_control_start(struct fsr_session *s)
{
	struct fsr_control *ctl = s->control;
	struct ib_qp_init_attr attr = {
		.event_handler = control_async_event,
		.qp_context = s,
		.cap = {
			.max_send_wr = FSR_NR_SENDS,
			.max_recv_wr = FSW_CTRL_DEPTH,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
		.sq_sig_type = IB_SIGNAL_REQ_WR,
		.qp_type = IB_QPT_RC,
	};
	unsigned int i;
	int err;

	if (fsr_fault(ALLOC))
		return -ENOMEM;
	ctl->cq = ib_alloc_cq(s->ibdev, ctl, FSR_NR_SENDS + FSW_CTRL_DEPTH, 0, IB_POLL_WORKQUEUE);
	if (IS_ERR(ctl->cq)) {
		err = PTR_ERR(ctl->cq);
		ctl->cq = NULL;
		return err;
	}
	attr.send_cq = ctl->cq;
	attr.recv_cq = ctl->cq;
	err = rdma_create_qp(s->conn.id, s->pd, &attr);
	if (err)
		return err;
	ctl->busy = 0;
	ctl->asked = FSR_ASKED_NOTHING;
	memset(&ctl->deny, 0, sizeof(ctl->deny));
	memset(&ctl->keepalive, 0, sizeof(ctl->keepalive));
	ctl->open = true;

	for (i = 0; i < FSR_NR_SENDS; i++) {
		err = map_buffer(s->ibdev, &ctl->sends[i], SEND_BYTES, DMA_TO_DEVICE);
		if (err)
			return err;
	}
	for (i = 0; i < FSW_CTRL_DEPTH; i++) {
		err = map_buffer(s->ibdev, &ctl->recvs[i], FSW_MSG_MAX, DMA_FROM_DEVICE);
		if (err)
			return err;
		ctl->recvs[i].cqe.done = recv_done;
		err = post_recv(ctl, &ctl->recvs[i]);
		if (err)
			return err;
	}
	return 0;
}

static bool is_sent(const struct fsr_control *ctl)
{
	return !READ_ONCE(ctl->busy);
}

/**
 * fsr_control_leave - give all chunks back and say goodbye
 * @s: the session, at its end but connected
 *
 * Bounded: a server that does not answer finds out by itself.
 */
void fsr_control_leave(struct fsr_session *s)
{
	fsr_question_leave(s);
	fsr_control_say_goodbye(s);
}

/**
 * fsr_control_say_goodbye - or the server keeps our chunks in case we come back
 * @s: the session, connected
 *
 * Bounded, as above.
 */
void fsr_control_say_goodbye(struct fsr_session *s)
{
	struct fsw_goodbye goodbye = { .reason = fsw_htole16(FSW_REASON_DETACH) };
	struct fsr_control *ctl = s->control;

	if (!send_message(ctl, FSW_MSG_GOODBYE, 0, &goodbye, sizeof(goodbye)))
		wait_event_timeout(s->wait, is_sent(ctl), msecs_to_jiffies(FSR_GOODBYE_MS));
}

/* fsr_control_stop - nothing is sent any more; any state, more than once */
void fsr_control_stop(struct fsr_session *s)
{
	struct fsr_control *ctl = s->control;

	if (!ctl)
		return;
	spin_lock(&ctl->lock);
	ctl->open = false;
	spin_unlock(&ctl->lock);
	cancel_delayed_work_sync(&ctl->tick);
}

/* fsr_control_destroy - let go of the RDMA device, but for the connection; stopped */
void fsr_control_destroy(struct fsr_session *s)
{
	struct fsr_control *ctl = s->control;
	unsigned int i;

	if (!ctl)
		return;
	if (s->conn.id && s->conn.id->qp)
		rdma_destroy_qp(s->conn.id);
	if (ctl->cq)
		ib_free_cq(ctl->cq);
	ctl->cq = NULL;

	for (i = 0; i < FSR_NR_SENDS; i++)
		unmap_buffer(s->ibdev, &ctl->sends[i], SEND_BYTES, DMA_TO_DEVICE);
	for (i = 0; i < FSW_CTRL_DEPTH; i++)
		unmap_buffer(s->ibdev, &ctl->recvs[i], FSW_MSG_MAX, DMA_FROM_DEVICE);
}

/* fsr_control_free - give the memory back */
void fsr_control_free(struct fsr_session *s)
{
	struct fsr_control *ctl = s->control;
	unsigned int i;

	if (!ctl)
		return;
	for (i = 0; i < FSR_NR_SENDS; i++)
		kfree(ctl->sends[i].data);
	for (i = 0; i < FSW_CTRL_DEPTH; i++)
		kfree(ctl->recvs[i].data);
	kfree(ctl);
	s->control = NULL;
}
