// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <rdma/rdma_cma.h>
#include <string.h>

#include "bounds.h"
#include "log.h"
#include "rlimits.h"
#include "util.h"

/* Every client may come back at once with so many times the queue pairs of a session. */
#define BURST_SESSIONS	4
#define DATA_ROLES	(FSW_NR_ROLES - 1)

static const struct bounds_refusal fine = { .reason = FSW_REASON_NONE };

static struct bounds_refusal limit(uint64_t detail, const char *what)
{
	return (struct bounds_refusal) {
		.reason = FSW_REASON_LIMIT,
		.detail = detail,
		.what = what,
	};
}

static uint64_t queue_pairs(uint64_t sets)
{
	return 1 + DATA_ROLES * sets;
}

static bool is_allowed(const struct listener *l, const struct sockaddr *from)
{
	struct netaddr addr;

	if (!l->cfg->allow.nr)
		return true;
	return netaddr_from(&addr, from) && allow_match(&l->cfg->allow, &addr);
}

struct bounds_refusal bounds_request(struct listener *l, const struct sockaddr *from)
{
	const struct config *cfg = l->cfg;
	struct netaddr addr;

	if (!is_allowed(l, from))
		return (struct bounds_refusal) {
			.reason = FSW_REASON_ADDRESS,
			.what = "no --allow has this address",
		};
	if (cfg->connect_rate && netaddr_from(&addr, from) &&
	    !rate_allow(&l->rate, &addr, cfg->connect_rate,
			BURST_SESSIONS * queue_pairs(cfg->max_sets), now_us()))
		return limit(cfg->connect_rate, "--connect-rate");
	return fine;
}

/* Does the session count? One that has ended does not, nor one that is nobody's yet. */
static bool counts(const struct session *session)
{
	return session->phase != SESSION_ENDING && session->tenant;
}

static void add_session(const struct session *session, uint64_t used[QUOTA_NR])
{
	const struct grants *g = &session->grants;

	used[QUOTA_SIZE] += (uint64_t)atomic_load(&g->nr_granted) << g->pool->chunk_shift;
	used[QUOTA_QUEUE_PAIRS] += queue_pairs(session->max_sets);
	used[QUOTA_SESSIONS]++;
}

static void count(const struct listener *l, const struct quota_who *who, uint64_t used[QUOTA_NR])
{
	const struct session *session;

	memset(used, 0, QUOTA_NR * sizeof(*used));
	TAILQ_FOREACH(session, &l->sessions, link)
		if (counts(session) && quota_who_is(&session->tenant->who, who))
			add_session(session, used);
}

void bounds_count(struct listener *l)
{
	struct session *session;
	struct tenant *tenant;

	TAILQ_FOREACH(tenant, &l->tenants, link)
		memset(tenant->used, 0, sizeof(tenant->used));
	TAILQ_FOREACH(session, &l->sessions, link)
		if (counts(session))
			add_session(session, session->tenant->used);
}

static unsigned int count_address(const struct listener *l, const struct netaddr *addr)
{
	const struct netaddr wanted = netaddr_machine(addr);
	const struct session *session;
	unsigned int nr = 0;

	TAILQ_FOREACH(session, &l->sessions, link) {
		const struct netaddr machine = netaddr_machine(&session->address);

		if (session->phase != SESSION_ENDING && session->has_address &&
		    !memcmp(&machine, &wanted, sizeof(wanted)))
			nr++;
	}
	return nr;
}

/* May it have one more session? */
static struct bounds_refusal look_at_quota(const struct listener *l, const struct quota_who *who)
{
	const struct quota quota = quota_find(&l->cfg->quota, who);
	const uint64_t chunk = 1ull << l->pool->chunk_shift;
	uint64_t used[QUOTA_NR];

	count(l, who, used);
	if (used[QUOTA_SESSIONS] >= quota.limit[QUOTA_SESSIONS])
		return limit(quota.limit[QUOTA_SESSIONS], "--quota, sessions of this client");
	/* One set at least. */
	if (quota.limit[QUOTA_QUEUE_PAIRS] < used[QUOTA_QUEUE_PAIRS] ||
	    quota.limit[QUOTA_QUEUE_PAIRS] - used[QUOTA_QUEUE_PAIRS] < queue_pairs(1))
		return limit(quota.limit[QUOTA_QUEUE_PAIRS], "--quota, queue pairs of this client");
	if (quota.limit[QUOTA_SIZE] < chunk)
		return limit(quota.limit[QUOTA_SIZE], "--quota, size of this client");
	return fine;
}

static uint64_t max_chunks(const struct listener *l, const struct quota_who *who)
{
	const struct quota quota = quota_find(&l->cfg->quota, who);

	return quota.limit[QUOTA_SIZE] >> l->pool->chunk_shift;
}

