// SPDX-License-Identifier: GPL-2.0-only
/* /sys/block/fastswapN/fastswap/; modules/ABI.md describes every file. */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/sysfs.h>

#include "core.h"
#include "flight.h"
#include "window.h"

const char *const fastswap_class_names[FASTSWAP_NR_CLASSES] = {
	[FASTSWAP_DEMAND] = "demand",
	[FASTSWAP_PREFETCH] = "prefetch",
	[FASTSWAP_WRITEBACK] = "writeback",
	[FASTSWAP_AHEAD] = "ahead",
	[FASTSWAP_OTHER_READ] = "other_read",
	[FASTSWAP_OTHER_WRITE] = "other_write",
};

static struct fastswap_device *to_fastswap(struct device *d)
{
	return fastswap_from_disk(dev_to_disk(d));
}

static ssize_t backend_show(struct device *d, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_fastswap(d)->ops->name);
}
static DEVICE_ATTR_RO(backend);

static ssize_t peer_show(struct device *d, struct device_attribute *attr, char *buf)
{
	struct fastswap_device *dev = to_fastswap(d);
	char text[256];
	int err = dev->ops->describe(dev->priv, text, sizeof(text));

	return err < 0 ? err : sysfs_emit(buf, "%s\n", text);
}
static DEVICE_ATTR_RO(peer);

static ssize_t state_show(struct device *d, struct device_attribute *attr, char *buf)
{
	static const char *const names[] = {
		[FASTSWAP_LIVE] = "live",
		[FASTSWAP_DEGRADED] = "degraded",
		[FASTSWAP_RECOVERING] = "recovering",
		[FASTSWAP_FAILED] = "failed",
	};

	return sysfs_emit(buf, "%s\n", names[READ_ONCE(to_fastswap(d)->health)]);
}
static DEVICE_ATTR_RO(state);

static ssize_t hold_show(struct device *d, struct device_attribute *attr, char *buf)
{
	struct fastswap_device *dev = to_fastswap(d);

	return sysfs_emit(buf, "%u\n", dev->ops->get_hold(dev->priv));
}

static ssize_t hold_store(struct device *d, struct device_attribute *attr, const char *buf,
			  size_t len)
{
	struct fastswap_device *dev = to_fastswap(d);
	unsigned int seconds;
	int err = kstrtouint(buf, 0, &seconds);

	if (!err)
		err = dev->ops->set_hold(dev->priv, seconds);
	return err ?: len;
}
static DEVICE_ATTR_RW(hold);

static ssize_t used_show(struct device *d, struct device_attribute *attr, char *buf)
{
	u64 slots = fastswap_slotmap_count(&to_fastswap(d)->slots, FASTSWAP_SLOT_DATA);

	return sysfs_emit(buf, "%llu\n", slots << FASTSWAP_SLOT_SHIFT);
}
static DEVICE_ATTR_RO(used);

static ssize_t lost_show(struct device *d, struct device_attribute *attr, char *buf)
{
	struct fastswap_device *dev = to_fastswap(d);
	u64 slots = fastswap_slotmap_count(&dev->slots, FASTSWAP_SLOT_LOST);
	u64 more = dev->ops->lost ? dev->ops->lost(dev->priv) : 0;

	return sysfs_emit(buf, "%llu\n", (slots << FASTSWAP_SLOT_SHIFT) + more);
}
static DEVICE_ATTR_RO(lost);

static ssize_t chunk_size_show(struct device *d, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_fastswap(d)->limits.chunk_size);
}
static DEVICE_ATTR_RO(chunk_size);

static ssize_t poll_us_show(struct device *d, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(to_fastswap(d)->poll_ns) / NSEC_PER_USEC);
}

static ssize_t poll_us_store(struct device *d, struct device_attribute *attr, const char *buf,
			     size_t len)
{
	unsigned int us;
	int err = kstrtouint(buf, 0, &us);

	if (err)
		return err;
	if (us > FASTSWAP_POLL_US_MAX)
		return -ERANGE;
	WRITE_ONCE(to_fastswap(d)->poll_ns, (u64)us * NSEC_PER_USEC);
	return len;
}
static DEVICE_ATTR_RW(poll_us);

static ssize_t kernel_hooks_show(struct device *d, struct device_attribute *attr, char *buf)
{
	bool polls = fastswap_polls_locked(to_fastswap(d)), hurries = fastswap_hurries_demand();
	static const char *const names[2][2] = {
		{ "none", "demand_first" },
		{ "poll_swap", "poll_swap,demand_first" },
	};

	return sysfs_emit(buf, "%s\n", names[polls][hurries]);
}
static DEVICE_ATTR_RO(kernel_hooks);

