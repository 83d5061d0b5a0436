/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A control connection: its queue pair, its buffers, and how messages get in
 * and out. What the messages mean is not known here.
 *
 * Opened by the main thread before the connection is accepted. From the
 * adoption by a worker on, that worker alone uses and closes it.
 */
#ifndef FASTSWAP_SERVER_CTRL_H
#define FASTSWAP_SERVER_CTRL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fastswap/proto.h>

struct ibv_comp_channel;
struct ibv_cq;
struct ibv_mr;
struct ibv_pd;
struct ibv_qp;
struct rdma_cm_id;

/* One slot is kept for the goodbye; together no more than the window allows. */
#define CTRL_SEND_SLOTS		(FSW_CTRL_WINDOW - 1)
#define CTRL_GOODBYE_SLOT	CTRL_SEND_SLOTS
#define CTRL_NR_SLOTS		FSW_CTRL_WINDOW

struct ctrl {
	struct rdma_cm_id *id;		/* main thread only, and ctrl_close() */
	struct ibv_qp *qp;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	struct ibv_mr *mr;
	unsigned char *buffers;		/* receives, then sends, FSW_MSG_MAX each */
	uint32_t free_slots;		/* bit per send buffer */
	uint64_t sent_ms;		/* when the last message was sent */
};

/**
 * ctrl_receive_fn - a message has arrived
 * @arg: as given to ctrl_poll()
 * @msg: the message, not checked in any way
 * @len: bytes that arrived
 *
 * Return: 0 to go on, else ctrl_poll() stops and returns that value.
 */
typedef int ctrl_receive_fn(void *arg, const struct fsw_msg *msg, size_t len);

/**
 * ctrl_open - make all that a control connection needs and post its receives
 * @ctrl: filled in
 * @pd: protection domain of the session
 * @id: the connection; gets the queue pair
 *
 * Return: 0 or an errno value; then nothing is left behind.
 */
int ctrl_open(struct ctrl *ctrl, struct ibv_pd *pd, struct rdma_cm_id *id);

/** ctrl_close - destroy it all; once more does no harm */
void ctrl_close(struct ctrl *ctrl);

/** ctrl_fd - readable when ctrl_poll() may have something to do, once armed */
int ctrl_fd(const struct ctrl *ctrl);

/**
 * ctrl_poll - take completions, a bounded number of them
 * @ctrl: the connection
 * @receive: called for each message
 * @arg: handed to @receive
 * @nr: set to the number of completions taken
 *
 * Messages after one that @receive stopped at are dropped, but sends that
 * completed together with it are taken note of: ctrl_all_sent() may be what the
 * caller waits for next.
 *
 * Return: 0; EIO when the connection is broken; else what @receive returned.
 */
int ctrl_poll(struct ctrl *ctrl, ctrl_receive_fn *receive, void *arg, unsigned int *nr);

/**
 * ctrl_arm - make the next completion wake the owner
 * @ctrl: the connection
 *
 * Completions that are there already may or may not do so: poll once more.
 *
 * Return: 0 or an errno value.
 */
int ctrl_arm(struct ctrl *ctrl);

/** ctrl_disarm - take the wake-ups that have arrived */
void ctrl_disarm(struct ctrl *ctrl);

/** ctrl_slot - a free buffer for a message, or NULL; stays with the caller until sent */
struct fsw_msg *ctrl_slot(struct ctrl *ctrl);

/** ctrl_unslot - give a buffer back that is not going to be sent */
void ctrl_unslot(struct ctrl *ctrl, struct fsw_msg *msg);

/** ctrl_goodbye_slot - the buffer that is kept for the last message; NULL: used already */
struct fsw_msg *ctrl_goodbye_slot(struct ctrl *ctrl);

/**
 * ctrl_send - send a message
 * @ctrl: the connection
 * @msg: a slot, payload filled in
 * @type: enum fsw_msg_type
 * @seq: sequence number
 * @payload: bytes after the header
 *
 * Return: 0 or an errno value; then the connection is broken.
 */
int ctrl_send(struct ctrl *ctrl, struct fsw_msg *msg, enum fsw_msg_type type, uint32_t seq,
	      size_t payload);

/** ctrl_all_sent - has the other side got everything that was sent? */
bool ctrl_all_sent(const struct ctrl *ctrl);

#endif /* FASTSWAP_SERVER_CTRL_H */
