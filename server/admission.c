// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <infiniband/verbs.h>
#include <inttypes.h>
#include <rdma/rdma_cma.h>
#include <string.h>

#include "admission.h"
#include "auth.h"
#include "bounds.h"
#include "lease.h"
#include "log.h"
#include "stats.h"
#include "vobj.h"

static struct bounds_refusal refuse(enum fsw_reason reason, uint64_t detail)
{
	return (struct bounds_refusal) { .reason = reason, .detail = detail };
}

static struct worker *least_loaded(struct listener *l)
{
	struct worker *best = &l->workers[0];
	unsigned int i;

	for (i = 1; i < l->nr_workers; i++)
		if (l->workers[i].nr_sessions < best->nr_sessions)
			best = &l->workers[i];
	return best;
}

static struct bounds_refusal accept_conn(struct listener *l, struct conn *conn,
					 const struct fsw_hello *hello, unsigned int reads)
{
	const uint16_t version = fsw_letoh16(hello->version);
	struct fsw_welcome welcome = {
		.magic = fsw_htole32(FSW_MAGIC),
		.version = fsw_htole16(version < FSW_VERSION ? version : FSW_VERSION),
		.role = conn->role,
		.generation = fsw_htole64(l->generation),
		.available = fsw_htole64(bounds_available(l, conn->session)),
		.chunk_shift = l->pool->chunk_shift,
		.max_chunks = fsw_htole32(conn->session->grants.max_chunks),
		.max_sets = fsw_htole16(conn->session->max_sets),
		.keepalive_ms = fsw_htole32(conn->session->keepalive_ms),
	};
	int err = 0;

	if (conn->role == FSW_ROLE_CONTROL)
		err = auth_challenge(conn->session, hello, &welcome);
	if (!err)
		err = conn_accept(conn, &welcome, reads);
	if (err) {
		log_client(LOG_LEVEL_ERROR, conn->session->number, conn->session->peer,
			   "cannot accept: %s", strerror(err));
		return refuse(FSW_REASON_RESOURCES, 0);
	}
	return refuse(FSW_REASON_NONE, 0);
}

static struct bounds_refusal no_queue_pair(const struct session *session, int err)
{
	log_client(LOG_LEVEL_ERROR, session->number, session->peer,
		   "cannot make a queue pair: %s", strerror(err));
	return refuse(FSW_REASON_RESOURCES, 0);
}

/* A client is back that lost its connection. Chunks and keys are as they were. */
static struct bounds_refusal resume(struct listener *l, struct conn *conn, struct session *session,
				    const struct fsw_hello *hello, unsigned int reads)
{
	struct bounds_refusal refusal;
	int err;

	if (!session)
		return refuse(FSW_REASON_NO_SESSION, 0);
	if (session->phase == SESSION_ENDING)
		return refuse(FSW_REASON_BUSY, 0);
	if (session->phase != SESSION_KEPT) {
		/* It knows before us that the old one is over. */
		listener_apply(l, session->control, CONN_EV_CUT);
		return refuse(FSW_REASON_BUSY, 0);
	}
	if (conn->id->verbs != session->verbs)
		return refuse(FSW_REASON_WRONG_DEVICE, 0);

	err = ctrl_open(&session->ctrl, session->pd, conn->id);
	if (err)
		return no_queue_pair(session, err);
	conn->session = session;
	refusal = accept_conn(l, conn, hello, reads);
	if (refusal.reason) {
		ctrl_close(&session->ctrl);
		conn->session = NULL;
		return refusal;
	}
	session->control = conn;
	session->phase = SESSION_OPENING;
	session->resumed = true;
	session->starts_over = fsw_letoh64(hello->generation) != l->generation;
	if (session->proven)
		stats_add(STAT_RESUMED, 1);
	return refusal;
}

static struct bounds_refusal admit_control(struct listener *l, struct conn *conn,
					   const struct fsw_hello *hello, unsigned int reads)
{
	struct session *session = session_find(&l->sessions, hello->session_id);
	struct bounds_refusal refusal;

	/* With another generation it is as new to us as we are to it. */
	if (fsw_letoh64(hello->generation) == l->generation)
		return resume(l, conn, session, hello, reads);
	/* Whether it is that client's to give up shows when it has said who it is. */
	if (session && session->phase == SESSION_KEPT && session->demands_proof)
		return resume(l, conn, session, hello, reads);
	if (session && session->phase == SESSION_KEPT) {
		/* It has given up what it had, or never heard of it. */
		lease_end(l, session);
		return refuse(FSW_REASON_BUSY, 0);
	}
	if (session && session->phase != SESSION_ENDING)
		return refuse(FSW_REASON_DUPLICATE, 0);
	/* Its worker may still decide to keep it, and an id is one session's only. */
	if (session && session->may_keep)
		return refuse(FSW_REASON_BUSY, 0);
	if (l->draining)
		return refuse(FSW_REASON_SHUTDOWN, 0);
	if (l->nr_alive >= l->cfg->max_sessions)
		return refuse(FSW_REASON_LIMIT, l->cfg->max_sessions);
	if (l->nr_sessions - l->nr_alive >= CONFIG_MAX_ENDING(l->cfg->max_sessions))
		return refuse(FSW_REASON_RESOURCES, 0);

	refusal = bounds_session(l, hello, rdma_get_peer_addr(conn->id));
	if (refusal.reason)
		return refusal;

	session = session_create(l->cfg, l->pool, least_loaded(l), conn, hello);
	if (!session) {
		log_err("cannot set up a session: %s", strerror(errno));
		return refuse(FSW_REASON_RESOURCES, 0);
	}
	session->number = ++l->last_number;
	session->demands_proof = l->keys != NULL;
	if (bounds_begin(l, session))
		refusal = refuse(FSW_REASON_RESOURCES, 0);
	else
		refusal = accept_conn(l, conn, hello, reads);
	if (refusal.reason) {
		conn->session = NULL;
		session_free(session);
		return refusal;
	}
	stats_add(STAT_SESSIONS, 1);
	session->worker->nr_sessions++;
	TAILQ_INSERT_TAIL(&l->sessions, session, link);
	l->nr_sessions++;
	l->nr_alive++;
	return refusal;
}

