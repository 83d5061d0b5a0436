// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "fake_impl.h"

#undef ibv_reg_mr

pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;
struct fake_cm_id *fake_ids;
static unsigned int fail_at, calls;
static int objects, devices;
static bool auto_complete, poll_fails;
static int dereg_errno;
static uint32_t next_rkey;
static int call_errno[FAKE_NR_CALLS];
static bool removed[2], port_down[2];
static unsigned int raced_deregs;
static void *orphans[16];	/* what the real library would leak; freed by fake_reset() */
static unsigned int nr_orphans;

static int fake_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad);
static int fake_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad);
static int fake_poll_cq(struct ibv_cq *cq, int nr, struct ibv_wc *wc);
static int fake_req_notify_cq(struct ibv_cq *cq, int solicited);

static struct ibv_context contexts[2];

void fake_reset(void)
{
	unsigned int i;

	fake_cm_reset();
	for (i = 0; i < 2; i++) {
		contexts[i].ops.post_send = fake_post_send;
		contexts[i].ops.post_recv = fake_post_recv;
		contexts[i].ops.poll_cq = fake_poll_cq;
		contexts[i].ops.req_notify_cq = fake_req_notify_cq;
	}
	fail_at = calls = 0;
	objects = 0;
	devices = 2;
	auto_complete = poll_fails = false;
	dereg_errno = 0;
	memset(call_errno, 0, sizeof(call_errno));
	memset(removed, 0, sizeof(removed));
	memset(port_down, 0, sizeof(port_down));
	raced_deregs = 0;
	while (nr_orphans)
		free(orphans[--nr_orphans]);
}

void fake_fail_call(enum fake_call call, int err)
{
	pthread_mutex_lock(&fake_lock);
	call_errno[call] = err;
	pthread_mutex_unlock(&fake_lock);
}

int fake_call_errno(enum fake_call call)
{
	return call_errno[call];
}

void fake_remove_device(unsigned int device)
{
	pthread_mutex_lock(&fake_lock);
	removed[device] = true;
	pthread_mutex_unlock(&fake_lock);
}

/* What a call to destroy an object of a device returns. */
static int destroy_errno(struct ibv_context *context, int err)
{
	return removed[context - contexts] ? EIO : err;
}

unsigned int fake_raced_deregs(void)
{
	unsigned int n;

	pthread_mutex_lock(&fake_lock);
	n = raced_deregs;
	pthread_mutex_unlock(&fake_lock);
	return n;
}

int fake_objects(void)
{
	int n;

	pthread_mutex_lock(&fake_lock);
	n = objects;
	pthread_mutex_unlock(&fake_lock);
	return n;
}

void fake_fail(unsigned int nth)
{
	pthread_mutex_lock(&fake_lock);
	fail_at = nth;
	calls = 0;
	pthread_mutex_unlock(&fake_lock);
}

void fake_fail_dereg(int err)
{
	dereg_errno = err;
}

unsigned int fake_calls(void)
{
	unsigned int n;

	pthread_mutex_lock(&fake_lock);
	n = calls;
	pthread_mutex_unlock(&fake_lock);
	return n;
}

