// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_mirror: " fmt

/*
 * Copy to a replica what it misses, while the device is in use.
 *
 * One group of slots at a time. While it is copied, writes of it wait (m->parked),
 * and it is begun only when those that were under way have ended: no older data
 * can overtake newer on its way to the replica. Reads go on, to those that have
 * the data.
 *
 * Reclaim may wait for a group to be copied, so that takes no memory that is not
 * there already; that it ends is up to the replicas, which end every bio.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "mirror.h"

/* ms until what failed is tried again */
#define RETRY_DELAY	1000
/* ms that writes under way may take to end; their replicas' own bounds are smaller */
#define QUIET_MS	(120 * MSEC_PER_SEC)

static unsigned int refill_mibps = 256;
FASTSWAP_UINT_PARAM(refill_mibps, refill_mibps, 0, 1 << 20);
MODULE_PARM_DESC(refill_mibps, "MiB/s that are copied to a replica that was away; 0: no limit");

/* fsm_alloc_copies - what a refill takes; -ENOMEM leaves some */
int fsm_alloc_copies(struct fsm *m)
{
	unsigned int i;

	for (i = 0; i < FSM_GROUP; i++) {
		struct fsm_copy *copy = kzalloc(sizeof(*copy), GFP_KERNEL);

		if (!copy)
			return -ENOMEM;
		m->copies[i] = copy;
		copy->m = m;
		copy->page = alloc_page(GFP_KERNEL);
		if (!copy->page)
			return -ENOMEM;
	}
	return 0;
}

void fsm_free_copies(struct fsm *m)
{
	unsigned int i;

	for (i = 0; i < FSM_GROUP && m->copies[i]; i++) {
		if (m->copies[i]->page)
			__free_page(m->copies[i]->page);
		kfree(m->copies[i]);
	}
}

/* A replica has ended a copy's bio. Any context, under the mirror's lock. */
void fsm_copy_ended(struct fsm_clone *clone, blk_status_t status)
{
	struct fsm_copy *copy = container_of(clone, struct fsm_copy, clone);

	copy->status = status;
	if (atomic_dec_and_test(&copy->m->copies_left))
		complete(&copy->m->copied);
}

static void add_copy(struct fsm_copy *copy, enum req_op op, struct fastswap_batch *batch)
{
	struct bio *bio = &copy->clone.bio;

	copy->status = BLK_STS_IOERR;
	bio_init(bio, NULL, &copy->bvec, 1, op);
	bio->bi_iter.bi_sector = copy->slot << (FASTSWAP_SLOT_SHIFT - SECTOR_SHIFT);
	__bio_add_page(bio, copy->page, FASTSWAP_SLOT_SIZE, 0);
	bio_list_add(&batch->bios, bio);
	batch->nr++;
}

/* Hand a batch over; nobody polls for it. */
static void send_batch(struct fsm_replica *r, struct fastswap_batch *batch)
{
	struct fastswap_ticket ticket = { };

	if (!batch->nr)
		return;
	r->ops->submit(r->priv, batch, &ticket);
	if (ticket.queue)
		r->ops->poll(r->priv, &ticket, true);
}

/* Choose what to copy of a group, and from whom. Return: how many. */
static unsigned int choose(struct fsm *m, unsigned int to, u64 group)
{
	u64 slot, end = min((group + 1) * FSM_GROUP, m->map.nr_slots);
	unsigned int nr = 0;
	u8 who;

	spin_lock_irq(&m->lock);
	for (slot = group * FSM_GROUP; slot < end; slot++) {
		who = fsm_map_who(&m->map, slot);
		if (who & 1u << to)
			continue;
		who &= m->live;
		if (!who)
			continue;
		m->copies[nr]->slot = slot;
		m->copies[nr]->from = fsm_fastest(who, m->read_ns, 1);
		nr++;
	}
	spin_unlock_irq(&m->lock);
	return nr;
}

static void wait_for_copies(struct fsm *m)
{
	if (!atomic_dec_and_test(&m->copies_left))
		wait_for_completion_io(&m->copied);
}

static void read_copies(struct fsm *m, unsigned int nr)
{
	unsigned int r, i;

	reinit_completion(&m->copied);
	/* One more: for those who hand over. */
	atomic_set(&m->copies_left, nr + 1);
	for (r = 0; r < m->nr; r++) {
		struct fastswap_batch batch = { .class = FASTSWAP_OTHER_READ };

		for (i = 0; i < nr; i++)
			if (m->copies[i]->from == r)
				add_copy(m->copies[i], REQ_OP_READ, &batch);
		send_batch(&m->replicas[r], &batch);
	}
	wait_for_copies(m);
}

