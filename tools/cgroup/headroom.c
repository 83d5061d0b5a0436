// SPDX-License-Identifier: GPL-2.0-only
#include "headroom.h"

/* The headroom lasts for so many of the longest times between two looks. */
#define SAFETY		2
/* We look so often in the time that the group takes to fill what is left. */
#define LOOKS_PER_FILL	4
/*
 * A group that grows by the smallest write in that time is busy: then we look when it should get
 * above its level, and so soon after each other that looks take a hundredth of a CPU.
 */
#define BUSY		(50 * NSEC_PER_MSEC)
#define LOOK_SHARE	100
/* A write is to take so long at most, as nobody looks meanwhile. */
#define WRITE_TIME	(2 * NSEC_PER_MSEC)
/* Charges come in batches: what a group grows by in less time than that tells of no rate. */
#define RATE_WINDOW	(2 * NSEC_PER_MSEC)
/* Less is nothing to the kernel, which it says it has reclaimed. */
#define PAGE		UINT64_C(4096)
/* Growth that is so many times what it was is news: what comes next is not known. */
#define SURPRISE	2
/* What is seen of growth and delays is forgotten with these time constants. */
#define RATE_MEMORY	(NSEC_PER_SEC / 2)
#define REACH_MEMORY	(2 * NSEC_PER_SEC)
/* Learned headroom stays for a while after the limit was hit, then shrinks. */
#define LEARNED_HOLD	(5 * NSEC_PER_SEC)
#define LEARNED_MEMORY	(30 * NSEC_PER_SEC)
/* The part of the most that is taken to begin with. */
#define FIRST_GUESS	8
/* More hits than that between two looks do not teach more. */
#define MAX_LESSONS	4
/* Nothing could be reclaimed: again at once, then after a while, twice as long each time. */
#define MAX_RETRY	NSEC_PER_SEC

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t clamp_u64(uint64_t value, uint64_t low, uint64_t high)
{
	return max_u64(low, min_u64(value, high));
}

/* value * factor / divisor, up to 2^64 - 1 */
static uint64_t scale(uint64_t value, uint64_t factor, uint64_t divisor)
{
	unsigned __int128 n = (unsigned __int128)value * factor / (divisor ? divisor : 1);

	return n > UINT64_MAX ? UINT64_MAX : n;
}

/* What is left of @value after @elapsed: linear in each step, never below 0. */
static uint64_t forget(uint64_t value, uint64_t elapsed, uint64_t memory)
{
	if (elapsed >= memory)
		return 0;
	return value - scale(value, elapsed, memory);
}

/**
 * headroom_init - begin with a group that nothing is known of
 * @h: its state
 * @bounds: copied
 */
void headroom_init(struct headroom *h, const struct headroom_bounds *bounds)
{
	*h = (struct headroom) { .period = bounds->min_period };
	headroom_rebound(h, bounds);
}

/** headroom_rebound - go on with other bounds, as the limit has changed */
void headroom_rebound(struct headroom *h, const struct headroom_bounds *bounds)
{
	/* Nothing is known yet of how it is near a limit: rather too much to begin with. */
	if (!h->has_before || !h->bounds.max)
		h->learned = bounds->max / FIRST_GUESS;
	h->bounds = *bounds;
	h->learned = min_u64(h->learned, bounds->max);
	h->bytes = clamp_u64(h->bytes, bounds->min, bounds->max);
	h->period = clamp_u64(h->period, bounds->min_period, bounds->max_period);
}

/**
 * headroom_level - where the group is to be at most
 * @h: its state
 * @limit: as in a sample
 * @ceiling: as in a sample
 */
uint64_t headroom_level(const struct headroom *h, uint64_t limit, uint64_t ceiling)
{
	uint64_t level = limit;

	if (limit != UINT64_MAX)
		level = limit > h->bytes ? limit - h->bytes : 0;
	return min_u64(level, ceiling);
}

static void learn(struct headroom *h, const struct headroom_sample *s, uint64_t elapsed)
{
	bool hit = s->max_events > h->max_events;
	bool is_known;
	uint64_t rate = 0;

	h->grown += h->hidden;
	if (s->current > h->current)
		h->grown += s->current - h->current;
	h->grown_in += elapsed;
	is_known = h->grown_in >= RATE_WINDOW;
	if (is_known) {
		rate = scale(h->grown, NSEC_PER_SEC, h->grown_in);
		h->grown = h->grown_in = 0;
	}
	if (hit)
		rate = max_u64(rate, s->swapin_rate);
	if (hit || is_known)
		h->surprised = hit || rate > SURPRISE * h->rate;

	/* Up at once half of the way, down slowly: too little hurts more than too much. */
	h->rate = forget(h->rate, elapsed, RATE_MEMORY);
	if (rate > h->rate)
		h->rate += (rate - h->rate) / 2;

	/* Late: another group was busy, there was no CPU, or it was our own writing. */
	h->reach = forget(h->reach, elapsed, REACH_MEMORY);
	if (elapsed > h->planned)
		h->reach = max_u64(h->reach, elapsed - h->planned);
	h->reach = max_u64(h->reach, h->bounds.min_period);

	if (hit) {
		uint64_t hits = min_u64(s->max_events - h->max_events, MAX_LESSONS);

		h->learned += hits * max_u64(h->bounds.step / 4, h->bytes / 16);
		h->last_hit = s->now;
	} else if (s->now - h->last_hit > LEARNED_HOLD) {
		h->learned = forget(h->learned, elapsed, LEARNED_MEMORY);
	}
	h->learned = min_u64(h->learned, h->bounds.max);
}

