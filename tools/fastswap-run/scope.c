// SPDX-License-Identifier: GPL-2.0-only
#include "scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgfile.h"
#include "group.h"

/* Below the root of the hierarchy, for root. */
#define ROOT_GROUP	"fastswap-run"
#define JOB_PREFIX	"job-"
#define OWN_PREFIX	"fastswap-run-"
/* A process that is killed may have to wait for pages of a swap device first. */
#define KILL_MS		60000
#define MAX_DEPTH	16

static const char run_it_so[] =
	"; run it as root, or by systemd-run --user --scope -p Delegate=yes";
static const char not_alone[] =
	"; there are other processes in the group, and we have to be alone in it";

static void sleep_ms(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

static int open_dir(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool has_memory(int dir, const char *file)
{
	char text[512];

	return group_read(dir, file, text, sizeof(text)) >= 0 && cgfile_word(text, "memory");
}

/* Give groups inside this one a memory controller. */
static int enable_memory(int dir)
{
	if (has_memory(dir, "cgroup.subtree_control"))
		return 0;
	return group_write(dir, "cgroup.subtree_control", "+memory");
}

static void cannot_make(const struct scope_parent *p, int err, char *why, size_t why_size)
{
	bool refused = err == EACCES || err == EPERM || err == EROFS;

	snprintf(why, why_size, "cannot make a group in %s: %s%s", p->path, strerror(err),
		 refused ? run_it_so : "");
}

/*
 * A group whose processes are in it itself cannot give controllers to groups inside. Alone in
 * our group, we move to one inside it.
 */
static bool move_aside(struct scope_parent *p, char *why, size_t why_size)
{
	char name[64];
	int err, dir;

	snprintf(name, sizeof(name), OWN_PREFIX "%d", (int)getpid());
	if (mkdirat(p->dir, name, 0755) && errno != EEXIST) {
		cannot_make(p, errno, why, why_size);
		return false;
	}
	dir = open_dir(p->dir, name);
	err = dir < 0 ? -errno : group_write(dir, "cgroup.procs", "0");
	if (dir >= 0)
		close(dir);
	if (err) {
		snprintf(why, why_size, "cannot move to %s/%s: %s", p->path, name, strerror(-err));
		unlinkat(p->dir, name, AT_REMOVEDIR);
		return false;
	}
	p->own = fcntl(p->dir, F_DUPFD_CLOEXEC, 0);
	return true;
}

/* Back to where we were, for which the controller has to go. */
static void move_back(struct scope_parent *p)
{
	char name[64];

	snprintf(name, sizeof(name), OWN_PREFIX "%d", (int)getpid());
	group_write(p->own, "cgroup.subtree_control", "-memory");
	if (group_write(p->own, "cgroup.procs", "0") == 0)
		unlinkat(p->own, name, AT_REMOVEDIR);
}

/* The group that we are in, which somebody has handed over to us. */
static bool open_delegated(struct scope_parent *p, char *why, size_t why_size)
{
	int err;

	if (!has_memory(p->dir, "cgroup.controllers")) {
		snprintf(why, why_size, "the group %s that we are in has no memory controller%s",
			 p->path, run_it_so);
		return false;
	}
	if (has_memory(p->dir, "cgroup.subtree_control"))
		return true;
	if (!move_aside(p, why, why_size))
		return false;
	err = enable_memory(p->dir);
	if (!err)
		return true;
	snprintf(why, why_size, "cannot enable the memory controller in %s: %s%s", p->path,
		 strerror(-err), err == -EBUSY ? not_alone : "");
	return false;
}

/* A group that the user has named, or ours for root. It is made if it is not there. */
static bool open_named(struct scope_parent *p, const char *mount, const char *name, char *why,
		       size_t why_size)
{
	int root = open_dir(AT_FDCWD, mount), err;

	while (*name == '/')
		name++;
	if (root < 0) {
		snprintf(why, why_size, "cannot open %s: %s", mount, strerror(errno));
		return false;
	}
	/* Only directly below the root: elsewhere it is not ours to decide. */
	if (!strchr(name, '/')) {
		err = enable_memory(root);
		if (!err && mkdirat(root, name, 0755) && errno != EEXIST)
			err = -errno;
		if (err) {
			snprintf(why, why_size, "cannot make the group %s: %s", p->path,
				 strerror(-err));
			close(root);
			return false;
		}
	}
	p->dir = *name ? open_dir(root, name) : root;
	if (p->dir != root)
		close(root);
	if (p->dir < 0) {
		snprintf(why, why_size, "cannot open the group %s: %s", p->path, strerror(errno));
		return false;
	}
	err = enable_memory(p->dir);
	if (err)
		snprintf(why, why_size, "cannot enable the memory controller in %s: %s%s", p->path,
			 strerror(-err),
			 err == -EBUSY ? "; there are processes in it" :
			 err == -ENOENT ? "; its parent does not give it one" :
					  "");
	return !err;
}

/**
 * scope_parent_open - find or make the group that groups of runs are made in
 * @p: filled in
 * @group: path that the user has named, below the mount point or from the root; NULL: none
 * @why: on an error what is wrong, in words
 * @why_size: bytes of @why
 */
bool scope_parent_open(struct scope_parent *p, const char *group, char *why, size_t why_size)
{
	char mount[PATH_MAX], own[PATH_MAX];
	size_t len;
	bool ok;

	p->dir = p->own = -1;
	if (!group_mount(mount, sizeof(mount), why, why_size))
		return false;
	len = strlen(mount);
	if (!group && geteuid() == 0)
		group = ROOT_GROUP;
	if (group) {
		if (!strncmp(group, mount, len) && group[len] == '/')
			group += len;
		while (*group == '/')
			group++;
		if (snprintf(p->path, sizeof(p->path), "%s/%s", mount, group) >=
		    (int)sizeof(p->path)) {
			snprintf(why, why_size, "the name of the group is too long");
			return false;
		}
		ok = open_named(p, mount, group, why, why_size);
	} else {
		if (!group_own("self", own, sizeof(own)) ||
		    snprintf(p->path, sizeof(p->path), "%s%s", mount, own) >=
			    (int)sizeof(p->path)) {
			snprintf(why, why_size, "cannot tell which cgroup we are in");
			return false;
		}
		p->dir = open_dir(AT_FDCWD, p->path);
		if (p->dir < 0) {
			snprintf(why, why_size, "cannot open %s: %s", p->path, strerror(errno));
			return false;
		}
		ok = open_delegated(p, why, why_size);
	}
	if (!ok)
		scope_parent_close(p);
	return ok;
}

/** scope_parent_close - leave the group as it was found */
void scope_parent_close(struct scope_parent *p)
{
	if (p->own >= 0) {
		move_back(p);
		close(p->own);
	}
	if (p->dir >= 0)
		close(p->dir);
	p->own = p->dir = -1;
}

/* A group whose supervisor lives is locked. Return: its folder, locked now, or -1. */
static int lock_group(int parent, const char *name)
{
	int dir = open_dir(parent, name);

	if (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB)) {
		close(dir);
		dir = -1;
	}
	return dir;
}

/* What a run has left behind that was killed together with its guard. */
static void remove_stale(int parent)
{
	struct dirent *entry;
	struct scope stale;
	DIR *list;
	int fd = open_dir(parent, ".");

	list = fd < 0 ? NULL : fdopendir(fd);
	if (!list) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(list))) {
		if (strncmp(entry->d_name, JOB_PREFIX, strlen(JOB_PREFIX)) ||
		    strlen(entry->d_name) >= sizeof(stale.name))
			continue;
		stale.parent = parent;
		snprintf(stale.name, sizeof(stale.name), "%s", entry->d_name);
		stale.dir = lock_group(parent, stale.name);
		if (stale.dir < 0)
			continue;
		scope_remove(&stale);
		close(stale.dir);
	}
	closedir(list);
}

