/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between the core (fastswap.ko) and a backend.
 *
 * The core owns the block device, the slot map and the statistics, and turns
 * bios into batches. A backend owns the memory that the pages live in, and
 * knows how to move them there and back. It sees device offsets and bios and
 * nothing else of the block layer.
 *
 * A bio that reaches a backend
 *  - is a read or a write of whole 4 KiB slots, one contiguous device range,
 *  - does not cross a multiple of limits.chunk_size,
 *  - has at most limits.max_segments bvecs (bio_for_each_bvec) and at most
 *    limits.max_bytes bytes,
 *  - if it is a read, asks only for slots that hold data (one of class AHEAD: that
 *    held data a moment ago),
 *  - belongs to the backend until the backend hands it to fastswap_end_bio()
 *    or fastswap_end_bios(), exactly once. In between the backend may use
 *    bio->bi_next and must leave everything else alone, bi_iter included.
 *
 * The rule above all others: a bio ends with BLK_STS_OK only if its data was
 * moved and the transport said so. Not knowing is an error.
 */
#ifndef _FASTSWAP_BACKEND_H
#define _FASTSWAP_BACKEND_H

#include <linux/bio.h>
#include <linux/blk_types.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/types.h>

#define FASTSWAP_SLOT_SHIFT	12
#define FASTSWAP_SLOT_SIZE	(1u << FASTSWAP_SLOT_SHIFT)
/* The swap core counts in pages, and tells of freed ones by their number. */
static_assert(PAGE_SHIFT == FASTSWAP_SLOT_SHIFT);

#define FASTSWAP_ERROR_MAX	256	/* bytes of a reason in words, NUL included */
#define FASTSWAP_NAME_MAX	16	/* bytes of a backend's name, NUL included */

/*
 * The unsigned int @var as module parameter @name of mode 0644, from @min to
 * @max: it may change at any time and is read with READ_ONCE().
 */
