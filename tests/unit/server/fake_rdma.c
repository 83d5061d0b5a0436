// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "fake_rdma.h"

#undef ibv_reg_mr

#define MAX_WCS		256
#define MAX_SENT	1024
#define MAX_EVENTS	64
#define MAX_RECEIVES	64

struct fake_pd {
	struct ibv_pd pd;
	int users;	/* queue pairs and regions */
	int qps;
};

struct fake_channel {
	struct ibv_comp_channel channel;
	int users;
	struct ibv_cq *events[MAX_WCS];
	unsigned int nr_events;
};

struct fake_cq {
	struct ibv_cq cq;
	int users;
	struct ibv_wc wcs[MAX_WCS];
	unsigned int nr_wcs;
	bool armed;
	unsigned int unacked;
};

struct fake_qp {
	struct ibv_qp qp;
	struct ibv_recv_wr receives[MAX_RECEIVES];
	struct ibv_sge receive_sge[MAX_RECEIVES];
	unsigned int nr_receives;
	uint64_t pending[MAX_SENT];	/* sends that are not complete */
	unsigned int nr_pending;
	unsigned int max_send_wr;
};

struct sent {
	size_t len;
	unsigned char bytes[FSW_MSG_MAX];
};

struct fake_cm_id {
	struct rdma_cm_id id;
	struct fake_id_state state;
	struct fake_cm_id *next;
	struct sent *sent;
	unsigned int nr_sent, nr_taken;
};

struct fake_mr {
	struct ibv_mr mr;
	int access;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fake_cm_id *ids;
static struct rdma_event_channel *cm_channel;
static struct rdma_cm_event cm_events[MAX_EVENTS];
static unsigned int nr_cm_events, unacked_cm_events;
static unsigned int fail_at, calls;
static int objects, devices;
static bool dereg_fails, auto_complete, poll_fails;
static uint32_t next_rkey;
int fake_bind_errno, fake_listen_errno, fake_channel_errno;

static int fake_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad);
static int fake_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad);
static int fake_poll_cq(struct ibv_cq *cq, int nr, struct ibv_wc *wc);
static int fake_req_notify_cq(struct ibv_cq *cq, int solicited);

static struct ibv_context contexts[2];

static void free_id(struct fake_cm_id *id)
{
	free(id->sent);
	free(id);
}

void fake_reset(void)
{
	unsigned int i;

	while (ids) {
		struct fake_cm_id *next = ids->next;

		free_id(ids);
		ids = next;
	}
	for (i = 0; i < 2; i++) {
		contexts[i].ops.post_send = fake_post_send;
		contexts[i].ops.post_recv = fake_post_recv;
		contexts[i].ops.poll_cq = fake_poll_cq;
		contexts[i].ops.req_notify_cq = fake_req_notify_cq;
	}
	for (i = 0; i < nr_cm_events; i++)
		free((void *)cm_events[i].param.conn.private_data);
	nr_cm_events = unacked_cm_events = 0;
	fail_at = calls = 0;
	objects = 0;
	devices = 2;
	dereg_fails = auto_complete = poll_fails = false;
	fake_bind_errno = fake_listen_errno = fake_channel_errno = 0;
}

int fake_objects(void)
{
	int n;

	pthread_mutex_lock(&lock);
	n = objects;
	pthread_mutex_unlock(&lock);
	return n;
}

void fake_fail(unsigned int nth)
{
	pthread_mutex_lock(&lock);
	fail_at = nth;
	calls = 0;
	pthread_mutex_unlock(&lock);
}

void fake_fail_dereg(bool fail)
{
	dereg_fails = fail;
}

unsigned int fake_calls(void)
{
	unsigned int n;

	pthread_mutex_lock(&lock);
	n = calls;
	pthread_mutex_unlock(&lock);
	return n;
}

