// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path of a mirror.
 *
 * A bio gets an io, and from it a clone for each replica that it goes to. A write
 * ends when all of them have ended, well if one of them has: from then on only
 * those that have acknowledged it have the slot. A read that fails goes to the
 * next; one whose slots no single replica has is done piece by piece.
 *
 * What cannot be done now waits in one of three lists, and the dispatch work has
 * another go at it. Nothing here sleeps or allocates: whoever finds no free io
 * waits for one that ends.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include <fastswap/mean.h>

#include "mirror.h"

/**
 * struct out - bios of one class on their way out, to be handed over without the lock
 * @class: of all of them
 * @to: by replica
 * @failed: nobody can do these
 */
struct out {
	enum fastswap_class class;
	struct fastswap_batch to[FSM_REPLICAS_MAX];
	struct bio_list failed;
};

static void free_io(struct fsm_io *io)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(io->clones); i++)
		kfree(io->clones[i]);
	kfree(io);
}

/* fsm_alloc_ios - the reserve that all I/O runs on; -ENOMEM leaves some */
int fsm_alloc_ios(struct fsm *m)
{
	unsigned int i, r;

	for (i = 0; i < FSM_NR_IOS; i++) {
		struct fsm_io *io = kzalloc(sizeof(*io), GFP_KERNEL);

		if (!io)
			return -ENOMEM;
		list_add(&io->node, &m->free_ios);
		for (r = 0; r < m->nr; r++) {
			io->clones[r] = kzalloc(sizeof(*io->clones[r]), GFP_KERNEL);
			if (!io->clones[r])
				return -ENOMEM;
			io->clones[r]->io = io;
		}
	}
	return 0;
}

void fsm_free_ios(struct fsm *m)
{
	struct fsm_io *io, *next;

	list_for_each_entry_safe(io, next, &m->free_ios, node)
		free_io(io);
	INIT_LIST_HEAD(&m->free_ios);
}

static struct fsm_io *get_io(struct fsm *m, struct bio *bio, enum fastswap_class class)
{
	struct fsm_io *io = list_first_entry_or_null(&m->free_ios, struct fsm_io, node);

	lockdep_assert_held(&m->lock);
	if (!io)
		return NULL;
	list_del(&io->node);
	io->bio = bio;
	io->class = class;
	io->waits = false;
	io->refused = 0;
	io->acked = 0;
	io->done = 0;
	return io;
}

/* Return: its bio, which ends next. */
static struct bio *put_io(struct fsm *m, struct fsm_io *io)
{
	lockdep_assert_held(&m->lock);
	list_add(&io->node, &m->free_ios);
	return io->bio;
}

static bool is_anybody_starved(const struct fsm *m)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(m->starved); i++)
		if (!bio_list_empty(&m->starved[i]))
			return true;
	return false;
}

/* Writes under way in the groups of a bio become more, or fewer. */
static void count_busy(struct fsm *m, const struct bio *bio, int by)
{
	u64 group = fastswap_first_slot(bio) / FSM_GROUP;
	u64 last = (fastswap_first_slot(bio) + fastswap_nr_slots(bio) - 1) / FSM_GROUP;

	lockdep_assert_held(&m->lock);
	for (; group <= last; group++)
		*fsm_busy_of(m, group) += by;
}

static bool is_being_copied(const struct fsm *m, const struct bio *bio)
{
	u64 first = fastswap_first_slot(bio) / FSM_GROUP;
	u64 last = (fastswap_first_slot(bio) + fastswap_nr_slots(bio) - 1) / FSM_GROUP;

	return m->group != FSM_NO_GROUP && first <= m->group && m->group <= last;
}

/* Give a replica @count slots of the bio, @skip slots from its beginning. */
static void send_clone(struct fsm *m, struct fsm_io *io, unsigned int r, u32 skip, u32 count,
		       struct out *out)
{
	struct bio *bio = &io->clones[r]->bio;

