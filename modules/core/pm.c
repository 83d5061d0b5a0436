// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap: " fmt

/*
 * Hibernation is refused as long as there is a device, whether it is swapped to or not.
 * The image holds the memory of this machine only: by the time it is restored the
 * server, or the local memory behind dram://, has not kept the pages for us, and no
 * session survives the boot. Suspend to RAM is none of our business: a connection that
 * breaks meanwhile is made again.
 */
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/suspend.h>

#include "core.h"

static int pm_event(struct notifier_block *nb, unsigned long event, void *unused)
{
	if (event != PM_HIBERNATION_PREPARE || !fastswap_devices_exist())
		return NOTIFY_DONE;
	pr_warn_ratelimited("no hibernation while a device is attached: it would be lost\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block pm_notifier = { .notifier_call = pm_event };

int fastswap_pm_init(void)
{
	return register_pm_notifier(&pm_notifier);
}

void fastswap_pm_exit(void)
{
	unregister_pm_notifier(&pm_notifier);
}