static ssize_t stats_show(struct device *d, struct device_attribute *attr, char *buf)
{
	struct fastswap_device *dev = to_fastswap(d);
	int len = 0, i;

	for (i = 0; i < FASTSWAP_NR_CLASSES; i++) {
		len += sysfs_emit_at(buf, len, "%s_batches %llu\n", fastswap_class_names[i],
				     fastswap_sum_stat(dev, batches[i]));
		len += sysfs_emit_at(buf, len, "%s_bios %llu\n", fastswap_class_names[i],
				     fastswap_sum_stat(dev, bios[i]));
		len += sysfs_emit_at(buf, len, "%s_pages %llu\n", fastswap_class_names[i],
				     fastswap_sum_stat(dev, pages[i]));
		len += sysfs_emit_at(buf, len, "%s_errors %llu\n", fastswap_class_names[i],
				     fastswap_sum_stat(dev, errors[i]));
	}

#define LINE(what)									\
	len += sysfs_emit_at(buf, len, #what " %llu\n", fastswap_sum_stat(dev, what))
	LINE(zero_pages);
	LINE(lost_reads);
	LINE(freed_slots);
	LINE(polls);
	LINE(poll_timeouts);
	LINE(poll_skips);
	LINE(lock_polls);
	LINE(hurried);
	LINE(write_waits);
	LINE(ahead_hits);
	LINE(ahead_waits);
	LINE(ahead_dropped);
#undef LINE
	return len;
}
static DEVICE_ATTR_RO(stats);

static ssize_t backend_stats_show(struct device *d, struct device_attribute *attr, char *buf)
{
	struct fastswap_device *dev = to_fastswap(d);

	return dev->ops->show_stats ? dev->ops->show_stats(dev->priv, buf, PAGE_SIZE) : 0;
}
static DEVICE_ATTR_RO(backend_stats);

/*
 * "UPPER COUNT" lines of the buckets that are not empty. All of them fit a page
 * while counts have ten digits; sysfs_emit_at() cuts beyond that, from the slow
 * end. debugfs has the whole.
 */
static ssize_t show_latency(struct device *d, enum fastswap_class class, char *buf)
{
	struct fastswap_device *dev = to_fastswap(d);
	unsigned int i;
	int len = 0;

	for (i = 0; i < FASTSWAP_HIST_BUCKETS; i++) {
		u64 count = fastswap_sum_stat(dev, latency[class][i]);

		if (count)
			len += sysfs_emit_at(buf, len, "%llu %llu\n", fastswap_hist_upper(i),
					     count);
	}
	return len;
}

static ssize_t demand_latency_show(struct device *d, struct device_attribute *attr, char *buf)
{
	return show_latency(d, FASTSWAP_DEMAND, buf);
}
static DEVICE_ATTR_RO(demand_latency);

static ssize_t prefetch_latency_show(struct device *d, struct device_attribute *attr, char *buf)
{
	return show_latency(d, FASTSWAP_PREFETCH, buf);
}
static DEVICE_ATTR_RO(prefetch_latency);

static ssize_t writeback_latency_show(struct device *d, struct device_attribute *attr, char *buf)
{
	return show_latency(d, FASTSWAP_WRITEBACK, buf);
}
static DEVICE_ATTR_RO(writeback_latency);

static struct attribute *fastswap_attrs[] = {
	&dev_attr_backend.attr,
	&dev_attr_peer.attr,
	&dev_attr_state.attr,
	&dev_attr_hold.attr,
	&dev_attr_used.attr,
	&dev_attr_lost.attr,
	&dev_attr_chunk_size.attr,
	&dev_attr_poll_us.attr,
	&dev_attr_kernel_hooks.attr,
	&dev_attr_stats.attr,
	&dev_attr_backend_stats.attr,
	&dev_attr_demand_latency.attr,
	&dev_attr_prefetch_latency.attr,
	&dev_attr_writeback_latency.attr,
	NULL,
};

static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	struct fastswap_device *dev = to_fastswap(kobj_to_dev(kobj));

	if (attr == &dev_attr_hold.attr && !dev->ops->set_hold)
		return 0;
	return attr->mode;
}

static const struct attribute_group fastswap_group = {
	.name = "fastswap",
	.attrs = fastswap_attrs,
	.is_visible = is_visible,
};

const struct attribute_group *fastswap_disk_groups[] = {
	&fastswap_group,
	NULL,
};
