// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <infiniband/verbs.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "grant.h"
#include "log.h"
#include "stats.h"

/*
 * How long a request waits for chunks that are being cleared when nothing moves. While they
 * do come back it goes on waiting, as clearing a large pool takes as long as it takes.
 */
#define WAIT_FOR_POOL_MS	5000
/* Collected grants are not held back longer than this while further ones are made. */
#define COLLECT_MS		100

int grants_init(struct grants *g, struct pool *pool, struct ibv_pd *pd, uint32_t max_chunks)
{
	memset(g, 0, sizeof(*g));
	g->pool = pool;
	g->pd = pd;
	g->max_chunks = max_chunks;
	STAILQ_INIT(&g->claimed);
	g->chunk = calloc(max_chunks, sizeof(*g->chunk));
	return g->chunk ? 0 : ENOMEM;
}

void grants_destroy(struct grants *g)
{
	free(g->chunk);
	g->chunk = NULL;
}

static bool is_elastic(enum fsw_msg_type type)
{
	return type == FSW_MSG_PROMISE || type == FSW_MSG_FORGET;
}

bool grants_add_job(struct grants *g, const struct fsw_msg *msg)
{
	const struct fsw_promise *promise = (const struct fsw_promise *)(msg + 1);
	const struct fsw_range *range = (const struct fsw_range *)(msg + 1);
	enum fsw_msg_type type = fsw_letoh16(msg->type);
	struct grant_job *job;

	if (g->nr_jobs == FSW_CTRL_WINDOW || (is_elastic(type) && !g->elastic))
		return false;
	job = &g->jobs[(g->first_job + g->nr_jobs++) % FSW_CTRL_WINDOW];
	*job = (struct grant_job) {
		.type = type,
		.seq = fsw_letoh32(msg->seq),
	};
	if (type == FSW_MSG_PROMISE) {
		job->count = fsw_letoh32(promise->chunks);
	} else {
		job->first = fsw_letoh32(range->first);
		job->count = fsw_letoh32(range->count);
	}
	return true;
}

static enum grants_result job_done(struct grants *g)
{
	g->first_job = (g->first_job + 1) % FSW_CTRL_WINDOW;
	g->nr_jobs--;
	return GRANTS_BUSY;
}

static struct account *account(const struct grants *g)
{
	return g->tenant ? &g->tenant->account : NULL;
}

/* Take note of chunks that the session does not hold any more. */
static void give(struct grants *g, uint32_t nr)
{
	pool_give(g->pool, account(g), &g->share, nr);
	tenant_give(g->tenant, nr);
}

/* fsw_msg_check() has seen to it that the sum does not overflow. */
static bool is_within(const struct grants *g, const struct grant_job *job)
{
	return job->first + job->count <= g->max_chunks;
}

/* Is every chunk of the job granted (or, with @granted false, is none)? */
static bool all_are(const struct grants *g, const struct grant_job *job, bool granted)
{
	uint32_t i;

	if (!is_within(g, job))
		return false;
	for (i = job->first; i < job->first + job->count; i++)
		if (!g->chunk[i] == granted)
			return false;
	return true;
}

static enum grants_result send_collected(struct grants *g, struct ctrl *ctrl,
					 const struct grant_job *job)
{
	struct fsw_msg *msg = g->message;

	g->message = NULL;
	if (ctrl_send(ctrl, msg, FSW_MSG_GRANT, job->seq,
		      g->nr_collected * sizeof(struct fsw_grant)))
		return GRANTS_BROKEN;
	g->nr_collected = 0;
	return GRANTS_BUSY;
}