/* Called under the lock by everything that can fail. */
static bool fails_now(void)
{
	calls++;
	if (!fail_at || calls != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *__real_calloc(size_t nr, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

void *__wrap_calloc(size_t nr, size_t size)
{
	bool fail;

	pthread_mutex_lock(&lock);
	fail = fails_now();
	pthread_mutex_unlock(&lock);
	return fail ? NULL : __real_calloc(nr, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	bool fail;

	pthread_mutex_lock(&lock);
	fail = fails_now();
	pthread_mutex_unlock(&lock);
	return fail ? NULL : __real_aligned_alloc(align, size);
}

/* Our own allocations never fail on demand. */
static void *make(size_t size)
{
	void *p = __real_calloc(1, size);

	assert(p);
	objects++;
	return p;
}

static void unmake(void *p)
{
	objects--;
	free(p);
}

struct ibv_context *fake_device(unsigned int nr)
{
	return &contexts[nr];
}

void fake_set_devices(int nr)
{
	devices = nr;
}

struct rdma_cm_id *fake_id(unsigned int device)
{
	struct fake_cm_id *id;

	pthread_mutex_lock(&lock);
	id = make(sizeof(*id));
	id->sent = __real_calloc(MAX_SENT, sizeof(*id->sent));
	assert(id->sent);
	id->id.verbs = &contexts[device];
	id->id.route.addr.dst_sin.sin_family = AF_INET;
	id->id.route.addr.dst_sin.sin_addr.s_addr = htonl(0x0a000001);
	id->next = ids;
	ids = id;
	pthread_mutex_unlock(&lock);
	return &id->id;
}

/* ---- verbs ---- */

struct ibv_device **ibv_get_device_list(int *nr)
{
	if (fails_now())
		return NULL;
	*nr = devices;
	return make(sizeof(void *) * 3);
}

void ibv_free_device_list(struct ibv_device **list)
{
	unmake(list);
}

int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *attr)
{
	bool fail;

	pthread_mutex_lock(&lock);
	fail = fails_now();
	pthread_mutex_unlock(&lock);
	if (fail)
		return -1;
	memset(attr, 0, sizeof(*attr));
	attr->max_qp_rd_atom = 16;
	return 0;
}

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
{
	struct fake_pd *pd = NULL;

	pthread_mutex_lock(&lock);
	if (!fails_now()) {
		pd = make(sizeof(*pd));
		pd->pd.context = context;
	}
	pthread_mutex_unlock(&lock);
	return pd ? &pd->pd : NULL;
}

int ibv_dealloc_pd(struct ibv_pd *pd)
{
	struct fake_pd *f = (struct fake_pd *)pd;

	pthread_mutex_lock(&lock);
	if (f->users) {
		pthread_mutex_unlock(&lock);
		return EBUSY;
	}
	unmake(f);
	pthread_mutex_unlock(&lock);
	return 0;
}

struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t len, int access)
{
	struct fake_mr *mr = NULL;

	pthread_mutex_lock(&lock);
	if (!fails_now()) {
		mr = make(sizeof(*mr));
		mr->mr.pd = pd;
		mr->mr.context = pd->context;
		mr->mr.addr = addr;
		mr->mr.length = len;
		mr->mr.lkey = mr->mr.rkey = ++next_rkey;
		mr->access = access;
		((struct fake_pd *)pd)->users++;
	}
	pthread_mutex_unlock(&lock);
	return mr ? &mr->mr : NULL;
}

struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t len, uint64_t iova,
				unsigned int access)
{
	assert(iova == (uintptr_t)addr);
	return ibv_reg_mr(pd, addr, len, access);
}

int ibv_dereg_mr(struct ibv_mr *mr)
{
	struct fake_mr *f = (struct fake_mr *)mr;

	pthread_mutex_lock(&lock);
	if (dereg_fails && f->access & IBV_ACCESS_REMOTE_WRITE) {
		pthread_mutex_unlock(&lock);
		return EBUSY;
	}
	((struct fake_pd *)mr->pd)->users--;
	unmake(f);
	pthread_mutex_unlock(&lock);
	return 0;
}

struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context)
{
	struct fake_channel *channel = NULL;

	pthread_mutex_lock(&lock);
	if (!fails_now()) {
		channel = make(sizeof(*channel));
		channel->channel.context = context;
		channel->channel.fd = eventfd(0, EFD_SEMAPHORE);
		assert(channel->channel.fd >= 0);
	}
	pthread_mutex_unlock(&lock);
	return channel ? &channel->channel : NULL;
}

