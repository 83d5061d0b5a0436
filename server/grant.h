/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The chunks that a session holds, and the requests and releases that it waits
 * for. Used by the worker of the session only, one small step at a time, so
 * that the other sessions of that worker get their turns.
 */
#ifndef FASTSWAP_SERVER_GRANT_H
#define FASTSWAP_SERVER_GRANT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <fastswap/proto.h>

#include "ctrl.h"
#include "pool.h"
#include "region.h"
#include "tenant.h"

/* A request, a release or the like that was received and is not answered yet. */
struct grant_job {
	enum fsw_msg_type type;
	uint32_t seq;
	uint32_t first, count;		/* of a promise @count only */
	uint32_t done;			/* chunks of it that are dealt with */
	bool started;			/* checked and, for a request, claimed or denied */
	uint64_t since_ms;		/* waits for the pool since then; 0: does not */
	uint64_t progress;		/* of the pool at that time */
	enum fsw_reason deny;		/* NONE: not denied */
	uint64_t deny_detail;
};

/*
 * Chunks of a session that are being cleared, above which it gets no new ones while others lack
 * some. Releasing one and asking for one is faster than clearing one: a client that did so all the
 * time would have everything that is free cleared, and others would wait for it.
 */
#define GRANT_UNCLEARED	4

struct grants {
	struct pool *pool;
	struct tenant *tenant;		/* who counts what is held; NULL: nobody */
	struct share share;		/* of the pool's ledger */
	bool elastic;			/* its client knows of promises */
	struct ibv_pd *pd;
	struct region **chunk;		/* by the index in the client's device */
	uint32_t max_chunks;
	atomic_uint nr_granted;		/* the main thread looks at it */

	struct grant_job jobs[FSW_CTRL_WINDOW];	/* a ring, oldest first */
	unsigned int first_job, nr_jobs;
	uint32_t taken;			/* of the oldest job: held, as to the ledger, not granted */
	uint32_t nr_claimed;		/* of these, what is there already */
	bool wants;			/* it waits for the rest */
	struct region_list claimed;

	struct fsw_msg *message;	/* grants that are collected; NULL: none */
	unsigned int nr_collected;
	uint64_t collected_ms;		/* since when */

	/* The releases of last: what was added to the backlog until then. A ring. */
	uint64_t returned[GRANT_UNCLEARED];
	unsigned int next_returned;

	uint32_t reclaim_at;		/* how far grants_reclaim() is */
};

enum grants_result {
	GRANTS_IDLE,		/* no job */
	GRANTS_BUSY,		/* did a step, call again */
	GRANTS_BLOCKED,		/* needs a free send slot */
	GRANTS_WAITING,		/* needs chunks that are on their way back to the pool */
	GRANTS_MALFORMED,	/* the client asked for what the protocol forbids */
	GRANTS_BROKEN,		/* sending failed */
};

/**
 * grants_init - a session that holds nothing
 * @g: filled in
 * @pool: where chunks come from
 * @pd: protection domain of the session
 * @max_chunks: how many it may hold
 *
 * Return: 0 or an errno value.
 */
int grants_init(struct grants *g, struct pool *pool, struct ibv_pd *pd, uint32_t max_chunks);

/** grants_destroy - free the table; every chunk must be back; safe on a zeroed one */
void grants_destroy(struct grants *g);

/**
 * grants_add_job - take note of a REQUEST, RELEASE, PROMISE or FORGET
 * @g: the session's chunks
 * @msg: the message, checked with fsw_msg_check()
 *
 * Return: false if more are waiting than the protocol allows, or it is of a version that the client
 * does not speak.
 */
bool grants_add_job(struct grants *g, const struct fsw_msg *msg);

/**
 * grants_step - do a small part of the oldest job
 * @g: the session's chunks
 * @ctrl: where answers go
 * @dirty: released chunks are added to it
 * @now: now_ms()
 */
enum grants_result grants_step(struct grants *g, struct ctrl *ctrl, struct backlog *dirty,
			       uint64_t now);

/**
 * grants_stop - no job goes on, as the session is about to end
 * @g: the session's chunks
 * @ctrl: gets the buffer back in which grants were collected
 *
 * The client does not hear of chunks that were granted but not told yet.
 */
void grants_stop(struct grants *g, struct ctrl *ctrl);

/**
 * grants_forget - no job goes on, as the connection is gone; chunks stay granted
 * @g: the session's chunks; the messages of its control connection are gone, too
 */
void grants_forget(struct grants *g);

/**
 * grants_reclaim - take back one chunk of a session that has ended
 * @g: the session's chunks
 * @dirty: the chunk is added to it
 *
 * All queue pairs of the session must be gone.
 *
 * Return: true when nothing is left to take back.
 */
bool grants_reclaim(struct grants *g, struct backlog *dirty);

/** grants_ending - all chunks are on their way back from now on; main thread */
void grants_ending(struct grants *g);

/** grants_ended - they are all back on the way to the pool, or kept after all */
void grants_ended(struct grants *g);

#endif /* FASTSWAP_SERVER_GRANT_H */
