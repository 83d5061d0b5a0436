// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap: " fmt

/* Life of a /dev/fastswapN: attach, open, close, detach. */
#include <linux/blkdev.h>
#include <linux/idr.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include <fastswap/kcompat.h>

#include "core.h"
#include "flight.h"
#include "trace.h"

static unsigned int poll_us = 2000;
FASTSWAP_UINT_PARAM(poll_us, poll_us, 0, FASTSWAP_POLL_US_MAX);
MODULE_PARM_DESC(poll_us, "microseconds that a fault spins at most; for devices attached later");

/*
 * Every device by its index. NULL entries reserve the index of a device that is
 * being attached or detached.
 */
static DEFINE_IDR(devices);
static DEFINE_MUTEX(devices_lock);	/* guards devices; taken before a disk's open_mutex */

const char *fastswap_name(const struct fastswap_upper *up)
{
	return up->dev->name;
}
EXPORT_SYMBOL_GPL(fastswap_name);

static void notify_work(struct work_struct *work)
{
	struct fastswap_device *dev = container_of(work, struct fastswap_device, notify);
	struct kobject *kobj = &disk_to_dev(dev->disk)->kobj;

	sysfs_notify(kobj, "fastswap", "state");
	kobject_uevent(kobj, KOBJ_CHANGE);
}

void fastswap_set_health(struct fastswap_upper *up, enum fastswap_health health)
{
	struct fastswap_device *dev = up->dev;
	unsigned long flags;

	if (up->ops) {
		up->ops->set_health(up, health);
		return;
	}
	spin_lock_irqsave(&dev->health_lock, flags);
	if (dev->health != health) {
		trace_fastswap_health(dev->index, health);
		WRITE_ONCE(dev->health, health);
		if (dev->visible)
			schedule_work(&dev->notify);
	}
	spin_unlock_irqrestore(&dev->health_lock, flags);
}
EXPORT_SYMBOL_GPL(fastswap_set_health);

/*
 * The backend's module is pinned while the device is open, not while it
 * exists: an idle device does not stand in the way of rmmod.
 */
static int open_disk(struct gendisk *disk)
{
	struct fastswap_device *dev = fastswap_from_disk(disk);

	lockdep_assert_held(&disk->open_mutex);
	if (dev->removing || !try_module_get(dev->ops->owner))
		return -ENXIO;
	return 0;
}

static void release_disk(struct gendisk *disk)
{
	module_put(fastswap_from_disk(disk)->ops->owner);
}

FSW_BDEV_OPEN(open_disk)
FSW_BDEV_RELEASE(release_disk)

static const struct block_device_operations fastswap_fops = {
	.owner = THIS_MODULE,
	.open = open_disk_op,
	.release = release_disk_op,
	.submit_bio = fastswap_submit_bio,
	.swap_slot_free_notify = fastswap_slot_free_notify,
	FSW_POLL_SWAP(fastswap_poll_swap)
};

static bool are_limits_valid(const struct fastswap_limits *l)
{
	return l->size && IS_ALIGNED(l->size, FASTSWAP_SLOT_SIZE) &&
	       l->size >> FASTSWAP_SLOT_SHIFT <= UINT_MAX &&
	       (!l->chunk_size ||
		(is_power_of_2(l->chunk_size) && l->chunk_size >= FASTSWAP_SLOT_SIZE)) &&
	       l->max_segments && l->max_bytes && IS_ALIGNED(l->max_bytes, FASTSWAP_SLOT_SIZE);
}

static struct gendisk *alloc_disk_for(struct fastswap_device *dev)
{
	const struct fastswap_limits *l = &dev->limits;
	const struct fsw_limits lim = {
		.logical_block_size = FASTSWAP_SLOT_SIZE,
		.max_sectors = l->max_bytes >> SECTOR_SHIFT,
		.max_segments = l->max_segments,
		.max_segment_size = l->max_bytes,
		.chunk_sectors = l->chunk_size >> SECTOR_SHIFT,
		.discard_granularity = FASTSWAP_SLOT_SIZE,
		.max_discard_sectors = UINT_MAX & ~(FASTSWAP_SLOT_SIZE - 1),
		.max_write_zeroes_sectors = UINT_MAX & ~(FASTSWAP_SLOT_SIZE - 1),
	};
	struct gendisk *disk = fsw_alloc_disk(&lim, l->node);

	if (IS_ERR(disk))
		return disk;

