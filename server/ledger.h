/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the pool owes to whom, in chunks. Pure: no locks, no memory; who calls sees to it that
 * nobody else does.
 *
 * A session is promised chunks, and holds some. It commits the larger of the two. A client may have
 * chunks reserved, whether it has sessions or not. Two rules:
 *
 *	what is committed, and what is reserved beyond that, is not more than the limit
 *	what is held, and what is reserved beyond that, is not more than there is
 *
 * Without overcommit the limit is what there is, and the second rule follows from the first.
 */
#ifndef FASTSWAP_SERVER_LEDGER_H
#define FASTSWAP_SERVER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#define LEDGER_PERCENT	100	/* no overcommit */

/* All sessions of one client together. */
struct account {
	uint64_t reserved, held, committed;
};

/* One session. */
struct share {
	uint64_t promised, held;
};

/* All clients together. */
struct ledger {
	uint64_t total;		/* chunks that there are */
	unsigned int percent;	/* of them may be promised */
	uint64_t reserved;	/* also for clients that are not here */
	uint64_t held, committed;
	uint64_t filled;	/* of @reserved, what is held */
	uint64_t backed;	/* of @reserved, what is committed */
};

/** ledger_commits - what a session commits that is promised and holds so much */
static inline uint64_t ledger_commits(uint64_t promised, uint64_t held)
{
	return promised > held ? promised : held;
}

/** ledger_kept - chunks that are reserved and that nobody holds */
static inline uint64_t ledger_kept(const struct ledger *ledger)
{
	return ledger->reserved - ledger->filled;
}

/**
 * ledger_is_within - would a client be promised no more than it may have?
 * @account: of the client
 * @share: of the session that would be promised
 * @chunks: how many; less than before is always within
 * @limit: of all sessions of the client together
 */
bool ledger_is_within(const struct account *account, const struct share *share, uint64_t chunks,
		      uint64_t limit);

/**
 * ledger_promise - promise a session chunks, in the place of what it was promised before
 * @ledger: all of them
 * @account: of its client; NULL: it has nothing reserved
 * @share: of the session
 * @chunks: how many
 *
 * Less than before is always possible.
 *
 * Return: false if they cannot be promised; then nothing has changed.
 */
bool ledger_promise(struct ledger *ledger, struct account *account, struct share *share,
		    uint64_t chunks);

/**
 * ledger_take - a session is to hold more chunks
 * @ledger: all of them
 * @account: of its client; NULL: it has nothing reserved
 * @share: of the session
 * @chunks: how many more
 *
 * Return: false if that would take what others are promised or have reserved.
 */
bool ledger_take(struct ledger *ledger, struct account *account, struct share *share,
		 uint64_t chunks);

/** ledger_give - a session holds so many chunks less */
void ledger_give(struct ledger *ledger, struct account *account, struct share *share,
		 uint64_t chunks);

/**
 * ledger_reserve - a client of which there are sessions has so much reserved from now on
 * @ledger: all of them; @reserved is not changed by this
 * @account: of the client
 * @chunks: how many
 */
void ledger_reserve(struct ledger *ledger, struct account *account, uint64_t chunks);

/**
 * ledger_offer - what a new session could be promised
 * @ledger: all of them
 * @account: of its client; NULL: it has nothing reserved
 */
uint64_t ledger_offer(const struct ledger *ledger, const struct account *account);

#endif /* FASTSWAP_SERVER_LEDGER_H */
