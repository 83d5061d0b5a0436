/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of the stand-in share: fake_rdma.c (verbs) and fake_cm.c. */
#ifndef FAKE_IMPL_H
#define FAKE_IMPL_H

#include <pthread.h>

#include "fake_rdma.h"

#define MAX_WCS		256
#ifndef MAX_SENT
#define MAX_SENT	1024	/* messages that were sent and not taken with fake_sent() */
#endif
#ifndef MAX_SENT_BYTES
#define MAX_SENT_BYTES	FSW_MSG_MAX	/* of one of them */
#endif
#define MAX_RECEIVES	64

struct fake_pd {
	struct ibv_pd pd;
	int users;	/* queue pairs and regions */
	int qps;
};

struct fake_channel {
	struct ibv_comp_channel channel;
	int users;
	struct ibv_cq *events[MAX_WCS];
	unsigned int nr_events;
};

struct fake_cq {
	struct ibv_cq cq;
	int users;
	struct ibv_wc wcs[MAX_WCS];
	unsigned int nr_wcs;
	bool armed;
	unsigned int unacked;
};

struct fake_qp {
	struct ibv_qp qp;
	struct fake_cm_id *owner;
	struct ibv_recv_wr receives[MAX_RECEIVES];
	struct ibv_sge receive_sge[MAX_RECEIVES];
	unsigned int nr_receives;
	uint64_t pending[MAX_SENT];	/* sends that are not complete */
	unsigned int nr_pending;
	unsigned int max_send_wr;
};

struct sent {
	size_t len;
	unsigned char bytes[MAX_SENT_BYTES];
};

struct fake_cm_id {
	struct rdma_cm_id id;
	struct fake_qp *qp;	/* also when @id does not name it any more */
	struct fake_id_state state;
	struct fake_cm_id *next;
	struct sent *sent;
	unsigned int nr_sent, nr_taken;
};

struct fake_mr {
	struct ibv_mr mr;
	int access;
};

/* Held for every access to what follows and to all objects. */
extern pthread_mutex_t fake_lock;
/* All CM ids since fake_reset(), destroyed ones too. */
extern struct fake_cm_id *fake_ids;

/* Under the lock. Does this call fail? Then errno is set. */
bool fake_fails_now(void);
/* Under the lock. What fake_fail_call() said about a call. */
int fake_call_errno(enum fake_call call);
/* Under the lock. An object that counts, zeroed; and its end. */
void *fake_make(size_t size);
void fake_unmake(void *p);
/* Under the lock. One object less, though its memory stays. */
void fake_forget(void);
/* calloc() that never fails on demand. */
void *__real_calloc(size_t nr, size_t size);

/* fake_reset() of the other half. */
void fake_cm_reset(void);

#endif /* FAKE_IMPL_H */
