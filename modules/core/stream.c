// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>

#include "stream.h"

enum step {
	STEP_NONE,
	STEP_UP,
	STEP_DOWN,
};

/* How a window continues a stream. It skips no more than the last one has read. */
static enum step step_of(const struct fastswap_stream *s, u64 first, u64 last)
{
	u64 read = s->last - s->first + 1;

	if (!s->run)
		return STEP_NONE;
	if (first > s->last && first - s->last - 1 <= read)
		return STEP_UP;
	if (last < s->first && s->first - last - 1 <= read)
		return STEP_DOWN;
	return STEP_NONE;
}

static struct fastswap_stream *find_stream(struct fastswap_streams *streams, u64 first, u64 last,
					   enum step *step)
{
	struct fastswap_stream *oldest = &streams->stream[0];
	unsigned int i;

	for (i = 0; i < FASTSWAP_STREAMS; i++) {
		struct fastswap_stream *s = &streams->stream[i];

		*step = step_of(s, first, last);
		if (*step != STEP_NONE)
			return s;
		if (!s->run || (s32)(s->used - oldest->used) < 0)
			oldest = s;
	}
	return oldest;
}

/* What lies ahead of an upward stream and was not asked for yet. */
static struct fastswap_range ahead_up(struct fastswap_stream *s, u32 depth, u64 nr_slots)
{
	struct fastswap_range range = { };
	u64 end = min(s->last + 1 + depth, nr_slots);

	s->asked = max(s->asked, s->last + 1);
	/* In pieces that are worth a work request, unless it is the last. */
	if (s->asked + depth / 4 > end && end != nr_slots)
		return range;
	if (s->asked >= end)
		return range;
	range.first = s->asked;
	range.count = end - s->asked;
	s->asked = end;
	return range;
}

/* Likewise downward; @asked is the slot above the next range. */
static struct fastswap_range ahead_down(struct fastswap_stream *s, u32 depth)
{
	struct fastswap_range range = { };
	u64 begin = s->first > depth ? s->first - depth : 0;

	s->asked = min(s->asked, s->first);
	if (begin + depth / 4 > s->asked && begin)
		return range;
	if (s->asked <= begin)
		return range;
	range.first = begin;
	range.count = s->asked - begin;
	s->asked = begin;
	return range;
}

/**
 * fastswap_streams_next - a window is read: what should be read ahead of it?
 * @streams: the readers; the caller sees to it that nobody else is at them
 * @first: lowest slot of the window
 * @last: and the highest
 * @depth: slots ahead of the window, not 0
 * @nr_slots: of the device
 *
 * Return: slots that were not asked for yet; none if the window belongs to no
 * stream, or if enough of what is ahead was asked for before.
 */
struct fastswap_range fastswap_streams_next(struct fastswap_streams *streams, u64 first, u64 last,
					    u32 depth, u64 nr_slots)
{
	struct fastswap_range none = { };
	struct fastswap_stream *s;
	enum step step;

	s = find_stream(streams, first, last, &step);
	if (step == STEP_NONE) {
		s->run = 1;
	} else if (s->run == 1 || s->down != (step == STEP_DOWN)) {
		/* The second window gives a direction. */
		s->run = 2;
		s->down = step == STEP_DOWN;
		s->asked = s->down ? first : last + 1;
	} else {
		s->run = FASTSWAP_STREAM_RUN;
	}
	s->first = first;
	s->last = last;
	s->used = ++streams->clock;

	if (s->run < FASTSWAP_STREAM_RUN)
		return none;
	return s->down ? ahead_down(s, depth) : ahead_up(s, depth, nr_slots);
}
