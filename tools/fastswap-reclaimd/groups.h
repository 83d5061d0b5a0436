/* SPDX-License-Identifier: GPL-2.0-only */
/* The groups that the daemon looks after: from the rules to the threads, and what they are like. */
#ifndef FASTSWAP_RECLAIMD_GROUPS_H
#define FASTSWAP_RECLAIMD_GROUPS_H

#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <sys/queue.h>

#include "config.h"
#include "watch.h"

LIST_HEAD(managed_list, managed);

/**
 * struct groups - all of them
 * @is_able: this kernel can do it, as a group has shown that was attached
 * @fatal: this machine cannot do it, as its mounts or the first group have shown
 */
struct groups {
	const struct reclaimd_config *cfg;
	struct event_base *base;
	struct offload *offload;
	struct watch watch;
	struct watch_ops ops;
	struct event *sweep;
	struct managed_list list;
	unsigned int nr;
	uint64_t start_ns;
	char root[PATH_MAX];
	bool is_able, fatal;
};

bool groups_start(struct groups *g, const struct reclaimd_config *cfg, struct event_base *base,
		  char *why, size_t why_size);
void groups_stop(struct groups *g);

/** groups_tell - status, or metrics; false if there is no memory */
bool groups_tell(struct groups *g, FILE *to, bool metrics);

#endif /* FASTSWAP_RECLAIMD_GROUPS_H */
