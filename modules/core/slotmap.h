/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which 4 KiB slots of a device hold data.
 *
 * Pure: no locks, no allocation, no block layer; also compiled into user-space
 * unit tests.
 *
 * A slot is in one of three states. Two bitmaps hold them, so that the usual
 * question ("does it hold data?") looks at one bit:
 *
 *	data  lost
 *	  0     0   EMPTY: never written, or freed; reads as zeros
 *	  1     0   DATA: the backend has it
 *	  0     1   LOST: was written, the backend cannot give it back; reads fail
 *	  1     1   passing state of fastswap_slotmap_mark(); counts as DATA
 *
 * Concurrency: bits change atomically, so callers may mark different slots at
 * the same time from any context. That nobody marks and reads the same slot at
 * the same time is the block layer's users' duty, as for any disk; a violation
 * yields the old or the new state, never a wild access.
 */
#ifndef _FASTSWAP_SLOTMAP_H
#define _FASTSWAP_SLOTMAP_H

#include <linux/types.h>

enum fastswap_slot_state {
	FASTSWAP_SLOT_EMPTY,
	FASTSWAP_SLOT_DATA,
	FASTSWAP_SLOT_LOST,
};

/**
 * struct fastswap_slotmap - states of all slots
 * @nr_slots: slots of the device; bits behind it are never set
 * @data: bitmap of @nr_slots bits
 * @lost: bitmap of @nr_slots bits
 * @any_lost: false: no bit of @lost was ever set, so writers need not clear any
 */
struct fastswap_slotmap {
	u64 nr_slots;
	unsigned long *data;
	unsigned long *lost;
	bool any_lost;
};

size_t fastswap_slotmap_bytes(u64 nr_slots);
bool fastswap_slotmap_contains(const struct fastswap_slotmap *map, u64 first, u64 count);
enum fastswap_slot_state fastswap_slotmap_get(const struct fastswap_slotmap *map, u64 slot);
u64 fastswap_slotmap_run(const struct fastswap_slotmap *map, u64 first, u64 count,
			 enum fastswap_slot_state *state);
bool fastswap_slotmap_any(const struct fastswap_slotmap *map, u64 first, u64 count);
void fastswap_slotmap_mark(struct fastswap_slotmap *map, u64 first, u64 count,
			   enum fastswap_slot_state state);
u64 fastswap_slotmap_lose(struct fastswap_slotmap *map);
u64 fastswap_slotmap_count(const struct fastswap_slotmap *map, enum fastswap_slot_state state);

#endif /* _FASTSWAP_SLOTMAP_H */
