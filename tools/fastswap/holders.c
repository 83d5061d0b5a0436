// SPDX-License-Identifier: GPL-2.0-only
#include "holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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
	char path[128];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/block/%s/holders", dev->name);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		found = entry->d_name[0] != '.';
		if (found)
			snprintf(words, HOLDER_MAX, "used by /dev/%s", entry->d_name);
	}
	closedir(dir);
	return found;
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

/* Has one of the process's files the device's number? */
static bool has_open(const char *pid, dev_t devt)
{
	char path[64];
	struct dirent *entry;
	struct stat st;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
			S_ISBLK(st.st_mode) && st.st_rdev == devt;
	closedir(dir);
	return found;
}

/**
 * find_opener - which process has the device open?
 * @dev: the device
 * @words: HOLDER_MAX bytes: "open by NAME (process N)", if one was found
 */
bool find_opener(const struct device *dev, char *words)
{
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir("/proc");

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		char path[64], *name;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
		    !has_open(entry->d_name, dev->devt))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", entry->d_name);
		name = read_text(path);
		if (name)
			name[strcspn(name, "\n")] = '\0';
		snprintf(words, HOLDER_MAX, "open by %s (process %s)", name ? name : "somebody",
			 entry->d_name);
		free(name);
		found = true;
	}
	closedir(dir);
	return found;
}
