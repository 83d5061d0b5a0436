/* SPDX-License-Identifier: GPL-2.0-only */
/* What control.c and question.c share: the inside of a control connection. */
#ifndef _FSR_CONTROL_H
#define _FSR_CONTROL_H

#include "keepalive.h"
#include "rdma.h"

/*
 * Sends that may be under way: those that the protocol lets us have without an
 * answer, and an answer to each that the other side may have.
 */
#define FSR_NR_SENDS		(2 * FSW_CTRL_WINDOW)

/**
 * struct fsr_buffer - memory that a message is sent from or received into
 * @cqe: names it in a completion
 * @data: the message
 * @dma: its address for the adapter
 */
struct fsr_buffer {
	struct ib_cqe cqe;
	void *data;
	u64 dma;
};

enum fsr_asked {
	FSR_ASKED_NOTHING,
	FSR_ASKED_CHUNKS,	/* chunks were asked for */
	FSR_ASKED_RETURN,	/* chunks were given back */
	FSR_ASKED_PROMISE,	/* a promise was asked for */
	FSR_ASKED_LEAVE,	/* all is given up; any answer will do */
};

/**
 * struct fsr_control - what runs over the control connection
 * @session: whose it is
 * @cq: its completion queue, NULL if there is none
 * @lock: guards all below but the work, and the posting
 * @open: messages may be posted
 * @busy: sends that are under way, one bit each
 * @seq: of the last message that asks
 * @asked: what an answer is due to
 * @asked_seq: and the sequence number that it must bear
 * @nr_asked: chunks that it is about
 * @news_at: when it was asked, or a part of it answered, in jiffies
 * @deny: why the server gives no more; reason 0 if it did not say so
 * @keepalive: who was silent for how long
 * @interval: from one tick of the keep-alive to the next, in jiffies
 * @tick: the tick
 * @sends: buffers
 * @recvs: buffers
 */
struct fsr_control {
	struct fsr_session *session;
	struct ib_cq *cq;

	spinlock_t lock;
	bool open;
	unsigned long busy;
	u32 seq;
	enum fsr_asked asked;
	u32 asked_seq;
	u32 nr_asked;
	unsigned long news_at;
	struct fsw_deny deny;
	struct fsr_keepalive keepalive;

	unsigned long interval;
	struct delayed_work tick;
	struct fsr_buffer sends[FSR_NR_SENDS];
	struct fsr_buffer recvs[FSW_CTRL_DEPTH];
};

/* control.c */
int fsr_control_post(struct fsr_control *ctl, enum fsw_msg_type type, u32 seq,
		     const void *payload, size_t len);

/* question.c */
int fsr_question_answer(struct fsr_control *ctl, const struct fsw_msg *msg, size_t rest);
void fsr_question_leave(struct fsr_session *s);

#endif /* _FSR_CONTROL_H */
