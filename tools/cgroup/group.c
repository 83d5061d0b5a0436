// SPDX-License-Identifier: GPL-2.0-only
#include "group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cgfile.h"
#include "hierarchy.h"

/* memory.stat has some 4 KiB in it. */
#define FILE_MAX	16384

static const char no_controller[] = "the group has no memory controller, or is the root group";
static const char no_v2[] = "boot with systemd.unified_cgroup_hierarchy=1";

static int open_file(int dir, const char *name, int flags)
{
	return openat(dir, name, flags | O_CLOEXEC);
}

/* Read all of a file. Return: bytes, or a negative errno. */
static int read_from_start(int fd, char *text, size_t size)
{
	size_t used = 0;

	while (used + 1 < size) {
		ssize_t n = pread(fd, text + used, size - 1 - used, used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		used += n;
	}
	text[used] = '\0';
	return used;
}

/** group_value - read a file of one number; 0, or a negative errno (-ENODEV: the group is gone) */
int group_value(int fd, uint64_t *value)
{
	char text[32];
	ssize_t n;

	/* At once: it is short, and read so often that looking for its end would cost. */
	do
		n = pread(fd, text, sizeof(text) - 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return cgfile_value(text, value) ? 0 : -EPROTO;
}

/** group_key - read one value of a file of lines NAME VALUE; 0, or a negative errno */
int group_key(int fd, const char *key, uint64_t *value)
{
	char text[FILE_MAX];
	int n = read_from_start(fd, text, sizeof(text));

	if (n < 0)
		return n;
	return cgfile_key(text, key, value) ? 0 : -EPROTO;
}

/** group_events - times that it was above memory.high, and at memory.max; 0, or a negative errno */
int group_events(const struct group *g, uint64_t *high, uint64_t *max)
{
	char text[512];
	int n = read_from_start(g->events, text, sizeof(text));

	if (n < 0)
		return n;
	return cgfile_key(text, "high", high) && cgfile_key(text, "max", max) ? 0 : -EPROTO;
}

/** group_stall - read a total of memory.pressure; 0, or a negative errno */
int group_stall(int fd, const char *kind, uint64_t *us)
{
	char text[256];
	int n = read_from_start(fd, text, sizeof(text));

	if (n < 0)
		return n;
	return cgfile_stall(text, kind, us) ? 0 : -EPROTO;
}

/**
 * group_reclaim - have the kernel take memory from the group, in this thread
 * @g: the group
 * @bytes: how much
 *
 * Return: 0, -EAGAIN if there was not that much to be had, -EINTR after a signal, -ENODEV if the
 * group is gone, or another negative errno.
 */
int group_reclaim(const struct group *g, uint64_t bytes)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, bytes);

	return pwrite(g->reclaim, text, len, 0) == len ? 0 : -errno;
}

/**
 * group_freshen - have the kernel add up what its CPUs have counted for the group
 * @g: the group
 *
 * From Linux 6.12 on, reclaim decides by sums that may be seconds old, in which all of a small
 * group may have been swapped out and in: see RECLAIM.md. Whoever reads memory.stat brings them up
 * to date. What it says is of no interest: one byte is enough.
 */
void group_freshen(const struct group *g)
{
	char c;

	if (g->stat >= 0)
		while (pread(g->stat, &c, 1, 0) < 0 && errno == EINTR)
			;
}

/**
 * group_watch_stalls - be told when tasks of the group stall for memory
 * @g: the group; its @stalls becomes readable then
 * @ppm: for so many millionths of a second, within a second; once per second at most
 *
 * Return: false if the kernel cannot tell, or does not tell us.
 */
bool group_watch_stalls(struct group *g, unsigned int ppm)
{
	struct epoll_event event = { .events = EPOLLPRI | EPOLLET };
	char text[64];
	int len = snprintf(text, sizeof(text), "some %u 1000000", ppm);

	g->trigger = open_file(g->dir, "memory.pressure", O_RDWR | O_NONBLOCK);
	/* Whoever waits for it knows of data only, not of EPOLLPRI: hence an epoll in between. */
	g->stalls = epoll_create1(EPOLL_CLOEXEC);
	if (g->trigger >= 0 && g->stalls >= 0 &&
	    !epoll_ctl(g->stalls, EPOLL_CTL_ADD, g->trigger, &event) &&
	    write(g->trigger, text, len + 1) == len + 1)
		return true;
	if (g->stalls >= 0)
		close(g->stalls);
	if (g->trigger >= 0)
		close(g->trigger);
	g->stalls = g->trigger = -1;
	return false;
}

/**
 * group_take_stall - @stalls was readable; it is not any more
 * @g: the group
 *
 * Return: false if that was because the group is gone, true if tasks have stalled.
 */
bool group_take_stall(const struct group *g)
{
	struct epoll_event event = { 0 };

	/* A stall is told once, to whoever has found @stalls readable; what is gone, each time. */
	return epoll_wait(g->stalls, &event, 1, 0) <= 0 || !(event.events & EPOLLERR);
}

/** group_dir - open the folder @path, from the folder @at on; -1 and errno if that fails */
int group_dir(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/**
 * group_read - read a file of a group
 * @dir: the folder
 * @name: the file
 * @text: gets what it holds
 * @size: bytes of @text
 *
 * Return: bytes, or a negative errno.
 */
int group_read(int dir, const char *name, char *text, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), n;

	if (fd < 0)
		return -errno;
	n = read_from_start(fd, text, size);
	close(fd);
	return n;
}

