// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"
#include "util.h"

/* So much goes back to the system at a time. */
#define RELEASE_BYTES	GIB

/* The ledger is about what may be held. Whoever changes one of these calls it. */
static void set_total(struct pool *pool)
{
	pool->ledger.total = resize_usable(pool->nr_regions, pool->target, pool->nr_lost);
}

static void put_free(struct pool *pool, struct region *region)
{
	TAILQ_INSERT_TAIL(&pool->free, region, free_link);
	region->listed = true;
	pool->nr_free++;
}

static void take_free(struct pool *pool, struct region *region)
{
	TAILQ_REMOVE(&pool->free, region, free_link);
	region->listed = false;
	pool->nr_free--;
}

static struct piece *make_piece(unsigned int chunk_shift, uint32_t chunks,
				const struct config *cfg, const struct memory_more *more,
				char *why, size_t why_size, int *err)
{
	struct piece *piece = calloc(1, sizeof(*piece));
	uint32_t i;

	if (piece)
		piece->regions = calloc(chunks, sizeof(*piece->regions));
	if (!piece || !piece->regions) {
		snprintf(why, why_size, "out of memory");
		*err = ENOMEM;
		goto err_drop;
	}
	*err = memory_map(&piece->memory, cfg, more, why, why_size);
	if (*err)
		goto err_drop;
	piece->nr_regions = piece->end = piece->nr_left = chunks;
	for (i = 0; i < chunks; i++) {
		struct region *region = &piece->regions[i];

		region->state = REGION_FREE;
		region->piece = piece;
		region->size = (size_t)1 << chunk_shift;
		region->addr = (unsigned char *)piece->memory.base + i * region->size;
	}
	return piece;

err_drop:
	pool_drop(piece);
	return NULL;
}

void pool_drop(struct piece *piece)
{
	if (!piece)
		return;
	memory_unmap(&piece->memory);
	free(piece->regions);
	free(piece);
}

int pool_init(struct pool *pool, const struct config *cfg, char *why, size_t why_size)
{
	const uint32_t chunks = cfg->size >> cfg->chunk_shift;
	struct piece *piece;
	int err;

	memset(pool, 0, sizeof(*pool));
	pool->chunk_shift = cfg->chunk_shift;
	pool->how = *cfg;
	TAILQ_INIT(&pool->free);
	STAILQ_INIT(&pool->pieces);
	atomic_init(&pool->closing, false);

	piece = make_piece(cfg->chunk_shift, chunks, cfg, NULL, why, why_size, &err);
	if (!piece)
		return err;
	err = pthread_mutex_init(&pool->lock, NULL);
	if (err) {
		snprintf(why, why_size, "cannot make a lock: %s", strerror(err));
		pool_drop(piece);
		return err;
	}
	pool->page_size = piece->memory.page_size;
	pool->unit = resize_unit(pool->page_size, pool->chunk_shift);
	pool->target = chunks;
	pool->ledger.percent = LEDGER_PERCENT;
	pool_add(pool, piece);
	return 0;
}

void pool_destroy(struct pool *pool)
{
	struct piece *piece;

	/* Zeroed, or destroyed already: one that was made has a size. */
	if (!pool->unit)
		return;
	while ((piece = STAILQ_FIRST(&pool->pieces))) {
		STAILQ_REMOVE_HEAD(&pool->pieces, link);
		pool_drop(piece);
	}
	pthread_mutex_destroy(&pool->lock);
	pool->unit = 0;
}

int pool_prepare(struct pool *pool, uint32_t chunks, const atomic_bool *cancel,
		 struct piece **piece, char *why, size_t why_size)
{
	struct memory_more more = { .page_size = pool->page_size, .cancel = cancel };
	struct config cfg = pool->how;
	struct pool_counts counts;
	int err;

