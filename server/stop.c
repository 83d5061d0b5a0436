// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "stop.h"

static atomic_int signals;

static void on_signal(int number)
{
	/* Nothing is shared with anybody yet: there is nothing to say goodbye to. */
	if (atomic_fetch_add(&signals, 1))
		_exit(1);
}

void stop_watch(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	action.sa_flags = SA_RESTART;
	sigemptyset(&action.sa_mask);
	atomic_store(&signals, 0);
	/* These two cannot fail: the numbers are right, and the pointers, too. */
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

bool stop_wanted(void)
{
	return atomic_load(&signals);
}