/* Called under the lock by everything that can fail. */
bool fake_fails_now(void)
{
	calls++;
	if (!fail_at || calls != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

void *__wrap_calloc(size_t nr, size_t size)
{
	bool fail;

	pthread_mutex_lock(&fake_lock);
	fail = fake_fails_now();
	pthread_mutex_unlock(&fake_lock);
	return fail ? NULL : __real_calloc(nr, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	bool fail;

	pthread_mutex_lock(&fake_lock);
	fail = fake_fails_now();
	pthread_mutex_unlock(&fake_lock);
	return fail ? NULL : __real_aligned_alloc(align, size);
}

/* Our own allocations never fail on demand. */
void *fake_make(size_t size)
{
	void *p = __real_calloc(1, size);

	assert(p);
	objects++;
	return p;
}

void fake_unmake(void *p)
{
	objects--;
	free(p);
}

void fake_forget(void)
{
	objects--;
}

struct ibv_context *fake_device(unsigned int nr)
{
	return &contexts[nr];
}

void fake_set_devices(int nr)
{
	devices = nr;
}

/* ---- verbs ---- */

struct ibv_device **ibv_get_device_list(int *nr)
{
	if (fake_fails_now())
		return NULL;
	*nr = devices;
	return fake_make(sizeof(void *) * 3);
}

void ibv_free_device_list(struct ibv_device **list)
{
	fake_unmake(list);
}

int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *attr)
{
	int err;

	pthread_mutex_lock(&fake_lock);
	err = destroy_errno(context, call_errno[FAKE_QUERY_DEVICE]);
	if (!err && fake_fails_now())
		err = errno;
	pthread_mutex_unlock(&fake_lock);
	if (err)
		return err;
	memset(attr, 0, sizeof(*attr));
	attr->max_qp_rd_atom = 16;
	return 0;
}

void fake_set_port(unsigned int device, bool up)
{
	pthread_mutex_lock(&fake_lock);
	port_down[device] = !up;
	pthread_mutex_unlock(&fake_lock);
}

/* What the inline function of the same name calls where a device has nothing better. */
int(ibv_query_port)(struct ibv_context *context, uint8_t port, struct _compat_ibv_port_attr *attr)
{
	int err;

	pthread_mutex_lock(&fake_lock);
	err = destroy_errno(context, call_errno[FAKE_QUERY_PORT]);
	((struct ibv_port_attr *)attr)->state = port_down[context - contexts] ? IBV_PORT_DOWN :
										IBV_PORT_ACTIVE;
	pthread_mutex_unlock(&fake_lock);
	return err;
}

int ibv_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask)
{
	assert(mask == IBV_QP_STATE);
	qp->state = attr->qp_state;
	return 0;
}

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
{
	struct fake_pd *pd = NULL;

	pthread_mutex_lock(&fake_lock);
	if (!fake_fails_now()) {
		pd = fake_make(sizeof(*pd));
		pd->pd.context = context;
	}
	pthread_mutex_unlock(&fake_lock);
	return pd ? &pd->pd : NULL;
}

int ibv_dealloc_pd(struct ibv_pd *pd)
{
	struct fake_pd *f = (struct fake_pd *)pd;
	int err;

	pthread_mutex_lock(&fake_lock);
	if (f->users) {
		pthread_mutex_unlock(&fake_lock);
		return EBUSY;
	}
	err = destroy_errno(pd->context, call_errno[FAKE_DEALLOC_PD]);
	fake_unmake(f);
	pthread_mutex_unlock(&fake_lock);
	return err;
}

struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t len, int access)
{
	struct fake_mr *mr = NULL;

	pthread_mutex_lock(&fake_lock);
	if (!fake_fails_now()) {
		mr = fake_make(sizeof(*mr));
		mr->mr.pd = pd;
		mr->mr.context = pd->context;
		mr->mr.addr = addr;
		mr->mr.length = len;
		mr->mr.lkey = mr->mr.rkey = ++next_rkey;
		mr->access = access;
		((struct fake_pd *)pd)->users++;
	}
	pthread_mutex_unlock(&fake_lock);
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
	int err;

	pthread_mutex_lock(&fake_lock);
	if (dereg_errno && f->access & IBV_ACCESS_REMOTE_WRITE) {
		pthread_mutex_unlock(&fake_lock);
		return dereg_errno;
	}
	if (f->access & IBV_ACCESS_REMOTE_WRITE && ((struct fake_pd *)mr->pd)->qps)
		raced_deregs++;
	err = destroy_errno(mr->context, 0);
	((struct fake_pd *)mr->pd)->users--;
	fake_unmake(f);
	pthread_mutex_unlock(&fake_lock);
	return err;
}

struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context)
{
	struct fake_channel *channel = NULL;

	pthread_mutex_lock(&fake_lock);
	if (!fake_fails_now()) {
		channel = fake_make(sizeof(*channel));
		channel->channel.context = context;
		channel->channel.fd = eventfd(0, EFD_SEMAPHORE);
		assert(channel->channel.fd >= 0);
	}
	pthread_mutex_unlock(&fake_lock);
	return channel ? &channel->channel : NULL;
}

