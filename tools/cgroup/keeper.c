// SPDX-License-Identifier: GPL-2.0-only
#include "keeper.h"

#include <errno.h>
#include <time.h>

/* The kernel charges so many pages in advance to each CPU. */
#define CHARGE_BATCH	(64u * 4096)
/* The kernel reclaims 32 pages at least. A write of many pages delays others. */
#define MIN_CHUNK	(32u * 4096)
#define MAX_CHUNK	(4u << 20)
/* What may be reclaimed by the counts of one reading: an eighth of the limit. */
#define FRESH_SHIFT	3
/* Limits and swap are looked at so often, stalls so often. */
#define SLOW_PERIOD	(100 * NSEC_PER_MSEC)
#define STALL_PERIOD	NSEC_PER_SEC

/** keeper_now - the clock of all samples, in nanoseconds */
uint64_t keeper_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static void set_bounds(struct keeper *k, uint64_t limit)
{
	const struct offload_options *o = &k->options;
	struct headroom_bounds b = {
		.step = (uint64_t)CHARGE_BATCH * k->nr_cpus,
		.chunk = MAX_CHUNK,
		.min_chunk = MIN_CHUNK,
		.min_period = o->min_period_us * NSEC_PER_USEC,
		.max_period = k->max_period,
	};

	k->limit = limit;
	if (limit != UINT64_MAX) {
		b.max = share_of(o->headroom_max, limit);
		b.min = share_of(o->headroom_min, limit);
		/* A part of a small limit may be less than a fixed size. */
		if (b.max > limit / 2)
			b.max = limit / 2;
		if (b.min > b.max)
			b.min = b.max;
	}
	headroom_rebound(&k->headroom, &b);
	/* It may be from a time when there was no limit, or a far higher one. */
	if (k->fresh > limit >> FRESH_SHIFT)
		k->fresh = limit >> FRESH_SHIFT;
}

/* Tasks reclaim, and sleep, at memory.high already. Return: 0, or a negative errno. */
static int read_limit(struct keeper *k, uint64_t *limit)
{
	uint64_t max, high;
	int err = group_value(k->group.max, &max);

	if (!err)
		err = group_value(k->group.high, &high);
	if (err)
		return err;
	k->high_is_limit = high < max;
	*limit = k->high_is_limit ? high : max;
	return 0;
}

