// SPDX-License-Identifier: GPL-2.0-only
/*
 * fastswap_dram.ko: a backend whose far memory is local memory.
 *
 * For experiments (the floor under every transport), for tests on a machine
 * without RDMA, and as the shortest complete example of a backend.
 */
#define pr_fmt(fmt) "fastswap_dram: " fmt

#include <linux/bio.h>
#include <linux/jiffies.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

#include <fastswap/backend.h>
#include <fastswap/fault.h>

/* Fault injection for tests: what a backend that loses its memory looks like from above. */
static bool fail_reads;
module_param(fail_reads, bool, 0644);
MODULE_PARM_DESC(fail_reads, "Every read ends with an I/O error (for tests)");

static bool fail_writes;
module_param(fail_writes, bool, 0644);
MODULE_PARM_DESC(fail_writes, "Every write ends with an I/O error (for tests)");

/* See ABI.md. */
enum {
	FAULT_ALLOC,
	FAULT_DELAY,
	FAULT_REORDER,
	FAULT_STATUS,
};

static struct fastswap_fault faults[] = {
	[FAULT_ALLOC] = FASTSWAP_FAULT("alloc"),
	[FAULT_DELAY] = FASTSWAP_FAULT("delay"),
	[FAULT_REORDER] = FASTSWAP_FAULT("reorder"),
	[FAULT_STATUS] = FASTSWAP_FAULT("status"),
	{ }
};

static struct dentry *faults_folder;

static char *size;
module_param(size, charp, 0444);
MODULE_PARM_DESC(size, "Attach one device of this size (K, M, G, T) when the module is loaded");

/**
 * struct dram - the memory of one device
 * @up: for fastswap_end_bios()
 * @mem: virtually contiguous; not zeroed, the core reads only what was written
 * @size: bytes
 * @late_lock: guards @late
 * @late: by class, what has been done and is to end when @timer runs out; only
 *	faults bring it there
 * @timer: ends what is late
 */
struct dram {
	struct fastswap_upper *up;
	u8 *mem;
	u64 size;
	spinlock_t late_lock;
	struct bio_list late[FASTSWAP_NR_CLASSES];
	struct timer_list timer;
};

/* What swap moves are whole pages, for which the kernel has its fastest copy. */
static void copy_page_of(const struct bio_vec *bv, u8 *p, bool write)
{
	void *page = kmap_local_page(bv->bv_page);

	if (write)
		copy_page(p, page);
	else
		copy_page(page, p);
	kunmap_local(page);
}

static void copy_bio(const struct dram *dram, struct bio *bio)
{
	u8 *p = dram->mem + fastswap_bio_offset(bio);
	bool write = op_is_write(bio_op(bio));
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter) {
		/* Both must be pages: p is not after a piece that is none. */
		if (likely(bv.bv_len == PAGE_SIZE && !bv.bv_offset &&
			   IS_ALIGNED((uintptr_t)p, PAGE_SIZE)))
			copy_page_of(&bv, p, write);
		else if (write)
			memcpy_from_bvec(p, &bv);
		else
			memcpy_to_bvec(&bv, p);
		p += bv.bv_len;
	}
}

static void end_late(struct timer_list *timer)
{
	struct dram *dram = from_timer(dram, timer, timer);
	struct bio_list late;
	unsigned int c;

	for (c = 0; c < FASTSWAP_NR_CLASSES; c++) {
		spin_lock(&dram->late_lock);
		late = dram->late[c];
		bio_list_init(&dram->late[c]);
		spin_unlock(&dram->late_lock);
		if (!bio_list_empty(&late))
			fastswap_end_bios(dram->up, c, &late, BLK_STS_OK, 0);
	}
}

/* A batch whose end is not told at once, and perhaps before that of an earlier one. */
static bool is_late(struct dram *dram, struct fastswap_batch *batch)
{
	bool first = fastswap_fault(&faults[FAULT_REORDER]);
	const struct fastswap_fault *fault = &faults[first ? FAULT_REORDER : FAULT_DELAY];
	struct bio *bio;

	if (likely(!first && !fastswap_fault(&faults[FAULT_DELAY])))
		return false;
	spin_lock_bh(&dram->late_lock);
	while ((bio = bio_list_pop(&batch->bios))) {
		if (first)
			bio_list_add_head(&dram->late[batch->class], bio);
		else
			bio_list_add(&dram->late[batch->class], bio);
	}
	if (!timer_pending(&dram->timer))
		mod_timer(&dram->timer, jiffies + usecs_to_jiffies(fault->rule.arg));
	spin_unlock_bh(&dram->late_lock);
	return true;
}

