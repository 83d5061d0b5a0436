// SPDX-License-Identifier: GPL-2.0-only
/* /dev/fastswap-control: attach and detach for user space; see uapi/fastswap/control.h. */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <fastswap/control.h>

#include "core.h"

static_assert(FASTSWAP_CTL_ERROR_MAX == FASTSWAP_ERROR_MAX);
static_assert(FASTSWAP_CTL_BACKEND_MAX == FASTSWAP_NAME_MAX);

static bool is_terminated(const char *s, size_t size)
{
	return strnlen(s, size) < size;
}

static int attach_checked(struct fastswap_ctl_attach *args)
{
	const struct fastswap_backend_ops *ops;
	int index;

	if (args->flags || !is_terminated(args->backend, sizeof(args->backend)) ||
	    !is_terminated(args->options, sizeof(args->options))) {
		strscpy(args->error, "malformed request", sizeof(args->error));
		return -EINVAL;
	}

	ops = fastswap_get_backend(args->backend);
	if (!ops) {
		snprintf(args->error, sizeof(args->error), "no backend \"%s\"", args->backend);
		return -ENOENT;
	}

	index = fastswap_attach(ops, args->options, args->size, args->error);
	fastswap_put_backend(ops);
	if (index < 0)
		return index;
	args->index = index;
	return 0;
}

static int ioctl_attach(struct fastswap_ctl_attach __user *uargs)
{
	struct fastswap_ctl_attach *args;
	int err;

	args = memdup_user(uargs, sizeof(*args));
	if (IS_ERR(args))
		return PTR_ERR(args);

	memset(args->error, 0, sizeof(args->error));
	args->index = -1;
	err = attach_checked(args);
	if (copy_to_user(uargs, args, sizeof(*args)) && !err) {
		/* The caller will never learn which device is its own. */
		fastswap_detach(args->index);
		err = -EFAULT;
	}
	kfree(args);
	return err;
}

static int ioctl_detach(const struct fastswap_ctl_detach __user *uargs)
{
	struct fastswap_ctl_detach args;

	if (copy_from_user(&args, uargs, sizeof(args)))
		return -EFAULT;
	if (args.flags)
		return -EINVAL;
	return fastswap_detach(args.index);
}

static long control_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;

	switch (cmd) {
	case FASTSWAP_CTL_ATTACH:
		return ioctl_attach((struct fastswap_ctl_attach __user *)arg);
	case FASTSWAP_CTL_DETACH:
		return ioctl_detach((const struct fastswap_ctl_detach __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice control_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fastswap-control",
	.fops = &control_fops,
	.mode = 0600,
};

int fastswap_control_init(void)
{
	return misc_register(&control_device);
}

void fastswap_control_exit(void)
{
	misc_deregister(&control_device);
}