	pool_count(pool, &counts);
	more.locked = (uint64_t)counts.nr << pool->chunk_shift;
	cfg.size = (uint64_t)chunks << pool->chunk_shift;
	*piece = make_piece(pool->chunk_shift, chunks, &cfg, &more, why, why_size, &err);
	return err;
}

void pool_add(struct pool *pool, struct piece *piece)
{
	uint32_t i;

	pthread_mutex_lock(&pool->lock);
	STAILQ_INSERT_TAIL(&pool->pieces, piece, link);
	for (i = 0; i < piece->nr_regions; i++) {
		piece->regions[i].index = pool->next_index++;
		put_free(pool, &piece->regions[i]);
	}
	pool->nr_regions += piece->nr_regions;
	set_total(pool);
	pthread_mutex_unlock(&pool->lock);
}

uint32_t pool_target(struct pool *pool)
{
	uint32_t chunks;

	pthread_mutex_lock(&pool->lock);
	chunks = pool->target;
	pthread_mutex_unlock(&pool->lock);
	return chunks;
}

void pool_set_target(struct pool *pool, uint32_t chunks)
{
	pthread_mutex_lock(&pool->lock);
	pool->target = chunks;
	set_total(pool);
	pthread_mutex_unlock(&pool->lock);
}

/* The most that may go now, and at a time. What is reserved stays, also for who is not here. */
static uint32_t most_to_retire(const struct pool *pool)
{
	const uint64_t kept = ledger_kept(&pool->ledger);
	const uint32_t spare = pool->nr_free > kept ? pool->nr_free - kept : 0;
	const uint32_t excess = pool->nr_regions - pool->target;
	uint32_t most = RELEASE_BYTES >> pool->chunk_shift;

	if (most < pool->unit)
		most = pool->unit;
	if (most > excess)
		most = excess;
	return most < spare ? most : spare;
}

bool pool_retire(struct pool *pool, struct pool_retired *retired)
{
	struct piece *piece, *found = NULL;
	uint32_t i;

	pthread_mutex_lock(&pool->lock);
	if (pool->nr_regions > pool->target) {
		/* What came last goes first, so that whole pieces go. */
		STAILQ_FOREACH(piece, &pool->pieces, link) {
			struct resize_run run;

			if (!resize_choose(piece->regions, piece->end, pool->unit,
					   most_to_retire(pool), &run))
				continue;
			found = piece;
			retired->run = run;
		}
	}
	if (found) {
		retired->piece = found;
		for (i = 0; i < retired->run.count; i++) {
			struct region *region = &found->regions[retired->run.first + i];

			take_free(pool, region);
			region_event(region, REGION_EV_RETIRE);
		}
		pool->nr_regions -= retired->run.count;
		set_total(pool);
	}
	pthread_mutex_unlock(&pool->lock);
	return found;
}

/* The end of a piece may be a part of a page that no chunk is in. */
static int release_run(struct pool *pool, struct piece *piece, const struct resize_run *run)
{
	const uint32_t end = run->first + run->count;
	const size_t from = (size_t)run->first << pool->chunk_shift;
	const size_t to = end == piece->nr_regions ? piece->memory.size :
						     (size_t)end << pool->chunk_shift;

	return memory_release(&piece->memory, from, to - from);
}

int pool_release(struct pool *pool, const struct pool_retired *retired)
{
	const struct resize_run *run = &retired->run;
	struct piece *piece = retired->piece;
	int err = release_run(pool, piece, run);
	bool gone = false;
	uint32_t i;

	pthread_mutex_lock(&pool->lock);
	if (err) {
		for (i = 0; i < run->count; i++) {
			region_event(&piece->regions[run->first + i], REGION_EV_RESTORE);
			put_free(pool, &piece->regions[run->first + i]);
		}
		pool->nr_regions += run->count;
		set_total(pool);
	} else {
		if (run->first + run->count == piece->end)
			piece->end = run->first;
		piece->nr_left -= run->count;
		gone = !piece->nr_left;
		if (gone)
			STAILQ_REMOVE(&pool->pieces, piece, piece, link);
	}
	pthread_mutex_unlock(&pool->lock);
	if (gone)
		pool_drop(piece);
	return err;
}

