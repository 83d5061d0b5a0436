// SPDX-License-Identifier: GPL-2.0-only
#include "holders.h"

#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/*
 * /proc/self/mountinfo: "36 35 98:0 /root /mount-point options… - type source options".
 * By number, and by source for file systems that have numbers of their own (btrfs).
 */
static bool find_mount(const struct device *dev, char *words)
{
	char *text = read_text("/proc/self/mountinfo"), *save, *line;
	bool found = false;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line && !found;
	     line = strtok_r(NULL, "\n", &save)) {
		char point[256], source[256] = "";
		const char *tail = strstr(line, " - ");
		unsigned int maj, min;

		if (sscanf(line, "%*d %*d %u:%u %*s %255s", &maj, &min, point) != 3)
			continue;
		if (tail)
			sscanf(tail, " - %*s %255s", source);
		found = makedev(maj, min) == dev->devt || !strcmp(source, dev->path);
		if (found)
			snprintf(words, HOLDER_MAX, "mounted on %s", point);
	}
	free(text);
	return found;
}

/* Device mapper, md and the like leave a link. */
static bool find_stacked(const struct device *dev, char *words)
{
	char pattern[128];
	glob_t found;
	bool any;

	snprintf(pattern, sizeof(pattern), "/sys/block/%s/holders/*", dev->name);
	any = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
	if (any)
		snprintf(words, HOLDER_MAX, "used by /dev/%s", basename(found.gl_pathv[0]));
	globfree(&found);
	return any;
}

/**
 * find_lasting_holder - who keeps the device until told otherwise?
 * @dev: the device
 * @words: HOLDER_MAX bytes: what it is in use for, if somebody was found
 */
bool find_lasting_holder(const struct device *dev, char *words)
{
	struct swap_entry *entry = malloc(sizeof(*entry));
	bool swap = entry && device_swap(dev, entry);

	free(entry);
	if (swap)
		snprintf(words, HOLDER_MAX, "used for swap");
	return swap || find_mount(dev, words) || find_stacked(dev, words);
}

/* @path: /proc/PID/fd/N */
static void describe_opener(const char *path, char *words)
{
	char pid[16] = "", comm[64], *name;

	sscanf(path, "/proc/%15[0-9]", pid);
	snprintf(comm, sizeof(comm), "/proc/%s/comm", pid);
	name = read_text(comm);
	if (name)
		name[strcspn(name, "\n")] = '\0';
	snprintf(words, HOLDER_MAX, "open by %s (process %s)", name ? name : "somebody", pid);
	free(name);
}

/**
 * find_opener - which process has the device open?
 * @dev: the device
 * @words: HOLDER_MAX bytes: "open by NAME (process N)", if one was found
 */
bool find_opener(const struct device *dev, char *words)
{
	bool found = false;
	struct stat st;
	glob_t fds;
	size_t i;

	if (glob("/proc/[0-9]*/fd/*", GLOB_NOSORT, NULL, &fds) == 0) {
		for (i = 0; i < fds.gl_pathc && !found; i++) {
			found = stat(fds.gl_pathv[i], &st) == 0 && S_ISBLK(st.st_mode) &&
				st.st_rdev == dev->devt;
			if (found)
				describe_opener(fds.gl_pathv[i], words);
		}
	}
	globfree(&fds);
	return found;
}
