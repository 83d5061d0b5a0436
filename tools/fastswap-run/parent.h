/* SPDX-License-Identifier: GPL-2.0-only */
/* The group that groups of runs are made in: root's, one that was named, or one handed over. */
#ifndef FASTSWAP_RUN_PARENT_H
#define FASTSWAP_RUN_PARENT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "scope.h"

/**
 * struct parent - the group that the groups of runs are made in
 * @dir: its folder
 * @path: the same, for people
 * @aside: the group inside it that we are in now, if we were in @dir itself; else closed
 */
struct parent {
	int dir;
	char path[PATH_MAX];
	struct scope aside;
};

bool parent_open(struct parent *p, const char *group, char *why, size_t why_size);
void parent_close(struct parent *p);

bool parent_make_scope(const struct parent *p, struct scope *s, char *why, size_t why_size);

#endif /* FASTSWAP_RUN_PARENT_H */
