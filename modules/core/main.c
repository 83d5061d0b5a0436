// SPDX-License-Identifier: GPL-2.0-only
/* fastswap.ko: init ladder and its mirror. */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "core.h"

static int __init fastswap_init(void)
{
	int err;

	fastswap_debugfs_init();
	err = fastswap_pm_init();
	if (err)
		goto exit_debugfs;
	err = fastswap_control_init();
	if (err)
		goto exit_pm;
	return 0;

exit_pm:
	fastswap_pm_exit();
exit_debugfs:
	fastswap_debugfs_exit();
	return err;
}

static void __exit fastswap_exit(void)
{
	fastswap_control_exit();
	fastswap_devices_exit();
	fastswap_pm_exit();
	fastswap_debugfs_exit();
	/* A task may still be on its way out of a plug's callback, that is in our text. */
	synchronize_rcu_tasks();
}

module_init(fastswap_init);
module_exit(fastswap_exit);

MODULE_DESCRIPTION("Far memory: a block device for swap, core");
MODULE_AUTHOR("The fastswap developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(FASTSWAP_VERSION);
