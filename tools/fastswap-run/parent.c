// SPDX-License-Identifier: GPL-2.0-only
#include "parent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgfile.h"
#include "group.h"

/* Below the root of the hierarchy, for root. */
#define ROOT_GROUP	"fastswap-run"
/* So many of those who are in our way are named. */
#define MAX_NAMED	4

static const char run_it_so[] =
	"; run it as root, or by systemd-run --user --scope -p Delegate=yes";

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

static void explain_making(const struct parent *p, int err, char *why, size_t why_size)
{
	if (err == -ESTALE)
		snprintf(why, why_size, "cannot make a group in %s that stays there", p->path);
	else
		snprintf(why, why_size, "cannot make a group in %s: %s", p->path, strerror(-err));
}

/*
 * A group is handed over with its folder and these of its files, so that whoever has it may make
 * groups in it, move processes between them, and give them controllers.
 */
static bool may_use(const struct parent *p, char *why, size_t why_size)
{
	static const char *const files[] = { ".", "cgroup.procs", "cgroup.subtree_control" };
	static const char *const names[] = { "its folder", "cgroup.procs",
					     "cgroup.subtree_control" };
	char missing[64] = "";
	size_t i, used = 0;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!faccessat(p->dir, files[i], W_OK, AT_EACCESS))
			continue;
		if (errno == EROFS) {
			snprintf(why, why_size, "%s is read-only here (ProtectControlGroups=no)",
				 p->path);
			return false;
		}
		used += snprintf(missing + used, sizeof(missing) - used, "%s%s", used ? ", " : "",
				 names[i]);
	}
	if (!used)
		return true;
	snprintf(why, why_size, "the group %s was not handed over to us: no write access to %s%s",
		 p->path, missing, run_it_so);
	return false;
}