static uint64_t rise(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

/* Return: 0, or a negative errno. */
static int count_hits(struct keeper *k, bool *at_max)
{
	uint64_t high, max;
	int err = group_events(&k->group, &high, &max);

	if (err)
		return err;
	*at_max = max > k->max_events;
	k->hits += rise(k->max_events, max);
	if (k->high_is_limit)
		k->hits += rise(k->high_events, high);
	k->max_events = max;
	k->high_events = high;
	return 0;
}

/**
 * keeper_init - begin with a group
 * @k: filled in
 * @group: taken over
 * @options: copied
 * @meter: shared with the other groups of the thread
 * @nr_cpus: that the group's tasks may run on
 */
void keeper_init(struct keeper *k, const struct group *group,
		 const struct offload_options *options, struct swapin_meter *meter,
		 unsigned int nr_cpus)
{
	const struct ceiling_rules rules = { options->stall_low_ppm, options->stall_high_ppm };
	const struct headroom_bounds none = { .min_period = 1, .max_period = 1 };
	uint64_t limit = UINT64_MAX;

	*k = (struct keeper) {
		.group = *group,
		.options = *options,
		.meter = meter,
		.nr_cpus = nr_cpus,
		.max_period = options->max_period_us * NSEC_PER_USEC,
		.ceiling_bytes = UINT64_MAX,
	};
	/* Nobody tells us when its tasks stall. */
	if (options->policy == POLICY_ADAPTIVE && k->group.stalls < 0 &&
	    k->max_period > STALL_PERIOD)
		k->max_period = STALL_PERIOD;
	headroom_init(&k->headroom, &none);
	ceiling_init(&k->ceiling, &rules);
	read_limit(k, &limit);
	set_bounds(k, limit);
	group_events(&k->group, &k->high_events, &k->max_events);
}

/*
 * How long tasks have waited for memory, since ever. The kernel counts those that sleep; a fault
 * that spins for its page does not, so that is added as the device has measured it. To ask all
 * devices takes longer than the rest of a look: not for a group that had no such faults.
 */
static bool read_stalls(struct keeper *k, uint64_t *stall_ns)
{
	uint64_t us, faults, count, ns;

	if (k->group.pressure < 0 || group_stall(k->group.pressure, "some", &us))
		return false;
	if (group_key(k->group.stat, "pgmajfault", &faults) == 0 &&
	    (!k->next_stall || faults > k->faults)) {
		swapins_latency(&count, &ns);
		if (k->next_stall && count > k->latency_count && ns > k->latency_ns)
			k->stall_ns += (ns - k->latency_ns) / (count - k->latency_count) *
				       (faults - k->faults);
		k->faults = faults;
		k->latency_count = count;
		k->latency_ns = ns;
	}
	*stall_ns = us * NSEC_PER_USEC + k->stall_ns;
	return true;
}

static void look_at_stalls(struct keeper *k, uint64_t now, uint64_t current)
{
	uint64_t before = k->ceiling.stall_ns, then = k->ceiling.before;
	struct ceiling_sample sample = {
		.now = now,
		.current = current,
		.floor = share_of(k->options.floor, k->limit),
		.top = k->limit,
		.stalls = k->stalls,
	};

	/* Nothing is taken away without a limit; what it needs below another is to be found out. */
	if (k->limit == UINT64_MAX) {
		k->ceiling_bytes = UINT64_MAX;
		k->ceiling.has_before = false;
		k->next_stall = 0;
		return;
	}
	/* What we are told of may be what we have just seen. */
	if (now + (k->stalls ? STALL_PERIOD / 2 : 0) < k->next_stall)
		return;
	if (!read_stalls(k, &sample.stall_ns)) {
		k->ceiling_bytes = UINT64_MAX;
		return;
	}
	if (k->next_stall && sample.stall_ns >= before && now > then)
		k->figures.stall_ppm = (sample.stall_ns - before) * 1000 /
				       ((now - then) / 1000 + 1);
	k->ceiling_bytes = ceiling_look(&k->ceiling, &sample);
	k->next_stall = now + STALL_PERIOD;
}

/* All groups share one counter, and their thread looks at it for all of them. */
static void look_at_swapins(struct swapin_meter *m, uint64_t now)
{
	uint64_t bytes;

	if (now - m->time < SLOW_PERIOD)
		return;
	bytes = swapins_bytes(&m->source);
	if (m->time && bytes >= m->bytes)
		m->rate = (unsigned __int128)(bytes - m->bytes) * NSEC_PER_SEC /
			  (now - m->time);
	m->bytes = bytes;
	m->time = now;
}

static void freshen(struct keeper *k)
{
	group_freshen(&k->group);
	k->figures.refreshes++;
	k->fresh = k->limit >> FRESH_SHIFT;
}

/* What changes rarely. Return: 0, or a negative errno. */
static int look_slowly(struct keeper *k, uint64_t now, uint64_t current)
{
	struct offload_figures *f = &k->figures;
	uint64_t limit;
	int err;

	if (now < k->next_slow && !k->stalls)
		return 0;
	err = read_limit(k, &limit);
	if (err)
		return err;
	if (limit != k->limit)
		set_bounds(k, limit);
	/* It takes a while to read, and says nothing about a group that is idle. */
	if (k->headroom.rate)
		look_at_swapins(k->meter, now);
	if (k->group.swap >= 0 && group_value(k->group.swap, &f->swap) == 0 &&
	    f->swap > f->swap_peak)
		f->swap_peak = f->swap;
	if (k->options.policy == POLICY_ADAPTIVE)
		look_at_stalls(k, now, current);
	k->stalls = false;
	k->next_slow = now + SLOW_PERIOD;
	return 0;
}

/**
 * keeper_look - look once
 * @k: the group
 * @order: what is to be done
 *
 * Return: 0, or a negative errno if that is not possible any more.
 */
int keeper_look(struct keeper *k, struct headroom_order *order)
{
	struct headroom_sample s = { 0 };
	struct offload_figures *f = &k->figures;
	bool at_max = false;
	int err;

	err = group_value(k->group.current, &s.current);
	s.now = keeper_now();
	if (!err && (k->was_hit || k->always_read)) {
		err = count_hits(k, &at_max);
		/* The task that did it may be about to be killed because it finds nothing. */
		if (k->was_hit && at_max)
			freshen(k);
		k->was_hit = false;
	}
	if (!err)
		err = look_slowly(k, s.now, s.current);
	if (err)
		return err;

	s.limit = k->limit;
	s.ceiling = k->ceiling_bytes;
	s.max_events = k->hits;
	/* Nobody has looked while all groups of the thread were idle. */
	if (s.now - k->meter->time <= 2 * SLOW_PERIOD)
		s.swapin_rate = k->meter->rate;
	s.look_cost = k->look_cost;
	*order = headroom_look(&k->headroom, &s);
	k->is_first = order->is_first;
	k->above_since = s.now - order->above;

	f->current = s.current;
	f->limit = s.limit;
	f->level = headroom_level(&k->headroom, s.limit, s.ceiling);
	f->headroom = k->headroom.bytes;
	f->rate = k->headroom.rate;
	f->reach_ns = k->headroom.reach;
	f->max_events = k->hits;
	f->looks++;
	return 0;
}

/**
 * keeper_reclaim - do what was ordered
 * @k: the group
 * @bytes: how much
 *
 * Return: 0, also if there was not that much to be had, or a negative errno if the group is gone.
 */
int keeper_reclaim(struct keeper *k, uint64_t bytes)
{
	uint64_t current;
	int result, err;

	if (!k->fresh)
		freshen(k);
	k->fresh -= bytes < k->fresh ? bytes : k->fresh;
	if (k->is_first)
		reactions_add(&k->figures.reactions, keeper_now() - k->above_since);
	result = group_reclaim(&k->group, bytes);
	if (result == -ENODEV)
		return result;
	/* Perhaps there was something. The law tries once more at once. */
	if (result == -EAGAIN)
		freshen(k);
	err = group_value(k->group.current, &current);
	if (err)
		return err;
	headroom_reclaimed(&k->headroom, bytes, keeper_now(), current, !result);
	k->figures.writes++;
	if (result)
		k->figures.failures++;
	else
		k->figures.reclaimed += bytes;
	return 0;
}
