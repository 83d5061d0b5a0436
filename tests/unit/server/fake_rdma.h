/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for libibverbs and librdmacm: it keeps the objects, counts them,
 * checks that they are freed in the right order, fails any call that a test
 * chooses, and lets a test play the network.
 *
 * Every function may be called from any thread.
 */
#ifndef FAKE_RDMA_H
#define FAKE_RDMA_H

#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fastswap/proto.h>

/* Beginning and end of a test: nothing exists, no call fails. */
void fake_reset(void);
/* How many objects of all kinds exist. */
int fake_objects(void);

/*
 * The nth call from now that can fail does so (1: the next). Allocations of the
 * server's code count as well. 0: none fails any more.
 */
void fake_fail(unsigned int nth);
/* Every ibv_dereg_mr() of remotely accessible memory fails with this; 0: none does. */
void fake_fail_dereg(int err);
/* Calls that fail when told to, all of them, with an errno value; 0: they work again. */
enum fake_call {
	FAKE_REJECT,
	FAKE_DISCONNECT,
	FAKE_DESTROY_ID,	/* it is destroyed all the same, so that a test can end */
	FAKE_DEALLOC_PD,	/* so are these */
	FAKE_DESTROY_CQ,
	FAKE_QUERY_DEVICE,
	FAKE_QUERY_PORT,
	FAKE_NR_CALLS
};
void fake_fail_call(enum fake_call call, int err);
/*
 * From now on the device answers EIO to everything, and its objects are gone. What the real
 * library would leak of them is freed.
 */
void fake_remove_device(unsigned int device);
/* Remotely accessible memory that was deregistered while its domain had queue pairs, ever. */
unsigned int fake_raced_deregs(void);
/* Calls that could have failed since the last fake_fail(). */
unsigned int fake_calls(void);

/* One of the two devices. */
struct ibv_context *fake_device(unsigned int nr);
/* A CM id as it comes with a connect request; freed by rdma_destroy_id(). */
struct rdma_cm_id *fake_id(unsigned int device);
/* The port of a device goes down, or comes up again. */
void fake_set_port(unsigned int device, bool up);
/* The number of devices that are found; 2 after fake_reset(). */
void fake_set_devices(int nr);

/* The other side sends a message. False if no receive is posted. */
bool fake_message(struct rdma_cm_id *id, const void *bytes, size_t len);
/* The next message that was sent. False if there is none. The send stays incomplete. */
bool fake_sent(struct rdma_cm_id *id, struct fsw_msg *msg, size_t *len);
/* As above, waits for it, at most some seconds. */
bool fake_wait_sent(struct rdma_cm_id *id, struct fsw_msg *msg, size_t *len);
/* All sends so far complete. */
void fake_complete_sends(struct rdma_cm_id *id);
/* From now on every send completes at once. */
void fake_auto_complete(bool on);
/* The queue pair breaks: one completion with an error arrives. */
void fake_break(struct rdma_cm_id *id);
/* The next ibv_poll_cq() fails. */
void fake_fail_poll(void);
/* Receives that are posted. */
unsigned int fake_receives(struct rdma_cm_id *id);

/* A CM event for a channel; private data is copied. */
void fake_cm_event(enum rdma_cm_event_type type, struct rdma_cm_id *id, const void *data,
		   size_t len);
/* The next calls of rdma_get_cm_event() fail, though the channel says that it has events. */
void fake_fail_cm_events(unsigned int times, int err);
/* How many of them are still to come. */
unsigned int fake_bad_cm_events(void);
/* What was done to an id; an id is found after its destruction too, until fake_reset(). */
struct fake_id_state {
	bool accepted, refused, destroyed;
	unsigned int disconnects;
	struct fsw_welcome welcome;
	struct fsw_refusal refusal;
	unsigned int responder_resources;
	bool has_qp;
	bool bound;
	bool both_families;	/* an IPv6 address that takes IPv4 as well */
};
struct fake_id_state fake_id_state(struct rdma_cm_id *id);
/* Frees those that were destroyed, for a test that goes on for very long. */
void fake_forget_ids(void);

/* errno values for rdma_bind_addr(), rdma_listen(), and what else the names say. */
extern int fake_bind_errno, fake_listen_errno, fake_channel_errno, fake_option_errno;

#endif /* FAKE_RDMA_H */