static enum grants_result send_deny(struct grants *g, struct ctrl *ctrl,
				    const struct grant_job *job)
{
	struct fsw_msg *msg;
	struct fsw_deny *deny;

	/* An empty collection is a slot that is ours already. */
	msg = g->message ? g->message : ctrl_slot(ctrl);
	if (!msg)
		return GRANTS_BLOCKED;
	g->message = NULL;
	stats_add(STAT_DENIALS, 1);
	deny = (struct fsw_deny *)(msg + 1);
	deny->first = fsw_htole32(job->first + job->done);
	deny->reason = fsw_htole16(job->deny);
	deny->detail = fsw_htole64(job->deny_detail);
	if (ctrl_send(ctrl, msg, FSW_MSG_DENY, job->seq, sizeof(*deny)))
		return GRANTS_BROKEN;
	return job_done(g);
}

static void set_wants(struct grants *g, bool wants)
{
	if (g->wants != wants)
		pool_want(g->pool, wants);
	g->wants = wants;
}

/* What was claimed was never written to, so it goes back as it is. */
static void unclaim(struct grants *g)
{
	set_wants(g, false);
	if (!g->taken)
		return;
	pool_unclaim(g->pool, &g->claimed);
	give(g, g->taken);
	g->taken = 0;
	g->nr_claimed = 0;
}

/* Is too much of what the session has released still being cleared? */
static bool is_behind(const struct grants *g, const struct backlog *dirty)
{
	return g->returned[g->next_returned] > dirty->nr_cleared;
}

/* A job that may have to wait: since when does it, without anything moving meanwhile? */
static void note_progress(struct grants *g, struct grant_job *job, uint64_t now)
{
	uint64_t progress = pool_progress(g->pool);

	if (job->since_ms && progress == job->progress)
		return;
	job->since_ms = now;
	job->progress = progress;
}

static void deny(struct grant_job *job, enum fsw_reason reason, uint64_t detail)
{
	job->deny = reason;
	job->deny_detail = detail;
}

/*
 * May the session hold what it asks for? Not what others are promised, nor more than its client
 * may. Then it holds it from now on, and the chunks need only be found.
 *
 * Return: true if it does; false if it has to wait, or is denied.
 */
static bool take_all(struct grants *g, struct grant_job *job, bool in_time)
{
	unsigned int shift = g->pool->chunk_shift;

	if (!tenant_take(g->tenant, job->count)) {
		if (!atomic_load(&g->tenant->nr_ending) || !in_time)
			deny(job, FSW_REASON_LIMIT, atomic_load(&g->tenant->max_chunks) << shift);
		return false;
	}
	if (!pool_take(g->pool, account(g), &g->share, job->count)) {
		tenant_give(g->tenant, job->count);
		if (!pool_is_ending(g->pool) || !in_time)
			deny(job, FSW_REASON_NO_MEMORY, pool_offer(g->pool, account(g)) << shift);
		return false;
	}
	g->taken = job->count;
	return true;
}

/*
 * What is free is kept while the rest is on its way: it might be somebody else's again by then.
 * Nobody waits for anybody else for ever because of that, as all together hold no more than
 * there is.
 */
static enum grants_result claim_all(struct grants *g, struct grant_job *job,
				    const struct backlog *dirty, uint64_t now)
{
	bool in_time;
	int err;

	if (!all_are(g, job, false))
		return GRANTS_MALFORMED;
	/* Who waits himself has his share already. */
	if (!g->taken && is_behind(g, dirty) && pool_is_wanted(g->pool))
		return GRANTS_WAITING;
	note_progress(g, job, now);
	in_time = now - job->since_ms < WAIT_FOR_POOL_MS;
	if (!g->taken && !take_all(g, job, in_time)) {
		if (!job->deny)
			return GRANTS_WAITING;
		job->started = true;
		return GRANTS_BUSY;
	}
	if (fault(FAULT_GRANT))
		err = ENOMEM;
	else
		err = pool_claim(g->pool, job->count - g->nr_claimed, &g->claimed,
				 &g->nr_claimed);
	set_wants(g, err == EAGAIN && in_time);
	if (g->wants)
		return GRANTS_WAITING;
	if (err) {
		unclaim(g);
		deny(job, FSW_REASON_NO_MEMORY, pool_available(g->pool));
	}
	job->started = true;
	return GRANTS_BUSY;
}

