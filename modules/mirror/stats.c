// SPDX-License-Identifier: GPL-2.0-only
/* What users see of a mirror in sysfs. */
#include <linux/bitmap.h>
#include <linux/string.h>

#include "mirror.h"

/* Slots that have to be copied to a replica. */
static u64 missing(struct fsm *m, unsigned int r)
{
	/* Writes that are under way have no bit yet, or not everywhere. */
	if (READ_ONCE(m->complete) & 1u << r)
		return 0;
	return fsm_map_count_missing(&m->map, r);
}

/* ->describe of struct fastswap_backend_ops: the peers' names with a plus between, then the rest */
int fsm_describe(void *priv, char *buf, size_t len)
{
	struct fsm *m = priv;
	unsigned int i;
	int n = 0;

	for (i = 0; i < m->nr; i++) {
		struct fsm_replica *r = &m->replicas[i];
		char text[128] = "";

		r->ops->describe(r->priv, text, sizeof(text));
		n += scnprintf(buf + n, len - n, "%s%.*s", i ? "+" : "",
			       (int)strcspn(text, " ,"), text);
	}
	for (i = 0; i < m->nr; i++) {
		bool live = READ_ONCE(m->live) & 1u << i;
		u64 pages = missing(m, i);

		n += scnprintf(buf + n, len - n, "%s%s", i ? ", " : " ", live ? "live" : "down");
		if (pages)
			n += scnprintf(buf + n, len - n, " and misses %llu MiB",
				       (pages + 255) >> (20 - FASTSWAP_SLOT_SHIFT));
	}
	return n;
}

/* ->show_stats of struct fastswap_backend_ops */
ssize_t fsm_show_stats(void *priv, char *buf, size_t len)
{
	struct fsm *m = priv;
	unsigned int i;
	ssize_t n = 0;

	for (i = 0; i < m->nr; i++) {
		struct fsm_replica copy;
		u8 live;
		u32 ns;

		spin_lock_irq(&m->lock);
		copy = m->replicas[i];
		live = m->live >> i & 1;
		ns = m->read_ns[i];
		spin_unlock_irq(&m->lock);
		n += scnprintf(buf + n, len - n,
			       "replica%u_live %u\n"
			       "replica%u_missing_pages %llu\n"
			       "replica%u_refilled_pages %llu\n"
			       "replica%u_losses %u\n"
			       "replica%u_reads %llu\n"
			       "replica%u_writes %llu\n"
			       "replica%u_errors %llu\n"
			       "replica%u_read_ns %u\n",
			       i, live, i, missing(m, i), i, copy.refilled, i, copy.losses, i,
			       copy.reads, i, copy.writes, i, copy.errors, i, ns);
	}
	return n;
}

/* ->lost of struct fastswap_backend_ops */
u64 fsm_lost(void *priv)
{
	struct fsm *m = priv;
	u64 slots = 0;
	size_t word;

	for (word = 0; word < BITS_TO_LONGS(m->map.nr_slots); word++)
		slots += hweight_long(READ_ONCE(m->lost[word]));
	return slots << FASTSWAP_SLOT_SHIFT;
}
