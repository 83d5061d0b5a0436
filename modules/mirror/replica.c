// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_mirror: " fmt

/* What a replica has to say: that it is there or not, or that it has lost everything. */
#include <linux/bitmap.h>
#include <linux/jiffies.h>

#include <fastswap/hold.h>

#include "mirror.h"

/* ms after something was missed until it is copied: more may follow. */
#define REFILL_DELAY	100

/* fsm_hold_jiffies - how long I/O waits for a replica */
unsigned long fsm_hold_jiffies(const struct fsm *m)
{
	return msecs_to_jiffies(READ_ONCE(m->hold_s) * MSEC_PER_SEC);
}

static unsigned long hold_ends(const struct fsm *m, const struct fsm_replica *r)
{
	return r->down_since + fsm_hold_jiffies(m);
}

/**
 * fsm_holding - whom I/O waits for
 * @m: the mirror, its lock held
 *
 * Return: mask of the replicas that are down and have not been for long.
 */
u8 fsm_holding(const struct fsm *m)
{
	unsigned int r;
	u8 mask = 0;

	lockdep_assert_held(&m->lock);
	for (r = 0; r < m->nr; r++)
		if (!(m->live & 1u << r) && time_before(jiffies, hold_ends(m, &m->replicas[r])))
			mask |= 1u << r;
	return mask;
}

/**
 * fsm_kick - what waits may go on
 * @m: the mirror, its lock held
 * @refill: a replica that is live misses something
 */
void fsm_kick(struct fsm *m, bool refill)
{
	lockdep_assert_held(&m->lock);
	if (m->stopping)
		return;
	mod_delayed_work(fsm_wq, &m->dispatch, 0);
	if (refill)
		queue_delayed_work(fsm_refill_wq, &m->refill, msecs_to_jiffies(REFILL_DELAY));
}

/**
 * fsm_look - tell the world how the mirror is doing
 * @m: the mirror, its lock held
 *
 * Return: jiffies after which to look again, though nobody has said anything; 0: none.
 */
unsigned long fsm_look(struct fsm *m)
{
	static const enum fastswap_health as[] = {
		[FSM_ALL] = FASTSWAP_LIVE,
		[FSM_SOME] = FASTSWAP_DEGRADED,
		[FSM_NONE_YET] = FASTSWAP_RECOVERING,
		[FSM_NONE] = FASTSWAP_FAILED,
	};
	u8 holding = fsm_holding(m);
	unsigned long next = 0;
	unsigned int r;

	fastswap_set_health(m->up, as[fsm_health(fsm_all(m), m->live, holding, m->complete)]);
	for (r = 0; r < m->nr; r++) {
		/* One more: not just before the time. */
		unsigned long left = hold_ends(m, &m->replicas[r]) - jiffies + 1;

		if (holding & 1u << r && (!next || left < next))
			next = left;
	}
	return next;
}

/* ->set_health of struct fastswap_upper_ops */
static void set_health(struct fastswap_upper *up, enum fastswap_health health)
{
	struct fsm_replica *r = container_of(up, struct fsm_replica, upper);
	bool live = health == FASTSWAP_LIVE || health == FASTSWAP_DEGRADED;
	struct fsm *m = r->m;
	unsigned long flags;
	u8 bit = 1u << r->index;

	spin_lock_irqsave(&m->lock, flags);
	if (live != !!(m->live & bit)) {
		m->live ^= bit;
		r->down_since = jiffies;
		r->changes++;
		fsm_info(r, "%s\n", live ? "is back" : "is away");
		fsm_look(m);
		fsm_kick(m, live && !(m->complete & bit));
	}
	spin_unlock_irqrestore(&m->lock, flags);
}

/*
 * Whoever frees the slot meanwhile clears this replica's bit first, and then that
 * in @lost: so none is left there. The lock keeps writes out.
 */
