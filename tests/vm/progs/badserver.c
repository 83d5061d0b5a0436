// SPDX-License-Identifier: GPL-2.0-only
/* badserver: answers connections in the ways that fastswap-server never would. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

#include <fastswap/proto.h>

#define CHUNK_SHIFT	24
#define MAX_CHUNKS	64

static const char *const ways[][2] = {
	{ "version", "reject: speaks versions 7 to 9 only" },
	{ "reason", "reject for a reason that does not exist yet" },
	{ "stranger", "reject like a service that is not ours" },
	{ "silent", "do not answer the connect request" },
	{ "garbage", "accept, but welcome with nonsense" },
	{ "mute", "accept, then never answer a message" },
	{ "babble", "accept, then send a message that breaks the protocol" },
	{ "liar", "accept, then grant a chunk that nobody asked for" },
	{ "open", "accept, and demand no key" },
	{ "impostor", "demand a key, but prove nothing" },
	{ "generous", "demand a key, and answer with more than the welcome has offered" },
	{ "hasty", "demand a key, and send a proof before there is anything to prove" },
};

/* What one accepted connection needs; a run ends before these could run out. */
struct session {
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_mr *mr;
	char buffer[2 * FSW_MSG_MAX];
};

static int is(const char *way, const char *name)
{
	return !strcmp(way, name);
}