static void name_process(const char *pid, char *text, size_t size)
{
	char path[64], name[32] = "";

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	group_read(AT_FDCWD, path, name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	snprintf(text, size, "%s%s%s", pid, *name ? " " : "", name);
}

/* Processes that are in the group itself, where we are not any more. */
static void explain_others(const struct parent *p, char *why, size_t why_size)
{
	char procs[1024] = "", text[256] = "", one[64], *pid, *rest = procs;
	size_t used = 0;
	unsigned int nr = 0;

	group_read(p->dir, "cgroup.procs", procs, sizeof(procs));
	while ((pid = strsep(&rest, "\n"))) {
		if (!*pid)
			continue;
		if (nr++ == MAX_NAMED) {
			snprintf(text + used, sizeof(text) - used, ", ...");
			break;
		}
		name_process(pid, one, sizeof(one));
		used += snprintf(text + used, sizeof(text) - used, "%s%s", used ? ", " : "", one);
	}
	snprintf(why, why_size,
		 "the group %s has other processes in it (%s), so that groups inside it cannot "
		 "have a limit: be alone in it, or have them in a group inside it and name this "
		 "one by --parent",
		 p->path, text);
}

/*
 * A group with processes in it itself cannot give controllers to groups inside. If it is ours, we
 * move to one inside it.
 */
static bool move_aside(struct parent *p, char *why, size_t why_size)
{
	int err = scope_make(&p->aside, p->dir, SCOPE_ASIDE);

	if (err) {
		explain_making(p, err, why, why_size);
		return false;
	}
	err = group_write(p->aside.dir, "cgroup.procs", "0");
	if (!err)
		return true;
	snprintf(why, why_size, "cannot move to %s/%s: %s", p->path, p->aside.name, strerror(-err));
	unlinkat(p->dir, p->aside.name, AT_REMOVEDIR);
	scope_close(&p->aside);
	return false;
}

/* Back to where we were, for which the controller has to go: unless others have come to need it. */
static void move_back(struct parent *p)
{
	if (scope_has_neighbours(&p->aside))
		return;
	group_write(p->dir, "cgroup.subtree_control", "-memory");
	if (!group_write(p->dir, "cgroup.procs", "0"))
		scope_unlink(&p->aside);
}

/* Make groups inside it have a memory controller. @own: we are in this group */
static bool prepare(struct parent *p, bool own, char *why, size_t why_size)
{
	int err;

	if (!has_memory(p->dir, "cgroup.controllers")) {
		snprintf(why, why_size, "the group %s has no memory controller: %s", p->path,
			 own ? "it was handed over without one (Delegate=memory)" :
			       "the group that it is in does not give it one");
		return false;
	}
	if (!may_use(p, why, why_size))
		return false;
	err = enable_memory(p->dir);
	if (err == -EBUSY && own) {
		if (!move_aside(p, why, why_size))
			return false;
		err = enable_memory(p->dir);
	}
	if (err == -EBUSY)
		explain_others(p, why, why_size);
	else if (err)
		snprintf(why, why_size, "cannot enable the memory controller in %s: %s", p->path,
			 strerror(-err));
	return !err;
}

/* A group that the user has named, or ours for root. It is made if it is not there. */
static bool open_named(struct parent *p, const char *mount, const char *name, char *why,
		       size_t why_size)
{
	int root = group_dir(AT_FDCWD, mount), err;

	if (root < 0) {
		snprintf(why, why_size, "cannot open %s: %s", mount, strerror(errno));
		return false;
	}
	/* Only directly below the root: elsewhere it is not ours to decide. */
	if (*name && !strchr(name, '/')) {
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
	p->dir = *name ? group_dir(root, name) : fcntl(root, F_DUPFD_CLOEXEC, 0);
	if (p->dir < 0)
		snprintf(why, why_size, "cannot open the group %s: %s", p->path, strerror(errno));
	close(root);
	return p->dir >= 0;
}

static bool is_folder(int dir, const char *path)
{
	struct stat a, b;

	return !fstat(dir, &a) && !stat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The group that we are in. */
static bool find_own(const char *mount, char *path, size_t size)
{
	char own[PATH_MAX];

	return group_own("self", own, sizeof(own)) &&
	       snprintf(path, size, "%s%s", mount, own) < (int)size;
}

/**
 * parent_open - find or make the group that groups of runs are made in
 * @p: filled in
 * @group: path that the user has named, below the mount point or from the root; NULL: none
 * @why: on an error what is wrong, in words
 * @why_size: bytes of @why
 */
bool parent_open(struct parent *p, const char *group, char *why, size_t why_size)
{
	char mount[PATH_MAX], own[PATH_MAX];
	bool has_own, ok;
	size_t len;

	p->dir = p->aside.dir = -1;
	if (!group_mount(mount, sizeof(mount), why, why_size))
		return false;
	len = strlen(mount);
	has_own = find_own(mount, own, sizeof(own));
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
	} else if (has_own) {
		snprintf(p->path, sizeof(p->path), "%s", own);
		p->dir = group_dir(AT_FDCWD, own);
		ok = p->dir >= 0;
		if (!ok)
			snprintf(why, why_size, "cannot open %s: %s", own, strerror(errno));
	} else {
		snprintf(why, why_size, "cannot tell which cgroup we are in");
		return false;
	}
	ok = ok && prepare(p, has_own && is_folder(p->dir, own), why, why_size);
	if (!ok)
		parent_close(p);
	return ok;
}

/** parent_close - leave the group as it was found; twice does no harm */
void parent_close(struct parent *p)
{
	if (p->aside.dir >= 0)
		move_back(p);
	scope_close(&p->aside);
	if (p->dir >= 0)
		close(p->dir);
	p->dir = -1;
}

/**
 * parent_make_scope - make a group for a run; what earlier ones left behind is removed
 * @p: the group to make it in
 * @s: filled in
 * @why: on an error what is wrong, in words
 * @why_size: bytes of @why
 */
bool parent_make_scope(const struct parent *p, struct scope *s, char *why, size_t why_size)
{
	int err;

	scope_remove_stale(p->dir);
	err = scope_make(s, p->dir, SCOPE_JOB);
	if (err)
		explain_making(p, err, why, why_size);
	return !err;
}
