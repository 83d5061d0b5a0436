// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * A session: from the options of an attachment to I/O, and back.
 *
 * s->mutex is held while connections and queues are made or unmade: by
 * ->attach and ->detach for as long as they take, and by the works that end
 * the I/O of a failed session and let go of a device that is removed. Any
 * context may find that the session has failed; fsr_session_fail() only notes
 * it and leaves the rest to a work.
 */
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "rdma.h"
#include "trace.h"

/**
 * fsr_session_change - the only way to another state, but for a failure
 * @s: the session
 * @to: the new state
 *
 * Return: false if there is no way from the present state.
 */
bool fsr_session_change(struct fsr_session *s, enum fsr_state to)
{
	bool may;

	spin_lock_irq(&s->state_lock);
	may = fsr_state_may_change(s->state, to);
	if (may) {
		trace_fastswap_rdma_state(s, s->state, to);
		WRITE_ONCE(s->state, to);
	}
	spin_unlock_irq(&s->state_lock);
	return may;
}

/**
 * fsr_session_fail - the session cannot go on
 * @s: the session
 * @fmt: why, for people
 *
 * Any context. The first to call this determines the reason; all others, and
 * those who come when the session ends anyway, have no effect.
 */
void fsr_session_fail(struct fsr_session *s, const char *fmt, ...)
{
	enum fsr_state old;
	unsigned long flags;
	va_list args;
	bool may;

	spin_lock_irqsave(&s->state_lock, flags);
	old = s->state;
	may = fsr_state_may_change(old, FSR_FAILED);
	if (may) {
		va_start(args, fmt);
		vsnprintf(s->why, sizeof(s->why), fmt, args);
		va_end(args);
		trace_fastswap_rdma_state(s, old, FSR_FAILED);
		WRITE_ONCE(s->state, FSR_FAILED);
	}
	spin_unlock_irqrestore(&s->state_lock, flags);
	if (!may)
		return;

	if (old == FSR_LIVE) {
		fsr_err(s, "failed: %s; its pages are lost, all I/O ends with an error\n", s->why);
		fastswap_set_health(s->dev, FASTSWAP_FAILED);
		queue_work(fsr_wq, &s->fail_work);
	}
	/* Before that, ->attach is waiting for something. */
	wake_up_all(&s->wait);
}

/*
 * End all I/O. All queues are halted before the first is waited for: one bound
 * for all of them. What is called here allocates as it likes, and reclaim may
 * have nothing to write to but this device: it must not wait for that.
 */
static void stop_all(struct fsr_session *s)
{
	unsigned int noio = memalloc_noio_save();
	unsigned long deadline;
	unsigned int i;

	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_halt(&s->queues[i]);
	deadline = jiffies + msecs_to_jiffies(FSR_DRAIN_MS);
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_drain(&s->queues[i], deadline);
	fsr_control_stop(s);
	memalloc_noio_restore(noio);
}

static void fail_work(struct work_struct *work)
{
	struct fsr_session *s = container_of(work, struct fsr_session, fail_work);

	mutex_lock(&s->mutex);
	if (!s->down)
		stop_all(s);
	mutex_unlock(&s->mutex);
}

/*
 * Let go of everything that belongs to the RDMA device. The device cannot
 * vanish as long as an id refers to it: so the ids go last.
 */
static void tear_down(struct fsr_session *s)
{
	unsigned int noio;
	unsigned int i;

	lockdep_assert_held(&s->mutex);
	if (s->down)
		return;
	s->down = true;

	noio = memalloc_noio_save();
	stop_all(s);
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_destroy(&s->queues[i]);
	fsr_control_destroy(s);
	if (s->pd)
		ib_dealloc_pd(s->pd);
	s->pd = NULL;
	fsr_conn_close(&s->conn);
	memalloc_noio_restore(noio);
}