/** group_write - write a file of a group; 0, or a negative errno */
int group_write(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC), err = 0;
	ssize_t len = strlen(text);

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len)
		err = -errno;
	close(fd);
	return err;
}

/**
 * group_open - open a group that memory can be reclaimed from
 * @g: filled in
 * @at: folder that @path is relative to, or AT_FDCWD
 * @path: of the group
 * @why: on an error what is wrong, in words
 * @why_size: bytes of @why
 *
 * Return: 0, or a negative errno: -ENOENT if there is no such group, -EOPNOTSUPP if it has no
 * memory controller, -ENOSYS if the kernel cannot do it.
 */
int group_open(struct group *g, int at, const char *path, char *why, size_t why_size)
{
	int err;

	*g = (struct group) { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };
	g->dir = group_dir(at, path);
	if (g->dir < 0) {
		err = -errno;
		snprintf(why, why_size, "%s", strerror(-err));
		return err;
	}
	errno = 0;	/* stays what the first failure makes it: openat() does not clear it */
	g->current = open_file(g->dir, "memory.current", O_RDONLY);
	g->max = open_file(g->dir, "memory.max", O_RDONLY);
	/* Not memory.events, which counts what happens in groups inside it as well. */
	g->high = open_file(g->dir, "memory.high", O_RDONLY);
	g->events = open_file(g->dir, "memory.events.local", O_RDONLY);
	if (g->current < 0 || g->max < 0 || g->high < 0 || g->events < 0) {
		err = errno == ENOENT ? -EOPNOTSUPP : -errno;
		snprintf(why, why_size, "%s", err == -EOPNOTSUPP ? no_controller : strerror(-err));
		goto err_close;
	}
	g->reclaim = open_file(g->dir, "memory.reclaim", O_WRONLY);
	if (g->reclaim < 0) {
		err = errno == ENOENT ? -ENOSYS : -errno;
		/* Of a group that is being removed it is the last of its files to go. */
		if (err == -ENOSYS && faccessat(g->dir, "memory.current", F_OK, 0))
			err = -EOPNOTSUPP;
		if (err == -EOPNOTSUPP)
			snprintf(why, why_size, "%s", no_controller);
		else if (err == -ENOSYS)
			snprintf(why, why_size,
				 "this kernel has no memory.reclaim; it takes Linux 5.19 or later");
		else
			snprintf(why, why_size, "cannot write memory.reclaim: %s", strerror(-err));
		goto err_close;
	}
	g->stat = open_file(g->dir, "memory.stat", O_RDONLY);
	g->pressure = open_file(g->dir, "memory.pressure", O_RDONLY);
	g->swap = open_file(g->dir, "memory.swap.current", O_RDONLY);
	return 0;

err_close:
	group_close(g);
	return err;
}

/** group_close - close what group_open() has opened; twice does no harm */
void group_close(struct group *g)
{
	int *fds[] = { &g->stalls, &g->trigger, &g->dir,      &g->current, &g->max, &g->high,
		       &g->events, &g->reclaim, &g->pressure, &g->stat,	   &g->swap };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

/* Read a file of any length; to be freed. */
static char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0, size = 1 << 16;
	char *text = malloc(size), *bigger;
	ssize_t n = -1;

	while (text && fd >= 0) {
		n = read(fd, text + used, size - 1 - used);
		if (n <= 0)
			break;
		used += n;
		if (used + 1 < size)
			continue;
		size *= 2;
		bigger = realloc(text, size);
		if (!bigger)
			free(text);
		text = bigger;
	}
	if (fd >= 0)
		close(fd);
	if (!text || n < 0) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	return text;
}

/**
 * group_mount - where cgroup v2 is mounted, with a memory controller
 * @path: gets the folder
 * @size: bytes of @path
 * @why: what is wrong if there is none, in words
 * @why_size: bytes of @why
 */
bool group_mount(char *path, size_t size, char *why, size_t why_size)
{
	char *mountinfo = slurp("/proc/self/mountinfo");
	char controllers[512] = "";
	bool found, is_v1;
	int dir;

	if (!mountinfo) {
		snprintf(why, why_size, "cannot read /proc/self/mountinfo: %s", strerror(errno));
		return false;
	}
	found = hierarchy_mount(mountinfo, path, size);
	is_v1 = hierarchy_memory_is_v1(mountinfo);
	free(mountinfo);
	if (is_v1) {
		snprintf(why, why_size, "the memory controller belongs to cgroup v1: %s", no_v2);
		return false;
	}
	if (!found) {
		snprintf(why, why_size, "cgroup v2 is not mounted: %s", no_v2);
		return false;
	}
	dir = group_dir(AT_FDCWD, path);
	if (dir < 0) {
		snprintf(why, why_size, "cannot open %s: %s", path, strerror(errno));
		return false;
	}
	group_read(dir, "cgroup.controllers", controllers, sizeof(controllers));
	close(dir);
	if (!cgfile_word(controllers, "memory")) {
		snprintf(why, why_size, "%s: no memory controller; is cgroup_disable=memory set?",
			 path);
		return false;
	}
	return true;
}

/**
 * group_own - the group of a process, below the mount point
 * @pid: "self", or a number
 * @path: gets the path, with a slash in front
 * @size: bytes of @path
 */
bool group_own(const char *pid, char *path, size_t size)
{
	char name[64], *text;
	bool found;

	snprintf(name, sizeof(name), "/proc/%s/cgroup", pid);
	text = slurp(name);
	found = text && hierarchy_own(text, path, size);
	free(text);
	return found;
}
