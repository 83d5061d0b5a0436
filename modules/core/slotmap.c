// SPDX-License-Identifier: GPL-2.0-only
#include "slotmap.h"

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/kernel.h>

/* Bytes of one bitmap. */
size_t fastswap_slotmap_bytes(u64 nr_slots)
{
	return BITS_TO_LONGS(nr_slots) * sizeof(long);
}

/* Is [@first, @first + @count) a range of slots of the device? Safe against overflow. */
bool fastswap_slotmap_contains(const struct fastswap_slotmap *map, u64 first, u64 count)
{
	return first <= map->nr_slots && count <= map->nr_slots - first;
}

/* State of one slot; @slot must be on the device. */
enum fastswap_slot_state fastswap_slotmap_get(const struct fastswap_slotmap *map, u64 slot)
{
	if (likely(test_bit(slot, map->data)))
		return FASTSWAP_SLOT_DATA;
	/* Pairs with the barriers where a slot that has data is lost. */
	smp_rmb();
	if (unlikely(READ_ONCE(map->any_lost)) && test_bit(slot, map->lost))
		return FASTSWAP_SLOT_LOST;
	return FASTSWAP_SLOT_EMPTY;
}

/**
 * fastswap_slotmap_run - how far does a state go on?
 * @map: the map
 * @first: slot to begin at
 * @count: slots to look at, at least 1; the range must be on the device
 * @state: set to the state of @first
 *
 * Return: number of slots from @first on, up to @count, that are in *@state.
 */
u64 fastswap_slotmap_run(const struct fastswap_slotmap *map, u64 first, u64 count,
			 enum fastswap_slot_state *state)
{
	u64 n;

	*state = fastswap_slotmap_get(map, first);
	for (n = 1; n < count; n++)
		if (fastswap_slotmap_get(map, first + n) != *state)
			break;
	return n;
}

/**
 * fastswap_slotmap_any - does any slot of a range hold data?
 * @map: the map
 * @first: slot to begin at
 * @count: how many; those behind the device hold none
 */
bool fastswap_slotmap_any(const struct fastswap_slotmap *map, u64 first, u64 count)
{
	u64 end = first + count < map->nr_slots ? first + count : map->nr_slots;

	return find_next_bit(map->data, end, first) < end;
}

/* Whole words belong to the caller alone, so they are stored, the edges are set bit by bit. */
static void set_range(unsigned long *bits, u64 first, u64 count)
{
	while (count && (first % BITS_PER_LONG || count < BITS_PER_LONG)) {
		set_bit(first++, bits);
		count--;
	}
	for (; count >= BITS_PER_LONG; first += BITS_PER_LONG, count -= BITS_PER_LONG)
		WRITE_ONCE(bits[first / BITS_PER_LONG], ~0UL);
	while (count--)
		set_bit(first++, bits);
}

static void clear_range(unsigned long *bits, u64 first, u64 count)
{
	while (count && (first % BITS_PER_LONG || count < BITS_PER_LONG)) {
		if (test_bit(first, bits))
			clear_bit(first, bits);
		first++;
		count--;
	}
	for (; count >= BITS_PER_LONG; first += BITS_PER_LONG, count -= BITS_PER_LONG)
		WRITE_ONCE(bits[first / BITS_PER_LONG], 0);
	for (; count; first++, count--)
		if (test_bit(first, bits))
			clear_bit(first, bits);
}

/**
 * fastswap_slotmap_mark - give slots a state
 * @map: the map
 * @first: first slot; the range must be on the device
 * @count: how many; 0 is fine
 * @state: their new state
 *
 * Any context. The order of the two bitmaps keeps a slot from ever looking
 * EMPTY on its way between DATA and LOST.
 */
void fastswap_slotmap_mark(struct fastswap_slotmap *map, u64 first, u64 count,
			   enum fastswap_slot_state state)
{
	switch (state) {
	case FASTSWAP_SLOT_DATA:
		set_range(map->data, first, count);
		if (unlikely(READ_ONCE(map->any_lost)))
			clear_range(map->lost, first, count);
		break;
	case FASTSWAP_SLOT_LOST:
		WRITE_ONCE(map->any_lost, true);
		set_range(map->lost, first, count);
		/* Who sees the slot without data must see that it is lost. */
		smp_mb__after_atomic();
		clear_range(map->data, first, count);
		break;
	case FASTSWAP_SLOT_EMPTY:
		clear_range(map->data, first, count);
		if (unlikely(READ_ONCE(map->any_lost)))
			clear_range(map->lost, first, count);
		break;
	}
}

/**
 * fastswap_slotmap_lose - all that is DATA becomes LOST
 * @map: the map; slots may be marked EMPTY or LOST meanwhile, but not DATA
 *
 * A slot that is marked EMPTY in the same moment may end up as either: what nobody
 * is to read again may fail, while what was lost may not read as zeros.
 *
 * Return: how many that were.
 */
u64 fastswap_slotmap_lose(struct fastswap_slotmap *map)
{
	u64 lost = 0;
	size_t i;

	WRITE_ONCE(map->any_lost, true);
	for (i = 0; i < BITS_TO_LONGS(map->nr_slots); i++) {
		unsigned long left = READ_ONCE(map->data[i]);

		for (; left; left &= left - 1) {
			u64 slot = i * BITS_PER_LONG + __ffs(left);

			/* Before the slot looks as if it had no data. */
			set_bit(slot, map->lost);
			if (test_and_clear_bit(slot, map->data))
				lost++;
		}
	}
	return lost;
}

/* Number of slots in a state; looks at every word, so not for hot paths. */
u64 fastswap_slotmap_count(const struct fastswap_slotmap *map, enum fastswap_slot_state state)
{
	u64 data = 0, lost = 0;
	size_t i;

	for (i = 0; i < BITS_TO_LONGS(map->nr_slots); i++) {
		unsigned long d = READ_ONCE(map->data[i]);

		data += hweight_long(d);
		lost += hweight_long(READ_ONCE(map->lost[i]) & ~d);
	}

	switch (state) {
	case FASTSWAP_SLOT_DATA:
		return data;
	case FASTSWAP_SLOT_LOST:
		return lost;
	default:
		return map->nr_slots - data - lost;
	}
}