/* It may have been taken for a stale one between its making and its locking. */
static bool is_still_there(const struct scope *s)
{
	struct stat a, b;

	return !fstatat(s->parent, s->name, &a, 0) && !fstat(s->dir, &b) && a.st_ino == b.st_ino;
}

/**
 * scope_make - make a group for a run; groups that earlier ones left behind are removed
 * @s: filled in
 * @p: the group to make it in
 * @why: on an error what is wrong, in words
 * @why_size: bytes of @why
 */
bool scope_make(struct scope *s, const struct scope_parent *p, char *why, size_t why_size)
{
	static unsigned int nr;
	unsigned int tries;

	remove_stale(p->dir);
	s->parent = p->dir;
	for (tries = 0; tries < 10; tries++) {
		snprintf(s->name, sizeof(s->name), JOB_PREFIX "%d-%u", (int)getpid(), nr++);
		if (mkdirat(s->parent, s->name, 0755)) {
			if (errno == EEXIST)
				continue;
			cannot_make(p, errno, why, why_size);
			return false;
		}
		s->dir = lock_group(s->parent, s->name);
		if (s->dir >= 0 && is_still_there(s))
			return true;
		if (s->dir >= 0)
			close(s->dir);
	}
	snprintf(why, why_size, "cannot make a group in %s that stays there", p->path);
	return false;
}

static bool dir_is_empty(int dir)
{
	char text[256];
	uint64_t populated;

	return group_read(dir, "cgroup.events", text, sizeof(text)) < 0 ||
	       !cgfile_key(text, "populated", &populated) || !populated;
}

/** scope_is_empty - there is no process in it, nor in groups inside it */
bool scope_is_empty(const struct scope *s)
{
	return dir_is_empty(s->dir);
}

/* A command may have made groups of its own. */
static void remove_inside(int dir, unsigned int depth)
{
	int fd = open_dir(dir, "."), inside;
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!list) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(list))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		inside = depth < MAX_DEPTH ? open_dir(dir, entry->d_name) : -1;
		if (inside >= 0) {
			remove_inside(inside, depth + 1);
			close(inside);
		}
		unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	}
	closedir(list);
}

/**
 * scope_remove - kill what is left in the group and remove it
 * @s: the group
 *
 * Return: 0, or a negative errno: -EBUSY if there are processes that do not end.
 */
int scope_remove(const struct scope *s)
{
	unsigned int waited = 0;

	/* The group may be in the middle of being filled by a fork: again until it is empty. */
	while (!dir_is_empty(s->dir)) {
		if (waited >= KILL_MS)
			return -EBUSY;
		group_write(s->dir, "cgroup.kill", "1");
		sleep_ms(5);
		waited += 5;
	}
	remove_inside(s->dir, 0);
	/* Its last process may still be on its way out. */
	for (waited = 0; unlinkat(s->parent, s->name, AT_REMOVEDIR); waited += 5) {
		if (errno == ENOENT)
			break;
		if (errno != EBUSY || waited >= KILL_MS)
			return -errno;
		sleep_ms(5);
	}
	return 0;
}

/** scope_close - let go of the folder */
void scope_close(struct scope *s)
{
	if (s->dir >= 0)
		close(s->dir);
	s->dir = -1;
}
