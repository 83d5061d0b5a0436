// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * One RC connection: what the CM is told, and what its events mean.
 *
 * A connection is made in steps - resolve the address, resolve the route,
 * connect. Each is started by a call that does not wait and ended by an event;
 * fsr_conn_wait() waits for it. So the many connections of a session are made
 * side by side: start the step on all, then wait for each.
 */
#include <linux/inet.h>
#include <rdma/ib_cm.h>

#include "closing.h"
#include "rdma.h"
#include "words.h"

static const char *conn_name(const struct fsr_conn *conn)
{
	static const char *const names[] = {
		[FSW_ROLE_CONTROL] = "control",
		[FSW_ROLE_DEMAND] = "demand",
		[FSW_ROLE_PREFETCH] = "prefetch",
		[FSW_ROLE_WRITEBACK] = "write-back",
	};

	return names[conn->role];
}

static __printf(3, 4) int conn_error(struct fsr_conn *conn, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(conn->error, sizeof(conn->error), fmt, args);
	va_end(args);
	return err;
}

static int on_established(struct fsr_conn *conn, const struct rdma_conn_param *param)
{
	const struct fsw_welcome *w = param->private_data;
	const struct fsw_welcome *first = &conn->session->welcome;
	struct sockaddr_storage *peer = &conn->session->params.addr;
	enum fsw_reason reason;

	reason = w ? fsw_welcome_check(w, param->private_data_len, conn->role) :
		     FSW_REASON_MALFORMED;
	if (reason == FSW_REASON_VERSION)
		return conn_error(conn, -EPROTO,
				  "%pISpc speaks version %u of the protocol, this module %u to %u",
				  peer, fsw_letoh16(w->version), FSW_VERSION_MIN, FSW_VERSION);
	if (reason)
		return conn_error(conn, -EPROTO, "what answers at %pISpc is no fastswap server",
				  peer);
	if (conn->role != FSW_ROLE_CONTROL && w->generation != first->generation)
		return conn_error(conn, -ECONNRESET, "the server was restarted just now");

	conn->welcome = *w;
	conn->established = true;
	return 0;
}

static int on_rejected(struct fsr_conn *conn, struct rdma_cm_event *ev)
{
	struct sockaddr_storage *peer = &conn->session->params.addr;
	const struct fsw_refusal *refusal;
	char words[128];
	u8 len = 0;

	refusal = rdma_consumer_reject_data(conn->id, ev, &len);
	if (fsw_refusal_check(refusal, len)) {
		conn->refusal = fsw_letoh16(refusal->reason);
		fsr_words_reason(words, sizeof(words), conn->refusal,
				 fsw_letoh64(refusal->detail));
		return conn_error(conn, -ECONNREFUSED, "%pISpc refuses: %s", peer, words);
	}
	/* Also what the CM says for a server that ends while it has our request. */
	if (ev->status == IB_CM_REJ_CONSUMER_DEFINED)
		return conn_error(conn, -EPROTO,
				  "what answers at %pISpc is no fastswap server, or one that ends",
				  peer);
	if (ev->status == IB_CM_REJ_INVALID_SERVICE_ID)
		return conn_error(conn, -ECONNREFUSED, "nothing listens on port %u at %s",
				  conn->session->params.port, conn->session->params.peer);
	return conn_error(conn, -ECONNREFUSED, "%pISpc rejects the connection: %s", peer,
			  rdma_reject_msg(conn->id, ev->status));
}

static int on_addr_error(struct fsr_conn *conn, int status)
{
	const char *peer = conn->session->params.peer;

	switch (status) {
	case -ETIMEDOUT:
		return conn_error(conn, status, "%s does not answer", peer);
	case -ENODEV:
	case -EADDRNOTAVAIL:
		return conn_error(conn, status, "no RDMA device reaches %s", peer);
	case -ENETUNREACH:
	case -EHOSTUNREACH:
		return conn_error(conn, status, "no route to %s", peer);
	default:
		return conn_error(conn, status ?: -EHOSTUNREACH, "cannot resolve %s (error %d)",
				  peer, status);
	}
}

static void step_done(struct fsr_conn *conn, int status)
{
	conn->status = status;
	complete(&conn->step);
}

