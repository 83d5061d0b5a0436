// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <infiniband/verbs.h>
#include <netdb.h>
#include <rdma/rdma_cma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "fault.h"
#include "log.h"
#include "vobj.h"

struct conn *conn_create(struct rdma_cm_id *id, struct conn_list *all)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->state = CONN_NEW;
	conn->id = id;
	id->context = conn;
	vobj_made(VOBJ_ID);
	TAILQ_INSERT_TAIL(all, conn, link);
	return conn;
}

void conn_drop_qp(struct conn *conn)
{
	if (!conn->has_qp)
		return;
	rdma_destroy_qp(conn->id);
	vobj_gone(VOBJ_QP);
	conn->has_qp = false;
}

void conn_free(struct conn *conn, struct conn_list *all)
{
	if (!conn)
		return;
	conn_drop_qp(conn);
	/* Waits for events that are not acknowledged; the listener never holds one. */
	if (rdma_destroy_id(conn->id))
		log_err("cannot destroy a connection: %s", strerror(errno));
	else
		vobj_gone(VOBJ_ID);
	TAILQ_REMOVE(all, conn, link);
	free(conn);
}

enum conn_action conn_event(struct conn *conn, enum conn_event event)
{
	struct conn_step step = conn_sm_step(conn->state, event);

	log_dbg("connection %p: %s: %s to %s, %s", (void *)conn, conn_event_name(event),
		conn_state_name(conn->state), conn_state_name(step.next),
		conn_action_name(step.action));
	if (conn->state != step.next)
		conn->deadline_ms = 0;
	conn->state = step.next;
	return step.action;
}

int conn_make_data_qp(struct conn *conn, struct ibv_pd *pd, struct ibv_cq *cq)
{
	/* The server posts nothing on it: the smallest queues that devices accept. */
	struct ibv_qp_init_attr attr = {
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {
			.max_send_wr = 1,
			.max_recv_wr = 1,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
		.qp_type = IBV_QPT_RC,
	};

	if (fault(FAULT_ALLOC))
		return ENOMEM;
	if (rdma_create_qp(conn->id, pd, &attr))
		return errno ? errno : EIO;
	conn->has_qp = true;
	vobj_made(VOBJ_QP);
	return 0;
}

int conn_accept(struct conn *conn, const struct fsw_welcome *welcome, unsigned int reads)
{
	struct rdma_conn_param param = {
		.private_data = welcome,
		.private_data_len = sizeof(*welcome),
		.flow_control = 1,
		.retry_count = 7,
		.rnr_retry_count = 7,
	};
	struct ibv_device_attr attr;
	int err;

	err = ibv_query_device(conn->id->verbs, &attr);
	if (err)
		return err;
	if (reads > (unsigned int)attr.max_qp_rd_atom)
		reads = attr.max_qp_rd_atom;
	param.responder_resources = reads;
	if (rdma_accept(conn->id, &param))
		return errno ? errno : EIO;
	return 0;
}

void conn_refuse(struct rdma_cm_id *id, enum fsw_reason reason, uint64_t detail)
{
	const struct fsw_refusal refusal = {
		.magic = fsw_htole32(FSW_MAGIC),
		.version = fsw_htole16(FSW_VERSION),
		.reason = fsw_htole16(reason),
		.detail = fsw_htole64(detail),
	};

	if (rdma_reject(id, &refusal, sizeof(refusal)))
		log_dbg("cannot reject a connection: %s", strerror(errno));
}

void conn_disconnect(struct conn *conn)
{
	/* Fails when the other side was faster, which is as good. */
	if (rdma_disconnect(conn->id))
		log_dbg("cannot disconnect: %s", strerror(errno));
}

void conn_kill(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };
	int err = ibv_modify_qp(qp, &attr, IBV_QP_STATE);

	if (err)
		log_dbg("cannot kill a queue pair: %s", strerror(err));
}

bool conn_port_is_down(const struct conn *conn)
{
	struct ibv_port_attr attr;

	return !ibv_query_port(conn->id->verbs, conn->id->port_num, &attr) &&
	       attr.state != IBV_PORT_ACTIVE;
}

const char *conn_peer_name(struct rdma_cm_id *id, char *buf, size_t size)
{
	struct sockaddr *addr = rdma_get_peer_addr(id);
	socklen_t len = addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
						      sizeof(struct sockaddr_in);

	if (getnameinfo(addr, len, buf, size, NULL, 0, NI_NUMERICHOST))
		snprintf(buf, size, "(unknown address)");
	return buf;
}