#define FASTSWAP_UINT_PARAM(name, var, min, max)					\
static int set_##name(const char *val, const struct kernel_param *kp)			\
{											\
	return param_set_uint_minmax(val, kp, min, max);				\
}											\
static const struct kernel_param_ops name##_ops = {					\
	.set = set_##name,								\
	.get = param_get_uint,								\
};											\
module_param_cb(name, &name##_ops, &(var), 0644)

struct fastswap_device;
struct fastswap_upper;

/**
 * enum fastswap_class - what a bio is for
 * @FASTSWAP_DEMAND: read of the swap page that a task faulted on
 * @FASTSWAP_PREFETCH: read of another page of its readahead window
 * @FASTSWAP_WRITEBACK: write of a swap page
 * @FASTSWAP_AHEAD: read of a swap page that nobody has asked for yet, one per bio
 * @FASTSWAP_OTHER_READ: read that is not from the swap cache (dd, a file system)
 * @FASTSWAP_OTHER_WRITE: write likewise
 */
enum fastswap_class {
	FASTSWAP_DEMAND,
	FASTSWAP_PREFETCH,
	FASTSWAP_AHEAD,
	FASTSWAP_WRITEBACK,
	FASTSWAP_OTHER_READ,
	FASTSWAP_OTHER_WRITE,
	FASTSWAP_NR_CLASSES,
};

static inline bool fastswap_class_is_write(enum fastswap_class class)
{
	return class == FASTSWAP_WRITEBACK || class == FASTSWAP_OTHER_WRITE;
}

/**
 * struct fastswap_batch - bios of one class that arrived together
 * @bios: in order of arrival, at least one; the backend takes them off
 * @nr: how many
 * @class: of all of them
 *
 * Neighbours in @bios are often neighbours on the device
 * (fastswap_bio_offset(next) == fastswap_bio_end(bio)): worth merging.
 */
struct fastswap_batch {
	struct bio_list bios;
	unsigned int nr;
	enum fastswap_class class;
};

/**
 * struct fastswap_ticket - what a submitter may poll for
 * @queue: the backend's queue, NULL if there is nothing to wait for
 * @seq: position in it; the wait is over when everything up to it has ended
 * @expected_ns: what that usually takes; 0 if the backend does not know
 * @member: for a backend that is made of others: whose ticket it is
 */
struct fastswap_ticket {
	void *queue;
	u32 seq;
	u32 expected_ns;
	u32 member;
};

/**
 * struct fastswap_limits - what a backend can take; filled in by ->attach
 * @size: bytes of the device, a multiple of the slot size
 * @chunk_size: bytes; a power of two, or 0 if no boundary matters
 * @max_segments: bvecs of one bio, at least 1
 * @max_bytes: bytes of one bio, a multiple of the slot size; 2 MiB or more let
 *	a huge page through in one piece
 * @node: NUMA node near the backend's hardware, or NUMA_NO_NODE
 */
struct fastswap_limits {
	u64 size;
	u32 chunk_size;
	u16 max_segments;
	u32 max_bytes;
	int node;
};

/**
 * enum fastswap_health - how the backend of a device is doing
 * @FASTSWAP_LIVE: I/O is served
 * @FASTSWAP_DEGRADED: likewise, but what is stored is not in as many places as it should
 * @FASTSWAP_RECOVERING: I/O waits, for a bounded time
 * @FASTSWAP_FAILED: I/O ends with an error, at once
 */
enum fastswap_health {
	FASTSWAP_LIVE,
	FASTSWAP_DEGRADED,
	FASTSWAP_RECOVERING,
	FASTSWAP_FAILED,
};

/**
 * struct fastswap_upper_ops - what a backend has to say, to another that is made of it
 * @end_bios: see fastswap_end_bios()
 * @set_health: see fastswap_set_health()
 * @lose_all: see fastswap_lose_all()
 * @holds_data: see fastswap_holds_data()
 * @may_hold: see fastswap_may_hold()
 */
struct fastswap_upper_ops {
	u64 (*end_bios)(struct fastswap_upper *up, enum fastswap_class class,
			struct bio_list *bios, blk_status_t status, u64 start_ns);
	void (*set_health)(struct fastswap_upper *up, enum fastswap_health health);
	u64 (*lose_all)(struct fastswap_upper *up);
	bool (*holds_data)(const struct fastswap_upper *up, const struct bio *bio);
	bool (*may_hold)(const struct fastswap_upper *up, u64 offset, u64 length);
};

/**
 * struct fastswap_upper - whom a backend works for, constant
 * @dev: the device, directly or in the end
 * @ops: of the backend in between; NULL: there is none
 */
struct fastswap_upper {
	struct fastswap_device *dev;
	const struct fastswap_upper_ops *ops;
};

/**
 * struct fastswap_backend_ops - a backend
 * @name: "dram", "rdma"; less than FASTSWAP_NAME_MAX bytes
 * @owner: module that stays loaded while one of its devices is open
 * @sync: all bios have ended when ->submit returns. Write-backs are not gathered
 *	then: reclaim can free a page at once whose write has ended already
 */
struct fastswap_backend_ops {
	const char *name;
	struct module *owner;
	bool sync;

	/**
	 * @attach: Get the memory for a new device.
	 *
	 * @options is "key=value" pairs separated by commas, possibly empty,
	 * writable; unknown keys are errors. @size is the size asked for in
	 * bytes, a multiple of the slot size; 0: as much as there is. On
	 * success fills in @limits and sets *@priv. On failure leaves nothing
	 * behind and writes the reason, in words and without a newline, to
	 * @error (FASTSWAP_ERROR_MAX bytes). May sleep, takes seconds at most.
	 *
	 * From its start until ->detach returns the backend may call
	 * fastswap_set_health() for @up.
	 */
	int (*attach)(struct fastswap_upper *up, char *options, u64 size,
		      struct fastswap_limits *limits, void **priv, char *error);

	/**
	 * @detach: Give the memory back. No bio is in flight and none comes any
	 * more; neither ->submit nor ->poll is running. May sleep; bounded.
	 * Cannot fail.
	 */
	void (*detach)(void *priv);

	/**
	 * @submit: Take over a batch.
	 *
	 * Any context that may submit a bio, and also the plug callback of a
	 * task that is about to schedule: must not sleep, must not spin for
	 * room, must not allocate other than GFP_ATOMIC with a fallback. What
	 * finds no room waits on a list and is posted by later completions.
	 * Every bio ends sooner or later, whether or not anybody polls.
	 * Bios may end before this returns. Preemptible; not under a lock.
	 *
	 * @ticket is filled in for ->poll, queue NULL if all have ended.
	 */
	void (*submit)(void *priv, struct fastswap_batch *batch,
		       struct fastswap_ticket *ticket);

	/**
	 * @poll: Reap completions; task context, no lock held, does not sleep.
	 *
	 * The core polls every ticket whose queue is not NULL: at once after
	 * ->submit (of class AHEAD: when somebody wants the data, or before
	 * ->detach), until this returns true or, giving up, by a last call with
	 * @last set, after which the backend makes sure by itself (interrupt)
	 * that the rest ends. A task that is about to schedule never repeats a
	 * call. Several tasks may poll one queue, and while the device is open
	 * with a ticket that is old or was given up: that only reaps.
	 * NULL if ->submit never leaves anything to poll. Writes leave none:
	 * the backend itself makes sure that they end.
	 *
	 * Return: true when everything up to @ticket has ended.
	 */
	bool (*poll)(void *priv, const struct fastswap_ticket *ticket, bool last);

	/** @free: Slots hold no data any more. Any context, spinlocks held; optional. */
	void (*free)(void *priv, u64 offset, u64 length);

	/**
	 * @lost: Bytes that were stored and that reads fail for, without those
	 * of fastswap_lose_all(). May sleep; optional.
	 */
	u64 (*lost)(void *priv);

	/** @set_hold: Seconds that I/O waits in FASTSWAP_RECOVERING; optional, with @get_hold. */
	int (*set_hold)(void *priv, unsigned int seconds);
	unsigned int (*get_hold)(void *priv);

	/** @describe: One line for sysfs, no newline: the peer, say. May sleep. */
	int (*describe)(void *priv, char *buf, size_t len);

	/** @show_stats: "name value" lines for sysfs, at most a page. May sleep; optional. */
	ssize_t (*show_stats)(void *priv, char *buf, size_t len);
};

/**
 * fastswap_register_backend - let users attach devices by the backend's name
 * @ops: the backend
 *
 * From a module's init; users get at the backend when that has succeeded. A
 * device that module parameters ask for is attached afterwards, as the very
 * last step: anybody may open it at once, and a module whose init fails is
 * freed without regard to who uses it.
 *
 * Return: 0, -EEXIST if the name is taken, or -ENOMEM.
 */
int fastswap_register_backend(const struct fastswap_backend_ops *ops);

/**
 * fastswap_unregister_backend - take it back, and remove the backend's devices
 * @ops: the backend; need not be registered
 *
 * From module exit, and from a failed init. A device in use (swap on, mounted)
 * holds a reference to ops->owner, so none is in use here.
 */
void fastswap_unregister_backend(const struct fastswap_backend_ops *ops);

/**
 * fastswap_get_backend - find a backend, or load the module that brings it
 * @name: its name
 *
 * May sleep.
 *
 * Return: the backend, its module pinned until fastswap_put_backend(); NULL if there is none.
 */
const struct fastswap_backend_ops *fastswap_get_backend(const char *name);
void fastswap_put_backend(const struct fastswap_backend_ops *ops);

/**
 * fastswap_attach - make a device
 * @ops: its backend; need not be registered
 * @options: see ->attach; writable
 * @size: bytes, see ->attach
 * @error: FASTSWAP_ERROR_MAX bytes; the reason of a failure in words
 *
 * Return: the number N of /dev/fastswapN, or a negative errno.
 */
int fastswap_attach(const struct fastswap_backend_ops *ops, char *options, u64 size,
		    char *error);

/**
 * fastswap_detach - remove a device
 * @index: the N of /dev/fastswapN
 *
 * Return: 0, -ENODEV, or -EBUSY while somebody has it open (swap, a mount).
 */
int fastswap_detach(int index);

/* First byte on the device of a bio that a backend holds, and the first behind it. */
static inline u64 fastswap_bio_offset(const struct bio *bio)
{
	return (u64)bio->bi_iter.bi_sector << SECTOR_SHIFT;
}

static inline u64 fastswap_bio_end(const struct bio *bio)
{
	return fastswap_bio_offset(bio) + bio->bi_iter.bi_size;
}

/* The same in slots: the lowest, and how many. */
static inline u64 fastswap_first_slot(const struct bio *bio)
{
	return fastswap_bio_offset(bio) >> FASTSWAP_SLOT_SHIFT;
}

static inline u32 fastswap_nr_slots(const struct bio *bio)
{
	return bio->bi_iter.bi_size >> FASTSWAP_SLOT_SHIFT;
}

/**
 * fastswap_end_bios - give bios back to the core
 * @up: whom they came from
 * @class: of all of them
 * @bios: list; empty when this returns
 * @status: BLK_STS_OK only if the data of every one was moved
 * @start_ns: ktime_get_ns() when they were posted, 0 if not known (no latency is recorded)
 *
 * Any context up to hard interrupt; no lock of the backend held that ->submit
 * takes: the end of a bio may submit the next.
 *
 * Return: ns that they took; 0 if that is not known, or @status no success.
 */
u64 fastswap_end_bios(struct fastswap_upper *up, enum fastswap_class class,
		      struct bio_list *bios, blk_status_t status, u64 start_ns);

/**
 * fastswap_set_health - tell the world how the backend is doing
 * @up: whom it works for
 * @health: the new state; shown in sysfs, poll(2) on it wakes
 *
 * Any context.
 */
void fastswap_set_health(struct fastswap_upper *up, enum fastswap_health health);

/**
 * fastswap_lose_all - the backend has nothing any more of what was stored
 * @up: whom it works for; no bio is about to end
 *
 * Slots that held data are lost: reads of them fail until they are written
 * again. Reads that the backend has already are its own to end with an error:
 * see fastswap_holds_data(). May sleep; slots may be freed meanwhile.
 *
 * Return: bytes that are lost by this.
 */
u64 fastswap_lose_all(struct fastswap_upper *up);

/**
 * fastswap_holds_data - may this read still be served?
 * @up: whom it came from
 * @bio: a read that the backend holds
 *
 * Any context. The core has looked before it passed the bio on; only a backend
 * that has called fastswap_lose_all() since need ask.
 */
bool fastswap_holds_data(const struct fastswap_upper *up, const struct bio *bio);

/**
 * fastswap_may_hold - may the backend have anything in a range that somebody wants back?
 * @up: whom it works for
 * @offset: of the range, a multiple of the slot size
 * @length: of the range, likewise; may go beyond the end of the device
 *
 * No lock held; may be called while I/O is under way, and from ->attach on. Writes
 * count only from their end on: a backend that wants to throw away what is in the
 * range has to know that none is under way, of those that began before it asked.
 *
 * Return: false if no slot of it holds data.
 */
bool fastswap_may_hold(const struct fastswap_upper *up, u64 offset, u64 length);

/* "fastswapN" for log lines; valid from ->attach on. */
const char *fastswap_name(const struct fastswap_upper *up);

#endif /* _FASTSWAP_BACKEND_H */
