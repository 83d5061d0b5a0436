// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading ahead of the reader.
 *
 * The swap core asks for a window and waits for it, computes, asks for the next:
 * the link idles while the program works, and the program waits while the link
 * does. Where windows follow each other on the device (stream.h), what comes next
 * is read into pages of ours meanwhile, and copied when it is asked for.
 *
 * Each slot has one place where it may be, pages[slot % FASTSWAP_AHEAD_PAGES].
 * What makes it safe: before the end of any write is told, the place is looked at
 * (fastswap_ahead_forget()). So what is READY
 *
 *  - was asked for after all writes that had ended by then, as
 *    the place is marked before the read is handed to the backend, and
 *  - no write of it has ended since.
 *
 * Nobody waits for such a read until a reader comes for it: the backend is then
 * polled for what has arrived. That costs no interrupt.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include <fastswap/mean.h>

#include "ahead_sm.h"
#include "core.h"
#include "stream.h"

#define FASTSWAP_AHEAD_PAGES	256	/* of one device; a power of two */
/*
 * A reader that comes too early waits for the batch: no longer than for a window of
 * its own.
 */
#define FASTSWAP_AHEAD_BATCH	8

static unsigned int ahead_pages = 32;
FASTSWAP_UINT_PARAM(ahead_pages, ahead_pages, 0, FASTSWAP_AHEAD_PAGES / 2);
MODULE_PARM_DESC(ahead_pages, "pages to read ahead of a program that reads in order; 0: none");

/**
 * struct fastswap_ahead_page - a page that may be read ahead
 * @lock: guards the rest; taken with interrupts off
 * @state: see ahead_sm.h
 * @batch: the batch with which it was asked for
 * @ticket: of that batch, to wait for it; no queue: not known yet
 * @reader: in AWAITED, and in TAKEN after it
 * @class: of @reader
 * @since: when it came, ns
 * @page: where the data is; constant
 * @bvec: of @bio
 * @bio: that reads it; the backend's in FLYING, STALE and AWAITED
 */
struct fastswap_ahead_page {
	spinlock_t lock;
	enum fastswap_ahead_state state;
	u32 batch;
	struct fastswap_ticket ticket;
	struct bio *reader;
	enum fastswap_class class;
	u64 since;
	struct page *page;
	struct bio_vec bvec;
	struct bio bio;
};

/**
 * struct fastswap_ahead - all of a device
 * @streams: per CPU
 * @batches: so far
 * @wait_ns: what a reader usually waits that comes too early
 * @slots: of @pages; written under their lock, read without
 * @pages: the pages
 */
struct fastswap_ahead {
	struct fastswap_streams __percpu *streams;
	atomic_t batches;
	u32 wait_ns;
	u64 slots[FASTSWAP_AHEAD_PAGES];
	struct fastswap_ahead_page *pages[FASTSWAP_AHEAD_PAGES];
};

static inline unsigned int place_of(u64 slot)
{
	return slot % FASTSWAP_AHEAD_PAGES;
}

/* Return: the state changed; else the event is refused. */
static bool change(struct fastswap_ahead_page *p, enum fastswap_ahead_event event)
{
	enum fastswap_ahead_state next = fastswap_ahead_next(p->state, event);

	lockdep_assert_held(&p->lock);
	if (next == FASTSWAP_AHEAD_NO)
		return false;
	p->state = next;
	return true;
}

/**
 * fastswap_ahead_alloc - get what reading ahead takes
 * @dev: the device, its limits known
 *
 * Return: 0, also for a backend that has nothing to gain; or -ENOMEM.
 */
int fastswap_ahead_alloc(struct fastswap_device *dev)
{
	struct fastswap_ahead *ahead;
	unsigned int i;

	if (dev->ops->sync)
		return 0;
	ahead = kvzalloc_node(sizeof(*ahead), GFP_KERNEL, dev->limits.node);
	if (!ahead)
		return -ENOMEM;
	dev->ahead = ahead;
	for (i = 0; i < FASTSWAP_AHEAD_PAGES; i++) {
		struct fastswap_ahead_page *p;

		p = kzalloc_node(sizeof(*p), GFP_KERNEL, dev->limits.node);
		if (!p)
			return -ENOMEM;
		spin_lock_init(&p->lock);
		ahead->pages[i] = p;
		ahead->slots[i] = U64_MAX;
		p->page = alloc_pages_node(dev->limits.node, GFP_KERNEL, 0);
		if (!p->page)
			return -ENOMEM;
	}
	ahead->streams = alloc_percpu(struct fastswap_streams);
	return ahead->streams ? 0 : -ENOMEM;
}

