/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that is lent, cut into chunks, and the list of those that are free. It is made of
 * pieces, as more of it may be wanted while it is in use; see resize.h.
 */
#ifndef FASTSWAP_SERVER_POOL_H
#define FASTSWAP_SERVER_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "config.h"
#include "ledger.h"
#include "memory.h"
#include "region.h"
#include "resize_plan.h"

/* Memory that was taken at one time. */
struct piece {
	/* Constant. */
	struct memory memory;
	struct region *regions;
	uint32_t nr_regions;

	/* Under the lock of the pool. */
	uint32_t end;		/* from here on all are RETIRED */
	uint32_t nr_left;	/* that are not */
	STAILQ_ENTRY(piece) link;
};

STAILQ_HEAD(piece_list, piece);

struct pool {
	/* Constant once made. */
	unsigned int chunk_shift;
	struct config how;	/* to get memory; its size does not count */
	size_t page_size;	/* of all pieces */
	uint32_t unit;		/* chunks that go back to the system together */

	/* The server is stopping: clearing memory that goes back to the system is a waste. */
	atomic_bool closing;

	/*
	 * Held for list operations only, never over verbs calls, the clearing of memory or what
	 * the system does with it.
	 */
	pthread_mutex_t lock;
	struct piece_list pieces;	/* under @lock, like all below */
	struct free_list free;
	uint32_t nr_regions;		/* that are not RETIRED */
	uint32_t next_index;		/* of the next one that is added */
	uint32_t target;		/* that there are to be */
	uint32_t nr_free;
	uint32_t nr_dirty;		/* deregistered, will be free once cleared */
	uint32_t nr_lost;
	uint64_t nr_steps;		/* that chunks made on their way back, ever */
	unsigned int nr_ending;		/* sessions whose chunks are on their way back */
	unsigned int nr_wanting;	/* requests that wait for chunks */
	struct ledger ledger;		/* what is owed to whom */
};

/**
 * pool_init - get the memory and cut it
 * @pool: filled in
 * @cfg: size, chunk size and kind of pages
 * @why: on an error one line that says what is wrong
 * @why_size: bytes of @why
 *
 * Return: 0 or an errno value; ECANCELED when a signal said to stop meanwhile.
 */
int pool_init(struct pool *pool, const struct config *cfg, char *why, size_t why_size);

/** pool_destroy - give the memory back; safe on a zeroed pool, and once more */
void pool_destroy(struct pool *pool);

/**
 * pool_claim - take chunks
 * @pool: the pool
 * @nr: how many, at least 1
 * @list: the chunks, CLAIMED, are added at its end
 * @nr_claimed: how many were added is added to it
 *
 * Return: 0; EAGAIN when some or none were there, and the others will be once those on their way
 * back have arrived; ENOMEM when not even that is known to help, then none were added.
 */
int pool_claim(struct pool *pool, uint32_t nr, struct region_list *list, uint32_t *nr_claimed);

/** pool_unclaim - give CLAIMED chunks back that nobody has written to; empties @list */
void pool_unclaim(struct pool *pool, struct region_list *list);

/** pool_add_dirty - a chunk was deregistered; it counts as "on its way back" */
void pool_add_dirty(struct pool *pool);

/** pool_add_lost - a chunk could not be deregistered and is not coming back */
void pool_add_lost(struct pool *pool);

/** pool_put_zeroed - a chunk that pool_add_dirty() was called for is cleared and FREE */
void pool_put_zeroed(struct pool *pool, struct region *region);

/** pool_session_ending - the chunks of a session are on their way back from now on */
void pool_session_ending(struct pool *pool);

/** pool_session_ended - they are all dirty or free (or lost) now */
void pool_session_ended(struct pool *pool);

/** pool_want - a request waits for chunks, or (@wants false) does not any more */
void pool_want(struct pool *pool, bool wants);

/** pool_is_wanted - does any? */
bool pool_is_wanted(struct pool *pool);

/**
 * pool_progress - a number that changes when a chunk comes a step closer to being free
 * @pool: the pool
 *
 * Steps are the deregistration and the clearing.
 */
uint64_t pool_progress(struct pool *pool);