/*
 * Until the next look at a group that has @room left to its limit and @gap to its level. When
 * nothing happens it is looked at half as often each time, up to a limit.
 */
static uint64_t next_period(struct headroom *h, uint64_t room, uint64_t gap, uint64_t look_cost)
{
	uint64_t period = scale(room, NSEC_PER_SEC / LOOKS_PER_FILL, h->rate);
	uint64_t cap = min_u64(h->period * 2, h->bounds.max_period);

	if (look_cost && scale(h->rate, BUSY, NSEC_PER_SEC) >= h->bounds.min_chunk)
		period = min_u64(period, max_u64(scale(gap, NSEC_PER_SEC, h->rate),
						 look_cost * LOOK_SHARE));
	h->period = clamp_u64(period, h->bounds.min_period, cap);
	return h->period;
}

/* How long a group has been above @level that was at @was bytes @elapsed ago. */
static uint64_t time_above(uint64_t current, uint64_t level, uint64_t was, uint64_t elapsed)
{
	/* It is the level that has come down. */
	if (was > level || was >= current)
		return 0;
	return scale(elapsed, current - level, current - was);
}

/**
 * headroom_look - decide upon a sample
 * @h: state of the group
 * @s: what is seen now
 *
 * Return: what to do.
 */
struct headroom_order headroom_look(struct headroom *h, const struct headroom_sample *s)
{
	struct headroom_order order = { 0 };
	uint64_t ahead, level, room = UINT64_MAX, was = h->current, elapsed = 0;

	if (h->has_before && s->now > h->before) {
		elapsed = s->now - h->before;
		learn(h, s, elapsed);
	}
	/* Two looks in the same moment: what was seen of growth is for the next. */
	if (!h->has_before || s->now > h->before) {
		h->hidden = 0;
		h->before = s->now;
		h->current = s->current;
		h->max_events = s->max_events;
		h->has_before = true;
	}

	ahead = scale(h->rate, SAFETY * h->reach, NSEC_PER_SEC);
	h->bytes = clamp_u64(h->bounds.step + h->learned + ahead, h->bounds.min, h->bounds.max);
	level = headroom_level(h, s->limit, s->ceiling);

	if (s->current > level && s->now >= h->retry) {
		/* A little more than needed, or there would be as many writes as looks. */
		order.reclaim = min_u64(s->current - level + h->bytes / 8,
					clamp_u64(scale(h->speed, WRITE_TIME, NSEC_PER_SEC),
						  h->bounds.min_chunk, h->bounds.chunk));
		order.reclaim = min_u64(max_u64(order.reclaim, PAGE), s->current);
		/*
		 * A job that goes on as before is looked at as before: looks take CPU time,
		 * from the job when there is none to spare.
		 */
		if (h->surprised)
			h->period = h->bounds.min_period;
		h->planned = 0;
		order.is_first = !h->is_above;
		if (order.is_first)
			order.above = time_above(s->current, level, was, elapsed);
		h->is_above = true;
		return order;
	}

	h->is_above = h->is_above && s->current > level;
	if (s->limit != UINT64_MAX)
		room = s->limit > s->current ? s->limit - s->current : 0;
	order.delay = next_period(h, room, level > s->current ? level - s->current : 0,
				  s->look_cost);
	if (s->current > level)
		order.delay = max_u64(order.delay, h->retry - s->now);
	h->planned = order.delay;
	return order;
}

/**
 * headroom_reclaimed - what came of an order
 * @h: state of the group
 * @asked: bytes that were asked for
 * @now: nanoseconds
 * @current: bytes that are charged to the group now
 * @complete: false: the kernel could not reclaim that much; whoever tells us has done what he can
 *	for it to be worth another try
 */
void headroom_reclaimed(struct headroom *h, uint64_t asked, uint64_t now, uint64_t current,
			bool complete)
{
	uint64_t pause = 0;

	/* What was taken away meanwhile does not show, and what came in its place neither. */
	if (complete && current + asked > h->current)
		h->hidden += current + asked - h->current;
	h->current = current;
	if (complete) {
		uint64_t speed = scale(asked, NSEC_PER_SEC, now - h->before);

		h->speed = h->speed ? (3 * h->speed + speed) / 4 : speed;
		h->failures = 0;
		h->retry = now;
		return;
	}
	if (h->failures)
		pause = h->bounds.min_period << (h->failures < 20 ? h->failures : 20);
	h->failures++;
	h->retry = now + min_u64(pause, MAX_RETRY);
}
