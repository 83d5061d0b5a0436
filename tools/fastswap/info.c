// SPDX-License-Identifier: GPL-2.0-only
#include "info.h"

#include <stdio.h>
#include <string.h>

#include "units.h"

const char *const info_class_names[INFO_NR_CLASSES] = {
	[INFO_DEMAND] = "demand",
	[INFO_PREFETCH] = "prefetch",
	[INFO_WRITEBACK] = "writeback",
};

static uint64_t read_number(const struct device *dev, const char *attr)
{
	char text[32];
	uint64_t value = 0;

	read_word(dev, attr, text, sizeof(text));
	parse_number(text, 0, UINT64_MAX, &value);
	return value;
}

static void read_latency(const struct device *dev, enum info_class class, struct hist *hist)
{
	char text[SYSFS_MAX], attr[64];

	snprintf(attr, sizeof(attr), "fastswap/%s_latency", info_class_names[class]);
	read_attr(dev, attr, text, sizeof(text));
	hist_parse(text, hist);
}

/**
 * info_read - look at a device
 * @dev: which
 * @info: the result
 *
 * A file that cannot be read leaves its part empty: what the rest says is worth having.
 *
 * Return: false if the device is gone, perhaps since a moment ago.
 */
bool info_read(const struct device *dev, struct info *info)
{
	int i;

	memset(info, 0, sizeof(*info));
	info->dev = *dev;
	read_word(dev, "fastswap/backend", info->backend, sizeof(info->backend));
	read_word(dev, "fastswap/peer", info->peer, sizeof(info->peer));
	read_word(dev, "fastswap/state", info->state, sizeof(info->state));
	info->size = device_size(dev);
	info->used = read_number(dev, "fastswap/used");
	info->lost = read_number(dev, "fastswap/lost");
	info->chunk_size = read_number(dev, "fastswap/chunk_size");
	info->poll_us = read_number(dev, "fastswap/poll_us");
	read_word(dev, "fastswap/kernel_hooks", info->kernel_hooks, sizeof(info->kernel_hooks));
	read_attr(dev, "fastswap/stats", info->stats, sizeof(info->stats));
	read_attr(dev, "fastswap/backend_stats", info->backend_stats,
		  sizeof(info->backend_stats));
	for (i = 0; i < INFO_NR_CLASSES; i++)
		read_latency(dev, i, &info->latency[i]);
	info->is_swap = device_swap(dev, &info->swap);

	/* Last: then everything above was read while it was there. */
	return device_exists(dev);
}

/** info_errors - reads and writes that failed; refused reads of lost slots are counted apart */
uint64_t info_errors(const struct info *info)
{
	return counter_sum_suffix(info->stats, "_errors") + counter_get(info->stats, "lost_reads");
}