int ibv_destroy_comp_channel(struct ibv_comp_channel *channel)
{
	struct fake_channel *f = (struct fake_channel *)channel;

	pthread_mutex_lock(&fake_lock);
	assert(!f->users);
	assert(!close(channel->fd));
	fake_unmake(f);
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

struct ibv_cq *ibv_create_cq(struct ibv_context *context, int nr, void *cq_context,
			     struct ibv_comp_channel *channel, int vector)
{
	struct fake_cq *cq = NULL;

	assert(nr > 0);
	pthread_mutex_lock(&fake_lock);
	if (!fake_fails_now()) {
		cq = fake_make(sizeof(*cq));
		cq->cq.context = context;
		cq->cq.channel = channel;
		if (channel)
			((struct fake_channel *)channel)->users++;
	}
	pthread_mutex_unlock(&fake_lock);
	return cq ? &cq->cq : NULL;
}

int ibv_destroy_cq(struct ibv_cq *cq)
{
	struct fake_cq *f = (struct fake_cq *)cq;
	int err;

	pthread_mutex_lock(&fake_lock);
	assert(!f->users);
	/* The real one would wait for ever. */
	assert(!f->unacked);
	err = destroy_errno(cq->context, call_errno[FAKE_DESTROY_CQ]);
	if (cq->channel && !removed[cq->context - contexts]) {
		((struct fake_channel *)cq->channel)->users--;
	} else if (cq->channel) {
		/* The channel cannot be destroyed any more; all one can do is close its file. */
		assert(nr_orphans < 16);
		orphans[nr_orphans++] = cq->channel;
		fake_forget();
	}
	fake_unmake(f);
	pthread_mutex_unlock(&fake_lock);
	return err;
}

int ibv_get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **cq, void **context)
{
	struct fake_channel *f = (struct fake_channel *)channel;
	uint64_t n;

	if (read(channel->fd, &n, sizeof(n)) < 0)
		return -1;
	pthread_mutex_lock(&fake_lock);
	*cq = f->events[--f->nr_events];
	*context = NULL;
	((struct fake_cq *)*cq)->unacked++;
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

void ibv_ack_cq_events(struct ibv_cq *cq, unsigned int nr)
{
	pthread_mutex_lock(&fake_lock);
	((struct fake_cq *)cq)->unacked -= nr;
	pthread_mutex_unlock(&fake_lock);
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

	pthread_mutex_lock(&fake_lock);
	if (fake_fails_now()) {
		pthread_mutex_unlock(&fake_lock);
		return ENOMEM;
	}
	id = f->owner;
	assert(wr->opcode == IBV_WR_SEND && wr->num_sge == 1 && !wr->next);
	assert(f->nr_pending < f->max_send_wr);
	assert(id->nr_sent < MAX_SENT);
	sent = &id->sent[id->nr_sent++];
	sent->len = wr->sg_list->length;
	assert(sent->len <= MAX_SENT_BYTES);
	memcpy(sent->bytes, (void *)(uintptr_t)wr->sg_list->addr, sent->len);
	f->pending[f->nr_pending++] = wr->wr_id;
	if (auto_complete)
		complete_sends(f);
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

static int fake_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	struct fake_qp *f = (struct fake_qp *)qp;

	pthread_mutex_lock(&fake_lock);
	if (fake_fails_now()) {
		pthread_mutex_unlock(&fake_lock);
		return ENOMEM;
	}
	assert(f->nr_receives < FSW_CTRL_DEPTH);
	f->receives[f->nr_receives] = *wr;
	f->receive_sge[f->nr_receives++] = *wr->sg_list;
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

static int fake_poll_cq(struct ibv_cq *cq, int nr, struct ibv_wc *wc)
{
	struct fake_cq *f = (struct fake_cq *)cq;
	int n = 0;

	pthread_mutex_lock(&fake_lock);
	if (poll_fails) {
		poll_fails = false;
		pthread_mutex_unlock(&fake_lock);
		return -1;
	}
	while (n < nr && n < (int)f->nr_wcs) {
		wc[n] = f->wcs[n];
		n++;
	}
	f->nr_wcs -= n;
	memmove(f->wcs, f->wcs + n, f->nr_wcs * sizeof(*f->wcs));
	pthread_mutex_unlock(&fake_lock);
	return n;
}

static int fake_req_notify_cq(struct ibv_cq *cq, int solicited)
{
	bool fail;

	pthread_mutex_lock(&fake_lock);
	fail = fake_fails_now();
	if (!fail)
		((struct fake_cq *)cq)->armed = true;
	pthread_mutex_unlock(&fake_lock);
	return fail ? ENOMEM : 0;
}

/* ---- the test plays the network ---- */

bool fake_message(struct rdma_cm_id *id, const void *bytes, size_t len)
{
	struct fake_qp *qp;
	struct ibv_wc wc = { .opcode = IBV_WC_RECV, .byte_len = len };
	bool ok = false;

	pthread_mutex_lock(&fake_lock);
	qp = ((struct fake_cm_id *)id)->qp;
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
	pthread_mutex_unlock(&fake_lock);
	return ok;
}

bool fake_sent(struct rdma_cm_id *id, struct fsw_msg *msg, size_t *len)
{
	struct fake_cm_id *f = (struct fake_cm_id *)id;
	bool ok = false;

	pthread_mutex_lock(&fake_lock);
	if (f->nr_taken < f->nr_sent) {
		struct sent *sent = &f->sent[f->nr_taken++];

		memcpy(msg, sent->bytes, sent->len);
		*len = sent->len;
		ok = true;
	}
	if (f->nr_taken == f->nr_sent)
		f->nr_taken = f->nr_sent = 0;
	pthread_mutex_unlock(&fake_lock);
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
	pthread_mutex_lock(&fake_lock);
	if (((struct fake_cm_id *)id)->qp)
		complete_sends(((struct fake_cm_id *)id)->qp);
	pthread_mutex_unlock(&fake_lock);
}

void fake_auto_complete(bool on)
{
	auto_complete = on;
}

void fake_break(struct rdma_cm_id *id)
{
	struct ibv_wc wc = { .status = IBV_WC_RETRY_EXC_ERR };

	pthread_mutex_lock(&fake_lock);
	add_wc(((struct fake_cm_id *)id)->qp->qp.send_cq, &wc);
	pthread_mutex_unlock(&fake_lock);
}

void fake_fail_poll(void)
{
	poll_fails = true;
}

unsigned int fake_receives(struct rdma_cm_id *id)
{
	unsigned int n;

	pthread_mutex_lock(&fake_lock);
	n = ((struct fake_cm_id *)id)->qp->nr_receives;
	pthread_mutex_unlock(&fake_lock);
	return n;
}
