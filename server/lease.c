// SPDX-License-Identifier: GPL-2.0-only
#include <rdma/rdma_cma.h>

#include "lease.h"
#include "log.h"
#include "stats.h"
#include "util.h"

/* Give the session to its worker, for good if it is not to be kept. */
static void hand_over(struct listener *l, struct session *session, bool may_keep)
{
	l->nr_alive--;
	session->phase = SESSION_ENDING;
	session->may_keep = may_keep;
	/*
	 * The worker is about to destroy the queue pair, and the library uses it for events that
	 * may come even now (a rejection).
	 */
	if (session->control)
		session->control->id->qp = NULL;
	grants_ending(&session->grants);
	worker_post(session->worker, &session->end);
}

void lease_end(struct listener *l, struct session *session)
{
	hand_over(l, session, false);
}

void lease_begin(struct listener *l, struct session *session)
{
	conn_free(session->control, &l->conns);
	session->control = NULL;
	session->phase = SESSION_KEPT;
	l->nr_alive++;
	if (l->stopping) {
		lease_end(l, session);
		return;
	}
	/* A stranger tried to have it: the lease is as long as it was. */
	if (!session->proven) {
		listener_set_sweep(l);
		return;
	}
	stats_add(STAT_BROKEN, 1);
	session->lease_ms = now_ms() + session->keep_ms;
	log_client(LOG_LEVEL_INFO, session->number, session->peer,
		   "the connection broke; its memory is kept for %u s", session->keep_ms / 1000);
	listener_set_sweep(l);
}

static void free_session(struct listener *l, struct session *session)
{
	TAILQ_REMOVE(&l->sessions, session, link);
	l->nr_sessions--;
	session->worker->nr_sessions--;
	conn_free(session->control, &l->conns);
	session_free(session);
}

void lease_connection_over(struct listener *l, struct session *session)
{
	/* No queue pair may be left when the worker begins to deregister. */
	session_drop_data(session, &l->conns);
	if (session->phase != SESSION_OPENING) {
		/* Answers the client's disconnect request, which must not wait for the rest. */
		conn_disconnect(session->control);
		hand_over(l, session, session->leased && !l->stopping);
		return;
	}

	/* The worker does not have it. The queue pair before the id that it belongs to. */
	ctrl_close(&session->ctrl);
	if (session->resumed) {
		conn_free(session->control, &l->conns);
		session->control = NULL;
		session->phase = SESSION_KEPT;
		if (l->stopping)
			lease_end(l, session);
		else
			listener_set_sweep(l);
		return;
	}
	l->nr_alive--;
	free_session(l, session);
}

bool lease_expire(struct listener *l, uint64_t now)
{
	struct session *session;
	bool any = false;

	TAILQ_FOREACH(session, &l->sessions, link) {
		if (session->phase != SESSION_KEPT)
			continue;
		if (now < session->lease_ms) {
			any = true;
			continue;
		}
		log_client(LOG_LEVEL_INFO, session->number, session->peer, "did not come back");
		lease_end(l, session);
	}
	return any;
}

void lease_session_ended(struct listener *l, struct session *session)
{
	log_client(LOG_LEVEL_INFO, session->number, session->peer, "left");
	free_session(l, session);
	listener_client_left(l);
}
