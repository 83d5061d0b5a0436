// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/fastswap/fastswapN/: what does not fit the pages of sysfs.
 * For people: nothing may depend on it, and a kernel without debugfs is fine.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "core.h"

static struct dentry *root;

/* One line per bucket in which there is anything, one column per class. */
static int latency_show(struct seq_file *seq, void *unused)
{
	struct fastswap_device *dev = seq->private;
	u64 counts[FASTSWAP_NR_CLASSES], all;
	unsigned int bucket, c;

	seq_puts(seq, "below_ns");
	for (c = 0; c < FASTSWAP_NR_CLASSES; c++)
		seq_printf(seq, " %s", fastswap_class_names[c]);
	seq_putc(seq, '\n');

	for (bucket = 0; bucket < FASTSWAP_HIST_BUCKETS; bucket++) {
		all = 0;
		for (c = 0; c < FASTSWAP_NR_CLASSES; c++) {
			counts[c] = fastswap_sum_stat(dev, latency[c][bucket]);
			all += counts[c];
		}
		if (!all)
			continue;
		seq_printf(seq, "%llu", fastswap_hist_upper(bucket));
		for (c = 0; c < FASTSWAP_NR_CLASSES; c++)
			seq_printf(seq, " %llu", counts[c]);
		seq_putc(seq, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(latency);

/* fastswap_debugfs_add - make the folder of a device; without it, nothing is missing */
void fastswap_debugfs_add(struct fastswap_device *dev)
{
	dev->debugfs = debugfs_create_dir(dev->name, root);
	debugfs_create_file("latency", 0444, dev->debugfs, dev, &latency_fops);
}

/* fastswap_debugfs_remove - nobody reads in the folder any more when this returns */
void fastswap_debugfs_remove(struct fastswap_device *dev)
{
	debugfs_remove(dev->debugfs);
	dev->debugfs = NULL;
}

void fastswap_debugfs_init(void)
{
	root = debugfs_create_dir("fastswap", NULL);
	fastswap_faults_init(root);
}

void fastswap_debugfs_exit(void)
{
	debugfs_remove(root);
}