/* Chunks that are kept for a client. */
static uint64_t reserve(const struct listener *l, const struct quota_who *who)
{
	const struct quota quota = quota_find(&l->cfg->quota, who);

	return quota_chunks(quota.limit[QUOTA_RESERVE], l->pool->chunk_shift);
}

void bounds_set_ledger(struct listener *l)
{
	unsigned int shift = l->pool->chunk_shift;
	struct tenant *tenant;

	/* At no moment have those who are here more than there is for all. */
	TAILQ_FOREACH(tenant, &l->tenants, link)
		if (reserve(l, &tenant->who) < pool_account(l->pool, &tenant->account).reserved)
			pool_reserve(l->pool, &tenant->account, reserve(l, &tenant->who));
	pool_set_ledger(l->pool, l->cfg->overcommit, quota_reserved(&l->cfg->quota, shift));
	TAILQ_FOREACH(tenant, &l->tenants, link)
		pool_reserve(l->pool, &tenant->account, reserve(l, &tenant->who));
}

/* Let it count, and have no more than its client has left; look_at_quota() was content. */
static bool assign(struct listener *l, struct session *session, const struct quota_who *who)
{
	const struct quota quota = quota_find(&l->cfg->quota, who);
	uint64_t chunks = max_chunks(l, who), used[QUOTA_NR], sets;

	count(l, who, used);
	session->tenant = tenant_get(&l->tenants, who, chunks);
	if (!session->tenant)
		return false;
	session->grants.tenant = session->tenant;
	pool_reserve(l->pool, &session->tenant->account, reserve(l, who));
	if (session->grants.max_chunks > chunks)
		session->grants.max_chunks = chunks;
	sets = (quota.limit[QUOTA_QUEUE_PAIRS] - used[QUOTA_QUEUE_PAIRS] - 1) / DATA_ROLES;
	if (session->max_sets > sets)
		session->max_sets = sets;
	return true;
}

struct bounds_refusal bounds_session(struct listener *l, const struct fsw_hello *hello,
				     const struct sockaddr *from)
{
	const struct quota_who who = quota_by_id(hello->client_id);
	struct netaddr addr;

	if (l->cfg->max_per_address && netaddr_from(&addr, from) &&
	    count_address(l, &addr) >= l->cfg->max_per_address)
		return limit(l->cfg->max_per_address, "--max-per-address");
	/* Where there are keys nobody is anybody before the proof. */
	return l->keys ? fine : look_at_quota(l, &who);
}

int bounds_begin(struct listener *l, struct session *session)
{
	const struct quota_who who = quota_by_id(session->client_id);

	return session->demands_proof || assign(l, session, &who) ? 0 : ENOMEM;
}

struct bounds_refusal bounds_proven(struct listener *l, struct session *session,
				    const char identity[FSW_IDENTITY_MAX])
{
	const struct quota_who who = quota_by_identity(identity);
	struct bounds_refusal refusal;

	/* It is back: what it has is counted. */
	if (session->tenant)
		return fine;
	refusal = look_at_quota(l, &who);
	if (!refusal.reason && !assign(l, session, &who))
		refusal = (struct bounds_refusal) {
			.reason = FSW_REASON_RESOURCES,
			.what = "out of memory",
		};
	return refusal;
}

uint64_t bounds_available(const struct listener *l, const struct session *session)
{
	uint64_t chunks, left;

	/* Whose it is is not known yet. */
	if (!session->tenant)
		return (uint64_t)pool_coming(l->pool) << l->pool->chunk_shift;
	chunks = pool_offer(l->pool, &session->tenant->account);
	/* What is on its way back from an earlier session will be there when it is asked for. */
	if (atomic_load(&session->tenant->nr_ending)) {
		left = atomic_load(&session->tenant->max_chunks);
	} else if (session->grants.elastic) {
		const uint64_t max = atomic_load(&session->tenant->max_chunks);

		left = pool_account(l->pool, &session->tenant->account).committed;
		left = left < max ? max - left : 0;
	} else {
		left = tenant_left(session->tenant);
	}
	if (left < chunks)
		chunks = left;
	/* One that asks for all at once has nothing of a promise. */
	left = pool_coming(l->pool);
	if (!session->grants.elastic && left < chunks)
		chunks = left;
	return chunks << l->pool->chunk_shift;
}

void bounds_reloaded(struct listener *l)
{
	struct session *session;
	struct tenant *tenant;
	unsigned int nr = 0;

	rlimits_check_files(l->cfg->max_sessions, l->nr_workers);
	bounds_set_ledger(l);
	TAILQ_FOREACH(tenant, &l->tenants, link)
		atomic_store(&tenant->max_chunks, max_chunks(l, &tenant->who));
	TAILQ_FOREACH(session, &l->sessions, link)
		if (session->control && session->phase != SESSION_ENDING &&
		    !is_allowed(l, rdma_get_peer_addr(session->control->id)))
			nr++;
	if (nr)
		log_warn("%u clients are attached from addresses that are not allowed any more; "
			 "they may stay, but not come back",
			 nr);
}
