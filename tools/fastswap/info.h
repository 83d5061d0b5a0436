/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything that is known about a device, at one moment. */
#ifndef FASTSWAP_INFO_H
#define FASTSWAP_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "sysfs.h"

/* Kinds of I/O that have latencies. */
enum info_class {
	INFO_DEMAND,
	INFO_PREFETCH,
	INFO_WRITEBACK,
	INFO_NR_CLASSES,
};

extern const char *const info_class_names[INFO_NR_CLASSES];

/**
 * struct info - a device as it was
 * @dev: which
 * @backend: "rdma", "dram"
 * @peer: where its memory is, in words
 * @state: "live", "failed"
 * @size: bytes of the device
 * @used: bytes of far memory that hold data
 * @lost: bytes that the backend cannot give back
 * @chunk_size: bytes
 * @poll_us: longest spin of a fault
 * @kernel_hooks: what of a patched kernel is in use, "none"
 * @stats: "name value" lines
 * @backend_stats: likewise
 * @latency: by class
 * @is_swap: swap is on; the next is valid
 * @swap: what /proc/swaps says
 */
struct info {
	struct device dev;
	char backend[32];
	char peer[256];
	char state[32];
	uint64_t size;
	uint64_t used;
	uint64_t lost;
	uint64_t chunk_size;
	uint64_t poll_us;
	char kernel_hooks[64];
	char stats[SYSFS_MAX];
	char backend_stats[SYSFS_MAX];
	struct hist latency[INFO_NR_CLASSES];
	bool is_swap;
	struct swap_entry swap;
};

bool info_read(const struct device *dev, struct info *info);
uint64_t info_errors(const struct info *info);

/* status_text.c, status_json.c; false: out of memory */
bool print_text(const struct info *infos, int nr);
bool print_json(const struct info *infos, int nr, bool pretty);

#endif /* FASTSWAP_INFO_H */
