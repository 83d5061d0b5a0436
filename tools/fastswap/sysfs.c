// SPDX-License-Identifier: GPL-2.0-only
#include "sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cli.h"
#include "units.h"

static const char name_prefix[] = "fastswap";

/** parse_device_name - N of "fastswapN" or "N"; -1 if the text is neither */
int parse_device_name(const char *text)
{
	uint64_t index;

	if (!strncmp(text, name_prefix, strlen(name_prefix)))
		text += strlen(name_prefix);
	return parse_number(text, 0, INT_MAX, &index) ? (int)index : -1;
}

static ssize_t read_fd(int fd, char *buf, size_t len)
{
	size_t used = 0;
	ssize_t n;

	while (used < len && (n = read(fd, buf + used, len - used)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		used += n;
	}
	return used;
}

/** read_text - a whole file of procfs or sysfs; free() it. NULL with errno set on failure */
char *read_text(const char *path)
{
	size_t len = 4096;
	char *text = NULL;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	/*
	 * From the start again with more room, rather than on from where it
	 * stopped: one read gives one consistent view.
	 */
	do {
		char *more;

		len *= 4;
		more = realloc(text, len);
		if (!more || lseek(fd, 0, SEEK_SET) < 0) {
			n = -errno;
			free(more ? more : text);
			text = NULL;
			break;
		}
		text = more;
		n = read_fd(fd, text, len - 1);
	} while (n == (ssize_t)len - 1);
	close(fd);

	if (text && n >= 0) {
		text[n] = '\0';
		return text;
	}
	free(text);
	errno = -n;
	return NULL;
}

/**
 * read_attr - a file of /sys/block/fastswapN
 * @dev: the device
 * @attr: name below that folder
 * @buf: where to; ends with a NUL
 * @len: bytes of @buf, at least 1
 *
 * Return: number of bytes, or a negative errno (and @buf is empty).
 */
ssize_t read_attr(const struct device *dev, const char *attr, char *buf, size_t len)
{
	char path[128];
	ssize_t n;
	int fd;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/sys/block/%s/%s", dev->name, attr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read_fd(fd, buf, len - 1);
	close(fd);
	if (n < 0) {
		buf[0] = '\0';
		return n;
	}
	buf[n] = '\0';
	return n;
}

/** read_word - the same for a file of one line, without its newline */
ssize_t read_word(const struct device *dev, const char *attr, char *buf, size_t len)
{
	ssize_t n = read_attr(dev, attr, buf, len);

	if (n > 0 && buf[n - 1] == '\n')
		buf[--n] = '\0';
	return n;
}

/** device_exists - is it (still) there, and one of ours? */
bool device_exists(const struct device *dev)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/block/%s/fastswap", dev->name);
	return access(path, F_OK) == 0;
}

/** device_open - fill in @dev for an index; false if there is no such device */
bool device_open(int index, struct device *dev)
{
	unsigned int maj, min;
	char devt[32];

	dev->index = index;
	snprintf(dev->name, sizeof(dev->name), "%s%d", name_prefix, index);
	snprintf(dev->path, sizeof(dev->path), "/dev/%s", dev->name);
	if (!device_exists(dev) || read_word(dev, "dev", devt, sizeof(devt)) < 0 ||
	    sscanf(devt, "%u:%u", &maj, &min) != 2)
		return false;
	dev->devt = makedev(maj, min);
	return true;
}

/* A path to a block device, maybe through links; the kernel knows its name. */
static int index_of_node(const char *path)
{
	char link[64], target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (stat(path, &st) < 0 || !S_ISBLK(st.st_mode))
		return -1;
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return -1;
	target[n] = '\0';
	return parse_device_name(basename(target));
}

/**
 * device_find - the device that the user means; complains if there is none
 * @arg: "/dev/fastswap0", another path to it, "fastswap0" or "0"
 * @dev: set on success
 */
bool device_find(const char *arg, struct device *dev)
{
	static const char dev_dir[] = "/dev/";
	bool is_path = strchr(arg, '/');
	struct stat st;
	bool missing = is_path && stat(arg, &st) < 0;
	int index;

	/* No node in this /dev does not mean that there is no device. */
	if (missing && !strncmp(arg, dev_dir, strlen(dev_dir)))
		index = parse_device_name(arg + strlen(dev_dir));
	else
		index = is_path ? index_of_node(arg) : parse_device_name(arg);

	if (index >= 0 && device_open(index, dev))
		return true;
	if (index >= 0 || missing)
		complain("there is no device %s", arg);
	else
		complain("%s is not a fastswap device", arg);
	return false;
}

static int is_ours(const struct dirent *entry)
{
	return !strncmp(entry->d_name, name_prefix, strlen(name_prefix)) &&
	       parse_device_name(entry->d_name) >= 0;
}

/* fastswap2 before fastswap10 */
static int by_number(const struct dirent **a, const struct dirent **b)
{
	return parse_device_name((*a)->d_name) - parse_device_name((*b)->d_name);
}

/**
 * device_list - all devices, by number
 * @devs: set to an array; free() it
 *
 * Return: their number, or a negative errno.
 */
int device_list(struct device **devs)
{
	struct dirent **entries;
	int found, nr = 0, i;

	*devs = NULL;
	found = scandir("/sys/block", &entries, is_ours, by_number);
	if (found < 0)
		return errno == ENOENT ? 0 : -errno;

	*devs = calloc(found + 1, sizeof(**devs));
	for (i = 0; i < found; i++) {
		if (*devs && device_open(parse_device_name(entries[i]->d_name), &(*devs)[nr]))
			nr++;
		free(entries[i]);
	}
	free(entries);
	return *devs ? nr : -ENOMEM;
}

/** device_wait_node - wait until /dev has the device; false if it does not come */
bool device_wait_node(const struct device *dev, unsigned int timeout_ms)
{
	unsigned long long deadline = now_ms() + timeout_ms;
	struct stat st;

	for (;;) {
		if (stat(dev->path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == dev->devt)
			return true;
		if (now_ms() >= deadline || interrupted())
			return false;
		sleep_ms(10);
	}
}

/** device_size - bytes, 0 if the device is gone */
uint64_t device_size(const struct device *dev)
{
	char text[32];
	uint64_t sectors = 0;

	if (read_word(dev, "size", text, sizeof(text)) > 0)
		parse_number(text, 0, UINT64_MAX / 512, &sectors);
	return sectors * 512;
}

/** device_swap - is swap on, and how much of it is used? */
bool device_swap(const struct device *dev, struct swap_entry *entry)
{
	char *text = read_text("/proc/swaps");
	const char *cursor = text;
	bool found = false;
	struct stat st;

	while (text && !found && swaps_next(&cursor, entry))
		found = !strcmp(entry->path, dev->path) ||
			(stat(entry->path, &st) == 0 && S_ISBLK(st.st_mode) &&
			 st.st_rdev == dev->devt);
	free(text);
	return found;
}