static void fail(const char *what)
{
	fprintf(stderr, "badserver: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void reject(struct rdma_cm_id *id, enum fsw_reason reason, __u64 detail)
{
	struct fsw_refusal refusal = {
		.magic = fsw_htole32(FSW_MAGIC),
		.version = fsw_htole16(FSW_VERSION),
		.reason = fsw_htole16(reason),
		.detail = fsw_htole64(detail),
	};

	if (rdma_reject(id, &refusal, sizeof(refusal)))
		fail("rdma_reject");
}

static void make_queue_pair(struct rdma_cm_id *id)
{
	struct session *s = calloc(1, sizeof(*s));
	struct ibv_qp_init_attr attr = {
		.qp_type = IBV_QPT_RC,
		.cap = {
			.max_send_wr = 4,
			.max_recv_wr = FSW_CTRL_DEPTH,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
	};
	int i;

	if (!s)
		fail("malloc");
	s->pd = ibv_alloc_pd(id->verbs);
	s->cq = ibv_create_cq(id->verbs, 64, NULL, NULL, 0);
	if (!s->pd || !s->cq)
		fail("verbs");
	s->mr = ibv_reg_mr(s->pd, s->buffer, sizeof(s->buffer), IBV_ACCESS_LOCAL_WRITE);
	attr.send_cq = s->cq;
	attr.recv_cq = s->cq;
	if (!s->mr || rdma_create_qp(id, s->pd, &attr))
		fail("queue pair");
	id->context = s;

	for (i = 0; i < FSW_CTRL_DEPTH; i++) {
		struct ibv_sge sge = {
			.addr = (uintptr_t)s->buffer,
			.length = FSW_MSG_MAX,
			.lkey = s->mr->lkey,
		};
		struct ibv_recv_wr wr = { .sg_list = &sge, .num_sge = 1 }, *bad;

		if (ibv_post_recv(id->qp, &wr, &bad))
			fail("ibv_post_recv");
	}
}

static int demands_key(const char *way)
{
	return is(way, "impostor") || is(way, "generous") || is(way, "hasty");
}

static void accept_with(struct rdma_cm_id *id, const struct fsw_hello *hello, const char *way)
{
	struct fsw_welcome welcome = {
		.magic = fsw_htole32(FSW_MAGIC),
		.version = fsw_htole16(FSW_VERSION),
		.role = hello->role,
		.generation = 1,
		.available = fsw_htole64(1ull << 30),
		.chunk_shift = CHUNK_SHIFT,
		.max_chunks = fsw_htole32(MAX_CHUNKS),
		.max_sets = fsw_htole16(4),
	};
	struct rdma_conn_param param = {
		.private_data = &welcome,
		.private_data_len = sizeof(welcome),
		.rnr_retry_count = 7,
	};

	make_queue_pair(id);
	if (demands_key(way) && hello->role == FSW_ROLE_CONTROL) {
		welcome.auth = fsw_htole16(FSW_AUTH_PSK);
		memset(welcome.nonce, 0x5a, sizeof(welcome.nonce));
	}
	if (is(way, "garbage"))
		memset(&welcome, 0x5a, sizeof(welcome));
	if (rdma_accept(id, &param))
		fail("rdma_accept");
}

static void send_message(struct rdma_cm_id *id, const void *msg, size_t len)
{
	struct session *s = id->context;
	char *buffer = s->buffer + FSW_MSG_MAX;
	struct ibv_sge sge = {
		.addr = (uintptr_t)buffer,
		.length = len,
		.lkey = s->mr->lkey,
	};
	struct ibv_send_wr wr = {
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_SIGNALED,
	},
			   *bad;

	memcpy(buffer, msg, len);
	if (ibv_post_send(id->qp, &wr, &bad))
		fail("ibv_post_send");
}

static void on_request(struct rdma_cm_event *event, const char *way)
{
	const struct fsw_hello *hello = event->param.conn.private_data;

	if (!hello || fsw_hello_check(hello, event->param.conn.private_data_len)) {
		fprintf(stderr, "badserver: the hello is bad\n");
		exit(1);
	}
	if (is(way, "version"))
		reject(event->id, FSW_REASON_VERSION, 7 << 16 | 9);
	else if (is(way, "reason"))
		reject(event->id, 999, 0);
	else if (is(way, "stranger"))
		rdma_reject(event->id, "go away", 7);
	else if (!is(way, "silent"))
		accept_with(event->id, hello, way);
}

/* The sequence number of the next message; 0 if none comes. */
static __u32 await_message(struct rdma_cm_id *id)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct session *s = id->context;
	struct ibv_wc wc;
	int i;

	for (i = 0; i < 5000; i++) {
		if (ibv_poll_cq(s->cq, 1, &wc) == 1)
			return fsw_letoh32(((struct fsw_msg *)s->buffer)->seq);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static void send_proof(struct rdma_cm_id *id, __u32 seq, __u32 max_chunks)
{
	struct {
		struct fsw_msg msg;
		struct fsw_auth_ok ok;
	} m;

	memset(&m, 0x5a, sizeof(m));
	m.ok.limits = (struct fsw_limits) {
		.available = fsw_htole64(1ull << CHUNK_SHIFT),
		.max_chunks = fsw_htole32(max_chunks),
		.max_sets = fsw_htole16(1),
	};
	fsw_msg_init(&m.msg, FSW_MSG_AUTH_OK, seq, sizeof(m.ok));
	send_message(id, &m, sizeof(m));
}

static void on_established(struct rdma_cm_id *id, const char *way)
{
	struct {
		struct fsw_msg msg;
		struct fsw_grant grant;
	} m = {
		.grant = {
			.addr = fsw_htole64(1 << CHUNK_SHIFT),
			.rkey = fsw_htole32(1),
			.chunk = fsw_htole32(1 << 19),
		},
	};

	if (is(way, "babble")) {
		memset(&m, 0x5a, sizeof(m));
		send_message(id, &m, sizeof(m));
	} else if (is(way, "liar")) {
		fsw_msg_init(&m.msg, FSW_MSG_GRANT, 1, sizeof(m.grant));
		send_message(id, &m, sizeof(m));
	} else if (is(way, "impostor")) {
		send_proof(id, await_message(id), MAX_CHUNKS);
	} else if (is(way, "generous")) {
		send_proof(id, await_message(id), MAX_CHUNKS + 1);
	} else if (is(way, "hasty")) {
		send_proof(id, 0, MAX_CHUNKS);
	}
}

static void serve(struct rdma_event_channel *channel, const char *way)
{
	struct rdma_cm_event *event;

	while (!rdma_get_cm_event(channel, &event)) {
		struct rdma_cm_id *id = event->id;

		switch (event->event) {
		case RDMA_CM_EVENT_CONNECT_REQUEST:
			on_request(event, way);
			break;
		case RDMA_CM_EVENT_ESTABLISHED:
			on_established(id, way);
			break;
		case RDMA_CM_EVENT_DISCONNECTED:
			rdma_disconnect(id);
			break;
		default:
			break;
		}
		rdma_ack_cm_event(event);
	}
	fail("rdma_get_cm_event");
}

static int usage(void)
{
	size_t i;

	fprintf(stderr, "Usage: badserver PORT WAY\n");
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		fprintf(stderr, "  %-10s %s\n", ways[i][0], ways[i][1]);
	return 2;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	struct rdma_event_channel *channel;
	struct rdma_cm_id *listener;
	size_t i;

	if (argc != 3)
		return usage();
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]) && !is(ways[i][0], argv[2]); i++)
		;
	if (i == sizeof(ways) / sizeof(ways[0]))
		return usage();

	addr.sin6_port = htons(atoi(argv[1]));
	channel = rdma_create_event_channel();
	if (!channel || rdma_create_id(channel, &listener, NULL, RDMA_PS_TCP) ||
	    rdma_bind_addr(listener, (struct sockaddr *)&addr) || rdma_listen(listener, 16))
		fail("cannot listen");
	puts("ready");
	fflush(stdout);
	serve(channel, argv[2]);
	return 1;
}
