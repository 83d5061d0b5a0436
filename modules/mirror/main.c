// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_mirror: " fmt

/* The module: registers the backend. Devices are made by the fastswap command. */
#include <linux/module.h>

#include "mirror.h"

struct workqueue_struct *fsm_wq;
struct workqueue_struct *fsm_refill_wq;

static const struct fastswap_backend_ops fsm_backend = {
	.name = "mirror",
	.owner = THIS_MODULE,
	.attach = fsm_attach,
	.detach = fsm_detach,
	.submit = fsm_submit,
	.poll = fsm_poll,
	.free = fsm_free_slots,
	.lost = fsm_lost,
	.set_hold = fsm_set_hold,
	.get_hold = fsm_get_hold,
	.describe = fsm_describe,
	.show_stats = fsm_show_stats,
};

static int __init fsm_init(void)
{
	int err;

	/* Reclaim may wait for what is done there. */
	fsm_wq = alloc_workqueue("fastswap_mirror", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!fsm_wq)
		return -ENOMEM;
	fsm_refill_wq = alloc_workqueue("fastswap_refill", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!fsm_refill_wq) {
		err = -ENOMEM;
		goto destroy_wq;
	}
	err = fastswap_register_backend(&fsm_backend);
	if (err)
		goto destroy_refill_wq;
	return 0;

destroy_refill_wq:
	destroy_workqueue(fsm_refill_wq);
destroy_wq:
	destroy_workqueue(fsm_wq);
	return err;
}

static void __exit fsm_exit(void)
{
	fastswap_unregister_backend(&fsm_backend);
	destroy_workqueue(fsm_refill_wq);
	destroy_workqueue(fsm_wq);
}

module_init(fsm_init);
module_exit(fsm_exit);

MODULE_DESCRIPTION("fastswap: far memory in several places at once");
MODULE_LICENSE("GPL");
MODULE_VERSION(FASTSWAP_VERSION);
