// SPDX-License-Identifier: GPL-2.0-only
/* What sysfs shows of a session. */
#include <linux/kernel.h>

#include "rdma.h"

/* ->describe of struct fastswap_backend_ops */
int fsr_describe(void *priv, char *buf, size_t len)
{
	struct fsr_session *s = priv;

	return scnprintf(buf, len, "%s, %s", s->description,
			 fsr_state_name(fsr_session_state(s)));
}

struct total {
	u64 batches, bios, pages, works, doorbells, no_room;
	u64 completions, reaps, interrupts, arms, gave_up;
};

static void add(struct total *t, struct fsr_queue *q)
{
	/* Other CPUs count on meanwhile: each figure is right, their sum may be a little off. */
	t->batches += READ_ONCE(q->posted.batches);
	t->bios += READ_ONCE(q->posted.bios);
	t->pages += READ_ONCE(q->posted.pages);
	t->works += READ_ONCE(q->posted.works);
	t->doorbells += READ_ONCE(q->posted.doorbells);
	t->no_room += READ_ONCE(q->posted.no_room);
	t->completions += READ_ONCE(q->reaped.completions);
	t->reaps += READ_ONCE(q->reaped.reaps);
	t->interrupts += atomic_long_read(&q->interrupts);
	t->arms += atomic_long_read(&q->arms);
	t->gave_up += atomic_long_read(&q->gave_up);
}

/* ->show_stats of struct fastswap_backend_ops */
ssize_t fsr_show_stats(void *priv, char *buf, size_t len)
{
	static const char *const names[FSR_QUEUES_PER_SET] = { "demand", "prefetch", "writeback" };
	struct fsr_session *s = priv;
	unsigned int role, i;
	ssize_t at = 0;

	for (role = 0; role < FSR_QUEUES_PER_SET; role++) {
		const char *name = names[role];
		struct total t = { };

		for (i = role; i < fsr_nr_queues(s); i += FSR_QUEUES_PER_SET)
			add(&t, &s->queues[i]);

#define LINE(what) \
	at += scnprintf(buf + at, len - at, "%s_" #what " %llu\n", name, t.what)
		LINE(batches);
		LINE(bios);
		LINE(pages);
		LINE(works);
		LINE(doorbells);
		LINE(no_room);
		LINE(completions);
		LINE(reaps);
		LINE(interrupts);
		LINE(arms);
		LINE(gave_up);
#undef LINE
	}
	spin_lock_irq(&s->map_lock);
	at += scnprintf(buf + at, len - at,
			"chunks_promised %u\nchunks_granted %u\nextents_used %llu\n"
			"extents_free %u\nchunk_waits %llu\nchunk_refusals %llu\n"
			"chunk_recalls %llu\nextents_moved %llu\nmove_waits %llu\n",
			s->map.nr, s->map.in[FSR_CHUNK_GRANTED], fsr_chunkmap_used(&s->map),
			s->map.free, s->waits, s->refusals, s->recalls, s->move.moved,
			s->move.waits);
	spin_unlock_irq(&s->map_lock);
	return at;
}
