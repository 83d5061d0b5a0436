// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctrl.h"
#include "fault.h"
#include "log.h"
#include "util.h"
#include "vobj.h"

#define NR_BUFFERS	(FSW_CTRL_DEPTH + CTRL_NR_SLOTS)
#define BUFFERS_SIZE	((size_t)NR_BUFFERS * FSW_MSG_MAX)

/* A work request is known by the number of its buffer; sends come after the receives. */

static unsigned char *buffer(struct ctrl *ctrl, unsigned int nr)
{
	return ctrl->buffers + (size_t)nr * FSW_MSG_MAX;
}

static int post_receive(struct ctrl *ctrl, unsigned int nr)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)buffer(ctrl, nr),
		.length = FSW_MSG_MAX,
		.lkey = ctrl->mr->lkey,
	};
	struct ibv_recv_wr wr = { .wr_id = nr, .sg_list = &sge, .num_sge = 1 };
	struct ibv_recv_wr *bad;

	return ibv_post_recv(ctrl->qp, &wr, &bad);
}

int ctrl_open(struct ctrl *ctrl, struct ibv_pd *pd, struct rdma_cm_id *id)
{
	struct ibv_qp_init_attr attr = {
		.cap = {
			.max_send_wr = CTRL_NR_SLOTS,
			.max_recv_wr = FSW_CTRL_DEPTH,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = 1,
	};
	unsigned int i;
	int err, flags;

	memset(ctrl, 0, sizeof(*ctrl));
	if (fault(FAULT_ALLOC))
		return ENOMEM;
	ctrl->id = id;
	ctrl->free_slots = (1u << CTRL_NR_SLOTS) - 1;

	/* Whole pages of their own, so that nothing else is pinned with them. */
	ctrl->buffers = aligned_alloc(FSW_MSG_MAX, BUFFERS_SIZE);
	if (!ctrl->buffers)
		return ENOMEM;
	memset(ctrl->buffers, 0, BUFFERS_SIZE);

	ctrl->mr = ibv_reg_mr(pd, ctrl->buffers, BUFFERS_SIZE, IBV_ACCESS_LOCAL_WRITE);
	if (!ctrl->mr)
		goto err_errno;
	vobj_made(VOBJ_MR);

	ctrl->channel = ibv_create_comp_channel(pd->context);
	if (!ctrl->channel)
		goto err_errno;
	vobj_made(VOBJ_CHANNEL);
	flags = fcntl(ctrl->channel->fd, F_GETFL);
	if (flags < 0 || fcntl(ctrl->channel->fd, F_SETFL, flags | O_NONBLOCK))
		goto err_errno;

	ctrl->cq = ibv_create_cq(pd->context, NR_BUFFERS, NULL, ctrl->channel, 0);
	if (!ctrl->cq)
		goto err_errno;
	vobj_made(VOBJ_CQ);

	attr.send_cq = ctrl->cq;
	attr.recv_cq = ctrl->cq;
	if (rdma_create_qp(id, pd, &attr))
		goto err_errno;
	ctrl->qp = id->qp;
	vobj_made(VOBJ_QP);

	/* Before the accept: the client may send as soon as it sees that. */
	for (i = 0; i < FSW_CTRL_DEPTH; i++) {
		err = post_receive(ctrl, i);
		if (err)
			goto err_close;
	}
	return 0;

err_errno:
	err = errno ? errno : EIO;
err_close:
	ctrl_close(ctrl);
	return err;
}

void ctrl_close(struct ctrl *ctrl)
{
	bool removed = false;
	int err, lost;

	if (ctrl->qp) {
		struct ibv_context *context = ctrl->qp->context;

		/* In a worker it is not there any more, see lease.c. */
		if (ctrl->id->qp == ctrl->qp)
			ctrl->id->qp = NULL;
		err = vobj_destroyed(VOBJ_QP, context, ibv_destroy_qp(ctrl->qp));
		if (err)
			log_err("cannot destroy a queue pair: %s", strerror(err));
		ctrl->qp = NULL;
	}
	if (ctrl->cq) {
		struct ibv_context *context = ctrl->cq->context;

		/* Wake-ups that were not taken would make the destruction wait for ever. */
		ctrl_disarm(ctrl);
		err = ibv_destroy_cq(ctrl->cq);
		lost = vobj_destroyed(VOBJ_CQ, context, err);
		if (lost)
			log_err("cannot destroy a completion queue: %s", strerror(lost));
		removed = err && !lost;
		ctrl->cq = NULL;
	}
	if (ctrl->channel) {
		/* The library goes on counting a queue that a removed device took with it. */
		if (removed)
			err = close(ctrl->channel->fd) ? errno : 0;
		else
			err = ibv_destroy_comp_channel(ctrl->channel);
		if (err)
			log_err("cannot destroy a completion channel: %s", strerror(err));
		else
			vobj_gone(VOBJ_CHANNEL);
		ctrl->channel = NULL;
	}
	if (ctrl->mr) {
		struct ibv_context *context = ctrl->mr->context;

		err = vobj_destroyed(VOBJ_MR, context, ibv_dereg_mr(ctrl->mr));
		if (err)
			log_err("cannot deregister message buffers: %s", strerror(err));
		ctrl->mr = NULL;
	}
	free(ctrl->buffers);
	ctrl->buffers = NULL;
}

int ctrl_fd(const struct ctrl *ctrl)
{
	return ctrl->channel->fd;
}

int ctrl_poll(struct ctrl *ctrl, ctrl_receive_fn *receive, void *arg, unsigned int *nr)
{
	struct ibv_wc wc[FSW_CTRL_DEPTH];
	int i, n, err = 0;

	*nr = 0;
	n = ibv_poll_cq(ctrl->cq, ARRAY_SIZE(wc), wc);
	if (n < 0)
		return EIO;
	*nr = n;
	for (i = 0; i < n; i++) {
		unsigned int buf = wc[i].wr_id;

		if (fault(FAULT_STATUS))
			wc[i].status = IBV_WC_GENERAL_ERR;
		if (wc[i].status != IBV_WC_SUCCESS) {
			log_dbg("control queue pair: %s", ibv_wc_status_str(wc[i].status));
			return err ? err : EIO;
		}
		if (buf >= FSW_CTRL_DEPTH) {
			ctrl->free_slots |= 1u << (buf - FSW_CTRL_DEPTH);
			continue;
		}
		if (err)
			continue;
		if (!fault(FAULT_DROP))
			err = receive(arg, (const struct fsw_msg *)buffer(ctrl, buf),
				      wc[i].byte_len);
		if (!err && post_receive(ctrl, buf))
			err = EIO;
	}
	return err;
}

int ctrl_arm(struct ctrl *ctrl)
{
	return ibv_req_notify_cq(ctrl->cq, 0);
}

void ctrl_disarm(struct ctrl *ctrl)
{
	struct ibv_cq *cq;
	unsigned int n = 0;
	void *context;

	while (!ibv_get_cq_event(ctrl->channel, &cq, &context))
		n++;
	if (n)
		ibv_ack_cq_events(ctrl->cq, n);
}

static unsigned int number(const struct ctrl *ctrl, const struct fsw_msg *msg)
{
	return ((const unsigned char *)msg - ctrl->buffers) / FSW_MSG_MAX;
}

static struct fsw_msg *take_slot(struct ctrl *ctrl, unsigned int slot)
{
	struct fsw_msg *msg = (struct fsw_msg *)buffer(ctrl, FSW_CTRL_DEPTH + slot);

	ctrl->free_slots &= ~(1u << slot);
	/* Reserved bytes are zero, and no byte of an older message leaves the machine. */
	memset(msg, 0, FSW_MSG_MAX);
	return msg;
}

struct fsw_msg *ctrl_slot(struct ctrl *ctrl)
{
	uint32_t free_slots = ctrl->free_slots & ~(1u << CTRL_GOODBYE_SLOT);

	return free_slots ? take_slot(ctrl, __builtin_ctz(free_slots)) : NULL;
}

void ctrl_unslot(struct ctrl *ctrl, struct fsw_msg *msg)
{
	ctrl->free_slots |= 1u << (number(ctrl, msg) - FSW_CTRL_DEPTH);
}

struct fsw_msg *ctrl_goodbye_slot(struct ctrl *ctrl)
{
	if (!(ctrl->free_slots & 1u << CTRL_GOODBYE_SLOT))
		return NULL;
	return take_slot(ctrl, CTRL_GOODBYE_SLOT);
}

static void be_late(void)
{
	const struct timespec pause = {
		.tv_sec = fault_arg(FAULT_DELAY) / 1000,
		.tv_nsec = fault_arg(FAULT_DELAY) % 1000 * 1000000L,
	};

	nanosleep(&pause, NULL);
}

int ctrl_send(struct ctrl *ctrl, struct fsw_msg *msg, enum fsw_msg_type type, uint32_t seq,
	      size_t payload)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)msg,
		.length = sizeof(*msg) + payload,
		.lkey = ctrl->mr->lkey,
	};
	struct ibv_send_wr wr = {
		.wr_id = number(ctrl, msg),
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
	};
	struct ibv_send_wr *bad;

	fsw_msg_init(msg, type, seq, payload);
	ctrl->sent_ms = now_ms();
	if (fault(FAULT_DELAY))
		be_late();
	if (fault(FAULT_MUTE)) {
		ctrl_unslot(ctrl, msg);
		return 0;
	}
	return ibv_post_send(ctrl->qp, &wr, &bad);
}

bool ctrl_all_sent(const struct ctrl *ctrl)
{
	return ctrl->free_slots == (1u << CTRL_NR_SLOTS) - 1;
}