static void removal_work(struct work_struct *work)
{
	struct fsr_session *s = container_of(work, struct fsr_session, removal_work);

	mutex_lock(&s->mutex);
	tear_down(s);
	mutex_unlock(&s->mutex);
}

static struct fsr_session *alloc_session(struct fastswap_device *dev)
{
	struct fsr_session *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->dev = dev;
	mutex_init(&s->mutex);
	spin_lock_init(&s->state_lock);
	s->state = FSR_CONNECTING;
	s->depth = READ_ONCE(fsr_depth);
	s->work_sge = READ_ONCE(fsr_max_sge);
	init_waitqueue_head(&s->wait);
	INIT_WORK(&s->fail_work, fail_work);
	INIT_WORK(&s->removal_work, removal_work);
	fsr_conn_init(&s->conn, s, FSW_ROLE_CONTROL, 0);
	get_random_bytes(s->session_id, sizeof(s->session_id));
	return s;
}

static void free_session(struct fsr_session *s)
{
	unsigned int i;

	/* Whoever saw the failure in a soft interrupt or under a spinlock is through after this. */
	synchronize_rcu();
	cancel_work_sync(&s->fail_work);
	cancel_work_sync(&s->removal_work);

	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_free(&s->queues[i]);
	kvfree(s->queues);
	kvfree(s->map.chunks);
	fsr_control_free(s);
	kfree(s);
}

/* What to tell the user when a step of a connection failed. */
static int conn_failed(struct fsr_conn *conn, int err, char *error)
{
	struct fsr_session *s = conn->session;

	if (fsr_session_state(s) == FSR_FAILED)
		strscpy(error, s->why, FASTSWAP_ERROR_MAX);
	else if (err == -ETIME)
		snprintf(error, FASTSWAP_ERROR_MAX, "%s does not answer on port %u",
			 s->params.peer, s->params.port);
	else if (err == -EINTR)
		strscpy(error, "interrupted", FASTSWAP_ERROR_MAX);
	else
		strscpy(error, conn->error, FASTSWAP_ERROR_MAX);
	return err == -ETIME ? -ETIMEDOUT : err;
}

/* The RDMA device is known: is it one that we can use, and what can it do? */
static int check_device(struct fsr_session *s, char *error)
{
	struct ib_device *ibdev = s->conn.id->device;
	u32 port = s->conn.id->port_num;
	struct ib_port_attr attr;
	size_t max;
	int err;

	if (!rdma_ib_or_roce(ibdev, port)) {
		snprintf(error, FASTSWAP_ERROR_MAX,
			 "%s is neither InfiniBand nor RoCE, nothing else is supported",
			 dev_name(&ibdev->dev));
		return -EOPNOTSUPP;
	}
	err = ib_query_port(ibdev, port, &attr);
	if (err) {
		snprintf(error, FASTSWAP_ERROR_MAX, "cannot query %s: error %d",
			 dev_name(&ibdev->dev), err);
		return err;
	}

	s->ibdev = ibdev;
	s->max_sge = min_t(u32, ibdev->attrs.max_sge_rd ?: 1, s->work_sge);
	s->max_sge = min_t(u32, s->max_sge, ibdev->attrs.max_send_sge);
	/* A single block of direct I/O may lie across two pages. */
	if (s->max_sge < 2) {
		snprintf(error, FASTSWAP_ERROR_MAX,
			 "%s takes one piece of memory per READ, at least two are needed",
			 dev_name(&ibdev->dev));
		return -EOPNOTSUPP;
	}
	/* A bio is one work request; none of its pieces may be too long to map. */
	max = min_t(size_t, FSR_MAX_BYTES, attr.max_msg_sz);
	max = min_t(size_t, max, ib_dma_max_seg_size(ibdev));
	if (ibdev->dma_device)
		max = min(max, dma_max_mapping_size(ibdev->dma_device));
	s->max_bytes = round_down(max, FASTSWAP_SLOT_SIZE);
	return 0;
}

