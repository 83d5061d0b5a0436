/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups that patterns mean, as they come and go. */
#ifndef FASTSWAP_RECLAIMD_WATCH_H
#define FASTSWAP_RECLAIMD_WATCH_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/queue.h>

/**
 * struct watch_ops - who wants to know
 * @wants: does any pattern mean the group? May one mean a group inside it?
 * @appeared: it is there; also for groups that were known already
 * @vanished: it is gone; also for groups that were not known
 * @arg: for all of them
 *
 * Paths are below the mount point, with a slash in front.
 */
struct watch_ops {
	void (*wants)(void *arg, const char *path, bool *itself, bool *inside);
	void (*appeared)(void *arg, const char *path);
	void (*vanished)(void *arg, const char *path);
	void *arg;
};

LIST_HEAD(watched_list, watched);

/**
 * struct watch - state
 * @fd: inotify
 * @root: where the hierarchy is mounted
 * @watched: folders in which groups may come and go
 */
struct watch {
	int fd;
	const char *root;
	const struct watch_ops *ops;
	struct event *event;
	struct watched_list watched;
};

int watch_start(struct watch *w, struct event_base *base, const char *root,
		const struct watch_ops *ops);
void watch_stop(struct watch *w);

#endif /* FASTSWAP_RECLAIMD_WATCH_H */
