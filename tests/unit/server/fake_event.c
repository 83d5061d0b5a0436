// SPDX-License-Identifier: GPL-2.0-only
#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>

#include "fake_event.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t test;
static bool elsewhere;
static unsigned int left;

struct event *__real_event_new(struct event_base *base, evutil_socket_t fd, short what,
			       event_callback_fn fn, void *arg);
struct event *__wrap_event_new(struct event_base *base, evutil_socket_t fd, short what,
			       event_callback_fn fn, void *arg);
int __real_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout);
struct event_config *__real_event_config_new(void);
struct event_config *__wrap_event_config_new(void);
struct event_base *__real_event_base_new_with_config(const struct event_config *cfg);
struct event_base *__wrap_event_base_new_with_config(const struct event_config *cfg);

static void arm(unsigned int nth, bool others)
{
	pthread_mutex_lock(&lock);
	test = pthread_self();
	elsewhere = others;
	left = nth;
	pthread_mutex_unlock(&lock);
}

void fake_event_fail(unsigned int nth)
{
	arm(nth, false);
}

void fake_event_fail_elsewhere(unsigned int nth)
{
	arm(nth, true);
}

static bool fails_now(void)
{
	bool fail = false;

	pthread_mutex_lock(&lock);
	if (left && !pthread_equal(pthread_self(), test) == elsewhere)
		fail = !--left;
	pthread_mutex_unlock(&lock);
	return fail;
}

struct event *__wrap_event_new(struct event_base *base, evutil_socket_t fd, short what,
			       event_callback_fn fn, void *arg)
{
	return fails_now() ? NULL : __real_event_new(base, fd, what, fn, arg);
}

int __wrap_event_add(struct event *event, const struct timeval *timeout)
{
	return fails_now() ? -1 : __real_event_add(event, timeout);
}

struct event_config *__wrap_event_config_new(void)
{
	return fails_now() ? NULL : __real_event_config_new();
}

struct event_base *__wrap_event_base_new_with_config(const struct event_config *cfg)
{
	return fails_now() ? NULL : __real_event_base_new_with_config(cfg);
}
