// SPDX-License-Identifier: GPL-2.0-only
#include "missing.h"

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/kernel.h>

/* Mask of the replicas that have a slot. */
u8 fsm_map_who(const struct fsm_map *map, u64 slot)
{
	unsigned int r;
	u8 who = 0;

	for (r = 0; r < map->nr; r++)
		if (test_bit(slot, map->has[r]))
			who |= 1u << r;
	return who;
}

/* How many slots from @first on a replica has, up to @count. */
u32 fsm_map_run(const struct fsm_map *map, unsigned int r, u64 first, u32 count)
{
	u32 n;

	for (n = 0; n < count; n++)
		if (!test_bit(first + n, map->has[r]))
			break;
	return n;
}

/* Does a replica have any slot from @first on, before @end? */
bool fsm_map_any(const struct fsm_map *map, unsigned int r, u64 first, u64 end)
{
	return find_next_bit(map->has[r], end, first) < end;
}

/* What another replica has of a word of slots, and @r has not. */
static unsigned long missing_word(const struct fsm_map *map, unsigned int r, size_t word)
{
	unsigned long any = 0;
	unsigned int i;

	for (i = 0; i < map->nr; i++)
		any |= READ_ONCE(map->has[i][word]);
	return any & ~READ_ONCE(map->has[r][word]);
}

/**
 * fsm_map_next_missing - a slot that has to be copied to a replica
 * @map: the map
 * @r: the replica
 * @from: slot to begin at
 *
 * Return: the first such slot from there on; @nr_slots of the map if there is none.
 */
u64 fsm_map_next_missing(const struct fsm_map *map, unsigned int r, u64 from)
{
	size_t words = BITS_TO_LONGS(map->nr_slots), word;
	unsigned long left, mask;

	if (from >= map->nr_slots)
		return map->nr_slots;
	mask = ~0UL << (from % BITS_PER_LONG);
	for (word = from / BITS_PER_LONG; word < words; word++, mask = ~0UL) {
		left = missing_word(map, r, word) & mask;
		if (left)
			return (u64)word * BITS_PER_LONG + __ffs(left);
	}
	return map->nr_slots;
}

/* How many slots have to be copied to a replica; looks at every word. */
u64 fsm_map_count_missing(const struct fsm_map *map, unsigned int r)
{
	size_t words = BITS_TO_LONGS(map->nr_slots), word;
	u64 nr = 0;

	for (word = 0; word < words; word++)
		nr += hweight_long(missing_word(map, r, word));
	return nr;
}

/**
 * fsm_map_written - slots were written
 * @map: the map
 * @first: lowest slot
 * @count: how many
 * @by: mask of the replicas that have acknowledged it; nobody else has it now
 *
 * Return: mask of those that miss it from now on; none if nobody has acknowledged,
 * as then there is nothing to miss.
 */
u8 fsm_map_written(struct fsm_map *map, u64 first, u32 count, u8 by)
{
	unsigned int r;
	u64 slot;

	for (r = 0; r < map->nr; r++) {
		for (slot = first; slot != first + count; slot++) {
			if (by & 1u << r)
				set_bit(slot, map->has[r]);
			else
				clear_bit(slot, map->has[r]);
		}
	}
	return by ? ((1u << map->nr) - 1) & ~by : 0;
}

/* Nobody wants slots any more. Any context. */
void fsm_map_freed(struct fsm_map *map, u64 first, u64 count)
{
	unsigned int r;
	u64 slot;

	for (r = 0; r < map->nr; r++)
		for (slot = first; slot != first + count; slot++)
			if (test_bit(slot, map->has[r]))
				clear_bit(slot, map->has[r]);
}
