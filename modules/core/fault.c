// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/debug/fastswap/fault/: see <fastswap/fault.h>. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include <fastswap/fault.h>

#include "core.h"

static struct dentry *root;
static DEFINE_MUTEX(arming);	/* one change of a rule at a time */

/**
 * fastswap_fault_visit - somebody passes by a point that has a rule
 * @fault: the point
 *
 * Return: true if it strikes.
 */
bool fastswap_fault_visit(struct fastswap_fault *fault)
{
	if (!fsw_fault_strikes(&fault->rule, (u32)atomic_inc_return(&fault->visits)))
		return false;
	/* FSW_FAULT_ALWAYS is a number that is not reached. */
	return atomic_add_unless(&fault->strikes, 1, (int)fault->rule.times);
}
EXPORT_SYMBOL_GPL(fastswap_fault_visit);

static int fault_show(struct seq_file *seq, void *unused)
{
	struct fastswap_fault *fault = seq->private;

	mutex_lock(&arming);
	if (fault->rule.one_in)
		seq_printf(seq, "1/%u", fault->rule.one_in);
	else
		seq_puts(seq, "off");
	seq_printf(seq, ", %u strikes in %u visits\n", (u32)atomic_read(&fault->strikes),
		   (u32)atomic_read(&fault->visits));
	mutex_unlock(&arming);
	return 0;
}

static int fault_open(struct inode *inode, struct file *file)
{
	return single_open(file, fault_show, inode->i_private);
}

static void arm(struct fastswap_fault *fault, const struct fsw_fault_rule *rule)
{
	mutex_lock(&arming);
	/* Whoever is past the jump may still use the old rule, or parts of both. */
	static_branch_disable(&fault->armed);
	fault->rule = *rule;
	atomic_set(&fault->visits, 0);
	atomic_set(&fault->strikes, 0);
	if (rule->one_in)
		static_branch_enable(&fault->armed);
	mutex_unlock(&arming);
}

static ssize_t fault_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct fastswap_fault *fault = file_inode(file)->i_private;
	struct fsw_fault_rule rule;
	const char *end;
	char text[64];

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	text[len] = '\0';
	end = fsw_fault_parse(&rule, text);
	if (!end || (*end && strcmp(end, "\n")))
		return -EINVAL;
	arm(fault, &rule);
	return len;
}

static const struct file_operations fault_fops = {
	.owner = THIS_MODULE,
	.open = fault_open,
	.read = seq_read,
	.write = fault_write,
	.llseek = seq_lseek,
	.release = single_release,
};

struct dentry *fastswap_faults_add(const char *owner, struct fastswap_fault *faults)
{
	struct dentry *folder = debugfs_create_dir(owner, root);

	for (; faults->name; faults++)
		debugfs_create_file(faults->name, 0600, folder, faults, &fault_fops);
	return folder;
}
EXPORT_SYMBOL_GPL(fastswap_faults_add);

/* fastswap_faults_remove - nobody arms the points any more when this returns */
void fastswap_faults_remove(struct dentry *folder)
{
	debugfs_remove(folder);
}
EXPORT_SYMBOL_GPL(fastswap_faults_remove);

/* @folder: of the module, in debugfs */
void fastswap_faults_init(struct dentry *folder)
{
	root = debugfs_create_dir("fault", folder);
}