/**
 * fastswap_ahead_free - free it; no read is under way
 * @dev: the device; in any state of fastswap_ahead_alloc()
 */
void fastswap_ahead_free(struct fastswap_device *dev)
{
	struct fastswap_ahead *ahead = dev->ahead;
	unsigned int i;

	if (!ahead)
		return;
	for (i = 0; i < FASTSWAP_AHEAD_PAGES && ahead->pages[i]; i++) {
		if (ahead->pages[i]->page)
			__free_page(ahead->pages[i]->page);
		kfree(ahead->pages[i]);
	}
	free_percpu(ahead->streams);
	kvfree(ahead);
	dev->ahead = NULL;
}

/**
 * fastswap_ahead_drain - have the backend end the reads that nobody waits for
 * @dev: the device, dev->users killed; each such read has a reference to it
 *
 * May sleep.
 */
void fastswap_ahead_drain(struct fastswap_device *dev)
{
	struct fastswap_ahead *ahead = dev->ahead;
	struct fastswap_ticket ticket;
	unsigned int i;

	for (i = 0; ahead && i < FASTSWAP_AHEAD_PAGES; i++) {
		struct fastswap_ahead_page *p = ahead->pages[i];

		spin_lock_irq(&p->lock);
		ticket = p->ticket;
		spin_unlock_irq(&p->lock);
		if (ticket.queue)
			dev->ops->poll(dev->priv, &ticket, true);
	}
}

/**
 * fastswap_ahead_forget - writes are about to end
 * @dev: the device
 * @first: lowest slot
 * @count: how many
 *
 * Any context. Before the end is told to anybody, and whatever its status.
 */
void fastswap_ahead_forget(struct fastswap_device *dev, u64 first, u32 count)
{
	struct fastswap_ahead *ahead = dev->ahead;
	unsigned long flags;
	u64 slot;

	if (!ahead)
		return;
	for (slot = first; slot != first + count; slot++) {
		unsigned int place = place_of(slot);
		struct fastswap_ahead_page *p = ahead->pages[place];

		/*
		 * Without the lock: a slot that comes into its place from now on
		 * will be read from now on, and the write has been done.
		 */
		if (likely(READ_ONCE(ahead->slots[place]) != slot))
			continue;
		spin_lock_irqsave(&p->lock, flags);
		if (ahead->slots[place] == slot) {
			if (p->state == FASTSWAP_AHEAD_READY)
				this_cpu_inc(dev->stats->ahead_dropped);
			change(p, FASTSWAP_AHEAD_WRITTEN);
		}
		spin_unlock_irqrestore(&p->lock, flags);
	}
}

static void give_to_reader(struct fastswap_device *dev, struct fastswap_ahead_page *p,
			   struct bio *reader, enum fastswap_class class, blk_status_t status)
{
	struct bio_list list = BIO_EMPTY_LIST;
	struct bio_vec to = bio_iovec(reader);
	unsigned long flags;

	if (likely(status == BLK_STS_OK))
		memcpy_page(to.bv_page, to.bv_offset, p->page, 0, FASTSWAP_SLOT_SIZE);
	spin_lock_irqsave(&p->lock, flags);
	change(p, FASTSWAP_AHEAD_COPIED);
	spin_unlock_irqrestore(&p->lock, flags);

	bio_list_add(&list, reader);
	fastswap_end_bios(&dev->upper, class, &list, status, 0);
}

/**
 * fastswap_ahead_take - serve a read from what was read ahead
 * @dev: the device
 * @bio: a read of the swap cache
 * @class: of it
 * @ticket: zeroed before the first bio of a window; afterwards what to poll for
 *
 * Return: true if the bio is taken over, it has ended or ends with the ticket.
 */