	strscpy(disk->disk_name, dev->name, sizeof(disk->disk_name));
	disk->fops = &fastswap_fops;
	disk->private_data = dev;
	disk->flags |= GENHD_FL_NO_PART;
	set_capacity(disk, l->size >> SECTOR_SHIFT);
	return disk;
}

static int alloc_slotmap(struct fastswap_device *dev)
{
	struct fastswap_slotmap *map = &dev->slots;
	u64 nr_slots = dev->limits.size >> FASTSWAP_SLOT_SHIFT;
	size_t bytes = fastswap_slotmap_bytes(nr_slots);

	map->data = kvzalloc_node(bytes, GFP_KERNEL, dev->limits.node);
	map->lost = kvzalloc_node(bytes, GFP_KERNEL, dev->limits.node);
	if (!map->data || !map->lost)
		return -ENOMEM;
	map->nr_slots = nr_slots;
	return 0;
}

static void users_gone(struct percpu_ref *ref)
{
	struct fastswap_device *dev = container_of(ref, struct fastswap_device, users);

	complete(&dev->unused);
}

/* Undo whatever of fastswap_attach() was done, in whatever state it stopped. */
static void free_device(struct fastswap_device *dev)
{
	if (dev->priv)
		dev->ops->detach(dev->priv);
	if (dev->disk)
		put_disk(dev->disk);
	fastswap_ahead_free(dev);
	fastswap_flights_free(dev);
	kvfree(dev->slots.lost);
	kvfree(dev->slots.data);
	fastswap_throttle_exit(&dev->throttle);
	free_percpu(dev->stats);
	percpu_ref_exit(&dev->users);

	mutex_lock(&devices_lock);
	idr_remove(&devices, dev->index);
	mutex_unlock(&devices_lock);
	kfree(dev);
}

static struct fastswap_device *alloc_device(const struct fastswap_backend_ops *ops)
{
	struct fastswap_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int index;

	if (!dev)
		return NULL;
	dev->upper.dev = dev;
	dev->ops = ops;
	dev->poll_ns = READ_ONCE(poll_us) * NSEC_PER_USEC;
	spin_lock_init(&dev->health_lock);
	INIT_WORK(&dev->notify, notify_work);

	init_completion(&dev->unused);
	if (percpu_ref_init(&dev->users, users_gone, 0, GFP_KERNEL))
		goto free_dev;
	dev->stats = alloc_percpu(struct fastswap_stats);
	if (!dev->stats)
		goto exit_users;
	if (fastswap_throttle_init(&dev->throttle))
		goto free_stats;

	mutex_lock(&devices_lock);
	index = idr_alloc(&devices, NULL, 0, 0, GFP_KERNEL);
	mutex_unlock(&devices_lock);
	if (index < 0)
		goto exit_throttle;

	dev->index = index;
	snprintf(dev->name, sizeof(dev->name), "fastswap%d", index);
	return dev;

exit_throttle:
	fastswap_throttle_exit(&dev->throttle);
free_stats:
	free_percpu(dev->stats);
exit_users:
	percpu_ref_exit(&dev->users);
free_dev:
	kfree(dev);
	return NULL;
}

static void publish(struct fastswap_device *dev)
{
	spin_lock_irq(&dev->health_lock);
	dev->visible = true;
	if (dev->health != FASTSWAP_LIVE)
		schedule_work(&dev->notify);
	spin_unlock_irq(&dev->health_lock);

	mutex_lock(&devices_lock);
	idr_replace(&devices, dev, dev->index);
	mutex_unlock(&devices_lock);
}

