// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "link.h"

#define NR_SENDS	FSW_CTRL_DEPTH

uint64_t link_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void nap(void)
{
	const struct timespec ts = { .tv_nsec = 200000 };

	nanosleep(&ts, NULL);
}

void link_init_hello(struct fsw_hello *hello, enum fsw_role role, unsigned int set,
		     unsigned int nr_sets, const uint8_t session_id[16])
{
	memset(hello, 0, sizeof(*hello));
	hello->magic = fsw_htole32(FSW_MAGIC);
	hello->version = fsw_htole16(FSW_VERSION);
	hello->version_min = fsw_htole16(FSW_VERSION_MIN);
	hello->role = role;
	hello->set = fsw_htole16(set);
	hello->nr_sets = fsw_htole16(nr_sets);
	memcpy(hello->session_id, session_id, sizeof(hello->session_id));
	memset(hello->client_id, 0x11, sizeof(hello->client_id));
}

/* Waits for the next CM event, takes what is worth keeping, and acknowledges it. */
static int next_event(struct link *link, enum rdma_cm_event_type *type, unsigned int timeout_ms)
{
	struct pollfd fd = { .fd = link->channel->fd, .events = POLLIN };
	uint64_t end = link_now_ms() + timeout_ms;
	struct rdma_cm_event *event;
	const void *data;
	size_t len;

	while (rdma_get_cm_event(link->channel, &event)) {
		uint64_t now = link_now_ms();

		if (errno != EAGAIN)
			return errno;
		if (now >= end)
			return ETIMEDOUT;
		poll(&fd, 1, end - now);
	}
	*type = event->event;
	data = event->param.conn.private_data;
	len = event->param.conn.private_data_len;
	switch (*type) {
	case RDMA_CM_EVENT_ESTABLISHED:
		link->connected = true;
		/* fall through */
	case RDMA_CM_EVENT_CONNECT_RESPONSE:
		if (data && len >= sizeof(link->welcome))
			memcpy(&link->welcome, data, sizeof(link->welcome));
		break;
	case RDMA_CM_EVENT_REJECTED:
		link->refused = FSW_REASON_NONE;
		if (fsw_refusal_check(data, len)) {
			const struct fsw_refusal *refusal = data;

			link->refused = fsw_letoh16(refusal->reason);
			link->refused_detail = fsw_letoh64(refusal->detail);
		}
		break;
	case RDMA_CM_EVENT_DISCONNECTED:
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		link->disconnected = true;
		break;
	default:
		break;
	}
	rdma_ack_cm_event(event);
	return 0;
}

static int expect_event(struct link *link, enum rdma_cm_event_type wanted)
{
	enum rdma_cm_event_type got;
	int err = next_event(link, &got, PATIENCE_MS);

	if (err)
		return err;
	if (got == wanted)
		return 0;
	switch (got) {
	case RDMA_CM_EVENT_REJECTED:
		return ECONNREFUSED;
	case RDMA_CM_EVENT_UNREACHABLE:
		return EHOSTUNREACH;
	default:
		return EPROTO;
	}
}

static int post_receive(struct link *link, unsigned int nr)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)link->buffer + (size_t)nr * FSW_MSG_MAX,
		.length = FSW_MSG_MAX,
		.lkey = link->mr->lkey,
	};
	struct ibv_recv_wr wr = { .wr_id = nr, .sg_list = &sge, .num_sge = 1 };
	struct ibv_recv_wr *bad;

	return ibv_post_recv(link->id->qp, &wr, &bad);
}

