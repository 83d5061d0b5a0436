/* SPDX-License-Identifier: GPL-2.0-only */
/* The texts of sysfs and procfs that the tool reads: counters, latencies, /proc/swaps. Pure. */
#ifndef FASTSWAP_TEXT_H
#define FASTSWAP_TEXT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct counter - one "name value" line
 * @name: of the counter
 * @text: its value as it stands there
 * @value: as a number, if @is_number
 */
struct counter {
	char name[64];
	char text[128];
	uint64_t value;
	bool is_number;
};

bool counter_next(const char **cursor, struct counter *counter);
uint64_t counter_get(const char *text, const char *name);
uint64_t counter_sum_suffix(const char *text, const char *suffix);

/* Buckets that a file can have: "2 1\n" is the shortest line, a page the longest file. */
#define HIST_MAX	1024

/**
 * struct hist - a latency histogram
 * @upper: ns, bounds of the buckets that are not empty, ascending
 * @count: what fell below the bound and above the one before
 * @nr: buckets
 * @total: sum of @count
 */
struct hist {
	uint64_t upper[HIST_MAX];
	uint64_t count[HIST_MAX];
	size_t nr;
	uint64_t total;
};

bool hist_parse(const char *text, struct hist *hist);
bool hist_percentile(const struct hist *hist, unsigned int percent, uint64_t *ns);

/**
 * struct swap_entry - one line of /proc/swaps
 * @path: of the device or the file
 * @size: bytes
 * @used: bytes
 * @priority: negative if the kernel chose it
 */
struct swap_entry {
	char path[PATH_MAX];
	uint64_t size;
	uint64_t used;
	int priority;
};

bool swaps_next(const char **cursor, struct swap_entry *entry);

#endif /* FASTSWAP_TEXT_H */
