// SPDX-License-Identifier: GPL-2.0-only
/* The half of the stand-in that plays librdmacm. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fake_impl.h"

#define MAX_EVENTS	64

static struct rdma_event_channel *cm_channel;
static struct rdma_cm_event cm_events[MAX_EVENTS];
static unsigned int nr_cm_events, unacked_cm_events;
static unsigned int bad_gets;
static int bad_get_errno;
int fake_bind_errno, fake_listen_errno, fake_channel_errno, fake_option_errno;

void fake_cm_reset(void)
{
	unsigned int i;

	while (fake_ids) {
		struct fake_cm_id *next = fake_ids->next;

		free(fake_ids->sent);
		free(fake_ids);
		fake_ids = next;
	}
	for (i = 0; i < nr_cm_events; i++)
		free((void *)cm_events[i].param.conn.private_data);
	nr_cm_events = unacked_cm_events = 0;
	bad_gets = 0;
	fake_bind_errno = fake_listen_errno = fake_channel_errno = fake_option_errno = 0;
}

void fake_forget_ids(void)
{
	struct fake_cm_id **at = &fake_ids;

	pthread_mutex_lock(&fake_lock);
	while (*at) {
		struct fake_cm_id *id = *at;

		if (!id->state.destroyed) {
			at = &id->next;
			continue;
		}
		*at = id->next;
		free(id->sent);
		free(id);
	}
	pthread_mutex_unlock(&fake_lock);
}

/* As librdmacm returns an errno value. */
static int result(int err)
{
	if (!err)
		return 0;
	errno = err;
	return -1;
}

struct rdma_cm_id *fake_id(unsigned int device)
{
	struct fake_cm_id *id;

	pthread_mutex_lock(&fake_lock);
	id = fake_make(sizeof(*id));
	id->sent = __real_calloc(MAX_SENT, sizeof(*id->sent));
	assert(id->sent);
	id->id.verbs = fake_device(device);
	id->id.route.addr.dst_sin.sin_family = AF_INET;
	id->id.route.addr.dst_sin.sin_addr.s_addr = htonl(0x0a000001);
	id->next = fake_ids;
	fake_ids = id;
	pthread_mutex_unlock(&fake_lock);
	return &id->id;
}

struct fake_id_state fake_id_state(struct rdma_cm_id *id)
{
	struct fake_id_state state;

	pthread_mutex_lock(&fake_lock);
	state = ((struct fake_cm_id *)id)->state;
	state.has_qp = ((struct fake_cm_id *)id)->qp;
	pthread_mutex_unlock(&fake_lock);
	return state;
}

struct rdma_event_channel *rdma_create_event_channel(void)
{
	if (fake_channel_errno) {
		errno = fake_channel_errno;
		return NULL;
	}
	if (fake_fails_now())
		return NULL;
	cm_channel = fake_make(sizeof(*cm_channel));
	cm_channel->fd = eventfd(0, EFD_SEMAPHORE);
	assert(cm_channel->fd >= 0);
	return cm_channel;
}

void rdma_destroy_event_channel(struct rdma_event_channel *channel)
{
	close(channel->fd);
	fake_unmake(channel);
	cm_channel = NULL;
}

int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id, void *context,
		   enum rdma_port_space ps)
{
	if (fake_fails_now())
		return -1;
	*id = fake_id(0);
	(*id)->context = context;
	(*id)->channel = channel;
	return 0;
}

/* Under the lock. Events that were not taken are dropped together with their id. */
static void drop_events(struct rdma_cm_id *id)
{
	unsigned int i, left = 0;
	uint64_t n;

	for (i = 0; i < nr_cm_events; i++) {
		if (cm_events[i].id != id) {
			cm_events[left++] = cm_events[i];
			continue;
		}
		free((void *)cm_events[i].param.conn.private_data);
		assert(read(cm_channel->fd, &n, sizeof(n)) == sizeof(n));
	}
	nr_cm_events = left;
}

int rdma_destroy_id(struct rdma_cm_id *id)
{
	struct fake_cm_id *f = (struct fake_cm_id *)id;
	int err;

	pthread_mutex_lock(&fake_lock);
	/* It would wait for the acknowledgement. */
	assert(!unacked_cm_events);
	assert(!id->qp && !f->qp);
	assert(!f->state.destroyed);
	f->state.destroyed = true;
	drop_events(id);
	fake_forget();
	err = fake_call_errno(FAKE_DESTROY_ID);
	pthread_mutex_unlock(&fake_lock);
	return result(err);
}

int rdma_set_option(struct rdma_cm_id *id, int level, int name, void *value, size_t len)
{
	struct fake_cm_id *f = (struct fake_cm_id *)id;

	assert(level == RDMA_OPTION_ID && name == RDMA_OPTION_ID_AFONLY);
	assert(len == sizeof(int) && !*(int *)value);
	/* The kernel refuses it afterwards. */
	assert(!f->state.bound);
	if (fake_option_errno) {
		errno = fake_option_errno;
		return -1;
	}
	f->state.both_families = true;
	return 0;
}