int pool_claim(struct pool *pool, uint32_t nr, struct region_list *list, uint32_t *nr_claimed)
{
	int err = 0;

	pthread_mutex_lock(&pool->lock);
	if (nr > pool->nr_free && (nr - pool->nr_free <= pool->nr_dirty || pool->nr_ending))
		err = EAGAIN;
	else if (nr > pool->nr_free)
		err = ENOMEM;
	while (err != ENOMEM && nr && pool->nr_free) {
		struct region *region = TAILQ_FIRST(&pool->free);

		take_free(pool, region);
		region_event(region, REGION_EV_CLAIM);
		STAILQ_INSERT_TAIL(list, region, link);
		(*nr_claimed)++;
		nr--;
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
		put_free(pool, region);
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
	set_total(pool);
	pthread_mutex_unlock(&pool->lock);
}

void pool_put_zeroed(struct pool *pool, struct region *region)
{
	pthread_mutex_lock(&pool->lock);
	pool->nr_dirty--;
	pool->nr_steps++;
	put_free(pool, region);
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

void pool_want(struct pool *pool, bool wants)
{
	pthread_mutex_lock(&pool->lock);
	if (wants)
		pool->nr_wanting++;
	else
		pool->nr_wanting--;
	pthread_mutex_unlock(&pool->lock);
}

bool pool_is_wanted(struct pool *pool)
{
	bool wanted;

	pthread_mutex_lock(&pool->lock);
	wanted = pool->nr_wanting;
	pthread_mutex_unlock(&pool->lock);
	return wanted;
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
	counts->nr = pool->nr_regions;
	counts->target = pool->target;
	counts->nr_free = pool->nr_free;
	counts->nr_dirty = pool->nr_dirty;
	counts->nr_lost = pool->nr_lost;
	pthread_mutex_unlock(&pool->lock);
}

/* What is reserved is left out on both sides: to give it back makes room for nobody. */
uint32_t pool_recall(struct pool *pool, const struct account *account, uint32_t held)
{
	uint32_t lent, chunks;
	uint64_t own, reserved;

	pthread_mutex_lock(&pool->lock);
	own = account ? account->reserved : 0;
	reserved = pool->ledger.reserved;
	lent = pool->nr_regions - pool->nr_free - pool->nr_dirty - pool->nr_lost;
	lent -= pool->ledger.filled < lent ? pool->ledger.filled : lent;
	chunks = resize_recall(lent,
			       pool->ledger.total > reserved ? pool->ledger.total - reserved : 0,
			       held > own ? held - own : 0);
	pthread_mutex_unlock(&pool->lock);
	return chunks;
}

uint64_t pool_available(struct pool *pool)
{
	uint64_t chunks;

	pthread_mutex_lock(&pool->lock);
	chunks = resize_coming(pool->nr_regions, pool->target, pool->nr_free, 0);
	pthread_mutex_unlock(&pool->lock);
	return chunks << pool->chunk_shift;
}

uint64_t pool_coming(struct pool *pool)
{
	uint64_t chunks;

	pthread_mutex_lock(&pool->lock);
	chunks = resize_coming(pool->nr_regions, pool->target, pool->nr_free, pool->nr_dirty);
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

enum pool_answer pool_promise(struct pool *pool, struct account *account, struct share *share,
			      uint64_t chunks, uint64_t limit)
{
	enum pool_answer answer = POOL_PROMISED;

	pthread_mutex_lock(&pool->lock);
	if (account && !ledger_is_within(account, share, chunks, limit))
		answer = POOL_NOT_TO_IT;
	else if (!ledger_promise(&pool->ledger, account, share, chunks))
		answer = POOL_NOT_LEFT;
	pthread_mutex_unlock(&pool->lock);
	return answer;
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
