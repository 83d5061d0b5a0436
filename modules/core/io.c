// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path: bios in, batches to the backend, bios out.
 *
 * A bio is not passed on when it arrives. The swap core opens a plug around a
 * readahead window and around a reclaim batch; bios gather on the plug and the
 * callback runs when the window is complete, in the task that faulted. By then
 * swap_vma_readahead() has set PG_readahead on what it prefetched and not on
 * the page that faulted, so demand and prefetch can be told apart, and each
 * can go its own way, see window.c.
 */
#include <linux/blkdev.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/timekeeping.h>

#include "core.h"
#include "trace.h"
#include "window.h"

/*
 * Most pages of writes that wait on a plug, twice a reclaim batch. A fault that
 * has to reclaim for its readahead window does so inside the window's plug,
 * which ends only when the window is complete: without a bound all that it
 * reclaims would wait there, none of it would become free, and the task would
 * be killed for want of memory.
 */
static unsigned int plug_write_pages = 64;
FASTSWAP_UINT_PARAM(plug_write_pages, plug_write_pages, 1, 4096);
MODULE_PARM_DESC(plug_write_pages, "pages of writes that wait for the end of a plug at most");

/**
 * struct fastswap_plug - bios of one plug and one device
 * @cb: the block layer's; zeroed with the rest by blk_check_plugged()
 * @dev: the device, with a reference; NULL until the first bio
 * @window: what its reads belong to
 * @reads: of these, the ones that the backend does not have yet, in order of arrival
 * @writes: in order of arrival
 * @write_pages: slots of @writes, below plug_write_pages
 */
struct fastswap_plug {
	struct blk_plug_cb cb;
	struct fastswap_device *dev;
	struct fastswap_window window;
	struct bio_list reads;
	struct bio_list writes;
	unsigned int write_pages;
};

/* fastswap_classify - what is this bio for? */
enum fastswap_class fastswap_classify(struct bio *bio)
{
	/*
	 * Through the iterator: bio_first_page_all() warns about split bios.
	 * The folio is locked (read) or under writeback (write) while the bio
	 * lives, so its flags are stable.
	 */
	struct folio *folio = page_folio(bio_iovec(bio).bv_page);
	bool swap = folio_test_swapcache(folio);

	if (op_is_write(bio_op(bio)))
		return swap ? FASTSWAP_WRITEBACK : FASTSWAP_OTHER_WRITE;
	if (!swap)
		return FASTSWAP_OTHER_READ;
	return folio_test_readahead(folio) ? FASTSWAP_PREFETCH : FASTSWAP_DEMAND;
}

/* fastswap_submit_batch - hand a batch to the backend, if there is anything in it */
void fastswap_submit_batch(struct fastswap_device *dev, struct fastswap_batch *batch,
			   struct fastswap_ticket *ticket)
{
	ticket->queue = NULL;
	if (!batch->nr)
		return;
	this_cpu_inc(dev->stats->batches[batch->class]);
	trace_fastswap_submit(dev->index, batch->class, batch->nr);
	dev->ops->submit(dev->priv, batch, ticket);
}

static void dispatch_writes(struct fastswap_device *dev, struct bio_list *bios,
			    struct fastswap_tally *tally)
{
	struct fastswap_batch swap = { .class = FASTSWAP_WRITEBACK };
	struct fastswap_batch other = { .class = FASTSWAP_OTHER_WRITE };
	struct fastswap_ticket ticket;
	struct bio *bio;

	while ((bio = bio_list_pop(bios))) {
		struct fastswap_batch *batch = &other;

		if (fastswap_classify(bio) == FASTSWAP_WRITEBACK) {
			batch = &swap;
			fastswap_throttle_add(&dev->throttle, tally, bio);
		}
		bio_list_add(&batch->bios, bio);
		batch->nr++;
	}
	/* The backend owns a batch once it is submitted. */
	fastswap_throttle_begin(&dev->throttle, tally);
	fastswap_submit_batch(dev, &swap, &ticket);
	fastswap_submit_batch(dev, &other, &ticket);
}

