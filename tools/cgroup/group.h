/* SPDX-License-Identifier: GPL-2.0-only */
/* A cgroup and its files. */
#ifndef FASTSWAP_GROUP_H
#define FASTSWAP_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct group - the files of one group, held open
 * @dir: the folder
 * @current: memory.current
 * @max: memory.max
 * @high: memory.high
 * @events: memory.events.local
 * @reclaim: memory.reclaim, for writing
 * @pressure: memory.pressure; -1 if the kernel keeps none
 * @stat: memory.stat
 * @swap: memory.swap.current; -1 without swap
 * @trigger: memory.pressure, open for what group_watch_stalls() has asked; else -1
 * @stalls: readable when that has come; else -1
 */
struct group {
	int dir;
	int current, max, high, events, reclaim;
	int pressure, stat, swap;
	int trigger, stalls;
};

int group_open(struct group *g, int at, const char *path, char *why, size_t why_size);
void group_close(struct group *g);

int group_value(int fd, uint64_t *value);
int group_key(int fd, const char *key, uint64_t *value);
int group_events(const struct group *g, uint64_t *high, uint64_t *max);
int group_stall(int fd, const char *kind, uint64_t *us);
int group_reclaim(const struct group *g, uint64_t bytes);
void group_freshen(const struct group *g);

bool group_watch_stalls(struct group *g, unsigned int ppm);
bool group_take_stall(const struct group *g);

int group_dir(int at, const char *path);
int group_read(int dir, const char *name, char *text, size_t size);
int group_write(int dir, const char *name, const char *text);

bool group_mount(char *path, size_t size, char *why, size_t why_size);
bool group_own(const char *pid, char *path, size_t size);

#endif /* FASTSWAP_GROUP_H */
