/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon tells, for people and for Prometheus. Pure, but for the file it is written to. */
#ifndef FASTSWAP_RECLAIMD_RENDER_H
#define FASTSWAP_RECLAIMD_RENDER_H

#include <stdio.h>

#include "offload.h"

/**
 * struct group_report - one group
 * @path: below the mount point
 * @policy: of it
 * @waits: it is there, but cannot be reclaimed from: why, in words; NULL: all is well
 * @figures: if all is well
 */
struct group_report {
	const char *path;
	enum offload_policy policy;
	const char *waits;
	struct offload_figures figures;
};

/**
 * struct report - all of them
 * @groups: array
 * @nr: of groups
 * @cpu_ns: CPU time of the threads
 * @uptime_s: of the daemon
 */
struct report {
	const struct group_report *groups;
	unsigned int nr;
	uint64_t cpu_ns;
	uint64_t uptime_s;
};

void render_status(FILE *to, const struct report *r);
void render_metrics(FILE *to, const struct report *r);

#endif /* FASTSWAP_RECLAIMD_RENDER_H */
