// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

int pool_init(struct pool *pool, const struct config *cfg, char *why, size_t why_size)
{
	uint32_t i;
	int err;

	memset(pool, 0, sizeof(*pool));
	pool->chunk_shift = cfg->chunk_shift;
	pool->nr_regions = cfg->size >> cfg->chunk_shift;
	STAILQ_INIT(&pool->free);
	atomic_init(&pool->closing, false);

	pool->regions = calloc(pool->nr_regions, sizeof(*pool->regions));
	if (!pool->regions) {
		snprintf(why, why_size, "out of memory");
		return ENOMEM;
	}
	err = memory_map(&pool->memory, cfg, why, why_size);
	if (err)
		goto err_regions;
	err = pthread_mutex_init(&pool->lock, NULL);
	if (err) {
		snprintf(why, why_size, "cannot make a lock: %s", strerror(err));
		goto err_memory;
	}

	for (i = 0; i < pool->nr_regions; i++) {
		struct region *region = &pool->regions[i];

		region->state = REGION_FREE;
		region->index = i;
		region->size = (size_t)1 << pool->chunk_shift;
		region->addr = (unsigned char *)pool->memory.base + i * region->size;
		STAILQ_INSERT_TAIL(&pool->free, region, link);
	}
	pool->nr_free = pool->nr_regions;
	pool->ledger.total = pool->nr_regions;
	pool->ledger.percent = LEDGER_PERCENT;
	return 0;

err_memory:
	memory_unmap(&pool->memory);
err_regions:
	free(pool->regions);
	pool->regions = NULL;
	return err;
}

void pool_destroy(struct pool *pool)
{
	if (!pool->regions)
		return;
	pthread_mutex_destroy(&pool->lock);
	memory_unmap(&pool->memory);
	free(pool->regions);
	pool->regions = NULL;
}

int pool_claim(struct pool *pool, uint32_t nr, struct region_list *list)
{
	int err = 0;

	pthread_mutex_lock(&pool->lock);
	if (nr > pool->nr_free) {
		if (nr - pool->nr_free <= pool->nr_dirty || pool->nr_ending)
			err = EAGAIN;
		else
			err = ENOMEM;
	} else {
		pool->nr_free -= nr;
		while (nr--) {
			struct region *region = STAILQ_FIRST(&pool->free);

			STAILQ_REMOVE_HEAD(&pool->free, link);
			region_event(region, REGION_EV_CLAIM);
			STAILQ_INSERT_TAIL(list, region, link);
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return err;
}

void pool_unclaim(struct pool *pool, struct region_list *list)
{
	struct region *region;

	pthread_mutex_lock(&pool->lock);
	while ((region = STAILQ_FIRST(list))) {
		STAILQ_REMOVE_HEAD(list, link);
		region_event(region, REGION_EV_UNCLAIM);
		STAILQ_INSERT_TAIL(&pool->free, region, link);
		pool->nr_free++;
	}
	pthread_mutex_unlock(&pool->lock);
}

void pool_add_dirty(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->nr_dirty++;
	pool->nr_steps++;
	pthread_mutex_unlock(&pool->lock);
}

void pool_add_lost(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->nr_lost++;
	pool->ledger.total--;
	pthread_mutex_unlock(&pool->lock);
}

void pool_put_zeroed(struct pool *pool, struct region *region)
{
	pthread_mutex_lock(&pool->lock);
	pool->nr_dirty--;
	pool->nr_free++;
	pool->nr_steps++;
	STAILQ_INSERT_TAIL(&pool->free, region, link);
	pthread_mutex_unlock(&pool->lock);
}

void pool_session_ending(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->nr_ending++;
	pthread_mutex_unlock(&pool->lock);
}

void pool_session_ended(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->nr_ending--;
	pthread_mutex_unlock(&pool->lock);
}

uint64_t pool_progress(struct pool *pool)
{
	uint64_t steps;

	pthread_mutex_lock(&pool->lock);
	steps = pool->nr_steps;
	pthread_mutex_unlock(&pool->lock);
	return steps;
}

void pool_count(struct pool *pool, struct pool_counts *counts)
{
	pthread_mutex_lock(&pool->lock);
	counts->nr_free = pool->nr_free;
	counts->nr_dirty = pool->nr_dirty;
	counts->nr_lost = pool->nr_lost;
	pthread_mutex_unlock(&pool->lock);
}

uint64_t pool_available(struct pool *pool)
{
	uint64_t chunks;

	pthread_mutex_lock(&pool->lock);
	chunks = pool->nr_free;
	pthread_mutex_unlock(&pool->lock);
	return chunks << pool->chunk_shift;
}

uint64_t pool_coming(struct pool *pool)
{
	uint64_t chunks;

	pthread_mutex_lock(&pool->lock);
	chunks = (uint64_t)pool->nr_free + pool->nr_dirty;
	pthread_mutex_unlock(&pool->lock);
	return chunks;
}

bool pool_is_ending(struct pool *pool)
{
	bool ending;

	pthread_mutex_lock(&pool->lock);
	ending = pool->nr_ending;
	pthread_mutex_unlock(&pool->lock);
	return ending;
}

bool pool_promise(struct pool *pool, struct account *account, struct share *share, uint64_t chunks)
{
	bool done;

	pthread_mutex_lock(&pool->lock);
	done = ledger_promise(&pool->ledger, account, share, chunks);
	pthread_mutex_unlock(&pool->lock);
	return done;
}

bool pool_take(struct pool *pool, struct account *account, struct share *share, uint64_t chunks)
{
	bool done;

	pthread_mutex_lock(&pool->lock);
	done = ledger_take(&pool->ledger, account, share, chunks);
	pthread_mutex_unlock(&pool->lock);
	return done;
}

void pool_give(struct pool *pool, struct account *account, struct share *share, uint64_t chunks)
{
	pthread_mutex_lock(&pool->lock);
	ledger_give(&pool->ledger, account, share, chunks);
	pthread_mutex_unlock(&pool->lock);
}

uint64_t pool_offer(struct pool *pool, const struct account *account)
{
	uint64_t chunks;

	pthread_mutex_lock(&pool->lock);
	chunks = ledger_offer(&pool->ledger, account);
	pthread_mutex_unlock(&pool->lock);
	return chunks;
}

struct share pool_share(struct pool *pool, const struct share *share)
{
	struct share copy;

	pthread_mutex_lock(&pool->lock);
	copy = *share;
	pthread_mutex_unlock(&pool->lock);
	return copy;
}

struct account pool_account(struct pool *pool, const struct account *account)
{
	struct account copy;

	pthread_mutex_lock(&pool->lock);
	copy = *account;
	pthread_mutex_unlock(&pool->lock);
	return copy;
}

struct ledger pool_ledger(struct pool *pool)
{
	struct ledger copy;

	pthread_mutex_lock(&pool->lock);
	copy = pool->ledger;
	pthread_mutex_unlock(&pool->lock);
	return copy;
}

void pool_set_ledger(struct pool *pool, unsigned int percent, uint64_t reserved)
{
	pthread_mutex_lock(&pool->lock);
	pool->ledger.percent = percent;
	pool->ledger.reserved = reserved;
	pthread_mutex_unlock(&pool->lock);
}

void pool_reserve(struct pool *pool, struct account *account, uint64_t chunks)
{
	pthread_mutex_lock(&pool->lock);
	ledger_reserve(&pool->ledger, account, chunks);
	pthread_mutex_unlock(&pool->lock);
}
