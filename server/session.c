// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "session.h"
#include "vobj.h"

#define DATA_ROLES	(FSW_NR_ROLES - 1)

struct session *session_create(const struct config *cfg, struct pool *pool, struct worker *worker,
			       struct conn *control, const struct fsw_hello *hello)
{
	struct session *session;
	unsigned int sets = fsw_letoh16(hello->nr_sets);
	int err;

	session = calloc(1, sizeof(*session));
	if (!session)
		return NULL;
	memcpy(session->id, hello->session_id, sizeof(session->id));
	memcpy(session->client_id, hello->client_id, sizeof(session->client_id));
	conn_peer_name(control->id, session->peer, sizeof(session->peer));
	session->has_address = netaddr_from(&session->address, rdma_get_peer_addr(control->id));
	session->worker = worker;
	session->verbs = control->id->verbs;
	session->max_sets = sets < cfg->max_sets ? sets : cfg->max_sets;
	session->keepalive_ms = cfg->keepalive_ms;
	session->keep_ms = cfg->lease_ms;
	session->leased = session->keep_ms != 0;
	session->phase = SESSION_OPENING;
	session->adopt.kind = LETTER_ADOPT;
	session->part.kind = LETTER_PART;
	session->end.kind = LETTER_END;
	session->close.kind = LETTER_CLOSE;
	session->ended.kind = LETTER_ENDED;
	session->kept.kind = LETTER_KEPT;
	session->check.kind = LETTER_CHECK;
	session->checked.kind = LETTER_CHECKED;
	session->proven = true;

	session->data = calloc((size_t)session->max_sets * DATA_ROLES, sizeof(*session->data));
	if (!session->data) {
		err = ENOMEM;
		goto err_free;
	}
	session->pd = ibv_alloc_pd(session->verbs);
	if (!session->pd) {
		err = errno ? errno : EIO;
		goto err_free;
	}
	vobj_made(VOBJ_PD);
	err = grants_init(&session->grants, pool, session->pd, pool_target(pool));
	if (err)
		goto err_free;
	session->grants.elastic = fsw_letoh16(hello->version) >= FSW_VERSION_ELASTIC;
	session->recalls = fsw_letoh16(hello->version) >= FSW_VERSION_RECALL;
	err = ctrl_open(&session->ctrl, session->pd, control->id);
	if (err)
		goto err_free;
	session->control = control;
	control->session = session;
	return session;

err_free:
	session_free(session);
	errno = err;
	return NULL;
}

struct session *session_find(const struct session_list *sessions, const uint8_t id[16])
{
	struct session *session, *found = NULL;

	TAILQ_FOREACH(session, sessions, link) {
		unsigned char differ = 0;
		size_t i;

		for (i = 0; i < sizeof(session->id); i++)
			differ |= session->id[i] ^ id[i];
		/* One that is still being taken apart may have a successor. */
		if (!differ && (!found || found->phase == SESSION_ENDING))
			found = session;
	}
	return found;
}

struct conn **session_data_slot(struct session *session, enum fsw_role role, unsigned int set)
{
	return &session->data[set * DATA_ROLES + role - 1];
}

struct ibv_cq *session_data_queue(struct session *session)
{
	if (!session->data_cq) {
		session->data_cq = ibv_create_cq(session->verbs, 1, NULL, NULL, 0);
		if (session->data_cq)
			vobj_made(VOBJ_CQ);
	}
	return session->data_cq;
}

void session_drop_data(struct session *session, struct conn_list *conns)
{
	unsigned int i;
	int err;

	for (i = 0; i < session->max_sets * DATA_ROLES; i++) {
		struct conn *conn = session->data[i];

		if (!conn)
			continue;
		session->data[i] = NULL;
		conn_disconnect(conn);
		conn_free(conn, conns);
	}
	if (session->data_cq) {
		err = vobj_destroyed(VOBJ_CQ, session->verbs, ibv_destroy_cq(session->data_cq));
		if (err)
			log_err("client %u: cannot destroy a completion queue: %s",
				session->number, strerror(err));
		session->data_cq = NULL;
	}
}

void session_free(struct session *session)
{
	int err;

	if (!session)
		return;
	ctrl_close(&session->ctrl);
	grants_destroy(&session->grants);
	if (session->pd) {
		err = vobj_destroyed(VOBJ_PD, session->verbs, ibv_dealloc_pd(session->pd));
		if (err)
			log_err("client %u: cannot free a protection domain: %s",
				session->number, strerror(err));
	}
	tenant_put(session->tenant);
	free(session->data);
	free(session);
}