int ibv_destroy_comp_channel(struct ibv_comp_channel *channel)
{
	struct fake_channel *f = (struct fake_channel *)channel;

	pthread_mutex_lock(&lock);
	assert(!f->users);
	close(channel->fd);
	unmake(f);
	pthread_mutex_unlock(&lock);
	return 0;
}

struct ibv_cq *ibv_create_cq(struct ibv_context *context, int nr, void *cq_context,
			     struct ibv_comp_channel *channel, int vector)
{
	struct fake_cq *cq = NULL;

	assert(nr > 0);
	pthread_mutex_lock(&lock);
	if (!fails_now()) {
		cq = make(sizeof(*cq));
		cq->cq.context = context;
		cq->cq.channel = channel;
		if (channel)
			((struct fake_channel *)channel)->users++;
	}
	pthread_mutex_unlock(&lock);
	return cq ? &cq->cq : NULL;
}

int ibv_destroy_cq(struct ibv_cq *cq)
{
	struct fake_cq *f = (struct fake_cq *)cq;

	pthread_mutex_lock(&lock);
	assert(!f->users);
	/* The real one would wait for ever. */
	assert(!f->unacked);
	if (cq->channel)
		((struct fake_channel *)cq->channel)->users--;
	unmake(f);
	pthread_mutex_unlock(&lock);
	return 0;
}

int ibv_get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **cq, void **context)
{
	struct fake_channel *f = (struct fake_channel *)channel;
	uint64_t n;

	if (read(channel->fd, &n, sizeof(n)) < 0)
		return -1;
	pthread_mutex_lock(&lock);
	*cq = f->events[--f->nr_events];
	*context = NULL;
	((struct fake_cq *)*cq)->unacked++;
	pthread_mutex_unlock(&lock);
	return 0;
}

void ibv_ack_cq_events(struct ibv_cq *cq, unsigned int nr)
{
	pthread_mutex_lock(&lock);
	((struct fake_cq *)cq)->unacked -= nr;
	pthread_mutex_unlock(&lock);
}

const char *ibv_wc_status_str(enum ibv_wc_status status)
{
	return "some status";
}

static void add_wc(struct ibv_cq *cq, const struct ibv_wc *wc)
{
	struct fake_cq *f = (struct fake_cq *)cq;
	uint64_t one = 1;

	assert(f->nr_wcs < MAX_WCS);
	f->wcs[f->nr_wcs++] = *wc;
	if (f->armed && cq->channel) {
		struct fake_channel *channel = (struct fake_channel *)cq->channel;

		f->armed = false;
		channel->events[channel->nr_events++] = cq;
		assert(write(channel->channel.fd, &one, sizeof(one)) == sizeof(one));
	}
}

static struct fake_cm_id *id_of_qp(struct ibv_qp *qp)
{
	struct fake_cm_id *id;

	for (id = ids; id; id = id->next)
		if (id->id.qp == qp)
			return id;
	return NULL;
}

static void complete_sends(struct fake_qp *qp)
{
	unsigned int i;

	for (i = 0; i < qp->nr_pending; i++) {
		struct ibv_wc wc = { .wr_id = qp->pending[i], .opcode = IBV_WC_SEND };

		add_wc(qp->qp.send_cq, &wc);
	}
	qp->nr_pending = 0;
}