/* The CM calls this for one event of a connection at a time. */
static int conn_event(struct rdma_cm_id *id, struct rdma_cm_event *ev)
{
	struct fsr_cm *cm = id->context;
	struct fsr_conn *conn = cm->conn;
	struct fsr_session *s;

	if (ev->event == RDMA_CM_EVENT_DEVICE_REMOVAL)
		WRITE_ONCE(cm->removed, true);
	/* It is being closed. */
	if (!conn)
		return 0;
	s = conn->session;

	/* A rejection may also come late, when the last step of the handshake got lost. */
	if (conn->established && (ev->event == RDMA_CM_EVENT_REJECTED ||
				  ev->event == RDMA_CM_EVENT_UNREACHABLE ||
				  ev->event == RDMA_CM_EVENT_CONNECT_ERROR)) {
		fsr_session_fail(s, "the server took the %s connection back", conn_name(conn));
		return 0;
	}

	switch (ev->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		step_done(conn, 0);
		break;
	case RDMA_CM_EVENT_ADDR_ERROR:
		step_done(conn, on_addr_error(conn, ev->status));
		break;
	case RDMA_CM_EVENT_ROUTE_ERROR:
		step_done(conn, conn_error(conn, -EHOSTUNREACH, "no route to %s (error %d)",
					   s->params.peer, ev->status));
		break;
	case RDMA_CM_EVENT_ESTABLISHED:
		step_done(conn, on_established(conn, &ev->param.conn));
		break;
	case RDMA_CM_EVENT_REJECTED:
		step_done(conn, on_rejected(conn, ev));
		break;
	case RDMA_CM_EVENT_UNREACHABLE:
		step_done(conn, conn_error(conn, -ETIMEDOUT, "%s does not answer",
					   s->params.peer));
		break;
	case RDMA_CM_EVENT_CONNECT_ERROR:
		step_done(conn, conn_error(conn, -ECONNREFUSED, "cannot connect to %s (error %d)",
					   s->params.peer, ev->status));
		break;

	/* The rest may come at any time after the connection is made. */
	case RDMA_CM_EVENT_DISCONNECTED:
		fsr_session_fail(s, "the server closed the %s connection", conn_name(conn));
		break;
	case RDMA_CM_EVENT_ADDR_CHANGE:
		fsr_session_fail(s, "the address of this machine has changed");
		break;
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		/*
		 * The RDMA device waits until every id has let go of it; the
		 * handler must not destroy its own: who takes the link apart
		 * does. Also to a step that is under way this is the end.
		 */
		WRITE_ONCE(s->removed, true);
		fsr_session_fail(s, "the RDMA device was removed");
		/* The link may have been broken already, and its port down. */
		mod_delayed_work(fsr_recovery_wq, &s->recovery, 0);
		step_done(conn, conn_error(conn, -ENODEV, "the RDMA device was removed"));
		break;
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		break;
	default:
		fsr_session_fail(s, "unexpected event: %s", rdma_event_msg(ev->event));
		break;
	}
	return 0;
}

/**
 * fsr_conn_init - prepare a connection that is not open yet
 * @conn: the connection
 * @s: its session
 * @role: what it will be for
 * @set: index of its queue set, 0 for control
 */
void fsr_conn_init(struct fsr_conn *conn, struct fsr_session *s, enum fsw_role role, u16 set)
{
	conn->session = s;
	conn->role = role;
	conn->set = set;
	init_completion(&conn->step);
}

static int step_started(struct fsr_conn *conn, int err, const char *what)
{
	if (err)
		return conn_error(conn, err, "%s: error %d", what, err);
	return 0;
}

/**
 * fsr_conn_open - start the first step: find the RDMA device
 * @conn: the connection
 *
 * fsr_conn_close() is due also if this or a later step fails.
 *
 * Return: 0 or a negative errno, conn->error says why.
 */
