/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The client's side of the protocol in user space, for tests: connections,
 * messages, and RDMA operations, each of which either works within a bounded
 * time or says why not. It does nothing behind the caller's back, so that a
 * test can break any rule.
 */
#ifndef FSW_PROBE_LINK_H
#define FSW_PROBE_LINK_H

#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <fastswap/proto.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Longer than anything that the server promises to do. */
#define PATIENCE_MS	20000
/* One RDMA operation of a data link moves at most this much. */
#define LINK_BUFFER	(64 * 1024)

struct link {
	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
	struct ibv_pd *pd;
	bool owns_pd;
	struct ibv_cq *cq;
	struct ibv_mr *mr;
	unsigned char *buffer;	/* control: receives, then sends; data: LINK_BUFFER bytes */
	unsigned int next_send;
	struct fsw_welcome welcome;	/* once connected */
	enum fsw_reason refused;	/* after a refusal; NONE: rejected by somebody else */
	uint64_t refused_detail;
	bool connected, disconnected;
};

/** link_init_hello - a hello that a server accepts */
void link_init_hello(struct fsw_hello *hello, enum fsw_role role, unsigned int set,
		     unsigned int nr_sets, const uint8_t session_id[16]);

/**
 * link_open - connect
 * @link: filled in
 * @to: the server
 * @from: local address, or NULL
 * @hello: private data
 * @len: its length
 * @control: a control link shares its protection domain; NULL: this is one
 *
 * Return: 0; ECONNREFUSED after a refusal, see @refused; ETIMEDOUT; or another
 * errno value. Whatever it returns, link_close() must follow.
 */
int link_open(struct link *link, const struct sockaddr *to, const struct sockaddr *from,
	      const void *hello, size_t len, struct link *control);

/**
 * link_half_open - connect a control link, and do not confirm the accept
 * @link: filled in; messages cannot be sent over it
 * @to: the server
 * @from: local address, or NULL
 * @hello: private data
 * @len: its length
 *
 * Return: 0 once the accept is there, or as link_open(). link_drop() must follow.
 */
int link_half_open(struct link *link, const struct sockaddr *to, const struct sockaddr *from,
		   const void *hello, size_t len);

/** link_close - disconnect and free everything; once more does no harm */
void link_close(struct link *link);

/** link_drop - free everything without a word to the other side, as a crash would */
void link_drop(struct link *link);

/** link_send_raw - send bytes as a control message; 0 or an errno value */
int link_send_raw(struct link *link, const void *bytes, size_t len);

/** link_send - send a control message; 0 or an errno value */
int link_send(struct link *link, enum fsw_msg_type type, uint32_t seq, const void *payload,
	      size_t len);

/**
 * link_receive - the next control message
 * @link: a control link
 * @msg: gets it, FSW_MSG_MAX bytes
 * @len: gets its length
 * @timeout_ms: how long to wait
 * @answer_pings: answer the server's pings instead of returning them
 *
 * Return: 0, ETIMEDOUT, or ECONNRESET when the connection is gone.
 */
int link_receive(struct link *link, struct fsw_msg *msg, size_t *len, unsigned int timeout_ms,
		 bool answer_pings);

/** link_wait_disconnect - wait for the server to disconnect; 0 or ETIMEDOUT */
int link_wait_disconnect(struct link *link, unsigned int timeout_ms);

/**
 * link_rdma - one RDMA READ into, or WRITE from, the buffer of a data link
 * @link: a data link
 * @opcode: IBV_WR_RDMA_READ or IBV_WR_RDMA_WRITE
 * @addr: remote address
 * @rkey: remote key
 * @len: bytes, at most LINK_BUFFER
 *
 * Return: the status of the completion; IBV_WC_GENERAL_ERR if there was none.
 */
enum ibv_wc_status link_rdma(struct link *link, enum ibv_wr_opcode opcode, uint64_t addr,
			     uint32_t rkey, size_t len);

uint64_t link_now_ms(void);

#endif /* FSW_PROBE_LINK_H */
