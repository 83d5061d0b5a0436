/* SPDX-License-Identifier: GPL-2.0-only */
/* One run of the command, from making its group to removing it. */
#ifndef FASTSWAP_RUN_SUPERVISE_H
#define FASTSWAP_RUN_SUPERVISE_H

#include "config.h"
#include "figures.h"
#include "parent.h"

/* Exit codes of our own, as env(1) and timeout(1) have them. */
enum {
	EXIT_TROUBLE = 125,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * supervise - run the command once
 * @cfg: what was asked for
 * @parent: where to make its group
 * @limit: bytes of memory; UINT64_MAX: none
 * @figures: what it has taken
 * @interrupted: set if we were told to stop, in the middle of it
 *
 * Return: an exit status; @figures are good only if the command was started, which is when
 * their wall_us is not 0.
 */
int supervise(const struct run_config *cfg, const struct parent *parent, uint64_t limit,
	      struct run_figures *figures, bool *interrupted);

#endif /* FASTSWAP_RUN_SUPERVISE_H */