static struct bounds_refusal admit_data(struct listener *l, struct conn *conn,
					const struct fsw_hello *hello, unsigned int reads)
{
	struct session *session = session_find(&l->sessions, hello->session_id);
	struct bounds_refusal refusal;
	struct conn **slot;
	struct ibv_cq *cq;
	int err;

	/*
	 * OPENING will do: the confirmation of the control connection may still be on
	 * its way, as it can be overtaken by this request.
	 */
	if (!session || (session->phase != SESSION_OPENING && session->phase != SESSION_LIVE))
		return refuse(FSW_REASON_NO_SESSION, 0);
	if (!session->proven)
		return refuse(FSW_REASON_UNPROVEN, 0);
	/* A protection domain belongs to one device. */
	if (conn->id->verbs != session->verbs)
		return refuse(FSW_REASON_WRONG_DEVICE, 0);
	if (conn->set >= session->max_sets)
		return refuse(FSW_REASON_LIMIT, session->max_sets);
	slot = session_data_slot(session, conn->role, conn->set);
	if (*slot)
		return refuse(FSW_REASON_DUPLICATE, 0);

	cq = session_data_queue(session);
	err = cq ? conn_make_data_qp(conn, session->pd, cq) : errno;
	if (err)
		return no_queue_pair(session, err);
	conn->session = session;
	refusal = accept_conn(l, conn, hello, reads);
	if (refusal.reason) {
		/* Now, as the connection may have to wait for the port and outlive the session. */
		conn_drop_qp(conn);
		conn->session = NULL;
	} else {
		*slot = conn;
	}
	return refusal;
}

void admission_request(struct listener *l, struct rdma_cm_id *id, const void *data, size_t len,
		       unsigned int reads)
{
	struct bounds_refusal refusal = { 0 };
	struct fsw_hello hello;
	struct conn *conn;
	char peer[64];

	stats_add(STAT_REQUESTS, 1);
	/* Before anything is spent on it. */
	refusal = bounds_request(l, rdma_get_peer_addr(id));
	if (refusal.reason) {
		stats_add(STAT_REFUSALS, 1);
		conn_peer_name(id, peer, sizeof(peer));
		/* Lines of two kinds: whoever comes too often does not hide a stranger. */
		if (refusal.reason == FSW_REASON_ADDRESS)
			log_rl(LOG_LEVEL_WARN, "%s: connection refused: %s", peer, refusal.what);
		else
			log_rl(LOG_LEVEL_WARN, "%s: connection refused: %s", peer, refusal.what);
		conn_refuse(id, refusal.reason, refusal.detail);
		rdma_destroy_id(id);
		return;
	}
	conn = conn_create(id, &l->conns);
	if (!conn) {
		conn_refuse(id, FSW_REASON_RESOURCES, 0);
		rdma_destroy_id(id);
		return;
	}

	memset(&hello, 0, sizeof(hello));
	if (data)
		memcpy(&hello, data, len < sizeof(hello) ? len : sizeof(hello));
	else
		len = 0;
	refusal.reason = fsw_hello_check(&hello, len);
	if (!refusal.reason && l->keys && fsw_letoh16(hello.version) < FSW_VERSION_AUTH)
		refusal.reason = FSW_REASON_VERSION;
	if (refusal.reason == FSW_REASON_VERSION)
		refusal.detail = (l->keys ? FSW_VERSION_AUTH : FSW_VERSION_MIN) << 16 | FSW_VERSION;
	if (refusal.reason == FSW_REASON_LIMIT)
		refusal.detail = FSW_MAX_SETS;
	if (!refusal.reason && l->stopping)
		refusal.reason = FSW_REASON_SHUTDOWN;
	if (!refusal.reason) {
		conn->role = hello.role;
		conn->set = fsw_letoh16(hello.set);
		if (conn->role == FSW_ROLE_CONTROL)
			refusal = admit_control(l, conn, &hello, reads);
		else
			refusal = admit_data(l, conn, &hello, reads);
	}

	if (!refusal.reason) {
		listener_apply(l, conn, CONN_EV_ACCEPT_SENT);
		return;
	}
	stats_add(STAT_REFUSALS, 1);
	log_rl(LOG_LEVEL_INFO, "%s: connection refused: %s%s%s",
	       conn_peer_name(id, peer, sizeof(peer)), fsw_reason_text(refusal.reason),
	       refusal.what ? ": " : "", refusal.what ? refusal.what : "");
	conn_refuse(id, refusal.reason, refusal.detail);
	listener_apply(l, conn, CONN_EV_REFUSED);
}
