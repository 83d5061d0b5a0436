/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each replica has: a bitmap for each, a bit for every slot, set while the
 * replica has what was last written to it. Pure; also compiled into user-space
 * unit tests. Bits of several slots are in one word and change atomically.
 */
#ifndef _FASTSWAP_MIRROR_MISSING_H
#define _FASTSWAP_MIRROR_MISSING_H

#include <linux/types.h>

/**
 * struct fsm_map - what the replicas have
 * @has: by replica
 * @nr: replicas
 * @nr_slots: of the device; bits behind it are never set
 */
struct fsm_map {
	unsigned long **has;
	unsigned int nr;
	u64 nr_slots;
};

u8 fsm_map_who(const struct fsm_map *map, u64 slot);
u32 fsm_map_run(const struct fsm_map *map, unsigned int r, u64 first, u32 count);
bool fsm_map_any(const struct fsm_map *map, unsigned int r, u64 first, u64 end);
u64 fsm_map_next_missing(const struct fsm_map *map, unsigned int r, u64 from);
u64 fsm_map_count_missing(const struct fsm_map *map, unsigned int r);
u8 fsm_map_written(struct fsm_map *map, u64 first, u32 count, u8 by);
void fsm_map_freed(struct fsm_map *map, u64 first, u64 count);

#endif /* _FASTSWAP_MIRROR_MISSING_H */