bool fastswap_ahead_take(struct fastswap_device *dev, struct bio *bio, enum fastswap_class class,
			 struct fastswap_ticket *ticket)
{
	u64 slot = fastswap_bio_offset(bio) >> FASTSWAP_SLOT_SHIFT;
	struct fastswap_ahead *ahead = dev->ahead;
	unsigned int place = place_of(slot);
	struct fastswap_ticket arrives = { };
	enum fastswap_ahead_state state;
	struct fastswap_ahead_page *p;

	if (!ahead || READ_ONCE(ahead->slots[place]) != slot ||
	    bio->bi_iter.bi_size != FASTSWAP_SLOT_SIZE)
		return false;

	p = ahead->pages[place];
	/* Once per window: has it arrived? */
	if (!ticket->queue && READ_ONCE(p->state) == FASTSWAP_AHEAD_FLYING) {
		spin_lock_irq(&p->lock);
		if (ahead->slots[place] == slot)
			arrives = p->ticket;
		spin_unlock_irq(&p->lock);
		if (arrives.queue)
			dev->ops->poll(dev->priv, &arrives, false);
	}

	spin_lock_irq(&p->lock);
	/*
	 * Whoever waits must know for what, and for a single queue. Reads through
	 * another are left to themselves.
	 */
	if (ahead->slots[place] != slot ||
	    (p->state == FASTSWAP_AHEAD_FLYING &&
	     (!p->ticket.queue || (ticket->queue && ticket->queue != p->ticket.queue))) ||
	    !change(p, FASTSWAP_AHEAD_WANT)) {
		spin_unlock_irq(&p->lock);
		return false;
	}
	state = p->state;
	if (state == FASTSWAP_AHEAD_AWAITED) {
		p->reader = bio;
		p->class = class;
		p->since = ktime_get_ns();
		if (!ticket->queue || (s32)(p->ticket.seq - ticket->seq) > 0)
			*ticket = p->ticket;
		ticket->expected_ns = READ_ONCE(ahead->wait_ns);
	}
	spin_unlock_irq(&p->lock);

	if (state == FASTSWAP_AHEAD_AWAITED) {
		this_cpu_inc(dev->stats->ahead_waits);
	} else {
		this_cpu_inc(dev->stats->ahead_hits);
		give_to_reader(dev, p, bio, class, BLK_STS_OK);
	}
	return true;
}

/**
 * fastswap_ahead_end - a read of ours has ended
 * @dev: the device
 * @bio: the read
 * @status: how
 *
 * Any context up to hard interrupt.
 */
void fastswap_ahead_end(struct fastswap_device *dev, struct bio *bio, blk_status_t status)
{
	struct fastswap_ahead_page *p = container_of(bio, struct fastswap_ahead_page, bio);
	struct fastswap_ahead *ahead = dev->ahead;
	struct bio *reader = NULL;
	unsigned long flags;

	spin_lock_irqsave(&p->lock, flags);
	p->ticket.queue = NULL;
	change(p, status == BLK_STS_OK ? FASTSWAP_AHEAD_ARRIVED : FASTSWAP_AHEAD_FAILED);
	if (p->state == FASTSWAP_AHEAD_TAKEN)
		reader = p->reader;
	spin_unlock_irqrestore(&p->lock, flags);

	if (reader) {
		/* Of two CPUs that do this at the same time one sample is lost: so what. */
		WRITE_ONCE(ahead->wait_ns,
			   fastswap_mean_add(ahead->wait_ns, ktime_get_ns() - p->since));
		/* Same slot, same moment: what became of our read would have become of its own. */
		give_to_reader(dev, p, reader, p->class, status);
	}
	percpu_ref_put(&dev->users);
}

/* Ask for a slot, unless it is there, or its place is taken. */
static void add_to_batch(struct fastswap_device *dev, u64 slot, u32 nr,
			 struct fastswap_batch *batch)
{
	struct fastswap_ahead *ahead = dev->ahead;
	unsigned int place = place_of(slot);
	struct fastswap_ahead_page *p = ahead->pages[place];
	enum fastswap_ahead_state before;
	bool asked = false;

