// SPDX-License-Identifier: GPL-2.0-only
/*
 * A task finds its page locked by a read that is under way: it asked for it a moment ago
 * and gave up, or another task did, or it is of an earlier window. With the patch "poll for
 * a folio that is being read instead of sleeping" the kernel asks us before the task sleeps.
 *
 * All that is kept is a hint. For a slot there is one place where the window may be noted
 * that it is read with, and a CPU remembers its last windows; newer ones overwrite
 * older ones, and whoever finds nothing sleeps, as without any of this. A note may be stale,
 * too: then the tickets are served already, or others are polled in passing.
 *
 * Nothing here is waited for: whoever submits the reads sees to it that they end.
 */
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include "flight.h"
#include "spin.h"

#define FLIGHT_PLACES	1024	/* a power of two: 8 KiB per device */
#define FLIGHT_WINDOWS	8	/* of a CPU; a power of two */
#define FLIGHT_CPU_BITS	14
#define FLIGHT_CPUS	(1u << FLIGHT_CPU_BITS)

static bool poll_locked = true;
module_param(poll_locked, bool, 0644);
MODULE_PARM_DESC(poll_locked, "poll where a task would sleep for a page, if the kernel asks");

/**
 * struct flight_window - a window that was handed to the backend
 * @lock: guards the rest
 * @id: of the window; another one than what was looked for: it is forgotten
 * @since: when the last read was handed over, ns
 * @tickets: by class
 */
struct flight_window {
	spinlock_t lock;
	u32 id;
	u64 since;
	struct fastswap_ticket tickets[FASTSWAP_NR_CLASSES];
};

/**
 * struct flight_cpu - the last windows of a CPU
 * @next: counts them
 * @windows: a ring
 */
struct flight_cpu {
	u32 next;
	struct flight_window windows[FLIGHT_WINDOWS];
};

/**
 * struct fastswap_flights - all of a device
 * @cpus: per CPU
 * @places: slot and id of the window, in one word: read and written as a whole
 */
struct fastswap_flights {
	struct flight_cpu __percpu *cpus;
	u64 places[FLIGHT_PLACES];
};

/* The id of a window has the CPU in it, and a number of which the ring's index is a part. */
static struct flight_window *window_of(struct fastswap_flights *flights, u32 id)
{
	struct flight_cpu *cpu = per_cpu_ptr(flights->cpus, id % FLIGHT_CPUS);

	return &cpu->windows[(id >> FLIGHT_CPU_BITS) % FLIGHT_WINDOWS];
}

/**
 * fastswap_flights_alloc - get what is needed, if the kernel ever asks
 * @dev: the device
 *
 * Return: 0, or -ENOMEM.
 */
int fastswap_flights_alloc(struct fastswap_device *dev)
{
	struct fastswap_flights *flights;
	int cpu, i;

	if (!fsw_has_poll_swap || dev->ops->sync || nr_cpu_ids > FLIGHT_CPUS)
		return 0;
	flights = kvzalloc_node(sizeof(*flights), GFP_KERNEL, dev->limits.node);
	if (!flights)
		return -ENOMEM;
	dev->flights = flights;
	for (i = 0; i < FLIGHT_PLACES; i++)
		flights->places[i] = U64_MAX;
	flights->cpus = alloc_percpu(struct flight_cpu);
	if (!flights->cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		for (i = 0; i < FLIGHT_WINDOWS; i++)
			spin_lock_init(&per_cpu_ptr(flights->cpus, cpu)->windows[i].lock);
	return 0;
}

/**
 * fastswap_flights_free - free it
 * @dev: the device; in any state of fastswap_flights_alloc()
 */
void fastswap_flights_free(struct fastswap_device *dev)
{
	if (!dev->flights)
		return;
	free_percpu(dev->flights->cpus);
	kvfree(dev->flights);
	dev->flights = NULL;
}

u32 __fastswap_flight_begin(struct fastswap_device *dev)
{
	struct fastswap_flights *flights = dev->flights;
	struct flight_window *w;
	unsigned int i;
	u32 id;

	id = this_cpu_inc_return(flights->cpus->next) << FLIGHT_CPU_BITS | raw_smp_processor_id();
	/* "None" is 0. */
	if (unlikely(!id))
		return 0;
	w = window_of(flights, id);
	spin_lock_bh(&w->lock);
	w->id = id;
	w->since = 0;
	for (i = 0; i < FASTSWAP_NR_CLASSES; i++)
		w->tickets[i].queue = NULL;
	spin_unlock_bh(&w->lock);
	return id;
}

void __fastswap_flight_add(struct fastswap_device *dev, u32 id, u64 first, u32 count)
{
	u64 slot;

	for (slot = first; slot != first + count; slot++)
		WRITE_ONCE(dev->flights->places[slot % FLIGHT_PLACES], slot << 32 | id);
}

void __fastswap_flight_go(struct fastswap_device *dev, u32 id, enum fastswap_class class,
			  const struct fastswap_ticket *ticket)
{
	struct flight_window *w = window_of(dev->flights, id);

	spin_lock_bh(&w->lock);
	if (w->id == id) {
		w->since = ktime_get_ns();
		w->tickets[class] = *ticket;
	}
	spin_unlock_bh(&w->lock);
}

/* Return: false if nothing is known of a read of the slot. */
static bool find(struct fastswap_device *dev, u64 slot, struct flight_window *copy)
{
	u64 place = READ_ONCE(dev->flights->places[slot % FLIGHT_PLACES]);
	struct flight_window *w;
	bool found;

	if (place >> 32 != slot)
		return false;
	w = window_of(dev->flights, (u32)place);
	spin_lock_bh(&w->lock);
	found = w->id == (u32)place && w->since;
	copy->since = w->since;
	memcpy(copy->tickets, w->tickets, sizeof(copy->tickets));
	spin_unlock_bh(&w->lock);
	return found;
}

/* fastswap_polls_locked - is fastswap_poll_swap() in use? */
bool fastswap_polls_locked(const struct fastswap_device *dev)
{
	return READ_ONCE(poll_locked) && dev->flights;
}

/**
 * fastswap_poll_swap - ->poll_swap of the disk: a task is about to sleep for a page
 * @bdev: the disk
 * @sector: of the page
 * @waited_ns: since the first call for it
 *
 * The time counts from the post of the read, and is what its submitter would have spun for
 * (spin.h): where that one has given up there is nothing to wait for.
 *
 * Task context, may be preempted.
 * Return: true if it is worth asking again.
 */
bool fastswap_poll_swap(struct block_device *bdev, sector_t sector, u64 waited_ns)
{
	struct fastswap_device *dev = fastswap_from_disk(bdev->bd_disk);
	struct flight_window w;
	bool worth = false;
	unsigned int i;
	u64 age;

	if (!fastswap_polls_locked(dev) ||
	    !find(dev, sector >> (FASTSWAP_SLOT_SHIFT - SECTOR_SHIFT), &w))
		return false;
	if (!waited_ns)
		this_cpu_inc(dev->stats->lock_polls);

	age = ktime_get_ns() - w.since;
	for (i = 0; i < FASTSWAP_NR_CLASSES; i++) {
		if (!w.tickets[i].queue || dev->ops->poll(dev->priv, &w.tickets[i], false))
			continue;
		worth |= age < fastswap_spin_bound(dev, &w.tickets[i]);
	}
	return worth;
}
