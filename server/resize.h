/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another size of the pool while clients use it. What takes long, getting memory and giving it
 * back, is done by a thread of its own, one thing at a time; it sleeps when there is nothing to do.
 *
 * Growing, it gets the memory and touches it, and the main thread adds that to the pool. Shrinking,
 * it takes what is free beyond the target, and goes on as more of it is: what clients hold is
 * never taken.
 */
#ifndef FASTSWAP_SERVER_RESIZE_H
#define FASTSWAP_SERVER_RESIZE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "mailbox.h"
#include "pool.h"
#include "resize_plan.h"

#define LETTER_GROWN	200	/* to the main thread: resize_grown() is due */

struct resizer {
	/* Constant. */
	struct pool *pool;
	struct mailbox *to_main;

	/* Main thread only. */
	bool running;			/* there is a thread */
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t news;		/* something below has changed */
	/* Under @lock. */
	bool stopping;
	bool stuck;			/* it failed, and is not tried again by itself */
	bool handed;			/* LETTER_GROWN is on its way, or will be */
	uint32_t target;		/* for which something is being prepared */

	atomic_bool cancel;		/* what is being prepared is not wanted any more */
	struct letter grown;
	/* Written before that letter is posted, read when it was taken. */
	struct piece *piece;
	int err;
	char why[256];
};

/**
 * resize_init - nothing is wanted yet
 * @r: filled in
 * @pool: the pool
 * @to_main: mailbox of the main thread
 *
 * Return: 0 or an errno value.
 */
int resize_init(struct resizer *r, struct pool *pool, struct mailbox *to_main);

/**
 * resize_want - the pool shall have so many chunks; main thread
 * @r: the resizer
 * @chunks: how many
 *
 * Takes the place of what was wanted before. The same once more has it tried again if it did not
 * work. That, and what becomes of it, goes to the log.
 */
void resize_want(struct resizer *r, uint32_t chunks);

/** resize_grown - LETTER_GROWN was taken; main thread */
void resize_grown(struct resizer *r);

/** resize_phase - how it stands; main thread */
enum resize_phase resize_phase(struct resizer *r);

/** resize_stop - end the thread; main thread; safe on a zeroed one, and once more */
void resize_stop(struct resizer *r);

#endif /* FASTSWAP_SERVER_RESIZE_H */