static int connect_control(struct fsr_session *s, char *error)
{
	int err;

	err = fsr_control_alloc(s);
	if (err)
		return err;

	err = fsr_conn_open(&s->conn) ?: fsr_conn_wait(&s->conn, FSR_CONNECT_MS);
	if (err)
		return conn_failed(&s->conn, err, error);
	err = check_device(s, error);
	if (err)
		return err;

	err = fsr_conn_route(&s->conn) ?: fsr_conn_wait(&s->conn, FSR_CONNECT_MS);
	if (err)
		return conn_failed(&s->conn, err, error);

	s->pd = ib_alloc_pd(s->ibdev, 0);
	if (IS_ERR(s->pd)) {
		err = PTR_ERR(s->pd);
		s->pd = NULL;
	} else {
		err = fsr_control_start(s);
	}
	if (err) {
		snprintf(error, FASTSWAP_ERROR_MAX, "cannot make the control queue pair: error %d",
			 err);
		return err;
	}

	err = fsr_conn_connect(&s->conn) ?: fsr_conn_wait(&s->conn, FSR_CONNECT_MS);
	if (err)
		return conn_failed(&s->conn, err, error);
	s->welcome = s->conn.welcome;
	return 0;
}

static int get_chunks(struct fsr_session *s, u64 size, char *error)
{
	struct fsr_chunkmap *map = &s->map;
	int err;

	err = fsr_chunkmap_plan(&s->welcome, size, &map->nr, error, FASTSWAP_ERROR_MAX);
	if (err)
		return err;
	map->shift = s->welcome.chunk_shift;
	map->chunks = kvcalloc(map->nr, sizeof(*map->chunks), GFP_KERNEL);
	if (!map->chunks)
		return -ENOMEM;

	err = fsr_control_request(s, size != 0, error);
	if (err && fsr_session_state(s) == FSR_FAILED)
		strscpy(error, s->why, FASTSWAP_ERROR_MAX);
	return err;
}

static int alloc_queues(struct fsr_session *s)
{
	unsigned int i;
	int err;

	s->nr_sets = min_t(unsigned int, s->nr_sets, fsw_letoh16(s->welcome.max_sets));
	s->queues = kvcalloc(s->nr_sets * FSR_QUEUES_PER_SET, sizeof(*s->queues), GFP_KERNEL);
	if (!s->queues)
		return -ENOMEM;

	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_init(&s->queues[i], s, FSW_ROLE_DEMAND + i % FSR_QUEUES_PER_SET,
			       i / FSR_QUEUES_PER_SET);
	for (i = 0; i < fsr_nr_queues(s); i++) {
		err = fsr_queue_alloc(&s->queues[i]);
		if (err)
			return err;
	}
	return 0;
}

static int start_connect(struct fsr_conn *conn)
{
	struct fsr_queue *q = container_of(conn, struct fsr_queue, conn);
	int err;

	err = fsr_queue_start(q);
	if (err) {
		snprintf(conn->error, sizeof(conn->error),
			 "cannot make queue pair %u of %u: error %d",
			 (unsigned int)(q - conn->session->queues) + 1,
			 fsr_nr_queues(conn->session), err);
		return err;
	}
	return fsr_conn_connect(conn);
}

/* One step of all data connections side by side, with one bound for all. */
static int step_all(struct fsr_session *s, int (*start)(struct fsr_conn *), char *error)
{
	unsigned long now, deadline;
	struct fsr_conn *conn;
	unsigned int i, left;
	int err;

	for (i = 0; i < fsr_nr_queues(s); i++) {
		conn = &s->queues[i].conn;
		err = start(conn);
		if (err)
			return conn_failed(conn, err, error);
	}
	deadline = jiffies + msecs_to_jiffies(FSR_CONNECT_MS +
					      fsr_nr_queues(s) * FSR_CONNECT_EACH_MS);
	for (i = 0; i < fsr_nr_queues(s); i++) {
		conn = &s->queues[i].conn;
		now = jiffies;
		left = time_before(now, deadline) ? jiffies_to_msecs(deadline - now) : 0;
		err = fsr_conn_wait(conn, left);
		if (err)
			return conn_failed(conn, err, error);
		if (conn->id->device != s->ibdev) {
			snprintf(error, FASTSWAP_ERROR_MAX,
				 "several RDMA devices reach %s: choose by the source address",
				 s->params.peer);
			return -EXDEV;
		}
	}
	return 0;
}

