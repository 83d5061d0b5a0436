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

/* What the sessions of a client that have not ended add up to. */
static void count(const struct listener *l, const uint8_t client_id[16], uint64_t *sessions,
		  uint64_t *pairs)
{
	const struct session *session;

	*sessions = *pairs = 0;
	TAILQ_FOREACH(session, &l->sessions, link) {
		if (session->phase == SESSION_ENDING ||
		    memcmp(session->client_id, client_id, sizeof(session->client_id)))
			continue;
		++*sessions;
		*pairs += queue_pairs(session->max_sets);
	}
}

static unsigned int count_address(const struct listener *l, const struct netaddr *addr)
{
	const struct session *session;
	unsigned int nr = 0;

	TAILQ_FOREACH(session, &l->sessions, link)
		if (session->phase != SESSION_ENDING && session->has_address &&
		    !memcmp(&session->address, addr, sizeof(*addr)))
			nr++;
	return nr;
}

struct bounds_refusal bounds_session(struct listener *l, const struct fsw_hello *hello,
				     const struct sockaddr *from)
{
	const struct quota quota = quota_find(&l->cfg->quota, hello->client_id);
	const uint64_t chunk = 1ull << l->pool->chunk_shift;
	uint64_t sessions, pairs;
	struct netaddr addr;

	if (l->cfg->max_per_address && netaddr_from(&addr, from) &&
	    count_address(l, &addr) >= l->cfg->max_per_address)
		return limit(l->cfg->max_per_address, "--max-per-address");
	count(l, hello->client_id, &sessions, &pairs);
	if (sessions >= quota.limit[QUOTA_SESSIONS])
		return limit(quota.limit[QUOTA_SESSIONS], "--quota, sessions of this client");
	/* One set at least. */
	if (quota.limit[QUOTA_QUEUE_PAIRS] < pairs ||
	    quota.limit[QUOTA_QUEUE_PAIRS] - pairs < queue_pairs(1))
		return limit(quota.limit[QUOTA_QUEUE_PAIRS], "--quota, queue pairs of this client");
	if (quota.limit[QUOTA_SIZE] < chunk)
		return limit(quota.limit[QUOTA_SIZE], "--quota, size of this client");
	return fine;
}

static uint64_t max_chunks(const struct listener *l, const uint8_t client_id[16])
{
	const struct quota quota = quota_find(&l->cfg->quota, client_id);

	return quota.limit[QUOTA_SIZE] >> l->pool->chunk_shift;
}

int bounds_begin(struct listener *l, struct session *session)
{
	const struct quota quota = quota_find(&l->cfg->quota, session->client_id);
	uint64_t chunks = max_chunks(l, session->client_id), sessions, pairs, sets;

	session->tenant = tenant_get(&l->tenants, session->client_id, chunks);
	if (!session->tenant)
		return ENOMEM;
	session->grants.tenant = session->tenant;
	if (session->grants.max_chunks > chunks)
		session->grants.max_chunks = chunks;
	count(l, session->client_id, &sessions, &pairs);
	sets = (quota.limit[QUOTA_QUEUE_PAIRS] - pairs - 1) / DATA_ROLES;
	if (session->max_sets > sets)
		session->max_sets = sets;
	return 0;
}

uint64_t bounds_available(const struct listener *l, const struct session *session)
{
	uint64_t bytes = pool_promised(l->pool), left;

	/* What is on its way back from an earlier session will be there when it is asked for. */
	if (atomic_load(&session->tenant->nr_ending))
		left = atomic_load(&session->tenant->max_chunks);
	else
		left = tenant_left(session->tenant);
	if (left < bytes >> l->pool->chunk_shift)
		bytes = left << l->pool->chunk_shift;
	return bytes;
}

void bounds_reloaded(struct listener *l)
{
	struct session *session;
	struct tenant *tenant;
	unsigned int nr = 0;

	rlimits_check_files(l->cfg->max_sessions, l->nr_workers);
	TAILQ_FOREACH(tenant, &l->tenants, link)
		atomic_store(&tenant->max_chunks, max_chunks(l, tenant->id));
	TAILQ_FOREACH(session, &l->sessions, link)
		if (session->control && session->phase != SESSION_ENDING &&
		    !is_allowed(l, rdma_get_peer_addr(session->control->id)))
			nr++;
	if (nr)
		log_warn("%u clients are attached from addresses that are not allowed any more; "
			 "they may stay, but not come back",
			 nr);
}
