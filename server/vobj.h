/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many objects of each kind are held in the RDMA stack. Whoever creates or
 * destroys one says so here; at exit every count must be zero.
 */
#ifndef FASTSWAP_SERVER_VOBJ_H
#define FASTSWAP_SERVER_VOBJ_H

struct ibv_context;

#define VOBJ_KINDS(X) \
	X(ID, "CM ids") \
	X(PD, "protection domains") \
	X(CHANNEL, "completion channels") \
	X(CQ, "completion queues") \
	X(QP, "queue pairs") \
	X(MR, "memory regions")

#define VOBJ_ENUM(name, text)	VOBJ_##name,
enum vobj_kind {
	VOBJ_KINDS(VOBJ_ENUM)
	VOBJ_NR_KINDS
};

/** vobj_made - one more; any thread */
void vobj_made(enum vobj_kind kind);
/** vobj_gone - one less; any thread */
void vobj_gone(enum vobj_kind kind);
/**
 * vobj_destroyed - judge the attempt to destroy an object
 * @kind: what it is
 * @context: of the device that it belongs to
 * @err: what the attempt returned, an errno value
 *
 * Once a device was removed, whatever is asked of it fails with EIO, also to
 * destroy an object: the kernel has released all of them with the device. As a
 * living device may say EIO for reasons of its own, it is asked something
 * harmless before that is believed.
 *
 * Return: 0 if the object is gone, then it is counted as one less; else @err.
 */
int vobj_destroyed(enum vobj_kind kind, struct ibv_context *context, int err);

/** vobj_count - how many there are */
long vobj_count(enum vobj_kind kind);
/**
 * vobj_report - log the counts that are not zero
 *
 * Return: how many objects are left in all.
 */
long vobj_report(void);

#endif /* FASTSWAP_SERVER_VOBJ_H */