int rdma_bind_addr(struct rdma_cm_id *id, struct sockaddr *addr)
{
	((struct fake_cm_id *)id)->state.bound = true;
	if (fake_bind_errno) {
		errno = fake_bind_errno;
		return -1;
	}
	return fake_fails_now() ? -1 : 0;
}

int rdma_listen(struct rdma_cm_id *id, int backlog)
{
	bool fail;

	if (fake_listen_errno) {
		errno = fake_listen_errno;
		return -1;
	}
	pthread_mutex_lock(&fake_lock);
	fail = fake_fails_now();
	pthread_mutex_unlock(&fake_lock);
	return fail ? -1 : 0;
}

int rdma_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	struct fake_qp *qp;

	pthread_mutex_lock(&fake_lock);
	assert(!id->qp && pd->context == id->verbs);
	assert(attr->send_cq && attr->recv_cq && attr->qp_type == IBV_QPT_RC);
	if (fake_fails_now()) {
		pthread_mutex_unlock(&fake_lock);
		return -1;
	}
	qp = fake_make(sizeof(*qp));
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
	qp->owner = (struct fake_cm_id *)id;
	qp->owner->qp = qp;
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

int ibv_destroy_qp(struct ibv_qp *ibqp)
{
	struct fake_qp *qp = (struct fake_qp *)ibqp;

	pthread_mutex_lock(&fake_lock);
	assert(qp && qp->owner->qp == qp);
	qp->owner->qp = NULL;
	((struct fake_pd *)qp->qp.pd)->users--;
	((struct fake_pd *)qp->qp.pd)->qps--;
	((struct fake_cq *)qp->qp.send_cq)->users--;
	((struct fake_cq *)qp->qp.recv_cq)->users--;
	fake_unmake(qp);
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

void rdma_destroy_qp(struct rdma_cm_id *id)
{
	ibv_destroy_qp(id->qp);
	id->qp = NULL;
}

int rdma_accept(struct rdma_cm_id *id, struct rdma_conn_param *param)
{
	struct fake_cm_id *f = (struct fake_cm_id *)id;

	pthread_mutex_lock(&fake_lock);
	assert(id->qp);
	if (fake_fails_now()) {
		pthread_mutex_unlock(&fake_lock);
		return -1;
	}
	f->state.accepted = true;
	f->state.responder_resources = param->responder_resources;
	assert(param->rnr_retry_count == 7);
	assert(param->private_data_len == sizeof(f->state.welcome));
	memcpy(&f->state.welcome, param->private_data, sizeof(f->state.welcome));
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

int rdma_reject(struct rdma_cm_id *id, const void *data, uint8_t len)
{
	struct fake_cm_id *f = (struct fake_cm_id *)id;
	int err;

	pthread_mutex_lock(&fake_lock);
	assert(!f->state.refused);
	f->state.refused = true;
	assert(len == sizeof(f->state.refusal));
	memcpy(&f->state.refusal, data, len);
	err = fake_call_errno(FAKE_REJECT);
	pthread_mutex_unlock(&fake_lock);
	return result(err);
}

int rdma_disconnect(struct rdma_cm_id *id)
{
	int err;

	pthread_mutex_lock(&fake_lock);
	((struct fake_cm_id *)id)->state.disconnects++;
	err = fake_call_errno(FAKE_DISCONNECT);
	pthread_mutex_unlock(&fake_lock);
	return result(err);
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

	pthread_mutex_lock(&fake_lock);
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
	pthread_mutex_unlock(&fake_lock);
}

void fake_fail_cm_events(unsigned int times, int err)
{
	uint64_t one = 1;

	bad_gets = times;
	bad_get_errno = err;
	/* Such a channel is readable all the time. */
	assert(write(cm_channel->fd, &one, sizeof(one)) == sizeof(one));
}

unsigned int fake_bad_cm_events(void)
{
	return bad_gets;
}

int rdma_get_cm_event(struct rdma_event_channel *channel, struct rdma_cm_event **event)
{
	uint64_t n;

	if (bad_gets) {
		/* The last one takes what made the channel readable with it. */
		if (!--bad_gets)
			assert(read(channel->fd, &n, sizeof(n)) == sizeof(n));
		errno = bad_get_errno;
		return -1;
	}
	if (read(channel->fd, &n, sizeof(n)) < 0)
		return -1;
	pthread_mutex_lock(&fake_lock);
	assert(nr_cm_events);
	*event = __real_calloc(1, sizeof(**event));
	assert(*event);
	**event = cm_events[0];
	nr_cm_events--;
	memmove(cm_events, cm_events + 1, nr_cm_events * sizeof(*cm_events));
	unacked_cm_events++;
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

int rdma_ack_cm_event(struct rdma_cm_event *event)
{
	pthread_mutex_lock(&fake_lock);
	unacked_cm_events--;
	free((void *)event->param.conn.private_data);
	free(event);
	pthread_mutex_unlock(&fake_lock);
	return 0;
}
