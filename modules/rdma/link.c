// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * A link: the connections to the server with all that belongs to the RDMA
 * device. Made once by ->attach, and again by recover.c as often as it breaks;
 * the rings of the queues and the table of the chunks stay from one to the next.
 *
 * What is called here allocates as it likes, and reclaim may have nothing to
 * write to but this very device: it must not wait for that, so all of this runs
 * without I/O for memory (memalloc_noio_save()). recover.c goes further.
 */
#include <linux/dma-mapping.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "closing.h"
#include "fault.h"

/* What to tell the user when a step of a connection failed. */
static int conn_failed(struct fsr_conn *conn, int err, char *error)
{
	struct fsr_session *s = conn->session;

	if (err == -ECONNRESET && !fsr_session_is_connecting(s))
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
	u32 max_sge, max_bytes;
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

	max_sge = min_t(u32, ibdev->attrs.max_sge_rd ?: 1, s->work_sge);
	max_sge = min_t(u32, max_sge, ibdev->attrs.max_send_sge);
	/* A single block of direct I/O may lie across two pages. */
	if (max_sge < 2) {
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
	max_bytes = round_down(max, FASTSWAP_SLOT_SIZE);

	s->ibdev = ibdev;
	if (!s->max_bytes) {
		s->max_sge = max_sge;
		s->max_bytes = max_bytes;
	} else if (max_sge < s->max_sge || max_bytes < s->max_bytes) {
		snprintf(error, FASTSWAP_ERROR_MAX, "%s takes less than the one before it",
			 dev_name(&ibdev->dev));
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * The server has nothing of ours any more. No read may be served from here on
 * that was meant for what was there: fsr_submit() has the other half of this.
 */
static void lose_everything(struct fsr_session *s)
{
	u64 bytes;

	/* Bios whose time is up end one by one: all of them, or none yet. */
	mutex_lock(&s->hold_lock);
	bytes = fastswap_lose_all(s->up);
	fsr_elastic_lose(s);
	mutex_unlock(&s->hold_lock);
	s->generation = 0;
	fsr_err(s, "the server has not kept what was stored: %llu MiB are lost\n",
		(unsigned long long)(bytes >> 20));
}

static int connect_control(struct fsr_session *s, char *error)
{
	int err;

	/* Each link that fails leaves some. */
	if (fsr_closing_is_late()) {
		strscpy(error, "the kernel is not yet done with earlier connections",
			FASTSWAP_ERROR_MAX);
		return -EBUSY;
	}
	if (!s->control) {
		err = fsr_control_alloc(s);
		if (err)
			return err;
	}

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
	/* It is the same server, but has not kept what we had. */
	if (err == -ECONNREFUSED && s->conn.refusal == FSW_REASON_NO_SESSION && s->generation)
		lose_everything(s);
	if (err)
		return conn_failed(&s->conn, err, error);
	s->welcome = s->conn.welcome;
	/* What follows may take long, and we have nothing to say while the server grants. */
	fsr_control_keep_alive(s);
	return fsr_auth_begin(s, error);
}

/* What the device begins with: of an elastic one the chunks that it is to have ahead of need. */
static int request_chunks(struct fsr_session *s, bool all, char *error)
{
	struct fsr_chunkmap *map = &s->map;
	u32 nr = map->nr, granted;
	int err = 0;

	s->elastic = fsw_letoh16(s->welcome.version) >= FSW_VERSION_ELASTIC;
	if (s->elastic) {
		nr = clamp(READ_ONCE(fsr_spare_chunks), 1u, map->nr);
		err = fsr_question_promise(s, error);
	}
	if (!err)
		err = fsr_question_get(s, nr, error);
	granted = map->in[FSR_CHUNK_GRANTED];
	if (err == -ENOSPC && s->elastic && nr > 1 && !granted) {
		err = fsr_question_get(s, 1, error);
	} else if (err == -ENOSPC && granted && (s->elastic || !all)) {
		if (!s->elastic)
			fsr_chunkmap_shrink(map, granted);
		err = 0;
	}
	if (!err)
		s->generation = s->welcome.generation;
	else if (err == -ECONNRESET)
		strscpy(error, s->why, FASTSWAP_ERROR_MAX);
	return err;
}

static int get_chunks(struct fsr_session *s, u64 size, char *error)
{
	u32 nr;
	int err;

	err = fsr_chunkmap_plan(&s->welcome, size, &nr, error, FASTSWAP_ERROR_MAX);
	if (!err)
		err = fsr_elastic_alloc(s, nr);
	return err ?: request_chunks(s, size != 0, error);
}

/* The chunks of a device whose link is made anew: those that it had, if they are there. */
static int renew_chunks(struct fsr_session *s, char *error)
{
	struct fsr_chunkmap *map = &s->map;

	if (s->generation && s->generation == s->welcome.generation)
		return 0;
	/* Without a generation there may be chunks of an attempt that came to nothing. */
	if (s->generation) {
		lose_everything(s);
	} else {
		mutex_lock(&s->hold_lock);
		fsr_elastic_lose(s);
		mutex_unlock(&s->hold_lock);
	}
	if (s->welcome.chunk_shift != map->shift || map->nr > fsw_letoh32(s->welcome.max_chunks)) {
		snprintf(error, FASTSWAP_ERROR_MAX,
			 "the server has chunks of another size now, or gives fewer");
		return -EPROTO;
	}
	return request_chunks(s, true, error);
}

static int alloc_queues(struct fsr_session *s)
{
	unsigned int i;
	int err;

	if (s->queues)
		return 0;
	s->nr_sets = min_t(unsigned int, s->nr_sets, fsw_letoh16(s->welcome.max_sets));
	s->marks = kvcalloc(s->nr_sets * FSR_QUEUES_PER_SET * FSR_LANES, sizeof(*s->marks),
			    GFP_KERNEL);
	if (!s->marks)
		return -ENOMEM;
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
	if (s->nr_sets > fsw_letoh16(s->welcome.max_sets)) {
		snprintf(error, FASTSWAP_ERROR_MAX, "the server allows fewer queue sets now");
		return -EPROTO;
	}
	err = step_all(s, fsr_conn_open, error);
	if (!err)
		err = step_all(s, fsr_conn_route, error);
	if (!err)
		err = step_all(s, start_connect, error);
	return err;
}

static int make_link(struct fsr_session *s, u64 size, char *error)
{
	unsigned int i;
	int err;

	err = connect_control(s, error);
	if (!err)
		err = s->map.chunks ? renew_chunks(s, error) : get_chunks(s, size, error);
	if (!err)
		err = connect_queues(s, error);
	if (err)
		return err;

	WRITE_ONCE(s->useful, false);
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_go_live(&s->queues[i]);
	fsr_elastic_start(s);
	return 0;
}

/**
 * fsr_link_up - connect to the server, and let I/O through
 * @s: the session, connecting, its mutex held
 * @size: the first time, bytes of the device; 0: as much as there is
 * @error: gets the reason of a failure in words
 *
 * If the server has not kept what was stored, all of it counts as lost when
 * this returns, whether it succeeds or not.
 *
 * Return: 0 or a negative errno; fsr_link_down() is due then.
 */
int fsr_link_up(struct fsr_session *s, u64 size, char *error)
{
	unsigned int noio = memalloc_noio_save();
	int err;

	WRITE_ONCE(s->removed, false);
	err = make_link(s, size, error);

	memalloc_noio_restore(noio);
	return err;
}

/* The RDMA device cannot vanish as long as an id refers to it: so the ids go last. */
static void close_connections(struct fsr_session *s, bool say)
{
	unsigned int i;

	if (say) {
		fsr_conn_disconnect(&s->conn);
		for (i = 0; i < fsr_nr_queues(s); i++)
			fsr_conn_disconnect(&s->queues[i].conn);
	}
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_conn_close(&s->queues[i].conn);
	fsr_conn_close(&s->conn);
}

/**
 * fsr_link_down - let go of everything that belongs to the RDMA device
 * @s: the session, its mutex held; any state, more than once
 * @final: there will be no other link
 *
 * What was in flight waits in its queue afterwards.
 *
 * Connections cannot be closed without a word to the other side, which would not
 * get through while the port is down; and soft-RoCE's queue pair 1, through which
 * it would go, never works again after that. So they stay until the port is up,
 * unless their device is removed; those of the last link without the session.
 *
 * Return: false if the connections are still there.
 */
bool fsr_link_down(struct fsr_session *s, bool final)
{
	unsigned int noio = memalloc_noio_save();
	bool down;
	unsigned int i;

	lockdep_assert_held(&s->mutex);
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_halt(&s->queues[i]);
	fsr_control_stop(s);
	if (!final)
		fsr_fault_stall();
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_destroy(&s->queues[i]);
	fsr_control_destroy(s);
	spin_lock_irq(&s->map_lock);
	if (s->map.chunks)
		fsr_chunkmap_break(&s->map);
	spin_unlock_irq(&s->map_lock);
	if (s->pd)
		ib_dealloc_pd(s->pd);
	s->pd = NULL;
	if (final)
		fsr_reserve_give(s);
	else
		fsr_reserve_keep_link(s);

	down = !READ_ONCE(s->removed) && fsr_cm_is_port_down(s->conn.id);
	if (down && final)
		fsr_info(s, "the port is down: its connections stay, and the module\n");
	if (!down || final)
		close_connections(s, !down);
	memalloc_noio_restore(noio);
	return !down || final;
}
