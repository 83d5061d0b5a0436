// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads that belong together: out to the backend, and the wait for them.
 *
 * The page that the task faulted on goes first, by a way of its own, then the rest of
 * its readahead window, which it would run into next. Then the task polls until
 * the window is in.
 */
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "flight.h"
#include "spin.h"
#include "trace.h"
#include "window.h"

static bool adaptive_poll = true;
module_param(adaptive_poll, bool, 0644);
MODULE_PARM_DESC(adaptive_poll, "bound the spin of a fault by what its queue usually takes");

static bool poll_window = true;
module_param(poll_window, bool, 0644);
MODULE_PARM_DESC(poll_window, "spin for the whole readahead window, not just for the page");

static bool hurry_demand = true;
module_param(hurry_demand, bool, 0644);
MODULE_PARM_DESC(hurry_demand, "post a page that is waited for at once, if the kernel tells which");

/* The kernel marks what it prefetches before it submits it: seen, and so it is for ever. */
static bool kernel_marks;

/* In the order in which they are waited for, and posted. */
static const enum fastswap_class read_order[] = {
	FASTSWAP_DEMAND,
	FASTSWAP_AHEAD,
	FASTSWAP_PREFETCH,
	FASTSWAP_OTHER_READ,
};

/* Reap until the ticket is served; false when the time is up. May sleep in cond_resched(). */
static bool poll_until(struct fastswap_device *dev, const struct fastswap_ticket *ticket,
		       u64 deadline)
{
	while (!dev->ops->poll(dev->priv, ticket, false)) {
		if (ktime_get_ns() >= deadline)
			return false;
		/* On a small machine the transport itself may want this CPU. */
		cond_resched();
		cpu_relax();
	}
	return true;
}

/**
 * fastswap_spin_bound - how long to spin for a ticket
 * @dev: the device
 * @ticket: of a read
 *
 * Return: ns from the post on; 0: not at all.
 */
u64 fastswap_spin_bound(const struct fastswap_device *dev, const struct fastswap_ticket *ticket)
{
	u64 max = READ_ONCE(dev->poll_ns);

	return READ_ONCE(adaptive_poll) ? fastswap_spin_ns(max, ticket->expected_ns) : max;
}

/*
 * Spin for one ticket. @start: when the first of the window was spun for; 0: this is it.
 *
 * Return: true when it is served; false to give up on the window.
 */
static bool spin_for(struct fastswap_device *dev, const struct fastswap_ticket *ticket, u64 *start)
{
	u64 max = READ_ONCE(dev->poll_ns), bound = fastswap_spin_bound(dev, ticket);
	bool served;

	/* Interrupts take longer than polling: slow because of them does not mean slow. */
	if (unlikely(!bound) && max &&
	    this_cpu_inc_return(dev->stats->poll_skips) % FASTSWAP_SPIN_PROBE == 0)
		bound = max;
	if (!bound)
		return false;
	if (!*start) {
		this_cpu_inc(dev->stats->polls);
		*start = ktime_get_ns();
	}
	served = poll_until(dev, ticket, *start + bound);
	trace_fastswap_poll(dev->index, ticket->expected_ns, bound, served);
	if (!served)
		this_cpu_inc(dev->stats->poll_timeouts);
	return served;
}

/*
 * Wait for what was just submitted, without sleeping if the time suffices:
 * the page that the task faulted on first, then the rest of its window, which
 * it would run into next. Whoever gives up hands over to the interrupt.
 */
static void poll_tickets(struct fastswap_device *dev, const struct fastswap_window *window,
			 bool spin)
{
	unsigned int i;
	u64 start = 0;

	for (i = 0; i < ARRAY_SIZE(read_order); i++) {
		const struct fastswap_ticket *ticket = &window->tickets[read_order[i]];

		if (!ticket->queue)
			continue;
		spin = spin && spin_for(dev, ticket, &start);
		if (!spin)
			dev->ops->poll(dev->priv, ticket, true);
		spin = spin && READ_ONCE(poll_window);
	}
}

/* Return: the bio was answered, or will be, by what was read ahead. */
static bool add_to_window(struct fastswap_device *dev, struct fastswap_window *window,
			  struct bio *bio, enum fastswap_class class)
{
	u64 slot = fastswap_first_slot(bio);
	u32 slots = fastswap_nr_slots(bio);

