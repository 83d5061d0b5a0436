/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many objects of each kind are held in the RDMA stack. Whoever creates or
 * destroys one says so here; at exit every count must be zero.
 */
#ifndef FASTSWAP_SERVER_VOBJ_H
#define FASTSWAP_SERVER_VOBJ_H

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
/** vobj_count - how many there are */
long vobj_count(enum vobj_kind kind);
/**
 * vobj_report - log the counts that are not zero
 *
 * Return: how many objects are left in all.
 */
long vobj_report(void);

#endif /* FASTSWAP_SERVER_VOBJ_H */
