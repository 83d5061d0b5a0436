// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "resize.h"
#include "util.h"

/* While clients hold what is to go: so often it is looked whether they still do. */
#define LOOK_MS		200

static const char *size_text(char buf[32], const struct pool *pool, uint32_t chunks)
{
	return config_size_text(buf, 32, (uint64_t)chunks << pool->chunk_shift);
}

static void grow(struct resizer *r, uint32_t chunks)
{
	char size[32];

	log_info("the pool grows by %s", size_text(size, r->pool, chunks));
	r->err = pool_prepare(r->pool, chunks, &r->cancel, &r->piece, r->why, sizeof(r->why));
	mailbox_post(r->to_main, &r->grown);
}

/* Return: false if nothing can be taken just now. */
static bool shrink(struct resizer *r)
{
	struct pool_retired retired;
	int err;

	if (!pool_retire(r->pool, &retired))
		return false;
	err = pool_release(r->pool, &retired);
	if (!err)
		return true;
	log_err("memory cannot be given back to the system: %s; the pool keeps it", strerror(err));
	pthread_mutex_lock(&r->lock);
	r->stuck = true;
	pthread_mutex_unlock(&r->lock);
	return true;
}

static void wait_for_news(struct resizer *r, bool bounded)
{
	struct timespec until;

	if (!bounded) {
		pthread_cond_wait(&r->news, &r->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&r->news, &r->lock, &until);
}

static void say_held(struct resizer *r, const struct pool_counts *counts)
{
	char now[32], wanted[32];
	uint32_t excess = counts->nr - counts->target;

	log_info("the pool has %s, %s are wanted: of what is to go, %u chunks are still held by "
		 "clients or being cleared",
		 size_text(now, r->pool, counts->nr), size_text(wanted, r->pool, counts->target),
		 excess);
}

static void *run(void *arg)
{
	struct resizer *r = arg;
	bool shrinking = false, told = false;
	uint32_t told_target = 0;
	char size[32];

	pthread_mutex_lock(&r->lock);
	while (!r->stopping) {
		struct pool_counts counts;
		enum resize_phase phase;
		bool idle = true;

		pool_count(r->pool, &counts);
		phase = resize_look(counts.nr, counts.target, r->pool->unit, r->stuck);
		if (phase == RESIZE_NONE && shrinking)
			log_info("the pool has %s now", size_text(size, r->pool, counts.nr));
		shrinking = phase == RESIZE_SHRINKING;
		if (told_target != counts.target)
			told = false;
		if (phase == RESIZE_GROWING && !r->handed) {
			r->handed = true;
			r->target = counts.target;
			atomic_store(&r->cancel, false);
			pthread_mutex_unlock(&r->lock);
			grow(r, counts.target - counts.nr);
			pthread_mutex_lock(&r->lock);
			continue;
		}
		if (shrinking) {
			pthread_mutex_unlock(&r->lock);
			idle = !shrink(r);
			if (idle && !told) {
				pool_count(r->pool, &counts);
				say_held(r, &counts);
				told_target = counts.target;
				told = true;
			}
			pthread_mutex_lock(&r->lock);
		}
		/* Who came in between is seen a little later. */
		if (idle && !r->stopping)
			wait_for_news(r, shrinking);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

int resize_init(struct resizer *r, struct pool *pool, struct mailbox *to_main)
{
	pthread_condattr_t attr;
	int err;

	memset(r, 0, sizeof(*r));
	r->grown.kind = LETTER_GROWN;
	atomic_init(&r->cancel, false);
	err = pthread_mutex_init(&r->lock, NULL);
	if (err)
		return err;
	err = pthread_condattr_init(&attr);
	if (err)
		goto err_mutex;
	/* As set by the clock, it might be waited for hours. */
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	err = pthread_cond_init(&r->news, &attr);
	pthread_condattr_destroy(&attr);
	if (err)
		goto err_mutex;
	r->to_main = to_main;
	/* Last: it says that there is something to destroy. */
	r->pool = pool;
	return 0;

err_mutex:
	pthread_mutex_destroy(&r->lock);
	return err;
}

static bool start_thread(struct resizer *r)
{
	sigset_t all, old;
	int err;

	if (r->running)
		return true;
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&r->thread, NULL, run, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		log_err("the pool stays as large as it is: cannot start a thread: %s",
			strerror(err));
	r->running = !err;
	return r->running;
}

void resize_want(struct resizer *r, uint32_t chunks)
{
	struct pool_counts counts;
	char now[32], wanted[32];
	bool news;

	pthread_mutex_lock(&r->lock);
	pool_count(r->pool, &counts);
	news = chunks != counts.target || r->stuck;
	if (news)
		log_info("the pool has %s, %s are wanted", size_text(now, r->pool, counts.nr),
			 size_text(wanted, r->pool, chunks));
	pool_set_target(r->pool, chunks);
	r->stuck = false;
	/* If nothing is being prepared this is forgotten when something is. */
	if (chunks <= counts.nr)
		atomic_store(&r->cancel, true);
	pthread_cond_signal(&r->news);
	pthread_mutex_unlock(&r->lock);
	if (!news)
		return;
	if (!start_thread(r)) {
		pthread_mutex_lock(&r->lock);
		r->stuck = true;
		pthread_mutex_unlock(&r->lock);
	}
}

void resize_grown(struct resizer *r)
{
	struct piece *piece = r->piece;
	struct pool_counts counts;
	char now[32];
	int err = r->err;

	r->piece = NULL;
	if (piece)
		pool_add(r->pool, piece);
	pool_count(r->pool, &counts);
	size_text(now, r->pool, counts.nr);
	if (!err)
		log_info("the pool has %s now", now);
	else if (err != ECANCELED)
		log_err("the pool cannot grow, it stays at %s: %s", now, r->why);
	pthread_mutex_lock(&r->lock);
	r->handed = false;
	/* If something else is wanted by now that is tried. */
	if (err && err != ECANCELED && r->target == counts.target)
		r->stuck = true;
	pthread_cond_signal(&r->news);
	pthread_mutex_unlock(&r->lock);
}

enum resize_phase resize_phase(struct resizer *r)
{
	struct pool_counts counts;
	bool stuck;

	pool_count(r->pool, &counts);
	pthread_mutex_lock(&r->lock);
	stuck = r->stuck;
	pthread_mutex_unlock(&r->lock);
	return resize_look(counts.nr, counts.target, r->pool->unit, stuck);
}

void resize_stop(struct resizer *r)
{
	if (!r->pool)
		return;
	if (r->running) {
		pthread_mutex_lock(&r->lock);
		r->stopping = true;
		atomic_store(&r->cancel, true);
		pthread_cond_signal(&r->news);
		pthread_mutex_unlock(&r->lock);
		pthread_join(r->thread, NULL);
		r->running = false;
	}
	/* That nobody took. */
	pool_drop(r->piece);
	r->piece = NULL;
	pthread_cond_destroy(&r->news);
	pthread_mutex_destroy(&r->lock);
	r->pool = NULL;
}