static enum grants_result step_request(struct grants *g, struct ctrl *ctrl, struct grant_job *job,
				       const struct backlog *dirty, uint64_t now)
{
	struct region *region;
	struct fsw_grant *grant;
	int err;

	if (!job->started)
		return claim_all(g, job, dirty, now);
	if (job->deny) {
		if (g->nr_collected)
			return send_collected(g, ctrl, job);
		return send_deny(g, ctrl, job);
	}
	if (!g->message) {
		g->message = ctrl_slot(ctrl);
		if (!g->message)
			return GRANTS_BLOCKED;
		g->nr_collected = 0;
		g->collected_ms = now;
	}

	region = STAILQ_FIRST(&g->claimed);
	err = region_register(region, g->pd);
	if (err) {
		stats_add(STAT_REG_ERRORS, 1);
		log_err("cannot register a chunk: %s%s", strerror(err),
			err == ENOMEM ? " (RLIMIT_MEMLOCK, or the device is out of regions)" : "");
		unclaim(g);
		job->deny = FSW_REASON_RESOURCES;
		return GRANTS_BUSY;
	}
	STAILQ_REMOVE_HEAD(&g->claimed, link);
	g->nr_claimed--;
	g->taken--;
	g->chunk[job->first + job->done] = region;
	g->nr_granted++;
	stats_add(STAT_GRANTED, 1);

	grant = (struct fsw_grant *)(g->message + 1) + g->nr_collected++;
	grant->addr = fsw_htole64((uintptr_t)region->addr);
	grant->rkey = fsw_htole32(region->mr->rkey);
	grant->chunk = fsw_htole32(job->first + job->done);
	job->done++;

	if (job->done == job->count) {
		enum grants_result result = send_collected(g, ctrl, job);

		job_done(g);
		return result;
	}
	if (g->nr_collected == FSW_GRANTS_PER_MSG || now - g->collected_ms >= COLLECT_MS)
		return send_collected(g, ctrl, job);
	return GRANTS_BUSY;
}

static void take_back(struct grants *g, uint32_t index, struct backlog *dirty)
{
	struct region *region = g->chunk[index];
	int err;

	g->chunk[index] = NULL;
	g->nr_granted--;
	err = region_deregister(region);
	stats_add(STAT_RETURNED, 1);
	/* Before it is given back, or others would be told that there is none, nor one coming. */
	if (err) {
		log_err("chunk %u is lost, it cannot be deregistered: %s", region->index,
			strerror(err));
		pool_add_lost(g->pool);
	} else {
		pool_add_dirty(g->pool);
		backlog_add(dirty, region);
		g->returned[g->next_returned] = dirty->nr_added;
		g->next_returned = (g->next_returned + 1) % GRANT_UNCLEARED;
	}
	give(g, 1);
}

static enum grants_result step_release(struct grants *g, struct ctrl *ctrl, struct grant_job *job,
				       struct backlog *dirty)
{
	struct fsw_range *range;
	struct fsw_msg *msg;

	if (!job->started) {
		if (job->type == FSW_MSG_FORGET ? !is_within(g, job) : !all_are(g, job, true))
			return GRANTS_MALFORMED;
		job->started = true;
		return GRANTS_BUSY;
	}
	/* A client that came back forgets chunks that it may never have been granted. */
	while (job->done < job->count && !g->chunk[job->first + job->done])
		job->done++;
	if (job->done < job->count) {
		take_back(g, job->first + job->done, dirty);
		job->done++;
		return GRANTS_BUSY;
	}