static void dispatch(struct fastswap_device *dev, struct fastswap_window *window,
		     struct bio_list *reads, struct bio_list *writes, bool may_wait)
{
	struct fastswap_tally tally = { };

	/* Writes first: they need no attention any more, and reads may poll for long. */
	if (!bio_list_empty(writes))
		dispatch_writes(dev, writes, &tally);
	if (!bio_list_empty(reads) || fastswap_window_began(window))
		fastswap_window_go(dev, window, reads, may_wait);
	if (tally.total && may_wait)
		fastswap_throttle_wait(dev, &tally);
}

/* @from_schedule: the task is on its way to sleep and must neither spin nor schedule here. */
static void unplug(struct blk_plug_cb *cb, bool from_schedule)
{
	struct fastswap_plug *plug = container_of(cb, struct fastswap_plug, cb);
	struct fastswap_device *dev = plug->dev;

	dispatch(dev, &plug->window, &plug->reads, &plug->writes, !from_schedule);
	kfree(plug);
	/* The last use of @dev: all bios may have ended long ago, see queue_bio(). */
	percpu_ref_put(&dev->users);
}

/*
 * The block layer's own reference to the queue lasts as long as ->submit_bio,
 * and that of a bio as long as the bio. The plug's callback runs after the one
 * and may go on after the other, polling or waiting: it needs its own.
 */
static void queue_bio(struct fastswap_device *dev, struct bio *bio)
{
	struct bio_list reads = BIO_EMPTY_LIST;
	struct bio_list writes = BIO_EMPTY_LIST;
	struct fastswap_window window = { };
	bool write = op_is_write(bio_op(bio));
	struct blk_plug_cb *cb = NULL;

	/* NULL: no plug (6.1: a window of one page), or no memory for the callback. */
	if (!write || !dev->ops->sync)
		cb = blk_check_plugged(unplug, dev, sizeof(struct fastswap_plug));
	if (likely(cb)) {
		struct fastswap_plug *plug = container_of(cb, struct fastswap_plug, cb);

		if (!plug->dev) {
			/* Not killed yet: that waits for the queue, which we hold. */
			percpu_ref_get(&dev->users);
			plug->dev = dev;
			fastswap_window_init(&plug->window);
		}
		if (!write) {
			if (!fastswap_window_hurry(dev, &plug->window, bio))
				bio_list_add(&plug->reads, bio);
			return;
		}
		bio_list_add(&plug->writes, bio);
		plug->write_pages += fastswap_nr_slots(bio);
		if (plug->write_pages >= READ_ONCE(plug_write_pages)) {
			struct fastswap_tally tally = { };

			plug->write_pages = 0;
			/*
			 * Sleeping ends the plug: it is not there any more afterwards,
			 * nor is its reference; the queue's holds until we return.
			 */
			dispatch_writes(dev, &plug->writes, &tally);
			if (tally.total)
				fastswap_throttle_wait(dev, &tally);
		}
		return;
	}

	bio_list_add(write ? &writes : &reads, bio);
	fastswap_window_init(&window);
	dispatch(dev, &window, &reads, &writes, true);
}

static void end_with(struct bio *bio, blk_status_t status)
{
	bio->bi_status = status;
	bio_endio(bio);
}

static void zero_bio(struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter)
		memzero_bvec(&bv);
}

/*
 * A read of slots in one state goes to the backend or is answered here; one of
 * slots in several states is cut where the state changes.
 *
 * Return: the bio that the backend must read, or NULL.
 */
static struct bio *resolve_read(struct fastswap_device *dev, struct bio *bio)
{
	enum fastswap_slot_state state;
	u64 slots = fastswap_nr_slots(bio), run;

