// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The control connection: chunks, keep-alive, goodbye.
 *
 * All in process context: completions come from the RDMA core's work queue.
 */
#include <linux/slab.h>

#include "fault.h"
#include "keepalive.h"
#include "words.h"

/*
 * Sends that may be under way: those that the protocol lets us have without an
 * answer, and an answer to each that the other side may have.
 */
#define NR_SENDS		(2 * FSW_CTRL_WINDOW)
#define SEND_BYTES		256

/**
 * struct buffer - memory that a message is sent from or received into
 * @cqe: names it in a completion
 * @data: the message
 * @dma: its address for the adapter
 */
struct buffer {
	struct ib_cqe cqe;
	void *data;
	u64 dma;
};

enum question {
	NOTHING,	/* nothing was asked */
	REQUEST,	/* chunks were asked for */
	RELEASE,	/* chunks were given back */
};

/**
 * struct fsr_control - what runs over the control connection
 * @session: whose it is
 * @cq: its completion queue, NULL if there is none
 * @lock: guards all below but the work, and the posting
 * @open: messages may be posted
 * @busy: sends that are under way, one bit each
 * @seq: of the last message that asks
 * @asked: what an answer is due to
 * @asked_seq: and the sequence number that it must bear
 * @deny: why the server gives no more; reason 0 if it did not say so
 * @keepalive: who was silent for how long
 * @interval: from one tick of the keep-alive to the next, in jiffies
 * @tick: the tick
 * @sends: buffers
 * @recvs: buffers
 */
struct fsr_control {
	struct fsr_session *session;
	struct ib_cq *cq;

	spinlock_t lock;
	bool open;
	unsigned long busy;
	u32 seq;
	enum question asked;
	u32 asked_seq;
	struct fsw_deny deny;
	struct fsr_keepalive keepalive;

	unsigned long interval;
	struct delayed_work tick;
	struct buffer sends[NR_SENDS];
	struct buffer recvs[FSW_CTRL_DEPTH];
};

static_assert(sizeof(struct fsw_msg) + sizeof(struct fsw_range) <= SEND_BYTES);
static_assert(sizeof(struct fsw_msg) + sizeof(struct fsw_goodbye) <= SEND_BYTES);
static_assert(sizeof(struct fsw_msg) + sizeof(struct fsw_auth) <= SEND_BYTES);
static_assert(NR_SENDS <= BITS_PER_LONG);

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
	struct buffer *buf = container_of(wc->wr_cqe, struct buffer, cqe);

	check_wc(ctl, wc);
	spin_lock(&ctl->lock);
	ctl->busy &= ~BIT(buf - ctl->sends);
	spin_unlock(&ctl->lock);
	wake_up_all(&ctl->session->wait);
}

static int post_message(struct fsr_control *ctl, enum fsw_msg_type type, u32 seq,
			const void *payload, size_t len)
{
	struct fsr_session *s = ctl->session;
	unsigned int slot = ffz(ctl->busy);
	struct ib_send_wr wr = { };
	struct buffer *buf;
	struct ib_sge sge;
	int err;

	lockdep_assert_held(&ctl->lock);
	if (!ctl->open)
		return -ENOTCONN;
	if (slot >= NR_SENDS)
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
	err = post_message(ctl, type, seq, payload, len);
	spin_unlock(&ctl->lock);
	return err;
}

/* fsr_control_send - send a message of somebody else's */
int fsr_control_send(struct fsr_session *s, enum fsw_msg_type type, u32 seq, const void *payload,
		     size_t len)
{
	return send_message(s->control, type, seq, payload, len);
}

/* Send what wants an answer. One at a time: the next when asked is NOTHING again. */
static int ask(struct fsr_control *ctl, enum question question, enum fsw_msg_type type,
	       u32 first, u32 count)
{
	struct fsw_range range = { .first = fsw_htole32(first), .count = fsw_htole32(count) };
	int err;

	spin_lock(&ctl->lock);
	err = post_message(ctl, type, ++ctl->seq, &range, sizeof(range));
	if (!err) {
		ctl->asked_seq = ctl->seq;
		WRITE_ONCE(ctl->asked, question);
	}
	spin_unlock(&ctl->lock);
	return err;
}

/* ---- Receiving ---- */

static int on_grant(struct fsr_control *ctl, const struct fsw_msg *msg, size_t rest)
{
	struct fsr_chunkmap *map = &ctl->session->map;
	int err = -EPROTO;

	spin_lock(&ctl->lock);
	if (ctl->asked == REQUEST && fsw_letoh32(msg->seq) == ctl->asked_seq &&
	    fsr_chunkmap_grant(map, (const void *)(msg + 1), rest / sizeof(struct fsw_grant))) {
		if (map->granted == map->nr)
			WRITE_ONCE(ctl->asked, NOTHING);
		err = 0;
	}
	spin_unlock(&ctl->lock);
	return err;
}

static int on_deny(struct fsr_control *ctl, const struct fsw_msg *msg)
{
	const struct fsw_deny *deny = (const void *)(msg + 1);
	int err = -EPROTO;

	spin_lock(&ctl->lock);
	if (ctl->asked == REQUEST && fsw_letoh32(msg->seq) == ctl->asked_seq &&
	    fsw_letoh32(deny->first) == ctl->session->map.granted && deny->reason) {
		ctl->deny = *deny;
		WRITE_ONCE(ctl->asked, NOTHING);
		err = 0;
	}
	spin_unlock(&ctl->lock);
	return err;
}

