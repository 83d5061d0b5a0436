/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of fastswap_mirror.ko share.
 *
 * A mirror is a backend that is made of others, its replicas. Each write goes to
 * all that are live, each read to one that has the data. Which replica has what is
 * a bit per slot (missing.h), so whoever was away can be told exactly what to
 * copy; the copying is refill.c.
 *
 * The replicas never make I/O wait for a link (their hold is 0): waiting is for
 * the mirror to decide, which knows whether somebody else can serve.
 */
#ifndef _FASTSWAP_MIRROR_H
#define _FASTSWAP_MIRROR_H

#include <linux/bio.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <fastswap/backend.h>

#include "missing.h"
#include "params.h"
#include "policy.h"

/* Bios under way in one mirror; more wait for these to end. */
#define FSM_NR_IOS	1024
/* Slots that are copied to a replica in one go; a power of two. */
#define FSM_GROUP	16
/* Counters of writes under way, by group. */
#define FSM_NR_BUSY	1024
#define FSM_NO_GROUP	U64_MAX

struct fsm;
struct fsm_io;

/**
 * struct fsm_clone - a bio on its way to a replica
 * @io: what it is a part of; NULL: of struct fsm_copy
 * @changes: of the replica, when it was sent there
 * @bio: for the replica; shares the pages of the original
 */
struct fsm_clone {
	struct fsm_io *io;
	u32 changes;
	struct bio bio;
};

/**
 * struct fsm_io - a bio of the mirror's own user, under way; guarded by the mirror's lock
 * @node: in the list that it waits in, if it does
 * @bio: the bio
 * @class: of it
 * @waits: it has failed for an outage
 * @since: when it did first, jiffies
 * @refused: replicas that have failed it although they are live, or for too long
 * @acked: of a write, replicas that have done it
 * @losses: of each of them, its @losses at that time
 * @pending: clones that have not ended
 * @done: of a read, slots that are read; the rest follows
 * @flying: of a read, slots that are under way
 * @clones: by replica
 */
struct fsm_io {
	struct list_head node;
	struct bio *bio;
	enum fastswap_class class;
	bool waits;
	unsigned long since;
	u8 refused;
	u8 acked;
	u8 pending;
	u32 losses[FSM_REPLICAS_MAX];
	u32 done;
	u32 flying;
	struct fsm_clone *clones[FSM_REPLICAS_MAX];
};

/**
 * struct fsm_replica - one of the backends below
 * @upper: what that knows of us
 * @m: the mirror
 * @index: which one it is
 * @ops: the backend, its module pinned
 * @priv: its own; NULL: not attached
 * @changes: times that it came or went; guarded by the mirror's lock
 * @down_since: when it was lost, jiffies; while it is not in m->live
 * @told: that it is being filled; of the refill
 * @losses: times that it has lost everything; guarded by the mirror's lock, as what follows
 * @reads: reads that it has served
 * @writes: writes likewise
 * @errors: bios that it has failed
 * @refilled: slots that were copied to it
 */
struct fsm_replica {
	struct fastswap_upper upper;
	struct fsm *m;
	unsigned int index;
	const struct fastswap_backend_ops *ops;
	void *priv;
	u32 changes;
	unsigned long down_since;
	bool told;
	u32 losses;
	u64 reads;
	u64 writes;
	u64 errors;
	u64 refilled;
};

/**
 * struct fsm_copy - one slot that is copied from a replica to another
 * @m: the mirror
 * @slot: which
 * @from: replica that has it
 * @status: how the last step of it ended
 * @page: the data
 * @bvec: of the bio
 * @clone: whose bio goes to the replicas
 */
struct fsm_copy {
	struct fsm *m;
	u64 slot;
	unsigned int from;
	blk_status_t status;
	struct page *page;
	struct bio_vec bvec;
	struct fsm_clone clone;
};