	run = fastswap_slotmap_run(&dev->slots, fastswap_first_slot(bio), slots, &state);
	if (unlikely(run < slots)) {
		struct bio *split = bio_split(bio, run << (FASTSWAP_SLOT_SHIFT - SECTOR_SHIFT),
					      GFP_NOIO, &dev->disk->bio_split);

		if (IS_ERR_OR_NULL(split)) {
			end_with(bio, BLK_STS_IOERR);
			return NULL;
		}
		bio_chain(split, bio);
		submit_bio_noacct(bio);
		bio = split;
	}

	switch (state) {
	case FASTSWAP_SLOT_DATA:
		return bio;
	case FASTSWAP_SLOT_EMPTY:
		zero_bio(bio);
		this_cpu_add(dev->stats->zero_pages, run);
		end_with(bio, BLK_STS_OK);
		return NULL;
	default:
		this_cpu_inc(dev->stats->lost_reads);
		end_with(bio, BLK_STS_IOERR);
		return NULL;
	}
}

static void free_slots(struct fastswap_device *dev, u64 first, u64 count)
{
	fastswap_slotmap_mark(&dev->slots, first, count, FASTSWAP_SLOT_EMPTY);
	this_cpu_add(dev->stats->freed_slots, count);
	if (dev->ops->free)
		dev->ops->free(dev->priv, first << FASTSWAP_SLOT_SHIFT,
			       count << FASTSWAP_SLOT_SHIFT);
}

/*
 * The usual bio of swap is one segment inside one chunk and never needs the
 * block layer's closer look.
 */
static inline bool is_simple(const struct fastswap_device *dev, const struct bio *bio)
{
	u32 size = bio->bi_iter.bi_size;
	u64 offset = fastswap_bio_offset(bio);
	u32 chunk = dev->limits.chunk_size;

	return bio_iter_iovec(bio, bio->bi_iter).bv_len == size &&
	       (size <= FASTSWAP_SLOT_SIZE ||
		(size <= dev->limits.max_bytes &&
		 (!chunk || (offset & (chunk - 1)) + size <= chunk)));
}

/* Has the bio the shape that the device promised to take? The block layer checks the rest. */
static inline bool is_sane(const struct fastswap_device *dev, const struct bio *bio)
{
	u64 offset = fastswap_bio_offset(bio);

	return !((offset | bio->bi_iter.bi_size) & (FASTSWAP_SLOT_SIZE - 1)) &&
	       fastswap_slotmap_contains(&dev->slots, fastswap_first_slot(bio),
					 fastswap_nr_slots(bio));
}

/**
 * fastswap_submit_bio - ->submit_bio of the disk
 * @bio: any bio that the block layer let through
 *
 * May sleep, as every ->submit_bio may.
 */
void fastswap_submit_bio(struct bio *bio)
{
	struct fastswap_device *dev = fastswap_from_disk(bio->bi_bdev->bd_disk);

	if (unlikely(!is_sane(dev, bio))) {
		end_with(bio, BLK_STS_IOERR);
		return;
	}

	switch (bio_op(bio)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		/*
		 * What has ended is in the server's memory: there is no cache
		 * to flush, and a preflush without data has nothing to do.
		 */
		if (unlikely(!bio->bi_iter.bi_size)) {
			end_with(bio, BLK_STS_OK);
			return;
		}
		if (unlikely(!is_simple(dev, bio))) {
			bio = bio_split_to_limits(bio);
			if (!bio)
				return;
		}
		if (!op_is_write(bio_op(bio))) {
			bio = resolve_read(dev, bio);
			if (!bio)
				return;
		}
		queue_bio(dev, bio);
		return;
	case REQ_OP_FLUSH:
		end_with(bio, BLK_STS_OK);
		return;
	case REQ_OP_DISCARD:
	case REQ_OP_WRITE_ZEROES:
		free_slots(dev, fastswap_first_slot(bio), fastswap_nr_slots(bio));
		end_with(bio, BLK_STS_OK);
		return;
	default:
		end_with(bio, BLK_STS_NOTSUPP);
		return;
	}
}