	io->clones[r]->changes = m->replicas[r].changes;
	bio_init(bio, NULL, NULL, 0, bio_op(io->bio));
	bio->bi_io_vec = io->bio->bi_io_vec;
	bio->bi_iter = io->bio->bi_iter;
	if (skip)
		bio_advance_iter(bio, &bio->bi_iter, skip << FASTSWAP_SLOT_SHIFT);
	bio->bi_iter.bi_size = count << FASTSWAP_SLOT_SHIFT;
	bio_list_add(&out->to[r].bios, bio);
	out->to[r].nr++;
	io->pending++;
}

static enum fsm_way route_read(struct fsm *m, struct fsm_io *io, struct fsm_view *view,
			       struct out *out)
{
	u64 first = fastswap_first_slot(io->bio) + io->done;
	enum fsm_way way;
	unsigned int r;
	u8 to;

	view->has = fsm_map_who(&m->map, first);
	way = fsm_read_way(view, &to);
	if (way != FSM_GO)
		return way;
	r = fsm_fastest(to, m->read_ns, m->turn++);
	/* At least one, unless it was freed this moment, and then nobody cares. */
	io->flying = max(fsm_map_run(&m->map, r, first, fastswap_nr_slots(io->bio) - io->done), 1u);
	send_clone(m, io, r, io->done, io->flying, out);
	return FSM_GO;
}

static enum fsm_way route_write(struct fsm *m, struct fsm_io *io, struct fsm_view *view,
				struct out *out)
{
	enum fsm_way way;
	unsigned int r;
	u8 to;

	way = fsm_write_way(view, &to);
	if (way != FSM_GO)
		return way;
	for (r = 0; r < m->nr; r++)
		if (to & 1u << r)
			send_clone(m, io, r, 0, fastswap_nr_slots(io->bio), out);
	count_busy(m, io->bio, 1);
	return FSM_GO;
}

/* Decide what becomes of an io that is in no list. */
static void route(struct fsm *m, struct fsm_io *io, struct out *out)
{
	bool write = fastswap_class_is_write(io->class);
	struct fsm_view view = {
		.live = m->live,
		.holding = fsm_holding(m),
		.refused = io->refused,
	};
	enum fsm_way way;

	lockdep_assert_held(&m->lock);
	if (write && is_being_copied(m, io->bio)) {
		list_add_tail(&io->node, &m->parked);
		return;
	}
	io->pending = 0;
	way = write ? route_write(m, io, &view, out) : route_read(m, io, &view, out);
	if (way == FSM_WAIT)
		list_add_tail(&io->node, &m->waiting);
	else if (way == FSM_FAIL)
		bio_list_add(&out->failed, put_io(m, io));
}

/* Hand over what route() has decided; the ticket of one replica is for the caller. */
static void send_out(struct fsm *m, struct out *out, struct fastswap_ticket *ticket)
{
	unsigned int r;

	for (r = 0; r < m->nr; r++) {
		struct fsm_replica *replica = &m->replicas[r];
		struct fastswap_batch *batch = &out->to[r];
		struct fastswap_ticket own = { };

		if (!batch->nr)
			continue;
		batch->class = out->class;
		replica->ops->submit(replica->priv, batch, &own);
		if (!own.queue)
			continue;
		own.member = r;
		if (ticket && !ticket->queue)
			*ticket = own;
		else
			replica->ops->poll(replica->priv, &own, true);
	}
	if (!bio_list_empty(&out->failed))
		fastswap_end_bios(m->up, out->class, &out->failed, BLK_STS_IOERR, 0);
}