	if (fastswap_slotmap_get(&dev->slots, slot) != FASTSWAP_SLOT_DATA)
		return;

	spin_lock_irq(&p->lock);
	before = p->state;
	if (!(before == FASTSWAP_AHEAD_READY && ahead->slots[place] == slot))
		asked = change(p, FASTSWAP_AHEAD_ASK);
	if (asked) {
		WRITE_ONCE(ahead->slots[place], slot);
		p->batch = nr;
		p->ticket.queue = NULL;
	}
	spin_unlock_irq(&p->lock);
	if (!asked)
		return;

	if (before == FASTSWAP_AHEAD_READY)
		this_cpu_inc(dev->stats->ahead_dropped);
	percpu_ref_get(&dev->users);
	bio_init(&p->bio, NULL, &p->bvec, 1, REQ_OP_READ);
	p->bio.bi_iter.bi_sector = slot << (FASTSWAP_SLOT_SHIFT - SECTOR_SHIFT);
	__bio_add_page(&p->bio, p->page, FASTSWAP_SLOT_SIZE, 0);
	bio_list_add(&batch->bios, &p->bio);
	batch->nr++;
}

/* Those of a batch that have not ended may be waited for from now on. */
static void set_ticket(struct fastswap_ahead *ahead, const struct fastswap_range *range, u32 nr,
		       const struct fastswap_ticket *ticket)
{
	u64 slot;

	for (slot = range->first; slot != range->first + range->count; slot++) {
		struct fastswap_ahead_page *p = ahead->pages[place_of(slot)];

		spin_lock_irq(&p->lock);
		if (p->batch == nr && (p->state == FASTSWAP_AHEAD_FLYING ||
				       p->state == FASTSWAP_AHEAD_STALE))
			p->ticket = *ticket;
		spin_unlock_irq(&p->lock);
	}
}

/* Ask for slots that follow each other, as one batch. */
static void ask_for(struct fastswap_device *dev, const struct fastswap_range *range)
{
	struct fastswap_batch batch = { .class = FASTSWAP_AHEAD };
	struct fastswap_ahead *ahead = dev->ahead;
	u32 nr = atomic_inc_return(&ahead->batches);
	struct fastswap_ticket ticket = { };
	u64 slot;

	for (slot = range->first; slot != range->first + range->count; slot++)
		add_to_batch(dev, slot, nr, &batch);
	if (!batch.nr)
		return;
	fastswap_submit_batch(dev, &batch, &ticket);
	if (!ticket.queue)
		return;
	set_ticket(ahead, range, nr, &ticket);
	/*
	 * Killed before we have said what to wait for: see fastswap_ahead_drain(),
	 * which then cannot have found it.
	 */
	if (unlikely(percpu_ref_is_dying(&dev->users)))
		dev->ops->poll(dev->priv, &ticket, true);
}

/**
 * fastswap_ahead_go - a window is read: read ahead of it if it belongs to a stream
 * @dev: the device; the caller holds a reference, its own or the queue's
 * @first: lowest slot of the window
 * @last: and the highest
 *
 * Does not sleep.
 */
void fastswap_ahead_go(struct fastswap_device *dev, u64 first, u64 last)
{
	struct fastswap_ahead *ahead = dev->ahead;
	u32 depth = READ_ONCE(ahead_pages);
	struct fastswap_range all, part;
	u32 done;

	if (!ahead || !depth || READ_ONCE(dev->removing) || !fastswap_serves(dev))
		return;
	all = fastswap_streams_next(get_cpu_ptr(ahead->streams), first, last, depth,
				    dev->slots.nr_slots);
	put_cpu_ptr(ahead->streams);
	for (done = 0; done < all.count; done += part.count) {
		part.count = min_t(u32, all.count - done, FASTSWAP_AHEAD_BATCH);
		/* What is nearest to the window is wanted first. */
		part.first = all.first > last ? all.first + done :
						all.first + all.count - done - part.count;
		ask_for(dev, &part);
	}
}
