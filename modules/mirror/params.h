/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options of a mirror: "[hold=SECONDS;]BACKEND:OPTIONS;BACKEND:OPTIONS...".
 * Pure; also compiled into user-space unit tests.
 */
#ifndef _FASTSWAP_MIRROR_PARAMS_H
#define _FASTSWAP_MIRROR_PARAMS_H

#include <linux/types.h>

#include "policy.h"

/**
 * struct fsm_params - what a mirror is made of
 * @hold: seconds that I/O waits while no replica is there
 * @nr: replicas
 * @backend: of each, its name
 * @options: of each, for the backend
 */
struct fsm_params {
	u32 hold;
	unsigned int nr;
	char *backend[FSM_REPLICAS_MAX];
	char *options[FSM_REPLICAS_MAX];
};

int fsm_params_parse(struct fsm_params *p, char *options, char *error, size_t len);

#endif /* _FASTSWAP_MIRROR_PARAMS_H */