/* ->submit of struct fastswap_backend_ops */
void fsm_submit(void *priv, struct fastswap_batch *batch, struct fastswap_ticket *ticket)
{
	struct out out = { .class = batch->class };
	struct fsm *m = priv;
	unsigned long flags;
	struct fsm_io *io;
	struct bio *bio;

	ticket->queue = NULL;
	spin_lock_irqsave(&m->lock, flags);
	while ((bio = bio_list_pop(&batch->bios))) {
		io = get_io(m, bio, batch->class);
		if (io)
			route(m, io, &out);
		else
			bio_list_add(&m->starved[batch->class], bio);
	}
	spin_unlock_irqrestore(&m->lock, flags);
	send_out(m, &out, fastswap_class_is_write(batch->class) ? NULL : ticket);
}

/* ->poll of struct fastswap_backend_ops */
bool fsm_poll(void *priv, const struct fastswap_ticket *ticket, bool last)
{
	struct fsm *m = priv;
	struct fsm_replica *r = &m->replicas[ticket->member];

	return r->ops->poll(r->priv, ticket, last);
}

/* Slots that are freed or were written anew are not lost any more. Any context. */
static void forget_lost(struct fsm *m, u64 first, u64 count)
{
	u64 slot;

	for (slot = first; slot != first + count; slot++)
		if (unlikely(test_bit(slot, m->lost)))
			clear_bit(slot, m->lost);
}

/* ->free of struct fastswap_backend_ops */
void fsm_free_slots(void *priv, u64 offset, u64 length)
{
	u64 first = offset >> FASTSWAP_SLOT_SHIFT, count = length >> FASTSWAP_SLOT_SHIFT;
	struct fsm *m = priv;
	unsigned int r;

	fsm_map_freed(&m->map, first, count);
	/* After that: see lose_slot(). */
	smp_mb__after_atomic();
	forget_lost(m, first, count);
	for (r = 0; r < m->nr; r++)
		if (m->replicas[r].ops->free)
			m->replicas[r].ops->free(m->replicas[r].priv, offset, length);
}

/* Who has acknowledged a write and has not lost it since. */
static u8 who_has_it(const struct fsm *m, const struct fsm_io *io)
{
	u8 who = io->acked;
	unsigned int r;

	for (r = 0; r < m->nr; r++)
		if (io->losses[r] != m->replicas[r].losses)
			who &= ~(1u << r);
	return who;
}

/*
 * Is an error a replica's last word? If it was there all the time. One that has come and gone may
 * do it yet; but not if it comes and goes, and does nothing, for longer than I/O is to wait.
 */
static bool is_refusal(const struct fsm_replica *r, const struct fsm_clone *clone)
{
	const struct fsm *m = r->m;

	if (m->live & 1u << r->index && clone->changes == r->changes)
		return true;
	/* It has taken as long as it took; only from now on it waits. */
	if (!clone->io->waits) {
		clone->io->waits = true;
		clone->io->since = jiffies;
		return false;
	}
	return time_after(jiffies, clone->io->since + fsm_hold_jiffies(m));
}

/* Return: true when the write is through, whichever way. */
static bool end_write(struct fsm_replica *r, struct fsm_clone *clone, blk_status_t status)
{
	struct fsm_io *io = clone->io;
	u64 first = fastswap_first_slot(io->bio);
	struct fsm *m = r->m;
	u8 missed;

	if (status == BLK_STS_OK) {
		io->acked |= 1u << r->index;
		io->losses[r->index] = r->losses;
		r->writes++;
	} else if (is_refusal(r, clone)) {
		io->refused |= 1u << r->index;
	}
	if (--io->pending)
		return false;

	/* Before it is told: who reads then must find who has it. */
	io->acked = who_has_it(m, io);
	missed = fsm_map_written(&m->map, first, fastswap_nr_slots(io->bio), io->acked);
	m->complete &= ~missed;
	m->dirty |= missed;
	if (missed & m->live)
		fsm_kick(m, true);
	forget_lost(m, first, fastswap_nr_slots(io->bio));
	count_busy(m, io->bio, -1);
	if (m->group != FSM_NO_GROUP)
		wake_up(&m->quiet);
	return true;
}