static int connect_queues(struct fsr_session *s, char *error)
{
	int err;

	err = alloc_queues(s);
	if (err)
		return err;
	err = step_all(s, fsr_conn_open, error);
	if (!err)
		err = step_all(s, fsr_conn_route, error);
	if (!err)
		err = step_all(s, start_connect, error);
	return err;
}

static int connect_session(struct fsr_session *s, char *options, u64 size, char *error)
{
	unsigned int i;
	int err;

	err = fsr_params_parse(&s->params, options, error, FASTSWAP_ERROR_MAX);
	if (err)
		return err;
	if (s->params.has_client_id)
		memcpy(s->client_id, s->params.client_id, sizeof(s->client_id));
	else
		get_random_bytes(s->client_id, sizeof(s->client_id));
	s->nr_sets = s->params.queues ?: min_t(unsigned int, num_online_cpus(), FSW_MAX_SETS);

	err = connect_control(s, error);
	if (!err)
		err = get_chunks(s, size, error);
	if (!err)
		err = connect_queues(s, error);
	if (err)
		return err;

	snprintf(s->description, sizeof(s->description),
		 "%pISpc over %s, %u queue sets of %u, %u chunks of %u MiB", &s->params.addr,
		 dev_name(&s->ibdev->dev), s->nr_sets, s->queues[0].depth, s->map.nr,
		 1u << (s->map.shift - 20));
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_go_live(&s->queues[i]);
	fsr_control_keep_alive(s);
	if (!fsr_session_change(s, FSR_LIVE)) {
		strscpy(error, s->why, FASTSWAP_ERROR_MAX);
		return -ECONNRESET;
	}
	fsr_info(s, "%s\n", s->description);
	return 0;
}

static void set_limits(const struct fsr_session *s, u64 size, struct fastswap_limits *limits)
{
	limits->size = size ?: fsr_chunkmap_bytes(&s->map);
	limits->chunk_size = 1u << s->map.shift;
	limits->max_segments = s->max_sge;
	limits->max_bytes = s->max_bytes;
	limits->node = ibdev_to_node(s->ibdev);
}

/* ->attach of struct fastswap_backend_ops */
int fsr_attach(struct fastswap_device *dev, char *options, u64 size,
	       struct fastswap_limits *limits, void **priv, char *error)
{
	struct fsr_session *s = alloc_session(dev);
	int err;

	if (!s)
		return -ENOMEM;

	mutex_lock(&s->mutex);
	err = connect_session(s, options, size, error);
	if (err) {
		fsr_session_change(s, FSR_CLOSING);
		tear_down(s);
		fsr_session_change(s, FSR_CLOSED);
	} else {
		set_limits(s, size, limits);
	}
	mutex_unlock(&s->mutex);

	if (err) {
		free_session(s);
		return err;
	}
	*priv = s;
	return 0;
}

/* ->detach of struct fastswap_backend_ops */
void fsr_detach(void *priv)
{
	struct fsr_session *s = priv;
	bool alive;

	mutex_lock(&s->mutex);
	alive = fsr_session_state(s) == FSR_LIVE;
	fsr_session_change(s, FSR_CLOSING);
	if (alive)
		fsr_control_leave(s);
	tear_down(s);
	fsr_session_change(s, FSR_CLOSED);
	mutex_unlock(&s->mutex);

	free_session(s);
}
