/* SPDX-License-Identifier: GPL-2.0-only */
/* The command at several ratios of local memory, and the curve that comes of it. */
#ifndef FASTSWAP_RUN_SWEEP_H
#define FASTSWAP_RUN_SWEEP_H

#include "config.h"
#include "parent.h"

/**
 * sweep - run the command with each ratio
 * @cfg: what was asked for
 * @parent: where to make the groups
 *
 * Return: an exit status: the first of a run that is not 0.
 */
int sweep(struct run_config *cfg, const struct parent *parent);

#endif /* FASTSWAP_RUN_SWEEP_H */