/**
 * fastswap_slot_free_notify - the swap core has freed a slot
 * @bdev: the device
 * @slot: page of the swap area, which is the slot since the area begins at 0
 *
 * Under spinlocks of the swap core (and sometimes a page table's): no sleep.
 */
void fastswap_slot_free_notify(struct block_device *bdev, unsigned long slot)
{
	struct fastswap_device *dev = fastswap_from_disk(bdev->bd_disk);

	if (likely(fastswap_slotmap_contains(&dev->slots, slot, 1)))
		free_slots(dev, slot, 1);
}

u64 fastswap_end_bios(struct fastswap_upper *up, enum fastswap_class class,
		      struct bio_list *bios, blk_status_t status, u64 start_ns)
{
	struct fastswap_device *dev = up->dev;
	bool write = fastswap_class_is_write(class);
	struct fastswap_tally tally = { };
	unsigned int nr = 0, pages = 0;
	struct bio *bio;
	u64 ns;

	if (unlikely(up->ops))
		return up->ops->end_bios(up, class, bios, status, start_ns);
	ns = start_ns ? ktime_get_ns() - start_ns : 0;

	while ((bio = bio_list_pop(bios))) {
		u64 first = fastswap_first_slot(bio);
		u32 slots = fastswap_nr_slots(bio);

		nr++;
		pages += slots;
		if (class == FASTSWAP_AHEAD) {
			fastswap_ahead_end(dev, bio, status);
			continue;
		}
		if (class == FASTSWAP_WRITEBACK)
			fastswap_throttle_take(&dev->throttle, &tally, bio);
		/*
		 * Before the bio ends: whoever waits for it may read the slot
		 * at once. After a write that failed nobody knows what the
		 * slot holds.
		 */
		if (write) {
			fastswap_ahead_forget(dev, first, slots);
			fastswap_slotmap_mark(&dev->slots, first, slots,
					      status == BLK_STS_OK ? FASTSWAP_SLOT_DATA :
								     FASTSWAP_SLOT_LOST);
		}
		end_with(bio, status);
	}

	if (class == FASTSWAP_WRITEBACK)
		fastswap_throttle_end(&dev->throttle, &tally);
	this_cpu_add(dev->stats->bios[class], nr);
	trace_fastswap_complete(dev->index, class, nr, pages, blk_status_to_errno(status), ns);
	if (unlikely(status != BLK_STS_OK)) {
		this_cpu_add(dev->stats->errors[class], nr);
		return 0;
	}
	this_cpu_add(dev->stats->pages[class], pages);
	if (start_ns)
		this_cpu_add(dev->stats->latency[class][fastswap_hist_bucket(ns)], nr);
	return ns;
}
EXPORT_SYMBOL_GPL(fastswap_end_bios);

u64 fastswap_lose_all(struct fastswap_upper *up)
{
	if (up->ops)
		return up->ops->lose_all(up);
	return fastswap_slotmap_lose(&up->dev->slots) << FASTSWAP_SLOT_SHIFT;
}
EXPORT_SYMBOL_GPL(fastswap_lose_all);

bool fastswap_holds_data(const struct fastswap_upper *up, const struct bio *bio)
{
	enum fastswap_slot_state state;
	u64 run;

	if (up->ops)
		return up->ops->holds_data(up, bio);
	run = fastswap_slotmap_run(&up->dev->slots, fastswap_first_slot(bio),
				   fastswap_nr_slots(bio), &state);
	return run == fastswap_nr_slots(bio) && state == FASTSWAP_SLOT_DATA;
}
EXPORT_SYMBOL_GPL(fastswap_holds_data);

bool fastswap_may_hold(const struct fastswap_upper *up, u64 offset, u64 length)
{
	if (up->ops)
		return up->ops->may_hold(up, offset, length);
	return fastswap_slotmap_any(&up->dev->slots, offset >> FASTSWAP_SLOT_SHIFT,
				    length >> FASTSWAP_SLOT_SHIFT);
}
EXPORT_SYMBOL_GPL(fastswap_may_hold);