static bool lose_slot(struct fsm *m, unsigned int r, u64 slot)
{
	if (fsm_map_who(&m->map, slot) != 1u << r) {
		clear_bit(slot, m->has[r]);
		return false;
	}
	set_bit(slot, m->lost);
	if (test_and_clear_bit(slot, m->has[r]))
		return true;
	clear_bit(slot, m->lost);
	return false;
}

/* ->lose_all of struct fastswap_upper_ops; may sleep */
static u64 lose_all(struct fastswap_upper *up)
{
	struct fsm_replica *r = container_of(up, struct fsm_replica, upper);
	struct fsm *m = r->m;
	u64 lost = 0, slot;
	size_t word;

	spin_lock_irq(&m->lock);
	/* First: what it has acknowledged counts no more. */
	r->losses++;
	m->complete &= ~(1u << r->index);
	m->dirty |= 1u << r->index;
	spin_unlock_irq(&m->lock);

	for (word = 0; word < BITS_TO_LONGS(m->map.nr_slots); word++) {
		if (!READ_ONCE(m->has[r->index][word]))
			continue;
		spin_lock_irq(&m->lock);
		for (slot = (u64)word * BITS_PER_LONG;
		     slot < ((u64)word + 1) * BITS_PER_LONG; slot++)
			if (test_bit(slot, m->has[r->index]))
				lost += lose_slot(m, r->index, slot);
		spin_unlock_irq(&m->lock);
		cond_resched();
	}

	spin_lock_irq(&m->lock);
	fsm_look(m);
	/* Reads that wait for it wait in vain. */
	fsm_kick(m, m->live & 1u << r->index);
	spin_unlock_irq(&m->lock);
	return lost << FASTSWAP_SLOT_SHIFT;
}

/* ->holds_data of struct fastswap_upper_ops */
static bool holds_data(const struct fastswap_upper *up, const struct bio *bio)
{
	const struct fsm_replica *r = container_of(up, struct fsm_replica, upper);
	u32 slots = fastswap_nr_slots(bio);

	return fsm_map_run(&r->m->map, r->index, fastswap_first_slot(bio), slots) == slots;
}

/*
 * ->may_hold of struct fastswap_upper_ops. A write that this replica has ended and another has not
 * is not accounted for yet, nor is what is being copied.
 */
static bool may_hold(const struct fastswap_upper *up, u64 offset, u64 length)
{
	struct fsm_replica *r = container_of(up, struct fsm_replica, upper);
	u64 first = offset >> FASTSWAP_SLOT_SHIFT, group;
	struct fsm *m = r->m;
	bool any = false;
	u64 end;

	spin_lock_irq(&m->lock);
	end = min(first + (length >> FASTSWAP_SLOT_SHIFT), m->map.nr_slots);
	for (group = first / FSM_GROUP; !any && group * FSM_GROUP < end; group++)
		any = group == m->group || *fsm_busy_of(m, group);
	any = any || fsm_map_any(&m->map, r->index, first, end);
	spin_unlock_irq(&m->lock);
	return any;
}

const struct fastswap_upper_ops fsm_upper_ops = {
	.end_bios = fsm_end_bios,
	.set_health = set_health,
	.lose_all = lose_all,
	.holds_data = holds_data,
	.may_hold = may_hold,
};

/* ->set_hold of struct fastswap_backend_ops */
int fsm_set_hold(void *priv, unsigned int seconds)
{
	struct fsm *m = priv;

	if (seconds > FASTSWAP_HOLD_MAX)
		return -ERANGE;
	WRITE_ONCE(m->hold_s, seconds);
	/* It may be over by now. */
	spin_lock_irq(&m->lock);
	fsm_look(m);
	fsm_kick(m, false);
	spin_unlock_irq(&m->lock);
	return 0;
}

/* ->get_hold of struct fastswap_backend_ops */
unsigned int fsm_get_hold(void *priv)
{
	struct fsm *m = priv;

	return READ_ONCE(m->hold_s);
}
