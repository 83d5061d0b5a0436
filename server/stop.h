/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals that ask the server to stop before its main loop runs. The main loop
 * has its own way to take them, which is in force while the loop exists.
 */
#ifndef FASTSWAP_SERVER_STOP_H
#define FASTSWAP_SERVER_STOP_H

#include <stdbool.h>

/**
 * stop_watch - take note of SIGTERM and SIGINT from now on
 *
 * A second signal ends the process at once, with status 1.
 */
void stop_watch(void);

/** stop_wanted - has one of them come? Any thread */
bool stop_wanted(void);

#endif /* FASTSWAP_SERVER_STOP_H */