static int make_queue_pair(struct link *link, struct link *control)
{
	size_t size = control ? LINK_BUFFER : (FSW_CTRL_DEPTH + NR_SENDS) * FSW_MSG_MAX;
	struct ibv_qp_init_attr attr = {
		.cap = {
			.max_send_wr = NR_SENDS,
			.max_recv_wr = FSW_CTRL_DEPTH,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = 1,
	};
	unsigned int i;

	link->pd = control ? control->pd : ibv_alloc_pd(link->id->verbs);
	link->owns_pd = !control;
	link->cq = ibv_create_cq(link->id->verbs, FSW_CTRL_DEPTH + NR_SENDS, NULL, NULL, 0);
	link->buffer = aligned_alloc(FSW_MSG_MAX, size);
	if (!link->pd || !link->cq || !link->buffer)
		return ENOMEM;
	memset(link->buffer, 0, size);
	link->mr = ibv_reg_mr(link->pd, link->buffer, size, IBV_ACCESS_LOCAL_WRITE);
	if (!link->mr)
		return ENOMEM;
	attr.send_cq = link->cq;
	attr.recv_cq = link->cq;
	if (rdma_create_qp(link->id, link->pd, &attr))
		return errno;
	for (i = 0; !control && i < FSW_CTRL_DEPTH; i++)
		if (post_receive(link, i))
			return EIO;
	return 0;
}

static int prepare(struct link *link, const struct sockaddr *to, const struct sockaddr *from,
		   struct link *control)
{
	int flags, err;

	memset(link, 0, sizeof(*link));
	link->channel = rdma_create_event_channel();
	if (!link->channel)
		return errno;
	flags = fcntl(link->channel->fd, F_GETFL);
	if (fcntl(link->channel->fd, F_SETFL, flags | O_NONBLOCK))
		return errno;
	if (rdma_create_id(link->channel, &link->id, NULL, RDMA_PS_TCP)) {
		link->id = NULL;
		return errno;
	}
	if (rdma_resolve_addr(link->id, (struct sockaddr *)from, (struct sockaddr *)to, 2000))
		return errno;
	err = expect_event(link, RDMA_CM_EVENT_ADDR_RESOLVED);
	if (err)
		return err;
	if (rdma_resolve_route(link->id, 2000))
		return errno;
	err = expect_event(link, RDMA_CM_EVENT_ROUTE_RESOLVED);
	if (err)
		return err;
	return make_queue_pair(link, control);
}

static struct rdma_conn_param connect_param(const void *hello, size_t len)
{
	return (struct rdma_conn_param) {
		.private_data = hello,
		.private_data_len = len,
		.responder_resources = 0,
		.initiator_depth = 16,
		.retry_count = 7,
		.rnr_retry_count = 7,
	};
}

int link_open(struct link *link, const struct sockaddr *to, const struct sockaddr *from,
	      const void *hello, size_t len, struct link *control)
{
	struct rdma_conn_param param = connect_param(hello, len);
	int err = prepare(link, to, from, control);

	if (err)
		return err;
	if (rdma_connect(link->id, &param))
		return errno;
	return expect_event(link, RDMA_CM_EVENT_ESTABLISHED);
}

int link_half_open(struct link *link, const struct sockaddr *to, const struct sockaddr *from,
		   const void *hello, size_t len)
{
	struct rdma_conn_param param = connect_param(hello, len);
	int err = prepare(link, to, from, NULL);
	struct ibv_qp *qp;

	if (err)
		return err;
	/* The library confirms by itself what it knows the queue pair of. */
	qp = link->id->qp;
	link->id->qp = NULL;
	param.qp_num = qp->qp_num;
	if (rdma_connect(link->id, &param))
		err = errno;
	else
		err = expect_event(link, RDMA_CM_EVENT_CONNECT_RESPONSE);
	link->id->qp = qp;
	return err;
}

static void free_all(struct link *link)
{
	if (link->id && link->id->qp)
		rdma_destroy_qp(link->id);
	if (link->mr)
		ibv_dereg_mr(link->mr);
	if (link->cq)
		ibv_destroy_cq(link->cq);
	if (link->owns_pd && link->pd)
		ibv_dealloc_pd(link->pd);
	if (link->id)
		rdma_destroy_id(link->id);
	if (link->channel)
		rdma_destroy_event_channel(link->channel);
	free(link->buffer);
	memset(link, 0, sizeof(*link));
}

void link_close(struct link *link)
{
	if (link->connected) {
		rdma_disconnect(link->id);
		link_wait_disconnect(link, 2000);
	}
	free_all(link);
}

void link_drop(struct link *link)
{
	free_all(link);
}

/* Sends complete in order, so a buffer is free again once NR_SENDS later ones were polled. */
int link_send_raw(struct link *link, const void *bytes, size_t len)
{
	/* A data link has no receives in front, and no use for more than one message. */
	unsigned int nr = link->owns_pd ? FSW_CTRL_DEPTH + link->next_send++ % NR_SENDS : 0;
	unsigned char *buffer = link->buffer + (size_t)nr * FSW_MSG_MAX;
	struct ibv_sge sge = {
		.addr = (uintptr_t)buffer,
		.length = len,
		.lkey = link->mr->lkey,
	};
	struct ibv_send_wr wr = {
		.wr_id = nr,
		.sg_list = &sge,
		.num_sge = len ? 1 : 0,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_SIGNALED,
	};
	struct ibv_send_wr *bad;

	memcpy(buffer, bytes, len);
	return ibv_post_send(link->id->qp, &wr, &bad);
}

int link_send(struct link *link, enum fsw_msg_type type, uint32_t seq, const void *payload,
	      size_t len)
{
	unsigned char bytes[FSW_MSG_MAX];

	fsw_msg_init((struct fsw_msg *)bytes, type, seq, len);
	if (len)
		memcpy(bytes + sizeof(struct fsw_msg), payload, len);
	return link_send_raw(link, bytes, sizeof(struct fsw_msg) + len);
}

int link_receive(struct link *link, struct fsw_msg *msg, size_t *len, unsigned int timeout_ms,
		 bool answer_pings)
{
	uint64_t end = link_now_ms() + timeout_ms;
	enum rdma_cm_event_type type;
	struct ibv_wc wc;
	int n;

	for (;;) {
		n = ibv_poll_cq(link->cq, 1, &wc);
		if (n < 0 || (n && wc.status != IBV_WC_SUCCESS))
			return ECONNRESET;
		if (n && wc.wr_id < FSW_CTRL_DEPTH) {
			*len = wc.byte_len;
			memcpy(msg, link->buffer + wc.wr_id * FSW_MSG_MAX, *len);
			if (post_receive(link, wc.wr_id))
				return ECONNRESET;
			if (answer_pings && fsw_letoh16(msg->type) == FSW_MSG_PING) {
				link_send(link, FSW_MSG_PONG, fsw_letoh32(msg->seq), NULL, 0);
				continue;
			}
			return 0;
		}
		if (n)
			continue;
		while (!next_event(link, &type, 0))
			;
		if (link->disconnected)
			return ECONNRESET;
		if (link_now_ms() >= end)
			return ETIMEDOUT;
		nap();
	}
}

int link_wait_disconnect(struct link *link, unsigned int timeout_ms)
{
	uint64_t end = link_now_ms() + timeout_ms;
	enum rdma_cm_event_type type;

	while (!link->disconnected) {
		uint64_t now = link_now_ms();

		if (now >= end || next_event(link, &type, end - now))
			return ETIMEDOUT;
	}
	return 0;
}

enum ibv_wc_status link_rdma(struct link *link, enum ibv_wr_opcode opcode, uint64_t addr,
			     uint32_t rkey, size_t len)
{
	uint64_t end = link_now_ms() + PATIENCE_MS;
	struct ibv_sge sge = {
		.addr = (uintptr_t)link->buffer,
		.length = len,
		.lkey = link->mr->lkey,
	};
	struct ibv_send_wr wr = {
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = opcode,
		.send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = { .remote_addr = addr, .rkey = rkey },
	};
	struct ibv_send_wr *bad;
	struct ibv_wc wc;
	int n;

	if (ibv_post_send(link->id->qp, &wr, &bad))
		return IBV_WC_GENERAL_ERR;
	while (!(n = ibv_poll_cq(link->cq, 1, &wc))) {
		if (link_now_ms() >= end)
			return IBV_WC_GENERAL_ERR;
		nap();
	}
	return n < 0 ? IBV_WC_GENERAL_ERR : wc.status;
}
