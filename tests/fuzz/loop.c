// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "loop.h"

#define MAX_ADDED	64
#define MAX_THREADS	4

struct event_base {
	struct event *added[MAX_ADDED];
	unsigned int nr;
};

/* Not 0, which some of the server's times use for "never". */
static uint64_t clock_us = 1000000000;
static struct thread {
	void *(*run)(void *);
	void *arg;
} threads[MAX_THREADS];
static unsigned int nr_threads, turns_left;
static bool keeping;

/* ---- the clock ---- */

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	/* The server asks for this one only; the fuzzer has its own use for the others. */
	if (clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, ts);
	ts->tv_sec = clock_us / 1000000;
	ts->tv_nsec = clock_us % 1000000 * 1000;
	return 0;
}

void loop_advance_us(unsigned long us)
{
	clock_us += us;
}

/* ---- threads ---- */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg);
int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);

void loop_keep_threads(void)
{
	nr_threads = 0;
	keeping = true;
}

void loop_release_threads(void)
{
	keeping = false;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg)
{
	if (!keeping)
		return __real_pthread_create(thread, attr, run, arg);
	assert(nr_threads < MAX_THREADS);
	threads[nr_threads++] = (struct thread) { run, arg };
	*thread = pthread_self();
	return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
	/* One that was kept has nothing to end. */
	if (pthread_equal(thread, pthread_self()))
		return 0;
	return __real_pthread_join(thread, result);
}

void loop_turn(unsigned int nr)
{
	assert(nr < nr_threads);
	/* Its loop waits for events, works, and ends when waiting fails the next time. */
	turns_left = 1;
	threads[nr].run(threads[nr].arg);
	turns_left = 0;
}

/* ---- events ---- */

struct event_config *event_config_new(void)
{
	return malloc(1);
}

int event_config_set_flag(struct event_config *cfg, int flag)
{
	return 0;
}

void event_config_free(struct event_config *cfg)
{
	free(cfg);
}

struct event_base *event_base_new_with_config(const struct event_config *cfg)
{
	struct event_base *base = malloc(sizeof(*base));

	assert(base);
	base->nr = 0;
	return base;
}

void event_base_free(struct event_base *base)
{
	free(base);
}

int event_base_loopbreak(struct event_base *base)
{
	return 0;
}

int event_base_dispatch(struct event_base *base)
{
	return -1;
}

static int place(const struct event_base *base, const struct event *event)
{
	unsigned int i;

	for (i = 0; i < base->nr; i++)
		if (base->added[i] == event)
			return i;
	return -1;
}

int event_assign(struct event *event, struct event_base *base, evutil_socket_t fd, short what,
		 event_callback_fn fn, void *arg)
{
	/* The real one would corrupt its lists. */
	assert(place(base, event) < 0);
	*event = (struct event) {
		.ev_base = base,
		.ev_fd = fd,
		.ev_events = what,
		.ev_evcallback.evcb_cb_union.evcb_callback = fn,
		.ev_evcallback.evcb_arg = arg,
	};
	return 0;
}

struct event *event_new(struct event_base *base, evutil_socket_t fd, short what,
			event_callback_fn fn, void *arg)
{
	struct event *event = malloc(sizeof(*event));

	assert(event);
	event_assign(event, base, fd, what, fn, arg);
	return event;
}

int event_add(struct event *event, const struct timeval *timeout)
{
	struct event_base *base = event->ev_base;
	uint64_t due;

	if (place(base, event) < 0) {
		assert(base->nr < MAX_ADDED);
		base->added[base->nr++] = event;
	}
	if (timeout) {
		due = clock_us + timeout->tv_sec * 1000000 + timeout->tv_usec;
		event->ev_timeout.tv_sec = due / 1000000;
		event->ev_timeout.tv_usec = due % 1000000;
	}
	return 0;
}

int event_del(struct event *event)
{
	struct event_base *base = event->ev_base;
	int at = place(base, event);

	if (at >= 0)
		base->added[at] = base->added[--base->nr];
	event->ev_timeout = (struct timeval) { 0 };
	return 0;
}

void event_free(struct event *event)
{
	event_del(event);
	free(event);
}

int event_pending(const struct event *event, short what, struct timeval *tv)
{
	return what & EV_TIMEOUT && event->ev_timeout.tv_sec ? EV_TIMEOUT : 0;
}

static bool timed_out(const struct event *event)
{
	return event->ev_timeout.tv_sec &&
	       event->ev_timeout.tv_sec * 1000000ull + event->ev_timeout.tv_usec <= clock_us;
}

static void fire(struct event *event, short what)
{
	event_callback_fn fn = event->ev_evcallback.evcb_cb_union.evcb_callback;

	if (what & EV_TIMEOUT)
		event->ev_timeout = (struct timeval) { 0 };
	if (!(event->ev_events & EV_PERSIST))
		event_del(event);
	fn(event->ev_fd, what, event->ev_evcallback.evcb_arg);
}

int event_base_loop(struct event_base *base, int flags)
{
	struct pollfd fds[MAX_ADDED];
	struct event *was[MAX_ADDED];
	unsigned int i, nr = base->nr;

	/* A thread waits only once per turn; the main loop never waits. */
	if (flags & EVLOOP_ONCE && !turns_left--)
		return -1;
	for (i = 0; i < nr; i++) {
		was[i] = base->added[i];
		fds[i].fd = was[i]->ev_events & EV_READ ? was[i]->ev_fd : -1;
		fds[i].events = POLLIN;
		fds[i].revents = 0;
	}
	if (nr)
		poll(fds, nr, 0);
	for (i = 0; i < nr; i++) {
		/* The one before it may have taken it away. */
		if (place(base, was[i]) < 0)
			continue;
		if (fds[i].revents)
			fire(was[i], EV_READ);
		else if (timed_out(was[i]))
			fire(was[i], EV_TIMEOUT);
	}
	return 0;
}
