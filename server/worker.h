/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread that serves sessions: polls their control connections while there
 * is something to do, sleeps when there is not, and clears the chunks that
 * come back. All that happens in small steps, so that no session waits long
 * for another one.
 */
#ifndef FASTSWAP_SERVER_WORKER_H
#define FASTSWAP_SERVER_WORKER_H

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "mailbox.h"
#include "pool.h"
#include "session.h"

#define LETTER_STOP	100	/* main thread to worker: end the thread */
#define LETTER_ASK	101	/* main thread to worker: are you there? */
#define LETTER_LOOK	102	/* main thread to worker: there may be something to recall */

struct worker {
	/* Constant while the thread runs. */
	struct pool *pool;
	struct mailbox *to_main;
	pthread_t thread;
	bool running;
	atomic_uint nr_answers;		/* to LETTER_ASK */

	/* Main thread only. */
	unsigned int nr_sessions;	/* given to this worker and not ended */
	unsigned int nr_asked;

	/* Posted to by the main thread, taken by the worker. */
	struct mailbox inbox;
	struct letter stop, ask, look;
	atomic_bool looks;	/* @look is on its way */

	/* Worker only. */
	struct event_base *base;
	struct event *inbox_event;
	struct event *tick_event;	/* keep-alive and partings; runs while there are sessions */
	uint64_t tick_ms;		/* for when it is set, if it is pending */
	struct event *retry_event;	/* runs while a session waits for the pool */
	struct session_list active, asleep, closed, ending;
	struct backlog dirty;
	bool stopping;
};

/**
 * worker_start - make a worker and its thread
 * @worker: filled in
 * @pool: where chunks that are cleared go
 * @to_main: mailbox of the main thread
 *
 * Return: 0 or an errno value; then nothing is left behind.
 */
int worker_start(struct worker *worker, struct pool *pool, struct mailbox *to_main);

/** worker_post - hand a letter to the worker; main thread */
void worker_post(struct worker *worker, struct letter *letter);

/** worker_ask - ask for a sign of life; main thread, only if worker_has_answered() */
void worker_ask(struct worker *worker);

/** worker_look - clients may hold more than they should; main thread */
void worker_look(struct worker *worker);

/** worker_has_answered - has it taken the last worker_ask()? */
bool worker_has_answered(const struct worker *worker);

/**
 * worker_stop - end the thread and free it; main thread
 * @worker: may have failed to start or be stopped already
 *
 * Chunks that are not cleared yet stay so: the pool must not be used any more.
 */
void worker_stop(struct worker *worker);

#endif /* FASTSWAP_SERVER_WORKER_H */