static int fake_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	struct fake_qp *f = (struct fake_qp *)qp;
	struct fake_cm_id *id;
	struct sent *sent;

	pthread_mutex_lock(&lock);
	if (fails_now()) {
		pthread_mutex_unlock(&lock);
		return ENOMEM;
	}
	id = id_of_qp(qp);
	assert(wr->opcode == IBV_WR_SEND && wr->num_sge == 1 && !wr->next);
	assert(f->nr_pending < f->max_send_wr);
	assert(id->nr_sent < MAX_SENT);
	sent = &id->sent[id->nr_sent++];
	sent->len = wr->sg_list->length;
	assert(sent->len <= FSW_MSG_MAX);
	memcpy(sent->bytes, (void *)(uintptr_t)wr->sg_list->addr, sent->len);
	f->pending[f->nr_pending++] = wr->wr_id;
	if (auto_complete)
		complete_sends(f);
	pthread_mutex_unlock(&lock);
	return 0;
}

static int fake_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	struct fake_qp *f = (struct fake_qp *)qp;

	pthread_mutex_lock(&lock);
	if (fails_now()) {
		pthread_mutex_unlock(&lock);
		return ENOMEM;
	}
	assert(f->nr_receives < FSW_CTRL_DEPTH);
	f->receives[f->nr_receives] = *wr;
	f->receive_sge[f->nr_receives++] = *wr->sg_list;
	pthread_mutex_unlock(&lock);
	return 0;
}

static int fake_poll_cq(struct ibv_cq *cq, int nr, struct ibv_wc *wc)
{
	struct fake_cq *f = (struct fake_cq *)cq;
	int n = 0;

	pthread_mutex_lock(&lock);
	if (poll_fails) {
		poll_fails = false;
		pthread_mutex_unlock(&lock);
		return -1;
	}
	while (n < nr && n < (int)f->nr_wcs) {
		wc[n] = f->wcs[n];
		n++;
	}
	f->nr_wcs -= n;
	memmove(f->wcs, f->wcs + n, f->nr_wcs * sizeof(*f->wcs));
	pthread_mutex_unlock(&lock);
	return n;
}

static int fake_req_notify_cq(struct ibv_cq *cq, int solicited)
{
	bool fail;

	pthread_mutex_lock(&lock);
	fail = fails_now();
	if (!fail)
		((struct fake_cq *)cq)->armed = true;
	pthread_mutex_unlock(&lock);
	return fail ? ENOMEM : 0;
}

/* ---- the test plays the network ---- */

bool fake_message(struct rdma_cm_id *id, const void *bytes, size_t len)
{
	struct fake_qp *qp;
	struct ibv_wc wc = { .opcode = IBV_WC_RECV, .byte_len = len };
	bool ok = false;

	pthread_mutex_lock(&lock);
	qp = (struct fake_qp *)id->qp;
	if (qp && qp->nr_receives) {
		assert(len <= qp->receive_sge[0].length);
		memcpy((void *)(uintptr_t)qp->receive_sge[0].addr, bytes, len);
		wc.wr_id = qp->receives[0].wr_id;
		qp->nr_receives--;
		memmove(qp->receives, qp->receives + 1, qp->nr_receives * sizeof(*qp->receives));
		memmove(qp->receive_sge, qp->receive_sge + 1,
			qp->nr_receives * sizeof(*qp->receive_sge));
		add_wc(qp->qp.recv_cq, &wc);
		ok = true;
	}
	pthread_mutex_unlock(&lock);
	return ok;
}

bool fake_sent(struct rdma_cm_id *id, struct fsw_msg *msg, size_t *len)
{
	struct fake_cm_id *f = (struct fake_cm_id *)id;
	bool ok = false;

	pthread_mutex_lock(&lock);
	if (f->nr_taken < f->nr_sent) {
		struct sent *sent = &f->sent[f->nr_taken++];

		memcpy(msg, sent->bytes, sent->len);
		*len = sent->len;
		ok = true;
	}
	pthread_mutex_unlock(&lock);
	return ok;
}