static int on_released(struct fsr_control *ctl, const struct fsw_msg *msg)
{
	int err = -EPROTO;

	spin_lock(&ctl->lock);
	if (ctl->asked == RELEASE && fsw_letoh32(msg->seq) == ctl->asked_seq) {
		WRITE_ONCE(ctl->asked, NOTHING);
		err = 0;
	}
	spin_unlock(&ctl->lock);
	return err;
}

/* Return: 0, or -EPROTO if the server must not send this now. */
static int on_message(struct fsr_control *ctl, const struct fsw_msg *msg, size_t len)
{
	const struct fsw_goodbye *goodbye = (const void *)(msg + 1);
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
		return on_grant(ctl, msg, len - sizeof(*msg));
	case FSW_MSG_DENY:
		return on_deny(ctl, msg);
	case FSW_MSG_RELEASED:
		return on_released(ctl, msg);
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

static int post_recv(struct fsr_control *ctl, struct buffer *buf)
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
	struct buffer *buf = container_of(wc->wr_cqe, struct buffer, cqe);
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
		post_message(ctl, FSW_MSG_PING, ++ctl->seq, NULL, 0);
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

	for (i = 0; i < NR_SENDS; i++) {
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

static int map_buffer(struct ib_device *ibdev, struct buffer *buf, size_t len,
		      enum dma_data_direction dir)
{
	u64 dma = ib_dma_map_single(ibdev, buf->data, len, dir);

	if (ib_dma_mapping_error(ibdev, dma))
		return -ENOMEM;
	buf->dma = dma;
	return 0;
}

static void unmap_buffer(struct ib_device *ibdev, struct buffer *buf, size_t len,
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
			.max_send_wr = NR_SENDS,
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
	ctl->cq = ib_alloc_cq(s->ibdev, ctl, NR_SENDS + FSW_CTRL_DEPTH, 0, IB_POLL_WORKQUEUE);
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
	ctl->asked = NOTHING;
	memset(&ctl->deny, 0, sizeof(ctl->deny));
	memset(&ctl->keepalive, 0, sizeof(ctl->keepalive));
	ctl->open = true;

	for (i = 0; i < NR_SENDS; i++) {
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

static bool has_grant_news(const struct fsr_session *s, u32 before)
{
	return READ_ONCE(s->map.granted) != before || READ_ONCE(s->control->asked) == NOTHING ||
	       !fsr_session_is_connecting(s);
}

/**
 * fsr_control_request - ask for all chunks of the device, and wait for them
 * @s: the session, its map empty
 * @all: fewer than asked for are no good
 * @error: gets the reason of a failure in words
 *
 * Return: 0, s->map is complete (and smaller, if @all was not set), or a
 * negative errno.
 */
int fsr_control_request(struct fsr_session *s, bool all, char *error)
{
	struct fsr_control *ctl = s->control;
	struct fsr_chunkmap *map = &s->map;
	unsigned long deadline, bound, now;
	unsigned int reason;
	u32 before;
	long left;
	int err;

	err = ask(ctl, REQUEST, FSW_MSG_REQUEST, 0, map->nr);
	if (err) {
		snprintf(error, FASTSWAP_ERROR_MAX, "cannot ask for memory: error %d", err);
		return err;
	}

	/* Registering memory takes the server its time; as long as it goes on, wait. */
	bound = FSR_GRANT_MS + (((u64)map->nr << map->shift) >> 30) * FSR_GRANT_GIB_MS;
	deadline = jiffies + msecs_to_jiffies(bound);
	do {
		before = READ_ONCE(map->granted);
		left = wait_event_killable_timeout(s->wait, has_grant_news(s, before),
						   msecs_to_jiffies(FSR_GRANT_MS));
		if (left < 0) {
			strscpy(error, "interrupted", FASTSWAP_ERROR_MAX);
			return -EINTR;
		}
		if (!fsr_session_is_connecting(s))
			return -ECONNRESET;
		now = jiffies;
	} while (READ_ONCE(ctl->asked) != NOTHING && READ_ONCE(map->granted) != before &&
		 time_before(now, deadline));

	spin_lock(&ctl->lock);
	reason = fsw_letoh16(ctl->deny.reason);
	spin_unlock(&ctl->lock);
	if (map->granted == map->nr)
		return 0;
	if (!reason) {
		snprintf(error, FASTSWAP_ERROR_MAX, "the server grants %s",
			 map->granted ? "memory too slowly" : "no memory: no answer");
		return -ETIMEDOUT;
	}
	if (!all && map->granted) {
		map->nr = map->granted;
		return 0;
	}
	fsr_words_reason(error, FASTSWAP_ERROR_MAX, reason, fsw_letoh64(ctl->deny.detail));
	return -ENOSPC;
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
	struct fsr_control *ctl = s->control;

	if (s->map.granted && !ask(ctl, RELEASE, FSW_MSG_RELEASE, 0, s->map.granted))
		wait_event_timeout(s->wait, READ_ONCE(ctl->asked) == NOTHING,
				   msecs_to_jiffies(FSR_RELEASE_MS));
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

	for (i = 0; i < NR_SENDS; i++)
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
	for (i = 0; i < NR_SENDS; i++)
		kfree(ctl->sends[i].data);
	for (i = 0; i < FSW_CTRL_DEPTH; i++)
		kfree(ctl->recvs[i].data);
	kfree(ctl);
	s->control = NULL;
}
