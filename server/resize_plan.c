// SPDX-License-Identifier: GPL-2.0-only
#include "region.h"
#include "resize_plan.h"

const char *resize_phase_name(enum resize_phase phase)
{
	static const char *const names[] = {
		[RESIZE_NONE] = "none",
		[RESIZE_GROWING] = "growing",
		[RESIZE_SHRINKING] = "shrinking",
		[RESIZE_STUCK] = "stuck",
	};

	return names[phase];
}

uint32_t resize_unit(size_t page_size, unsigned int chunk_shift)
{
	const size_t unit = page_size >> chunk_shift;

	return unit ? unit : 1;
}

enum resize_phase resize_look(uint32_t nr, uint32_t target, uint32_t unit, bool stuck)
{
	if (nr == target || (nr > target && nr - target < unit))
		return RESIZE_NONE;
	if (stuck)
		return RESIZE_STUCK;
	return nr < target ? RESIZE_GROWING : RESIZE_SHRINKING;
}

uint32_t resize_usable(uint32_t nr, uint32_t target, uint32_t lost)
{
	const uint32_t all = nr < target ? nr : target;

	return all > lost ? all - lost : 0;
}

uint32_t resize_coming(uint32_t nr, uint32_t target, uint32_t free, uint32_t dirty)
{
	const uint32_t excess = nr > target ? nr - target : 0;

	return free + dirty > excess ? free + dirty - excess : 0;
}

uint32_t resize_recall(uint32_t lent, uint32_t usable, uint32_t held)
{
	if (lent <= usable)
		return 0;
	/* It holds nothing that is not lent; but who is counting sees both at different times. */
	if (held > lent)
		held = lent;
	return ((uint64_t)(lent - usable) * held + lent - 1) / lent;
}

/* Are all chunks from @first to the one before @end on the free list? */
static bool are_listed(const struct region *regions, uint32_t first, uint32_t end)
{
	while (first < end && regions[first].listed)
		first++;
	return first == end;
}

bool resize_choose(const struct region *regions, uint32_t nr, uint32_t unit, uint32_t most,
		   struct resize_run *run)
{
	uint32_t end = nr, first;

	run->count = 0;
	for (; end; end = first) {
		first = (end - 1) / unit * unit;
		if (end - first > most - run->count || !are_listed(regions, first, end)) {
			if (run->count)
				break;
			continue;
		}
		run->first = first;
		run->count += end - first;
	}
	return run->count;
}