bool fake_wait_sent(struct rdma_cm_id *id, struct fsw_msg *msg, size_t *len)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < 10000; i++) {
		if (fake_sent(id, msg, len))
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

void fake_complete_sends(struct rdma_cm_id *id)
{
	pthread_mutex_lock(&lock);
	if (id->qp)
		complete_sends((struct fake_qp *)id->qp);
	pthread_mutex_unlock(&lock);
}

void fake_auto_complete(bool on)
{
	auto_complete = on;
}

void fake_break(struct rdma_cm_id *id)
{
	struct ibv_wc wc = { .status = IBV_WC_RETRY_EXC_ERR };

	pthread_mutex_lock(&lock);
	add_wc(id->qp->send_cq, &wc);
	pthread_mutex_unlock(&lock);
}

void fake_fail_poll(void)
{
	poll_fails = true;
}

unsigned int fake_receives(struct rdma_cm_id *id)
{
	unsigned int n;

	pthread_mutex_lock(&lock);
	n = ((struct fake_qp *)id->qp)->nr_receives;
	pthread_mutex_unlock(&lock);
	return n;
}

struct fake_id_state fake_id_state(struct rdma_cm_id *id)
{
	struct fake_id_state state;

	pthread_mutex_lock(&lock);
	state = ((struct fake_cm_id *)id)->state;
	state.has_qp = id->qp;
	pthread_mutex_unlock(&lock);
	return state;
}

/* ---- the connection manager ---- */

struct rdma_event_channel *rdma_create_event_channel(void)
{
	if (fake_channel_errno) {
		errno = fake_channel_errno;
		return NULL;
	}
	if (fails_now())
		return NULL;
	cm_channel = make(sizeof(*cm_channel));
	cm_channel->fd = eventfd(0, EFD_SEMAPHORE);
	assert(cm_channel->fd >= 0);
	return cm_channel;
}

void rdma_destroy_event_channel(struct rdma_event_channel *channel)
{
	close(channel->fd);
	unmake(channel);
	cm_channel = NULL;
}

int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id, void *context,
		   enum rdma_port_space ps)
{
	if (fails_now())
		return -1;
	*id = fake_id(0);
	(*id)->context = context;
	(*id)->channel = channel;
	return 0;
}

int rdma_destroy_id(struct rdma_cm_id *id)
{
	struct fake_cm_id *f = (struct fake_cm_id *)id;

	pthread_mutex_lock(&lock);
	/* It would wait for the acknowledgement. */
	assert(!unacked_cm_events);
	assert(!id->qp);
	assert(!f->state.destroyed);
	f->state.destroyed = true;
	objects--;
	pthread_mutex_unlock(&lock);
	return 0;
}

int rdma_bind_addr(struct rdma_cm_id *id, struct sockaddr *addr)
{
	if (fake_bind_errno) {
		errno = fake_bind_errno;
		return -1;
	}
	return fails_now() ? -1 : 0;
}

int rdma_listen(struct rdma_cm_id *id, int backlog)
{
	bool fail;

	if (fake_listen_errno) {
		errno = fake_listen_errno;
		return -1;
	}
	pthread_mutex_lock(&lock);
	fail = fails_now();
	pthread_mutex_unlock(&lock);
	return fail ? -1 : 0;
}

int rdma_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	struct fake_qp *qp;

	pthread_mutex_lock(&lock);
	assert(!id->qp && pd->context == id->verbs);
	assert(attr->send_cq && attr->recv_cq && attr->qp_type == IBV_QPT_RC);
	if (fails_now()) {
		pthread_mutex_unlock(&lock);
		return -1;
	}
	qp = make(sizeof(*qp));
	qp->qp.context = id->verbs;
	qp->qp.pd = pd;
	qp->qp.send_cq = attr->send_cq;
	qp->qp.recv_cq = attr->recv_cq;
	qp->max_send_wr = attr->cap.max_send_wr;
	((struct fake_pd *)pd)->users++;
	((struct fake_pd *)pd)->qps++;
	((struct fake_cq *)attr->send_cq)->users++;
	((struct fake_cq *)attr->recv_cq)->users++;
	id->qp = &qp->qp;
	pthread_mutex_unlock(&lock);
	return 0;
}