int fsr_conn_open(struct fsr_conn *conn)
{
	struct fsr_params *params = &conn->session->params;
	struct sockaddr *source = NULL;
	struct fsr_cm *cm;
	int err;

	cm = fsr_cm_create(conn, conn_event);
	if (IS_ERR(cm))
		return step_started(conn, PTR_ERR(cm), "cannot create a connection");
	conn->cm = cm;
	conn->id = cm->id;
	conn->established = false;
	conn->refusal = FSW_REASON_NONE;

	err = rdma_set_ack_timeout(conn->id, FSR_ACK_TIMEOUT);
	if (err)
		return step_started(conn, err, "cannot set the acknowledgment timeout");

	if (params->source.ss_family != AF_UNSPEC)
		source = (struct sockaddr *)&params->source;
	reinit_completion(&conn->step);
	err = rdma_resolve_addr(conn->id, source, (struct sockaddr *)&params->addr,
				FSR_RESOLVE_MS);
	if (err && source)
		return conn_error(conn, err, "no RDMA device has the source address %pISc", source);
	if (err)
		return on_addr_error(conn, err);
	return 0;
}

/* fsr_conn_route - start the second step, see fsr_conn_open() */
int fsr_conn_route(struct fsr_conn *conn)
{
	reinit_completion(&conn->step);
	return step_started(conn, rdma_resolve_route(conn->id, FSR_RESOLVE_MS),
			    "cannot resolve the route");
}

/* fsr_conn_connect - start the last step, see fsr_conn_open(); the queue pair must be there */
int fsr_conn_connect(struct fsr_conn *conn)
{
	struct fsr_session *s = conn->session;
	const struct ib_device_attr *attrs = &conn->id->device->attrs;
	struct fsw_hello *hello = &conn->hello;
	struct rdma_conn_param param = {
		.private_data = hello,
		.private_data_len = sizeof(*hello),
		/* We read from the server; nobody reads from us. */
		.initiator_depth = min(attrs->max_qp_init_rd_atom, FSR_MAX_READS),
		.flow_control = 1,
		.retry_count = FSR_RETRIES,
		.rnr_retry_count = 7,
	};

	*hello = (struct fsw_hello) {
		.magic = fsw_htole32(FSW_MAGIC),
		.version = fsw_htole16(FSW_VERSION),
		.version_min = fsw_htole16(FSW_VERSION_MIN),
		.role = conn->role,
		.set = fsw_htole16(conn->set),
		.nr_sets = fsw_htole16(s->nr_sets),
		.generation = s->generation,
	};
	memcpy(hello->session_id, s->session_id, sizeof(hello->session_id));
	memcpy(hello->client_id, s->client_id, sizeof(hello->client_id));
	reinit_completion(&conn->step);
	return step_started(conn, rdma_connect(conn->id, &param), "cannot connect");
}

/**
 * fsr_conn_wait - wait for the end of a step
 * @conn: the connection
 * @ms: and no longer than this
 *
 * Return: 0; -ETIME if the step is still under way, or -EINTR if the task is
 * being killed: conn->error remains the handler's then, and the connection must
 * be closed; -ECONNRESET if the link has failed or is not wanted any more; or
 * another negative errno, conn->error says why.
 */
int fsr_conn_wait(struct fsr_conn *conn, unsigned int ms)
{
	struct fsr_session *s = conn->session;
	long left;

	left = wait_for_completion_killable_timeout(&conn->step, msecs_to_jiffies(ms));
	if (left <= 0)
		return left ? -EINTR : -ETIME;
	if (conn->status)
		return conn->status;
	/* Which the server may have closed again in the meantime. */
	return fsr_session_is_connecting(s) ? 0 : -ECONNRESET;
}

/**
 * fsr_conn_disconnect - tell the other side, and fail what is posted
 * @conn: the connection; one that is not connected is fine
 */
void fsr_conn_disconnect(struct fsr_conn *conn)
{
	if (conn->id)
		rdma_disconnect(conn->id);
}

/**
 * fsr_conn_close - let go of the connection
 * @conn: the connection, its queue pair destroyed; one that is not open is fine
 *
 * When this returns its handler does nothing any more; the id goes when it can.
 */
void fsr_conn_close(struct fsr_conn *conn)
{
	if (conn->cm)
		fsr_cm_close(conn->cm);
	conn->cm = NULL;
	conn->id = NULL;
}