/**
 * struct fsm - a mirror
 * @up: whom it works for
 * @nr: replicas
 * @replicas: the replicas
 * @lock: guards all from here to @parked, and the ios; taken with interrupts off, innermost
 *	but for that of the device's health. No bio ends under it and none is handed to a replica
 * @live: replicas that do I/O
 * @complete: replicas that miss nothing; a bit is cleared before something is missed
 * @dirty: replicas that have missed something since the refill looked
 * @stopping: no work is queued any more
 * @map: what each replica has; bits are set under the lock and cleared by anybody
 * @read_ns: what a read of one takes, by replica
 * @turn: reads so far
 * @group: which is being copied: writes of it wait; FSM_NO_GROUP: none
 * @busy: writes under way, by group modulo FSM_NR_BUSY
 * @free_ios: ios that are not in use
 * @starved: by class, bios that wait for one
 * @waiting: ios that wait for a replica, or to be done again
 * @parked: ios that wait for the copying of @group to end
 * @quiet: the refill waits here for writes to end
 * @hold_s: seconds that I/O waits while no replica is there that can serve it
 * @lost: a bit for each slot that was stored and that no replica has; missing.h has the rest
 * @dispatch: has another go at what waits
 * @refill: copies what replicas miss
 * @copies: of the refill
 * @copies_left: of them that have not ended
 * @copied: none is left
 */
struct fsm {
	struct fastswap_upper *up;
	unsigned int nr;
	struct fsm_replica replicas[FSM_REPLICAS_MAX];

	spinlock_t lock;
	u8 live;
	u8 complete;
	u8 dirty;
	bool stopping;
	struct fsm_map map;
	u32 read_ns[FSM_REPLICAS_MAX];
	u32 turn;
	u64 group;
	u32 busy[FSM_NR_BUSY];
	struct list_head free_ios;
	struct bio_list starved[FASTSWAP_NR_CLASSES];
	struct list_head waiting;
	struct list_head parked;

	wait_queue_head_t quiet;
	unsigned int hold_s;
	unsigned long *has[FSM_REPLICAS_MAX];
	unsigned long *lost;
	struct delayed_work dispatch;
	struct delayed_work refill;
	struct fsm_copy *copies[FSM_GROUP];
	atomic_t copies_left;
	struct completion copied;
};

static inline u8 fsm_all(const struct fsm *m)
{
	return (1u << m->nr) - 1;
}

static inline u32 *fsm_busy_of(struct fsm *m, u64 group)
{
	return &m->busy[group % FSM_NR_BUSY];
}

/* Replicas count from 0 in the statistics, as in the options. */
#define fsm_info(r, fmt, ...)							\
	pr_info("%s: replica %u " fmt, fastswap_name((r)->m->up), (r)->index, ##__VA_ARGS__)

extern struct workqueue_struct *fsm_wq;
/* A refill waits for I/O of replicas. What ends a wait must not stand behind it. */
extern struct workqueue_struct *fsm_refill_wq;

/* io.c */
int fsm_alloc_ios(struct fsm *m);
void fsm_free_ios(struct fsm *m);
void fsm_submit(void *priv, struct fastswap_batch *batch, struct fastswap_ticket *ticket);
bool fsm_poll(void *priv, const struct fastswap_ticket *ticket, bool last);
void fsm_free_slots(void *priv, u64 offset, u64 length);
u64 fsm_end_bios(struct fastswap_upper *up, enum fastswap_class class, struct bio_list *bios,
		 blk_status_t status, u64 start_ns);
void fsm_dispatch(struct work_struct *work);

/* mirror.c */
int fsm_attach(struct fastswap_upper *up, char *options, u64 size,
	       struct fastswap_limits *limits, void **priv, char *error);
void fsm_detach(void *priv);

/* refill.c */
int fsm_alloc_copies(struct fsm *m);
void fsm_free_copies(struct fsm *m);
void fsm_copy_ended(struct fsm_clone *clone, blk_status_t status);
void fsm_refill(struct work_struct *work);

/* replica.c */
extern const struct fastswap_upper_ops fsm_upper_ops;
unsigned long fsm_hold_jiffies(const struct fsm *m);
u8 fsm_holding(const struct fsm *m);
void fsm_kick(struct fsm *m, bool refill);
unsigned long fsm_look(struct fsm *m);
int fsm_set_hold(void *priv, unsigned int seconds);
unsigned int fsm_get_hold(void *priv);

/* stats.c */
int fsm_describe(void *priv, char *buf, size_t len);
ssize_t fsm_show_stats(void *priv, char *buf, size_t len);
u64 fsm_lost(void *priv);

#endif /* _FASTSWAP_MIRROR_H */