static void write_copies(struct fsm *m, unsigned int to, unsigned int nr)
{
	struct fastswap_batch batch = { .class = FASTSWAP_OTHER_WRITE };
	unsigned int i;

	reinit_completion(&m->copied);
	for (i = 0; i < nr; i++)
		if (m->copies[i]->status == BLK_STS_OK)
			add_copy(m->copies[i], REQ_OP_WRITE, &batch);
	atomic_set(&m->copies_left, batch.nr + 1);
	send_batch(&m->replicas[to], &batch);
	wait_for_copies(m);
}

/* Return: how many the replica has now. */
static unsigned int account(struct fsm *m, unsigned int to, unsigned int nr, u32 losses)
{
	struct fsm_replica *r = &m->replicas[to];
	unsigned int i, good = 0;

	spin_lock_irq(&m->lock);
	for (i = 0; i < nr; i++) {
		if (m->copies[i]->status != BLK_STS_OK || r->losses != losses)
			continue;
		good++;
		/*
		 * Not if it was freed meanwhile; if that happens just now, the bit
		 * that is left speaks of a slot that nobody reads before it is written.
		 */
		if (fsm_map_who(&m->map, m->copies[i]->slot))
			set_bit(m->copies[i]->slot, m->has[to]);
	}
	r->refilled += good;
	spin_unlock_irq(&m->lock);
	return good;
}

static void begin_group(struct fsm *m, u64 group, u32 *losses, unsigned int to)
{
	spin_lock_irq(&m->lock);
	m->group = group;
	*losses = m->replicas[to].losses;
	spin_unlock_irq(&m->lock);
}

static void end_group(struct fsm *m)
{
	spin_lock_irq(&m->lock);
	m->group = FSM_NO_GROUP;
	if (!list_empty(&m->parked))
		fsm_kick(m, false);
	spin_unlock_irq(&m->lock);
}

/* Copy what a replica misses of a group. Return: false if it misses some of it still. */
static bool copy_group(struct fsm *m, unsigned int to, u64 group)
{
	unsigned int nr, good = 0;
	u32 losses;

	begin_group(m, group, &losses, to);
	if (!wait_event_timeout(m->quiet, !READ_ONCE(*fsm_busy_of(m, group)),
				msecs_to_jiffies(QUIET_MS))) {
		end_group(m);
		return false;
	}
	nr = choose(m, to, group);
	if (nr) {
		read_copies(m, nr);
		write_copies(m, to, nr);
		good = account(m, to, nr, losses);
	}
	end_group(m);
	return nr && good == nr;
}

static void slow_down(unsigned int pages)
{
	unsigned int mibps = READ_ONCE(refill_mibps);
	unsigned long us;

	if (!mibps)
		return;
	us = (unsigned long)pages * FASTSWAP_SLOT_SIZE / mibps;
	usleep_range(us, us + us / 4 + 1);
}

static bool may_go_on(const struct fsm *m, unsigned int to)
{
	return !READ_ONCE(m->stopping) && READ_ONCE(m->live) & 1u << to;
}

/* Copy to a replica whatever it misses. Return: false if that has to be tried again. */
static bool fill(struct fsm *m, unsigned int to)
{
	struct fsm_replica *r = &m->replicas[to];
	u64 slot = 0, group;
	bool good = true;

	if (!r->told)
		fsm_info(r, "misses %llu KiB, which are copied to it\n",
			 fsm_map_count_missing(&m->map, to) << (FASTSWAP_SLOT_SHIFT - 10));
	r->told = true;

	spin_lock_irq(&m->lock);
	m->dirty &= ~(1u << to);
	spin_unlock_irq(&m->lock);

	while (may_go_on(m, to)) {
		slot = fsm_map_next_missing(&m->map, to, slot);
		if (slot == m->map.nr_slots)
			break;
		group = slot / FSM_GROUP;
		good &= copy_group(m, to, group);
		slot = (group + 1) * FSM_GROUP;
		slow_down(FSM_GROUP);
	}

	if (!may_go_on(m, to))
		r->told = false;
	spin_lock_irq(&m->lock);
	good = good && may_go_on(m, to) && !(m->dirty & 1u << to);
	if (good) {
		m->complete |= 1u << to;
		r->told = false;
		fsm_info(r, "has everything\n");
		fsm_look(m);
	}
	spin_unlock_irq(&m->lock);
	return good;
}

/* The work of a mirror with a replica that misses something. */
void fsm_refill(struct work_struct *work)
{
	struct fsm *m = container_of(work, struct fsm, refill.work);
	bool again = false;
	unsigned int r;

	for (r = 0; r < m->nr; r++)
		if (may_go_on(m, r) && !(READ_ONCE(m->complete) & 1u << r))
			again |= !fill(m, r);

	spin_lock_irq(&m->lock);
	/* Of those that are away, their return will tell. */
	if (again && !m->stopping && m->live & ~m->complete)
		queue_delayed_work(fsm_refill_wq, &m->refill, msecs_to_jiffies(RETRY_DELAY));
	spin_unlock_irq(&m->lock);
}
