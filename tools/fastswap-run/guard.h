/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that cleans up after a run when its supervisor is killed. */
#ifndef FASTSWAP_RUN_GUARD_H
#define FASTSWAP_RUN_GUARD_H

#include <sys/types.h>

#include "parent.h"

/**
 * struct guard - the process
 * @pid: its number; 0: there is none
 * @pipe: ours to write to; its end is our end
 */
struct guard {
	pid_t pid;
	int pipe;
};

int guard_start(struct guard *g, const struct scope *s, const struct parent *p);
void guard_dismiss(struct guard *g);

#endif /* FASTSWAP_RUN_GUARD_H */