struct pool_counts {
	uint32_t nr, target;
	uint32_t nr_free, nr_dirty, nr_lost;
};

/** pool_count - chunks that there are, and of these what is not lent, all at the same time */
void pool_count(struct pool *pool, struct pool_counts *counts);

/** pool_target - chunks that there are to be */
uint32_t pool_target(struct pool *pool);

/** pool_set_target - so many chunks there are to be from now on; what is lent stays so */
void pool_set_target(struct pool *pool, uint32_t chunks);

/**
 * pool_prepare - get more memory and cut it
 * @pool: the pool, which is not changed
 * @chunks: how many
 * @cancel: set when they are not wanted any more
 * @piece: set to the memory, to be handed to pool_add() or pool_drop()
 * @why: on an error one line that says what is wrong
 * @why_size: bytes of @why
 *
 * Takes as long as it takes the system.
 *
 * Return: 0 or an errno value; ECANCELED when told so.
 */
int pool_prepare(struct pool *pool, uint32_t chunks, const atomic_bool *cancel,
		 struct piece **piece, char *why, size_t why_size);

/** pool_add - lend what pool_prepare() has got from now on */
void pool_add(struct pool *pool, struct piece *piece);

/** pool_drop - give a piece back that is not part of a pool (any more); safe on NULL */
void pool_drop(struct piece *piece);

/* Chunks that are RETIRED, and whose memory is to go back to the system. */
struct pool_retired {
	struct piece *piece;
	struct resize_run run;
};

/**
 * pool_retire - take chunks out of the pool that are free and beyond its target
 * @pool: the pool
 * @retired: set to some, for pool_release()
 *
 * Return: false if there are none just now.
 */
bool pool_retire(struct pool *pool, struct pool_retired *retired);

/**
 * pool_release - give their memory back to the system
 * @pool: the pool
 * @retired: of pool_retire()
 *
 * Return: 0 or an errno value; the chunks are free again then.
 */
int pool_release(struct pool *pool, const struct pool_retired *retired);

/**
 * pool_recall - chunks that a session should be asked to give back
 * @pool: the pool
 * @account: of its client, or NULL; what is reserved for that is not asked for
 * @held: that it holds
 */
uint32_t pool_recall(struct pool *pool, const struct account *account, uint32_t held);

/** pool_available - bytes that are free */
uint64_t pool_available(struct pool *pool);

/** pool_coming - chunks that are free or will be so without anybody's doing */
uint64_t pool_coming(struct pool *pool);

/** pool_is_ending - are chunks of sessions on their way back, nobody knows how many? */
bool pool_is_ending(struct pool *pool);

enum pool_answer {
	POOL_PROMISED,
	POOL_NOT_TO_IT,		/* its client would be promised more than it may have */
	POOL_NOT_LEFT,		/* others are promised it, or have it reserved */
};

/**
 * pool_promise - promise a session chunks, in the place of what it was promised before
 * @pool: the pool
 * @account: of its client, or NULL
 * @share: of the session
 * @chunks: how many
 * @limit: of all that its client is promised; without an account there is none
 */
enum pool_answer pool_promise(struct pool *pool, struct account *account, struct share *share,
			      uint64_t chunks, uint64_t limit);

/* The ledger of the pool, for all threads. See there. */
bool pool_take(struct pool *pool, struct account *account, struct share *share, uint64_t chunks);
void pool_give(struct pool *pool, struct account *account, struct share *share, uint64_t chunks);
uint64_t pool_offer(struct pool *pool, const struct account *account);

/* Copies, so that what belongs together is of the same time. */
struct share pool_share(struct pool *pool, const struct share *share);
struct account pool_account(struct pool *pool, const struct account *account);
struct ledger pool_ledger(struct pool *pool);

/**
 * pool_set_ledger - what the operator wants of it
 * @pool: the pool
 * @percent: of what there is, may be promised
 * @reserved: chunks that are reserved for all clients together, not fewer than those of the
 *	accounts that there are
 */
void pool_set_ledger(struct pool *pool, unsigned int percent, uint64_t reserved);

/** pool_reserve - the same for a client that is here */
void pool_reserve(struct pool *pool, struct account *account, uint64_t chunks);

#endif /* FASTSWAP_SERVER_POOL_H */