void rdma_destroy_qp(struct rdma_cm_id *id)
{
	struct fake_qp *qp;

	pthread_mutex_lock(&lock);
	qp = (struct fake_qp *)id->qp;
	assert(qp);
	((struct fake_pd *)qp->qp.pd)->users--;
	((struct fake_pd *)qp->qp.pd)->qps--;
	((struct fake_cq *)qp->qp.send_cq)->users--;
	((struct fake_cq *)qp->qp.recv_cq)->users--;
	id->qp = NULL;
	unmake(qp);
	pthread_mutex_unlock(&lock);
}

int rdma_accept(struct rdma_cm_id *id, struct rdma_conn_param *param)
{
	struct fake_cm_id *f = (struct fake_cm_id *)id;

	pthread_mutex_lock(&lock);
	assert(id->qp);
	if (fails_now()) {
		pthread_mutex_unlock(&lock);
		return -1;
	}
	f->state.accepted = true;
	f->state.responder_resources = param->responder_resources;
	assert(param->rnr_retry_count == 7);
	assert(param->private_data_len == sizeof(f->state.welcome));
	memcpy(&f->state.welcome, param->private_data, sizeof(f->state.welcome));
	pthread_mutex_unlock(&lock);
	return 0;
}

int rdma_reject(struct rdma_cm_id *id, const void *data, uint8_t len)
{
	struct fake_cm_id *f = (struct fake_cm_id *)id;

	pthread_mutex_lock(&lock);
	assert(!f->state.refused);
	f->state.refused = true;
	assert(len == sizeof(f->state.refusal));
	memcpy(&f->state.refusal, data, len);
	pthread_mutex_unlock(&lock);
	return 0;
}

int rdma_disconnect(struct rdma_cm_id *id)
{
	pthread_mutex_lock(&lock);
	((struct fake_cm_id *)id)->state.disconnects++;
	pthread_mutex_unlock(&lock);
	return 0;
}

const char *rdma_event_str(enum rdma_cm_event_type type)
{
	return "some event";
}

void fake_cm_event(enum rdma_cm_event_type type, struct rdma_cm_id *id, const void *data,
		   size_t len)
{
	uint64_t one = 1;
	void *copy = NULL;

	pthread_mutex_lock(&lock);
	if (data) {
		copy = __real_calloc(1, len + 1);
		assert(copy);
		memcpy(copy, data, len);
	}
	assert(nr_cm_events < MAX_EVENTS);
	cm_events[nr_cm_events++] = (struct rdma_cm_event) {
		.event = type,
		.id = id,
		.param.conn = {
			.private_data = copy,
			.private_data_len = len,
			.responder_resources = 40,
		},
	};
	assert(write(cm_channel->fd, &one, sizeof(one)) == sizeof(one));
	pthread_mutex_unlock(&lock);
}

int rdma_get_cm_event(struct rdma_event_channel *channel, struct rdma_cm_event **event)
{
	uint64_t n;

	if (read(channel->fd, &n, sizeof(n)) < 0)
		return -1;
	pthread_mutex_lock(&lock);
	assert(nr_cm_events);
	*event = __real_calloc(1, sizeof(**event));
	assert(*event);
	**event = cm_events[0];
	nr_cm_events--;
	memmove(cm_events, cm_events + 1, nr_cm_events * sizeof(*cm_events));
	unacked_cm_events++;
	pthread_mutex_unlock(&lock);
	return 0;
}

int rdma_ack_cm_event(struct rdma_cm_event *event)
{
	pthread_mutex_lock(&lock);
	unacked_cm_events--;
	free((void *)event->param.conn.private_data);
	free(event);
	pthread_mutex_unlock(&lock);
	return 0;
}
