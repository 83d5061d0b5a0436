/* SPDX-License-Identifier: GPL-2.0-only */
/* Which devices there are and what the kernel says about them. */
#ifndef FASTSWAP_SYSFS_H
#define FASTSWAP_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "text.h"

#define DEVICE_NAME_MAX	32	/* bytes of "fastswapN", NUL included */
#define SYSFS_MAX	4097	/* bytes of a sysfs file, NUL included */

/**
 * struct device - a fastswap device that exists, or did a moment ago
 * @index: the N of fastswapN
 * @name: "fastswapN"
 * @path: "/dev/fastswapN"
 * @devt: major and minor
 */
struct device {
	int index;
	char name[DEVICE_NAME_MAX];
	char path[DEVICE_NAME_MAX + 5];
	dev_t devt;
};

int parse_device_name(const char *text);

char *read_text(const char *path);
ssize_t read_attr(const struct device *dev, const char *attr, char *buf, size_t len);
ssize_t read_word(const struct device *dev, const char *attr, char *buf, size_t len);

bool device_open(int index, struct device *dev);
bool device_exists(const struct device *dev);
bool device_find(const char *arg, struct device *dev);
int device_list(struct device **devs);
bool device_wait_node(const struct device *dev, unsigned int timeout_ms);
uint64_t device_size(const struct device *dev);
bool device_swap(const struct device *dev, struct swap_entry *entry);

#endif /* FASTSWAP_SYSFS_H */