/* Return: true when nothing of it is left to be read. */
static bool end_read(struct fsm_replica *r, struct fsm_clone *clone, blk_status_t status)
{
	struct fsm_io *io = clone->io;

	io->pending--;
	if (status == BLK_STS_OK) {
		r->reads++;
		io->done += io->flying;
		io->waits = false;
		io->refused = 0;
	} else if (is_refusal(r, clone)) {
		io->refused |= 1u << r->index;
	}
	return io->done == fastswap_nr_slots(io->bio);
}

/* ->end_bios of struct fastswap_upper_ops: a replica gives bios back */
u64 fsm_end_bios(struct fastswap_upper *up, enum fastswap_class class, struct bio_list *bios,
		 blk_status_t status, u64 start_ns)
{
	struct fsm_replica *r = container_of(up, struct fsm_replica, upper);
	u64 ns = start_ns && status == BLK_STS_OK ? ktime_get_ns() - start_ns : 0;
	struct bio_list ended = BIO_EMPTY_LIST;
	bool again = false, through;
	struct fsm *m = r->m;
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&m->lock, flags);
	while ((bio = bio_list_pop(bios))) {
		struct fsm_clone *clone = container_of(bio, struct fsm_clone, bio);
		struct fsm_io *io = clone->io;

		r->errors += status != BLK_STS_OK;
		if (!io) {
			fsm_copy_ended(clone, status);
			continue;
		}
		if (fastswap_class_is_write(class)) {
			through = end_write(r, clone, status);
			if (!through)
				continue;
			through = io->acked;
		} else {
			through = end_read(r, clone, status);
		}
		if (through) {
			bio_list_add(&ended, put_io(m, io));
		} else {
			list_add_tail(&io->node, &m->waiting);
			again = true;
		}
	}
	if (ns && class == FASTSWAP_DEMAND)
		m->read_ns[r->index] = fastswap_mean_add(m->read_ns[r->index], ns);
	if (again || (!bio_list_empty(&ended) && is_anybody_starved(m)))
		fsm_kick(m, false);
	spin_unlock_irqrestore(&m->lock, flags);

	if (!bio_list_empty(&ended))
		fastswap_end_bios(m->up, class, &ended, BLK_STS_OK, start_ns);
	return ns;
}

/* Another go at all of one class that waits. */
static void dispatch_class(struct fsm *m, struct list_head *ios, enum fastswap_class class)
{
	struct out out = { .class = class };
	struct fsm_io *io, *next;
	struct bio *bio;

	spin_lock_irq(&m->lock);
	list_for_each_entry_safe(io, next, ios, node) {
		if (io->class != class)
			continue;
		list_del(&io->node);
		route(m, io, &out);
	}
	while ((bio = bio_list_peek(&m->starved[class])) && (io = get_io(m, bio, class))) {
		bio_list_pop(&m->starved[class]);
		route(m, io, &out);
	}
	spin_unlock_irq(&m->lock);
	send_out(m, &out, NULL);
}

/* The work that has another go at what waits, and looks at the time. */
void fsm_dispatch(struct work_struct *work)
{
	struct fsm *m = container_of(work, struct fsm, dispatch.work);
	unsigned long next;
	unsigned int i;
	LIST_HEAD(ios);

	spin_lock_irq(&m->lock);
	next = fsm_look(m);
	list_splice_init(&m->waiting, &ios);
	list_splice_init(&m->parked, &ios);
	spin_unlock_irq(&m->lock);

	for (i = 0; i < FASTSWAP_NR_CLASSES; i++)
		dispatch_class(m, &ios, i);

	spin_lock_irq(&m->lock);
	if (next && !m->stopping)
		queue_delayed_work(fsm_wq, &m->dispatch, next);
	/* Ios that have just failed were of classes that came after those that wait for one. */
	if (!list_empty(&m->free_ios) && is_anybody_starved(m))
		fsm_kick(m, false);
	spin_unlock_irq(&m->lock);
}