static void dram_submit(void *priv, struct fastswap_batch *batch, struct fastswap_ticket *ticket)
{
	struct dram *dram = priv;
	bool write = fastswap_class_is_write(batch->class);
	u64 start = ktime_get_ns();
	struct bio *bio;

	ticket->queue = NULL;
	if (unlikely(READ_ONCE(*(write ? &fail_writes : &fail_reads)))) {
		fastswap_end_bios(dram->up, batch->class, &batch->bios, BLK_STS_IOERR, start);
		return;
	}

	bio_list_for_each(bio, &batch->bios)
		copy_bio(dram, bio);
	if (fastswap_fault(&faults[FAULT_STATUS]))
		fastswap_end_bios(dram->up, batch->class, &batch->bios, BLK_STS_IOERR, start);
	else if (!is_late(dram, batch))
		fastswap_end_bios(dram->up, batch->class, &batch->bios, BLK_STS_OK, start);
}

static int dram_attach(struct fastswap_upper *up, char *options, u64 bytes,
		       struct fastswap_limits *limits, void **priv, char *error)
{
	u64 total = (u64)totalram_pages() << PAGE_SHIFT;
	struct dram *dram;

	if (*options) {
		snprintf(error, FASTSWAP_ERROR_MAX, "unknown option \"%s\"", options);
		return -EINVAL;
	}
	if (!bytes) {
		strscpy(error, "a dram device needs a size", FASTSWAP_ERROR_MAX);
		return -EINVAL;
	}
	/* vmalloc() would try, and take the machine down with it. */
	if (bytes > total - (total >> 3)) {
		snprintf(error, FASTSWAP_ERROR_MAX,
			 "%llu MiB do not fit in a machine with %llu MiB of memory", bytes >> 20,
			 total >> 20);
		return -ENOMEM;
	}

	dram = fastswap_fault(&faults[FAULT_ALLOC]) ? NULL : kzalloc(sizeof(*dram), GFP_KERNEL);
	if (!dram)
		return -ENOMEM;
	dram->up = up;
	spin_lock_init(&dram->late_lock);
	timer_setup(&dram->timer, end_late, 0);
	dram->size = bytes;
	dram->mem = vmalloc_huge(bytes, GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!dram->mem) {
		snprintf(error, FASTSWAP_ERROR_MAX, "no %llu MiB of memory to be had",
			 bytes >> 20);
		kfree(dram);
		return -ENOMEM;
	}

	limits->size = bytes;
	limits->chunk_size = 0;
	limits->max_segments = BIO_MAX_VECS;
	limits->max_bytes = SZ_4M;
	limits->node = NUMA_NO_NODE;
	*priv = dram;
	return 0;
}

static void dram_detach(void *priv)
{
	struct dram *dram = priv;

	/* All bios have ended, but who ended the last may not be through. */
	del_timer_sync(&dram->timer);
	vfree(dram->mem);
	kfree(dram);
}

static int dram_describe(void *priv, char *buf, size_t len)
{
	struct dram *dram = priv;

	return scnprintf(buf, len, "local memory, %llu MiB", dram->size >> 20);
}

static const struct fastswap_backend_ops dram_ops = {
	.name = "dram",
	.owner = THIS_MODULE,
	.sync = true,
	.attach = dram_attach,
	.detach = dram_detach,
	.submit = dram_submit,
	.describe = dram_describe,
};

static int attach_from_parameters(void)
{
	char error[FASTSWAP_ERROR_MAX], options[] = "";
	char *end;
	u64 bytes;
	int index;

	if (!size)
		return 0;
	bytes = memparse(size, &end);
	if (end == size || *end || !bytes) {
		pr_err("size=%s is not a size\n", size);
		return -EINVAL;
	}
	index = fastswap_attach(&dram_ops, options, bytes, error);
	return index < 0 ? index : 0;
}

static int __init dram_init(void)
{
	int err = fastswap_register_backend(&dram_ops);

	if (err)
		return err;
	faults_folder = fastswap_faults_add("dram", faults);
	/* Last: from here on the module may be in use. */
	err = attach_from_parameters();
	if (err) {
		fastswap_faults_remove(faults_folder);
		fastswap_unregister_backend(&dram_ops);
	}
	return err;
}

static void __exit dram_exit(void)
{
	fastswap_faults_remove(faults_folder);
	fastswap_unregister_backend(&dram_ops);
}

module_init(dram_init);
module_exit(dram_exit);

MODULE_DESCRIPTION("Far memory: backend in local memory");
MODULE_AUTHOR("The fastswap developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(FASTSWAP_VERSION);
