// SPDX-License-Identifier: GPL-2.0-only
#include "ceiling.h"

#include "headroom.h"

/* Down by 1/256 of it per second, up by 1/8 of it with each look. */
#define SHRINK_SHIFT	8
#define GROW_SHIFT	3
#define MIN_REST	(10 * NSEC_PER_SEC)
#define MAX_REST	(600 * NSEC_PER_SEC)
/* Looks at idle groups are that far apart; what was longer is no reason to take more away. */
#define MAX_ELAPSED	(16 * NSEC_PER_SEC)

static uint64_t clamp_u64(uint64_t value, uint64_t low, uint64_t high)
{
	if (value > high)
		value = high;
	return value < low ? low : value;
}

/** ceiling_init - begin with a group that nothing is known of */
void ceiling_init(struct ceiling *c, const struct ceiling_rules *rules)
{
	*c = (struct ceiling) { .rules = *rules, .bytes = UINT64_MAX, .rest = MIN_REST };
}

static void raise_ceiling(struct ceiling *c, uint64_t now)
{
	uint64_t grown = c->bytes + (c->bytes >> GROW_SHIFT);

	c->bytes = grown < c->bytes ? UINT64_MAX : grown;
	/* Raises that follow each other closely are one. */
	if (now >= c->rest_until) {
		bool soon = c->last_raise && now - c->last_raise < 4 * c->rest;

		c->rest = soon ? clamp_u64(c->rest * 2, MIN_REST, MAX_REST) : MIN_REST;
	}
	c->rest_until = now + c->rest;
	c->last_raise = now;
}

/* More than would be taken away from it in a second. */
static bool has_grown(const struct ceiling *c, uint64_t current)
{
	return current < c->bytes && current > c->current + (c->current >> SHRINK_SHIFT);
}

static void lower_ceiling(struct ceiling *c, uint64_t current, uint64_t elapsed)
{
	/* What it does not use it will not miss. */
	if (current < c->bytes)
		c->bytes = current;
	if (elapsed > MAX_ELAPSED)
		elapsed = MAX_ELAPSED;
	c->bytes -= (unsigned __int128)(c->bytes >> SHRINK_SHIFT) * elapsed / NSEC_PER_SEC;
}

/**
 * ceiling_look - decide upon a sample; about once in a second, less often if nothing happens
 * @c: state of the group
 * @s: what is seen now
 *
 * Return: the ceiling.
 */
uint64_t ceiling_look(struct ceiling *c, const struct ceiling_sample *s)
{
	uint64_t elapsed = s->now - c->before;

	if (!c->has_before) {
		c->bytes = s->top;
	} else if (s->now > c->before && s->stall_ns >= c->stall_ns) {
		uint64_t ppm = (unsigned __int128)(s->stall_ns - c->stall_ns) * 1000000 / elapsed;

		if (s->stalls || ppm >= c->rules.high_ppm)
			raise_ceiling(c, s->now);
		else if (ppm <= c->rules.low_ppm && s->now >= c->rest_until &&
			 !has_grown(c, s->current))
			lower_ceiling(c, s->current, elapsed);
	}
	c->has_before = true;
	c->before = s->now;
	c->stall_ns = s->stall_ns;
	c->current = s->current;
	c->bytes = clamp_u64(c->bytes, s->floor < s->top ? s->floor : s->top, s->top);
	return c->bytes;
}
