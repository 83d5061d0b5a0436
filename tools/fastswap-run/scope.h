/* SPDX-License-Identifier: GPL-2.0-only */
/* The cgroup that a run has for itself: made, found again when it was left behind, removed. */
#ifndef FASTSWAP_RUN_SCOPE_H
#define FASTSWAP_RUN_SCOPE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct scope_parent - the group that the groups of runs are made in
 * @dir: its folder
 * @path: the same, for people
 * @own: the group that we were in, if we had to leave it for another inside it; else -1
 */
struct scope_parent {
	int dir;
	char path[PATH_MAX];
	int own;
};

/**
 * struct scope - the group of a run
 * @parent: folder that it lies in
 * @name: in that folder
 * @dir: its folder, locked as long as whoever is in charge of it lives
 */
struct scope {
	int parent;
	char name[64];
	int dir;
};

bool scope_parent_open(struct scope_parent *p, const char *group, char *why, size_t why_size);
void scope_parent_close(struct scope_parent *p);

bool scope_make(struct scope *s, const struct scope_parent *p, char *why, size_t why_size);
bool scope_is_empty(const struct scope *s);
int scope_remove(const struct scope *s);
void scope_close(struct scope *s);

#endif /* FASTSWAP_RUN_SCOPE_H */