int fastswap_attach(const struct fastswap_backend_ops *ops, char *options, u64 size, char *error)
{
	struct fastswap_device *dev;
	int err, index;

	error[0] = '\0';
	if (!IS_ALIGNED(size, FASTSWAP_SLOT_SIZE)) {
		strscpy(error, "the size is not a multiple of 4096", FASTSWAP_ERROR_MAX);
		return -EINVAL;
	}

	dev = alloc_device(ops);
	if (!dev) {
		strscpy(error, "out of memory", FASTSWAP_ERROR_MAX);
		return -ENOMEM;
	}

	err = ops->attach(&dev->upper, options, size, &dev->limits, &dev->priv, error);
	if (err) {
		dev->priv = NULL;
		goto fail;
	}

	if (!are_limits_valid(&dev->limits)) {
		snprintf(error, FASTSWAP_ERROR_MAX, "backend %s offers what a disk cannot be",
			 ops->name);
		err = -EINVAL;
		goto fail;
	}

	err = alloc_slotmap(dev);
	if (err)
		goto fail;

	err = fastswap_ahead_alloc(dev);
	if (err)
		goto fail;

	err = fastswap_flights_alloc(dev);
	if (err)
		goto fail;

	dev->disk = alloc_disk_for(dev);
	if (IS_ERR(dev->disk)) {
		err = PTR_ERR(dev->disk);
		dev->disk = NULL;
		goto fail;
	}

	err = device_add_disk(NULL, dev->disk, fastswap_disk_groups);
	if (err)
		goto fail;

	pr_info("%s: attached, %s, %llu MiB\n", dev->name, ops->name, dev->limits.size >> 20);
	index = dev->index;
	fastswap_debugfs_add(dev);
	/* From here on anybody may detach it. */
	publish(dev);
	return index;

fail:
	if (!error[0])
		snprintf(error, FASTSWAP_ERROR_MAX, "error %d", err);
	pr_err("%s: cannot attach: %s\n", dev->name, error);
	free_device(dev);
	return err;
}
EXPORT_SYMBOL_GPL(fastswap_attach);

/*
 * Take a device out of the table if nobody has it open. From then on the
 * caller alone may remove it; its index stays reserved until free_device().
 */
static int claim_for_removal(struct fastswap_device *dev)
{
	int err = 0;

	lockdep_assert_held(&devices_lock);
	mutex_lock(&dev->disk->open_mutex);
	if (disk_openers(dev->disk))
		err = -EBUSY;
	else
		dev->removing = true;
	mutex_unlock(&dev->disk->open_mutex);

	if (!err)
		idr_replace(&devices, NULL, dev->index);
	return err;
}

static void remove_device(struct fastswap_device *dev)
{
	pr_info("%s: detached\n", dev->name);
	/* Not against del_gendisk(): what it tells about must be there until it is through. */
	spin_lock_irq(&dev->health_lock);
	dev->visible = false;
	spin_unlock_irq(&dev->health_lock);
	cancel_work_sync(&dev->notify);
	fastswap_debugfs_remove(dev);

	del_gendisk(dev->disk);
	/*
	 * No ->submit_bio runs any more, but tasks may still be inside the
	 * callback of a plug, with bios that have ended. Bounded: a plug ends
	 * at the latest when its task sleeps, and what the callback does is.
	 */
	percpu_ref_kill(&dev->users);
	fastswap_ahead_drain(dev);
	/* Nobody wants what is still being read ahead: it need not wait for a link. */
	if (dev->ops->set_hold)
		dev->ops->set_hold(dev->priv, 0);
	wait_for_completion(&dev->unused);
	free_device(dev);
}

int fastswap_detach(int index)
{
	struct module *backend = NULL;
	struct fastswap_device *dev;
	int err = -ENODEV;

	mutex_lock(&devices_lock);
	dev = index < 0 ? NULL : idr_find(&devices, index);
	/*
	 * Once claimed it is not found any more by fastswap_detach_backend(), so that the
	 * backend would not wait for us when it goes. One that is going already removes it.
	 */
	if (dev && try_module_get(dev->ops->owner)) {
		backend = dev->ops->owner;
		err = claim_for_removal(dev);
	}
	mutex_unlock(&devices_lock);

	if (!err)
		remove_device(dev);
	module_put(backend);
	return err;
}

/* Remove every device of a backend. The caller made sure that none is in use. */
void fastswap_detach_backend(const struct fastswap_backend_ops *ops)
{
	struct fastswap_device *dev, *found;
	int index;

	do {
		found = NULL;
		mutex_lock(&devices_lock);
		idr_for_each_entry(&devices, dev, index) {
			if (dev->ops == ops && !WARN_ON_ONCE(claim_for_removal(dev))) {
				found = dev;
				break;
			}
		}
		mutex_unlock(&devices_lock);
		if (found)
			remove_device(found);
	} while (found);
}

/* Is there any device, or one that is coming or going? */
bool fastswap_devices_exist(void)
{
	bool any;

	mutex_lock(&devices_lock);
	any = !idr_is_empty(&devices);
	mutex_unlock(&devices_lock);
	return any;
}

/* At module exit: backends depend on this module, so they and their devices are gone. */
void fastswap_devices_exit(void)
{
	WARN_ON_ONCE(!idr_is_empty(&devices));
	idr_destroy(&devices);
}
