/* SPDX-License-Identifier: GPL-2.0-only */
/* The cgroup that a run has for itself: made, found again when it was left behind, removed. */
#ifndef FASTSWAP_RUN_SCOPE_H
#define FASTSWAP_RUN_SCOPE_H

#include <stdbool.h>

/* What the names of groups begin with: that of a command, and that of its supervisor. */
#define SCOPE_JOB	"fastswap-job-"
#define SCOPE_ASIDE	"fastswap-run-"

/**
 * struct scope - the group of a run
 * @parent: folder that it lies in
 * @name: in that folder
 * @dir: its folder, locked as long as whoever is in charge of it lives; -1: closed
 */
struct scope {
	int parent;
	char name[64];
	int dir;
};

int scope_make(struct scope *s, int parent, const char *prefix);
bool scope_is_empty(const struct scope *s);
int scope_unlink(const struct scope *s);
int scope_remove(const struct scope *s);
void scope_close(struct scope *s);

void scope_remove_stale(int parent);
bool scope_has_neighbours(const struct scope *s);

#endif /* FASTSWAP_RUN_SCOPE_H */
