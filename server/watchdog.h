/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The service manager hears from us as long as the main thread and every worker take their
 * letters. Main thread only.
 */
#ifndef FASTSWAP_SERVER_WATCHDOG_H
#define FASTSWAP_SERVER_WATCHDOG_H

#include "listener.h"

/**
 * watchdog_start - begin, if the service manager asked for it
 * @l: the listener, its workers run
 *
 * Return: 0 or an errno value.
 */
int watchdog_start(struct listener *l);

/** watchdog_stop - free it; safe if it was never started */
void watchdog_stop(struct listener *l);

#endif /* FASTSWAP_SERVER_WATCHDOG_H */
