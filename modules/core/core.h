/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of fastswap.ko share; nothing outside modules/core includes it. */
#ifndef _FASTSWAP_CORE_H
#define _FASTSWAP_CORE_H

#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/percpu.h>
#include <linux/percpu-refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <fastswap/backend.h>

#include "histogram.h"
#include "slotmap.h"
#include "throttle.h"

/* Longest spin of a fault before the task sleeps, microseconds; see poll_us in ABI.md. */
#define FASTSWAP_POLL_US_MAX		100000

/**
 * struct fastswap_stats - counters of one CPU; only ever added up
 * @batches: by class, batches handed to the backend
 * @bios: by class, bios that ended, whatever their status
 * @pages: by class, slots of the bios that ended well
 * @errors: by class, bios that ended with an error
 * @zero_pages: slots read that hold nothing, answered without the backend
 * @lost_reads: bios that were refused because a slot is lost
 * @freed_slots: slots freed by the swap core, discard or write-zeroes
 * @polls: faults that polled
 * @poll_timeouts: of these, the ones that gave up and slept
 * @hurried: demand reads that went ahead of their window
 * @lock_polls: tasks that polled for a page instead of sleeping for its lock
 * @poll_skips: spins that were not tried, as the queue is known to be slow
 * @write_waits: batches of write-backs whose task had to wait for earlier ones
 * @ahead_hits: reads that were answered with what had been read ahead
 * @ahead_waits: reads that waited for what was being read ahead
 * @ahead_dropped: pages that were read ahead in vain
 * @latency: by class, reads and write-backs by nanoseconds from post to end
 */
struct fastswap_stats {
	u64 batches[FASTSWAP_NR_CLASSES];
	u64 bios[FASTSWAP_NR_CLASSES];
	u64 pages[FASTSWAP_NR_CLASSES];
	u64 errors[FASTSWAP_NR_CLASSES];
	u64 zero_pages;
	u64 lost_reads;
	u64 freed_slots;
	u64 polls;
	u64 poll_timeouts;
	u64 hurried;
	u64 lock_polls;
	u64 poll_skips;
	u64 write_waits;
	u64 ahead_hits;
	u64 ahead_waits;
	u64 ahead_dropped;
	u64 latency[FASTSWAP_NR_CLASSES][FASTSWAP_HIST_BUCKETS];
};

/* A counter of all CPUs; others count on meanwhile. */
#define fastswap_sum_stat(dev, field)					\
({									\
	u64 _sum = 0;							\
	int _cpu;							\
									\
	for_each_possible_cpu(_cpu)					\
		_sum += READ_ONCE(per_cpu_ptr((dev)->stats, _cpu)->field); \
	_sum;								\
})

/**
 * struct fastswap_device - one /dev/fastswapN
 * @upper: what the backend knows of it
 * @disk: the block device
 * @ops: its backend; the module is pinned while the device is open
 * @priv: the backend's own
 * @slots: which slots hold data
 * @ahead: what is read ahead; NULL if the backend has nothing to gain by it
 * @flights: what is under way; NULL if the kernel never asks
 * @stats: per CPU
 * @poll_ns: bound of a fault's spin; 0: never spin. Written by sysfs at any time
 * @limits: what the backend said at attach; constant
 * @health_lock: guards writes of @health, and @visible
 * @health: enum fastswap_health; written by the backend at any time
 * @visible: the disk is in sysfs, and will be as long as @notify runs
 * @users: one per plug that holds bios of this device, until its callback is through,
 *	and one per page that is being read ahead
 * @unused: @users is gone
 * @removing: set once, under disk->open_mutex; no open succeeds any more
 * @throttle: the write-backs that the backend holds
 * @debugfs: its folder, or an error that debugfs knows to ignore
 * @notify: tells sysfs pollers about @health from task context
 * @index: the N
 * @name: "fastswapN"
 */
struct fastswap_device {
	struct fastswap_upper upper;
	struct gendisk *disk;
	const struct fastswap_backend_ops *ops;
	void *priv;
	struct fastswap_slotmap slots;
	struct fastswap_ahead *ahead;
	struct fastswap_flights *flights;
	struct fastswap_stats __percpu *stats;
	u64 poll_ns;
	struct fastswap_limits limits;
	spinlock_t health_lock;
	int health;
	bool visible;
	bool removing;
	struct percpu_ref users;
	struct completion unused;
	struct fastswap_throttle throttle;
	struct dentry *debugfs;
	struct work_struct notify;
	int index;
	char name[DISK_NAME_LEN];
};

static inline struct fastswap_device *fastswap_from_disk(struct gendisk *disk)
{
	return disk->private_data;
}

/* Is I/O served now? */
static inline bool fastswap_serves(const struct fastswap_device *dev)
{
	int health = READ_ONCE(dev->health);

	return health == FASTSWAP_LIVE || health == FASTSWAP_DEGRADED;
}

/* ahead.c */
int fastswap_ahead_alloc(struct fastswap_device *dev);
void fastswap_ahead_drain(struct fastswap_device *dev);
void fastswap_ahead_free(struct fastswap_device *dev);
void fastswap_ahead_forget(struct fastswap_device *dev, u64 first, u32 count);
bool fastswap_ahead_take(struct fastswap_device *dev, struct bio *bio, enum fastswap_class class,
			 struct fastswap_ticket *ticket);
void fastswap_ahead_go(struct fastswap_device *dev, u64 first, u64 last);
void fastswap_ahead_end(struct fastswap_device *dev, struct bio *bio, blk_status_t status);

/* control.c */
int fastswap_control_init(void);
void fastswap_control_exit(void);

/* debugfs.c */
void fastswap_debugfs_init(void);
void fastswap_debugfs_exit(void);
void fastswap_debugfs_add(struct fastswap_device *dev);
void fastswap_debugfs_remove(struct fastswap_device *dev);

/* device.c */
int fastswap_detach(int index);
void fastswap_detach_backend(const struct fastswap_backend_ops *ops);
bool fastswap_devices_exist(void);
void fastswap_devices_exit(void);

/* fault.c */
void fastswap_faults_init(struct dentry *folder);

/* io.c */
enum fastswap_class fastswap_classify(struct bio *bio);
void fastswap_submit_bio(struct bio *bio);
void fastswap_submit_batch(struct fastswap_device *dev, struct fastswap_batch *batch,
			   struct fastswap_ticket *ticket);
void fastswap_slot_free_notify(struct block_device *bdev, unsigned long slot);

/* pm.c */
int fastswap_pm_init(void);
void fastswap_pm_exit(void);

/* sysfs.c */
extern const struct attribute_group *fastswap_disk_groups[];
extern const char *const fastswap_class_names[FASTSWAP_NR_CLASSES];

/* window.c */
u64 fastswap_spin_bound(const struct fastswap_device *dev, const struct fastswap_ticket *ticket);

#endif /* _FASTSWAP_CORE_H */
