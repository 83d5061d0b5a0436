// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "log.h"
#include "notify.h"
#include "watchdog.h"

/* So many signs of life fit into the time after which the service manager acts. */
#define BEATS		4
#define MIN_BEAT_MS	10

static void on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	unsigned int i, silent = 0;

	for (i = 0; i < l->nr_workers; i++)
		if (!worker_has_answered(&l->workers[i]))
			silent++;
	if (silent) {
		log_warn("%u of %u worker threads do not answer", silent, l->nr_workers);
		return;
	}
	notify("WATCHDOG=1");
	for (i = 0; i < l->nr_workers; i++)
		worker_ask(&l->workers[i]);
}

int watchdog_start(struct listener *l)
{
	uint64_t ms = notify_watchdog_ms() / BEATS;
	struct timeval interval;

	if (!ms)
		return 0;
	if (ms < MIN_BEAT_MS)
		ms = MIN_BEAT_MS;
	interval.tv_sec = ms / 1000;
	interval.tv_usec = ms % 1000 * 1000;
	l->watchdog_event = event_new(l->base, -1, EV_PERSIST, on_beat, l);
	if (!l->watchdog_event || event_add(l->watchdog_event, &interval))
		return ENOMEM;
	return 0;
}

void watchdog_stop(struct listener *l)
{
	if (l->watchdog_event)
		event_free(l->watchdog_event);
	l->watchdog_event = NULL;
}
