// SPDX-License-Identifier: GPL-2.0-only
#include "scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgfile.h"
#include "group.h"

/* A process that is killed may have to wait for pages of a swap device first. */
#define KILL_MS		60000
#define MAX_DEPTH	16

static void sleep_ms(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/* To be read through; NULL if it cannot be. */
static DIR *list_dir(int dir)
{
	int fd = group_dir(dir, ".");
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		close(fd);
	return list;
}

static bool is_group(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") &&
	       strcmp(entry->d_name, "..");
}

/* A name as scope_make() gives it, in a folder that others may have groups in as well. */
static bool is_named(const char *name, const char *prefix)
{
	static const char digits[] = "0123456789";
	size_t n = strlen(prefix);

	if (strncmp(name, prefix, n))
		return false;
	name += n;
	n = strspn(name, digits);
	if (!n || name[n] != '-')
		return false;
	name += n + 1;
	n = strspn(name, digits);
	return n && !name[n];
}

/* A group whose supervisor lives is locked. Return: its folder, locked now, or a negative errno. */
static int lock_group(int parent, const char *name)
{
	int dir = group_dir(parent, name), err;

	if (dir < 0)
		return -errno;
	if (!flock(dir, LOCK_EX | LOCK_NB))
		return dir;
	err = -errno;
	close(dir);
	return err;
}

/* It may have been taken for a stale one between its making and its locking. */
static bool is_still_there(const struct scope *s)
{
	struct stat a, b;

	return !fstatat(s->parent, s->name, &a, 0) && !fstat(s->dir, &b) && a.st_ino == b.st_ino;
}

/**
 * scope_make - make a group
 * @s: filled in
 * @parent: folder to make it in
 * @prefix: of its name
 *
 * Return: 0, or a negative errno: -ESTALE if somebody else removes it each time.
 */
int scope_make(struct scope *s, int parent, const char *prefix)
{
	static unsigned int nr;
	unsigned int tries;

	s->parent = parent;
	s->dir = -1;
	for (tries = 0; tries < 10; tries++) {
		snprintf(s->name, sizeof(s->name), "%s%d-%u", prefix, (int)getpid(), nr++);
		if (mkdirat(s->parent, s->name, 0755)) {
			if (errno == EEXIST)
				continue;
			return -errno;
		}
		s->dir = lock_group(s->parent, s->name);
		if (s->dir >= 0 && is_still_there(s))
			return 0;
		scope_close(s);
	}
	return -ESTALE;
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
	DIR *list = list_dir(dir);
	struct dirent *entry;
	int inside;

	if (!list)
		return;
	while ((entry = readdir(list))) {
		if (!is_group(entry))
			continue;
		inside = depth < MAX_DEPTH ? group_dir(dir, entry->d_name) : -1;
		if (inside >= 0) {
			remove_inside(inside, depth + 1);
			close(inside);
		}
		unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	}
	closedir(list);
}

/**
 * scope_unlink - remove a group that has only processes in it that are on their way out
 * @s: the group
 *
 * Return: 0, or a negative errno: -EBUSY if there are processes that do not end.
 */
int scope_unlink(const struct scope *s)
{
	unsigned int waited;

	for (waited = 0; unlinkat(s->parent, s->name, AT_REMOVEDIR); waited += 5) {
		if (errno == ENOENT)
			break;
		if (errno != EBUSY || waited >= KILL_MS)
			return -errno;
		sleep_ms(5);
	}
	return 0;
}

/**
 * scope_remove - kill what is left in the group and remove it
 * @s: the group
 *
 * Return: 0, or a negative errno: -EBUSY if there are processes that do not end.
 */
int scope_remove(const struct scope *s)
{
	unsigned int waited;

	/* It may be filled by a fork, or by somebody else, at any time: until it is removed. */
	for (waited = 0; waited < KILL_MS; waited += 5) {
		if (dir_is_empty(s->dir)) {
			remove_inside(s->dir, 0);
			if (!unlinkat(s->parent, s->name, AT_REMOVEDIR) || errno == ENOENT)
				return 0;
			if (errno != EBUSY)
				return -errno;
		} else {
			group_write(s->dir, "cgroup.kill", "1");
		}
		sleep_ms(5);
	}
	return -EBUSY;
}

/** scope_close - let go of the folder; twice does no harm */
void scope_close(struct scope *s)
{
	if (s->dir >= 0)
		close(s->dir);
	s->dir = -1;
}

/** scope_remove_stale - remove what runs have left behind that were killed with their guard */
void scope_remove_stale(int parent)
{
	DIR *list = list_dir(parent);
	struct dirent *entry;
	struct scope stale;

	if (!list)
		return;
	while ((entry = readdir(list))) {
		bool is_job = is_named(entry->d_name, SCOPE_JOB);

		if ((!is_job && !is_named(entry->d_name, SCOPE_ASIDE)) ||
		    strlen(entry->d_name) >= sizeof(stale.name))
			continue;
		stale.parent = parent;
		snprintf(stale.name, sizeof(stale.name), "%s", entry->d_name);
		stale.dir = lock_group(parent, stale.name);
		if (stale.dir < 0)
			continue;
		if (is_job)
			scope_remove(&stale);
		else
			unlinkat(parent, stale.name, AT_REMOVEDIR);
		scope_close(&stale);
	}
	closedir(list);
}

/** scope_has_neighbours - there are commands, or others' processes, in groups beside this one */
bool scope_has_neighbours(const struct scope *s)
{
	DIR *list = list_dir(s->parent);
	struct dirent *entry;
	bool found = false;
	int dir;

	/* Who cannot tell had better take it so. */
	if (!list)
		return true;
	while (!found && (entry = readdir(list))) {
		if (!is_group(entry) || !strcmp(entry->d_name, s->name))
			continue;
		dir = group_dir(s->parent, entry->d_name);
		/* A command may be about to enter its group. */
		found = is_named(entry->d_name, SCOPE_JOB) || (dir >= 0 && !dir_is_empty(dir));
		if (dir >= 0)
			close(dir);
	}
	closedir(list);
	return found;
}
