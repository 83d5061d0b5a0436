// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "log.h"

struct watched {
	int wd;
	LIST_ENTRY(watched) entry;
	char path[];
};

static struct watched *find_watched(struct watch *w, int wd)
{
	struct watched *d;

	LIST_FOREACH(d, &w->watched, entry)
		if (d->wd == wd)
			return d;
	return NULL;
}

static void unwatch(struct watched *d)
{
	LIST_REMOVE(d, entry);
	free(d);
}

static int absolute(const struct watch *w, const char *path, char *text)
{
	return snprintf(text, PATH_MAX, "%s%s", w->root, path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Watch first, then look: what comes in between is seen twice rather than not at all. */
static int add_watch(struct watch *w, const char *path)
{
	size_t len = strlen(path) + 1;
	char text[PATH_MAX];
	struct watched *d;
	int wd, err = absolute(w, path, text);

	if (err)
		return err;
	wd = inotify_add_watch(w->fd, text, IN_CREATE | IN_DELETE | IN_ONLYDIR);
	if (wd < 0)
		return -errno;
	/* The kernel gives the same number for the same folder. */
	d = find_watched(w, wd);
	if (d)
		return 0;
	d = malloc(sizeof(*d) + len);
	if (!d) {
		inotify_rm_watch(w->fd, wd);
		return -ENOMEM;
	}
	d->wd = wd;
	memcpy(d->path, path, len);
	LIST_INSERT_HEAD(&w->watched, d, entry);
	return 0;
}

static void look_at(struct watch *w, const char *path);

static void scan(struct watch *w, const char *path)
{
	char text[PATH_MAX];
	struct dirent *entry;
	DIR *list;
	int err;

	err = add_watch(w, path);
	if (err) {
		/* It may be gone already. */
		if (err == -ENOSPC)
			log_warn("cannot watch %s: raise fs.inotify.max_user_watches", path);
		else if (err != -ENOENT)
			log_warn("cannot watch %s: %s", path, strerror(-err));
		return;
	}
	list = absolute(w, path, text) ? NULL : opendir(text);
	if (!list)
		return;
	while ((entry = readdir(list))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		if (snprintf(text, sizeof(text), "%s/%s", path[1] ? path : "", entry->d_name) <
		    (int)sizeof(text))
			look_at(w, text);
	}
	closedir(list);
}

static void look_at(struct watch *w, const char *path)
{
	bool itself, inside;

	w->ops->wants(w->ops->arg, path, &itself, &inside);
	if (itself)
		w->ops->appeared(w->ops->arg, path);
	if (inside)
		scan(w, path);
}

static void take_event(struct watch *w, const struct inotify_event *e)
{
	struct watched *d;
	char path[PATH_MAX];

	if (e->mask & IN_Q_OVERFLOW) {
		log_warn("too many groups came and went at once: looking at all of them");
		scan(w, "/");
		return;
	}
	d = find_watched(w, e->wd);
	if (!d)
		return;
	if (e->mask & IN_IGNORED) {
		unwatch(d);
		return;
	}
	if (!(e->mask & IN_ISDIR) || !e->len)
		return;
	if (snprintf(path, sizeof(path), "%s/%s", d->path[1] ? d->path : "", e->name) >=
	    (int)sizeof(path))
		return;
	if (e->mask & IN_CREATE)
		look_at(w, path);
	else if (e->mask & IN_DELETE)
		w->ops->vanished(w->ops->arg, path);
}

static void on_events(evutil_socket_t fd, short what, void *arg)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct watch *w = arg;
	ssize_t n = read(w->fd, buf, sizeof(buf)), at = 0;

	while (at < n) {
		const struct inotify_event *e = (const void *)(buf + at);

		take_event(w, e);
		at += sizeof(*e) + e->len;
	}
}

/**
 * watch_start - find the groups that are there, and watch for others
 * @w: filled in
 * @base: that hears of them
 * @root: where the hierarchy is mounted; kept
 * @ops: kept
 *
 * Return: 0, or a negative errno.
 */
int watch_start(struct watch *w, struct event_base *base, const char *root,
		const struct watch_ops *ops)
{
	LIST_INIT(&w->watched);
	w->root = root;
	w->ops = ops;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0)
		return -errno;
	w->event = event_new(base, w->fd, EV_READ | EV_PERSIST, on_events, w);
	if (!w->event || event_add(w->event, NULL)) {
		watch_stop(w);
		return -ENOMEM;
	}
	scan(w, "/");
	return 0;
}

/** watch_stop - forget everything; twice does no harm */
void watch_stop(struct watch *w)
{
	while (!LIST_EMPTY(&w->watched))
		unwatch(LIST_FIRST(&w->watched));
	if (w->event)
		event_free(w->event);
	w->event = NULL;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}
