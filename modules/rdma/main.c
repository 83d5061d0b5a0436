// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The module: registers the backend, and attaches the one device that its
 * parameters may ask for:
 *
 *	modprobe fastswap_rdma sport=50000 sip=10.0.0.1 cip=10.0.0.2 nq=8 size=2G
 */
#include <linux/module.h>
#include <linux/string.h>

#include "closing.h"
#include "fault.h"
#include "rdma.h"

/* All as text: one parser, with reasons in words, for these and for ->attach. */
static char *sip;
module_param(sip, charp, 0444);
MODULE_PARM_DESC(sip, "IPv4 or IPv6 address of the server; without it no device is attached");

static char *sport;
module_param(sport, charp, 0444);
MODULE_PARM_DESC(sport, "its port (default 50000)");

static char *cip;
module_param(cip, charp, 0444);
MODULE_PARM_DESC(cip, "address of this machine to connect from (default: by route)");

static char *nq;
module_param(nq, charp, 0444);
MODULE_PARM_DESC(nq, "queue sets of three queue pairs each (default: one per CPU)");

static char *size;
module_param(size, charp, 0444);
MODULE_PARM_DESC(size, "bytes of the device; K, M, G, T (default: what the server has)");

/* What each brings: see ABI.md. */
unsigned int fsr_depth = FSR_DEPTH;
unsigned int fsr_max_sge = FSR_MAX_SGE;

FASTSWAP_UINT_PARAM(depth, fsr_depth, FSR_DEPTH_MIN, FSR_DEPTH_MAX);
MODULE_PARM_DESC(depth, "work requests of one queue pair; for sessions to come");
FASTSWAP_UINT_PARAM(max_sge, fsr_max_sge, 2, FSR_MAX_SGE);
MODULE_PARM_DESC(max_sge, "pieces of memory of one work request; for sessions to come");

/* How much memory a device has of the server besides what it needs: see ABI.md. */
unsigned int fsr_spare_chunks = FSR_SPARE_CHUNKS;
unsigned int fsr_return_s = FSR_RETURN_S;

FASTSWAP_UINT_PARAM(spare_chunks, fsr_spare_chunks, 0, FSW_MAX_CHUNKS);
MODULE_PARM_DESC(spare_chunks, "chunks' worth of memory that is granted ahead of need");
FASTSWAP_UINT_PARAM(return_s, fsr_return_s, 0, FSR_RETURN_S_MAX);
MODULE_PARM_DESC(return_s, "seconds until a chunk that nothing is in is given back; 0: never");

struct workqueue_struct *fsr_wq;
struct workqueue_struct *fsr_recovery_wq;
struct workqueue_struct *fsr_hold_wq;
static struct dentry *faults_folder;

static const struct fastswap_backend_ops fsr_backend = {
	.name = "rdma",
	.owner = THIS_MODULE,
	.attach = fsr_attach,
	.detach = fsr_detach,
	.submit = fsr_submit,
	.poll = fsr_poll,
	.set_hold = fsr_set_hold,
	.get_hold = fsr_get_hold,
	.describe = fsr_describe,
	.show_stats = fsr_show_stats,
};

static int add_option(char *options, size_t len, const char *key, const char *value)
{
	size_t at = strlen(options);

	if (!value)
		return 0;
	/* Or the value could bring options of its own. */
	if (strchr(value, ',')) {
		pr_err("'%s': one value, without a comma\n", value);
		return -EINVAL;
	}
	if (snprintf(options + at, len - at, "%s=%s,", key, value) >= len - at) {
		pr_err("the parameters are too long\n");
		return -EINVAL;
	}
	return 0;
}

static int attach_by_parameters(void)
{
	char error[FASTSWAP_ERROR_MAX];
	char options[256] = "";
	const struct {
		const char *key, *value;
	} given[] = {
		{ "addr", sip },
		{ "port", sport },
		{ "source", cip },
		{ "queues", nq },
	};
	unsigned int i;
	u64 bytes = 0;
	int err;

	if (!sip) {
		if (!sport && !cip && !nq && !size)
			return 0;
		pr_err("sport, cip, nq and size mean nothing without sip\n");
		return -EINVAL;
	}

	if (size && fsr_size_parse(size, &bytes)) {
		pr_err("size '%s': must be a multiple of 4K, as in 2G or 512M\n", size);
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(given); i++) {
		err = add_option(options, sizeof(options), given[i].key, given[i].value);
		if (err)
			return err;
	}

	/* The core logs the reason of a failure. */
	err = fastswap_attach(&fsr_backend, options, bytes, error);
	return err < 0 ? err : 0;
}

static int __init fsr_init(void)
{
	int err;

	fsr_wq = alloc_workqueue("fastswap_rdma", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!fsr_wq)
		return -ENOMEM;
	fsr_recovery_wq = alloc_workqueue("fastswap_recovery", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!fsr_recovery_wq) {
		err = -ENOMEM;
		goto destroy_wq;
	}
	fsr_hold_wq = alloc_workqueue("fastswap_hold", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!fsr_hold_wq) {
		err = -ENOMEM;
		goto destroy_recovery_wq;
	}

	err = fsr_closing_init();
	if (err)
		goto destroy_hold_wq;
	err = fastswap_register_backend(&fsr_backend);
	if (err)
		goto closing_exit;
	faults_folder = fastswap_faults_add("rdma", fsr_faults);

	/* Last: from here on the module may be in use. */
	err = attach_by_parameters();
	if (err)
		goto unregister;
	return 0;

unregister:
	fastswap_faults_remove(faults_folder);
	fastswap_unregister_backend(&fsr_backend);
closing_exit:
	fsr_closing_exit();
destroy_hold_wq:
	destroy_workqueue(fsr_hold_wq);
destroy_recovery_wq:
	destroy_workqueue(fsr_recovery_wq);
destroy_wq:
	destroy_workqueue(fsr_wq);
	return err;
}

static void __exit fsr_exit(void)
{
	fastswap_faults_remove(faults_folder);
	fastswap_unregister_backend(&fsr_backend);
	fsr_closing_exit();
	destroy_workqueue(fsr_hold_wq);
	destroy_workqueue(fsr_recovery_wq);
	destroy_workqueue(fsr_wq);
}

module_init(fsr_init);
module_exit(fsr_exit);

MODULE_DESCRIPTION("fastswap: far memory over RDMA");
MODULE_LICENSE("GPL");
MODULE_VERSION(FASTSWAP_VERSION);