	msg = ctrl_slot(ctrl);
	if (!msg)
		return GRANTS_BLOCKED;
	range = (struct fsw_range *)(msg + 1);
	range->first = fsw_htole32(job->first);
	range->count = fsw_htole32(job->count);
	if (ctrl_send(ctrl, msg, FSW_MSG_RELEASED, job->seq, sizeof(*range)))
		return GRANTS_BROKEN;
	return job_done(g);
}

/* The quota, of all sessions of the client together. */
static uint64_t quota(const struct grants *g)
{
	return g->tenant ? atomic_load(&g->tenant->max_chunks) : UINT64_MAX;
}

static enum grants_result step_promise(struct grants *g, struct ctrl *ctrl, struct grant_job *job,
				       uint64_t now)
{
	const unsigned int shift = g->pool->chunk_shift;
	struct fsw_promise *promise;
	struct fsw_msg *msg;
	bool may_wait;

	if (job->count > g->max_chunks)
		return GRANTS_MALFORMED;
	if (!job->started) {
		note_progress(g, job, now);
		may_wait = pool_is_ending(g->pool) && now - job->since_ms < WAIT_FOR_POOL_MS;
		switch (pool_promise(g->pool, account(g), &g->share, job->count, quota(g))) {
		case POOL_PROMISED:
			break;
		case POOL_NOT_TO_IT:
			if (may_wait && atomic_load(&g->tenant->nr_ending))
				return GRANTS_WAITING;
			deny(job, FSW_REASON_LIMIT, quota(g) << shift);
			break;
		case POOL_NOT_LEFT:
			if (may_wait)
				return GRANTS_WAITING;
			deny(job, FSW_REASON_NO_MEMORY,
			     pool_offer(g->pool, account(g)) << shift);
			break;
		}
		job->started = true;
		return GRANTS_BUSY;
	}
	if (job->deny)
		return send_deny(g, ctrl, job);

	msg = ctrl_slot(ctrl);
	if (!msg)
		return GRANTS_BLOCKED;
	promise = (struct fsw_promise *)(msg + 1);
	promise->chunks = fsw_htole32(job->count);
	promise->reserved = 0;
	if (ctrl_send(ctrl, msg, FSW_MSG_PROMISED, job->seq, sizeof(*promise)))
		return GRANTS_BROKEN;
	return job_done(g);
}

enum grants_result grants_step(struct grants *g, struct ctrl *ctrl, struct backlog *dirty,
			       uint64_t now)
{
	struct grant_job *job = &g->jobs[g->first_job];

	if (!g->nr_jobs)
		return GRANTS_IDLE;
	if (job->type == FSW_MSG_REQUEST)
		return step_request(g, ctrl, job, dirty, now);
	if (job->type == FSW_MSG_PROMISE)
		return step_promise(g, ctrl, job, now);
	return step_release(g, ctrl, job, dirty);
}

void grants_stop(struct grants *g, struct ctrl *ctrl)
{
	g->nr_jobs = 0;
	g->nr_collected = 0;
	if (g->message)
		ctrl_unslot(ctrl, g->message);
	g->message = NULL;
}

void grants_forget(struct grants *g)
{
	unclaim(g);
	g->nr_jobs = 0;
	g->nr_collected = 0;
	g->message = NULL;
}

bool grants_reclaim(struct grants *g, struct backlog *dirty)
{
	grants_forget(g);
	while (g->nr_granted && !g->chunk[g->reclaim_at])
		g->reclaim_at++;
	if (g->nr_granted)
		take_back(g, g->reclaim_at, dirty);
	if (g->nr_granted)
		return false;
	pool_promise(g->pool, account(g), &g->share, 0, 0);
	return true;
}

void grants_ending(struct grants *g)
{
	pool_session_ending(g->pool);
	if (g->tenant)
		atomic_fetch_add(&g->tenant->nr_ending, 1);
}

void grants_ended(struct grants *g)
{
	if (g->tenant)
		atomic_fetch_sub(&g->tenant->nr_ending, 1);
	pool_session_ended(g->pool);
}