	window->demand |= class == FASTSWAP_DEMAND;
	if (class == FASTSWAP_OTHER_READ)
		return false;
	if (!fastswap_window_began(window))
		window->flight = fastswap_flight_begin(dev);
	window->first = min(window->first, slot);
	window->last = max(window->last, slot + slots - 1);
	fastswap_flight_add(dev, window->flight, slot, slots);
	/* On its way since an earlier window, or there. */
	return fastswap_ahead_take(dev, bio, class, &window->tickets[FASTSWAP_AHEAD]);
}

/* fastswap_hurries_demand - is fastswap_window_hurry() in use? */
bool fastswap_hurries_demand(void)
{
	return READ_ONCE(hurry_demand) && READ_ONCE(kernel_marks);
}

/**
 * fastswap_window_hurry - have the page that a task waits for read at once
 * @dev: the device
 * @window: the window that it is the first read of
 * @bio: a read
 *
 * Only with the patch "read the page that faulted before its readahead window" does the
 * kernel submit that page first, and mark all others before it submits them: that it does
 * is seen with the first of these. The rest of the window follows with
 * fastswap_window_go(), which waits for this one as well. Any context that submits a bio.
 *
 * Return: false if @bio is not of that kind, and nothing was done.
 */
bool fastswap_window_hurry(struct fastswap_device *dev, struct fastswap_window *window,
			   struct bio *bio)
{
	struct fastswap_batch batch = { .class = FASTSWAP_DEMAND, .nr = 1 };

	/* The patches come as a series: a stock kernel need not be watched for this one. */
	if (!fsw_has_poll_swap)
		return false;
	if (!READ_ONCE(kernel_marks)) {
		if (unlikely(fastswap_classify(bio) == FASTSWAP_PREFETCH))
			WRITE_ONCE(kernel_marks, true);
		return false;
	}
	if (fastswap_window_began(window) || !READ_ONCE(hurry_demand) ||
	    fastswap_classify(bio) != FASTSWAP_DEMAND)
		return false;
	this_cpu_inc(dev->stats->hurried);
	if (add_to_window(dev, window, bio, FASTSWAP_DEMAND))
		return true;
	bio_list_add(&batch.bios, bio);
	fastswap_submit_batch(dev, &batch, &window->tickets[FASTSWAP_DEMAND]);
	fastswap_flight_go(dev, window->flight, FASTSWAP_DEMAND,
			   &window->tickets[FASTSWAP_DEMAND]);
	return true;
}

/**
 * fastswap_window_go - hand the reads of a window to the backend, and wait for them
 * @dev: the device
 * @window: the window; done with
 * @bios: the reads that have not been handed over yet; taken
 * @may_spin: the task may spin and schedule
 */
void fastswap_window_go(struct fastswap_device *dev, struct fastswap_window *window,
			struct bio_list *bios, bool may_spin)
{
	struct fastswap_batch batches[FASTSWAP_NR_CLASSES] = { };
	struct fastswap_ticket hurried;
	bool pending = false;
	struct bio *bio;
	unsigned int i;

	while ((bio = bio_list_pop(bios))) {
		enum fastswap_class class = fastswap_classify(bio);

		if (add_to_window(dev, window, bio, class))
			continue;
		bio_list_add(&batches[class].bios, bio);
		batches[class].nr++;
	}

	for (i = 0; i < ARRAY_SIZE(read_order); i++) {
		enum fastswap_class class = read_order[i];

		if (batches[class].nr) {
			hurried = window->tickets[class];
			batches[class].class = class;
			fastswap_submit_batch(dev, &batches[class], &window->tickets[class]);
			/* Of the same queue: the later ticket stands for both. */
			if (unlikely(hurried.queue) &&
			    hurried.queue != window->tickets[class].queue)
				dev->ops->poll(dev->priv, &hurried, true);
		}
		fastswap_flight_go(dev, window->flight, class, &window->tickets[class]);
		pending |= window->tickets[class].queue != NULL;
	}
	if (window->first <= window->last)
		fastswap_ahead_go(dev, window->first, window->last);
	if (pending)
		poll_tickets(dev, window, may_spin && window->demand);
}
