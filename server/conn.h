/* SPDX-License-Identifier: GPL-2.0-only */
/* One connection of the RDMA CM, control or data. Main thread only. */
#ifndef FASTSWAP_SERVER_CONN_H
#define FASTSWAP_SERVER_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <fastswap/proto.h>

#include "conn_sm.h"

struct ibv_cq;
struct ibv_pd;
struct ibv_qp;
struct rdma_cm_id;
struct session;

struct conn {
	enum conn_state state;
	struct rdma_cm_id *id;		/* its context points back here */
	struct session *session;	/* NULL until it was admitted to one */
	enum fsw_role role;
	unsigned int set;
	bool has_qp;			/* data only; that of a control connection is in its ctrl */
	uint64_t deadline_ms;		/* 0: none */
	bool postponed;			/* @event waits until the port is up */
	enum conn_event event;
	TAILQ_ENTRY(conn) link;		/* all connections of the listener */
};

TAILQ_HEAD(conn_list, conn);

/**
 * conn_create - take over the CM id of a connect request
 * @id: from the CM; destroyed with the connection
 * @all: list to add it to
 *
 * Return: the connection, NEW; or NULL when out of memory, @id is not touched then.
 */
struct conn *conn_create(struct rdma_cm_id *id, struct conn_list *all);

/** conn_drop_qp - destroy the queue pair of a data connection; safe if there is none */
void conn_drop_qp(struct conn *conn);

/** conn_free - destroy its queue pair and its id, and forget it; safe on NULL */
void conn_free(struct conn *conn, struct conn_list *all);

/**
 * conn_event - the one place that changes the state of a connection
 * @conn: the connection
 * @event: what happened
 *
 * Return: what to do now.
 */
enum conn_action conn_event(struct conn *conn, enum conn_event event);

/**
 * conn_make_data_qp - the queue pair of a data connection
 * @conn: the connection
 * @pd: of the session
 * @cq: of the session; nothing arrives there, as the client's operations are one-sided
 *
 * Return: 0 or an errno value.
 */
int conn_make_data_qp(struct conn *conn, struct ibv_pd *pd, struct ibv_cq *cq);

/**
 * conn_accept - accept it
 * @conn: has its queue pair
 * @welcome: private data for the client
 * @reads: RDMA reads in flight that the client asked for; bounded by what the device can do
 *
 * Return: 0 or an errno value.
 */
int conn_accept(struct conn *conn, const struct fsw_welcome *welcome, unsigned int reads);

/**
 * conn_refuse - reject it with a reason
 * @id: the connection
 * @reason: why
 * @detail: number that goes with the reason
 */
void conn_refuse(struct rdma_cm_id *id, enum fsw_reason reason, uint64_t detail);

/** conn_disconnect - move the queue pair to the error state and ask the other side to leave */
void conn_disconnect(struct conn *conn);

/** conn_kill - move the queue pair to the error state, and tell nobody: for tests */
void conn_kill(struct ibv_qp *qp);

/**
 * conn_port_is_down - is the port of this machine down that the connection goes through?
 *
 * Not if it cannot be asked any more: the device is gone then.
 */
bool conn_port_is_down(const struct conn *conn);

/** conn_peer_name - the other side's address in words */
const char *conn_peer_name(struct rdma_cm_id *id, char *buf, size_t size);

#endif /* FASTSWAP_SERVER_CONN_H */
