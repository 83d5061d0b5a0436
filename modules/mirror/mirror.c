// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_mirror: " fmt

/*
 * Life of a mirror. It is made of backends that it finds by their names, and pins
 * their modules as long as it exists.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mirror.h"

static struct fsm *alloc_mirror(struct fastswap_upper *up, const struct fsm_params *p)
{
	struct fsm *m = kvzalloc(sizeof(*m), GFP_KERNEL);
	unsigned int i;

	if (!m)
		return NULL;
	m->up = up;
	m->nr = p->nr;
	m->hold_s = p->hold;
	m->group = FSM_NO_GROUP;
	m->complete = fsm_all(m);
	spin_lock_init(&m->lock);
	init_waitqueue_head(&m->quiet);
	init_completion(&m->copied);
	INIT_LIST_HEAD(&m->free_ios);
	INIT_LIST_HEAD(&m->waiting);
	INIT_LIST_HEAD(&m->parked);
	INIT_DELAYED_WORK(&m->dispatch, fsm_dispatch);
	INIT_DELAYED_WORK(&m->refill, fsm_refill);
	m->map.has = m->has;
	m->map.nr = m->nr;
	/* Nothing is done before all are there. */
	m->stopping = true;
	for (i = 0; i < m->nr; i++) {
		struct fsm_replica *r = &m->replicas[i];

		r->m = m;
		r->index = i;
		r->upper.dev = up->dev;
		r->upper.ops = &fsm_upper_ops;
	}
	return m;
}

/* Undo whatever was done, in whatever state it stopped. No I/O is under way. */
static void free_mirror(struct fsm *m)
{
	unsigned int i;

	spin_lock_irq(&m->lock);
	m->stopping = true;
	spin_unlock_irq(&m->lock);
	cancel_delayed_work_sync(&m->refill);
	cancel_delayed_work_sync(&m->dispatch);

	for (i = 0; i < m->nr; i++) {
		struct fsm_replica *r = &m->replicas[i];

		if (r->priv)
			r->ops->detach(r->priv);
		if (r->ops)
			fastswap_put_backend(r->ops);
	}
	fsm_free_copies(m);
	fsm_free_ios(m);
	for (i = 0; i < m->nr; i++)
		kvfree(m->has[i]);
	kvfree(m->lost);
	kvfree(m);
}

/* What all can take. */
static void meet_limits(struct fastswap_limits *all, const struct fastswap_limits *one)
{
	all->size = min(all->size, one->size);
	if (one->chunk_size && (!all->chunk_size || one->chunk_size < all->chunk_size))
		all->chunk_size = one->chunk_size;
	all->max_segments = min(all->max_segments, one->max_segments);
	all->max_bytes = min(all->max_bytes, one->max_bytes);
	if (all->node != one->node)
		all->node = NUMA_NO_NODE;
}

static int attach_replica(struct fsm_replica *r, const struct fsm_params *p, u64 size,
			  struct fastswap_limits *limits, char *error)
{
	int err;

	r->ops = fastswap_get_backend(p->backend[r->index]);
	if (!r->ops) {
		snprintf(error, FASTSWAP_ERROR_MAX, "no backend \"%s\"", p->backend[r->index]);
		return -ENOENT;
	}
	/* Before it says anything to the contrary. */
	spin_lock_irq(&r->m->lock);
	r->m->live |= 1u << r->index;
	spin_unlock_irq(&r->m->lock);
	err = r->ops->attach(&r->upper, p->options[r->index], size, limits, &r->priv, error);
	if (err) {
		r->priv = NULL;
		return err;
	}
	/* Waiting is for the mirror to decide. */
	return r->ops->set_hold ? r->ops->set_hold(r->priv, 0) : 0;
}

static int attach_replicas(struct fsm *m, const struct fsm_params *p, u64 size,
			   struct fastswap_limits *limits, char *error)
{
	struct fastswap_limits own;
	unsigned int i;
	int err;

	for (i = 0; i < m->nr; i++) {
		err = attach_replica(&m->replicas[i], p, size, &own, error);
		if (err) {
			if (!error[0])
				snprintf(error, FASTSWAP_ERROR_MAX, "replica %u: error %d", i + 1,
					 err);
			return err;
		}
		if (!i)
			*limits = own;
		else
			meet_limits(limits, &own);
		/* All the others must have room for what the first one has. */
		size = limits->size;
	}
	return 0;
}

static int alloc_maps(struct fsm *m, u64 size)
{
	u64 nr_slots = size >> FASTSWAP_SLOT_SHIFT;
	size_t bytes = BITS_TO_LONGS(nr_slots) * sizeof(long);
	unsigned int i;

	for (i = 0; i < m->nr; i++) {
		m->has[i] = kvzalloc(bytes, GFP_KERNEL);
		if (!m->has[i])
			return -ENOMEM;
	}
	m->lost = kvzalloc(bytes, GFP_KERNEL);
	if (!m->lost)
		return -ENOMEM;
	m->map.nr_slots = nr_slots;
	return 0;
}

/* ->attach of struct fastswap_backend_ops */
int fsm_attach(struct fastswap_upper *up, char *options, u64 size,
	       struct fastswap_limits *limits, void **priv, char *error)
{
	struct fsm_params params;
	struct fsm *m;
	int err;

	err = fsm_params_parse(&params, options, error, FASTSWAP_ERROR_MAX);
	if (err)
		return err;
	m = alloc_mirror(up, &params);
	if (!m)
		return -ENOMEM;

	err = attach_replicas(m, &params, size, limits, error);
	if (!err)
		err = alloc_maps(m, limits->size);
	if (!err)
		err = fsm_alloc_ios(m);
	if (!err)
		err = fsm_alloc_copies(m);
	if (err) {
		free_mirror(m);
		return err;
	}

	spin_lock_irq(&m->lock);
	m->stopping = false;
	/* One may have gone in the meantime. */
	fsm_look(m);
	/* Or have lost everything, and be back. */
	fsm_kick(m, m->live & ~m->complete);
	spin_unlock_irq(&m->lock);
	*priv = m;
	return 0;
}

/* ->detach of struct fastswap_backend_ops */
void fsm_detach(void *priv)
{
	free_mirror(priv);
}
