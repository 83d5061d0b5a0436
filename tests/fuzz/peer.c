// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "fake_rdma.h"
#include "input.h"
#include "played.h"
#include "region.h"

/* The stand-in has room for more. */
#define MAX_EVENTS	24

static unsigned int nr_events;

/* Events that nobody takes would fill the stand-in. */
static void make_room(void)
{
	if (++nr_events < MAX_EVENTS)
		return;
	played_main();
	nr_events = 0;
}

struct peer *peer_request(const void *hello, size_t len, unsigned int device)
{
	struct peer *peer;

	if (played.nr_peers == MAX_PEERS)
		return NULL;
	make_room();
	peer = &played.peers[played.nr_peers++];
	memset(peer, 0, sizeof(*peer));
	peer->id = fake_id(device);
	peer->control = len >= sizeof(struct fsw_hello) &&
			((const struct fsw_hello *)hello)->role == FSW_ROLE_CONTROL;
	fake_cm_event(RDMA_CM_EVENT_CONNECT_REQUEST, peer->id, len ? hello : NULL, len);
	return peer;
}

bool peer_there(const struct peer *peer)
{
	return !fake_id_state(peer->id).destroyed;
}

void peer_event(struct peer *peer, enum rdma_cm_event_type type)
{
	make_room();
	if (!peer_there(peer))
		return;
	if (type == RDMA_CM_EVENT_ESTABLISHED && fake_id_state(peer->id).accepted)
		peer->confirmed = true;
	else if (type != RDMA_CM_EVENT_ESTABLISHED)
		peer->broken = true;
	fake_cm_event(type, peer->id, NULL, 0);
}

size_t peer_make_message(struct input *in, union peer_message *m, bool wide, bool patched)
{
	size_t len = sizeof(m->msg);
	uint8_t type = take8(in), seq = take8(in), patch;

	memset(m, 0, sizeof(*m));
	switch (type % 16) {
	case FSW_MSG_REQUEST:
	case FSW_MSG_RELEASE:
	case FSW_MSG_RELEASED:
	case FSW_MSG_FORGET:
		len += sizeof(m->range);
		m->range.first = fsw_htole32(wide ? take32(in) : take8(in) % 16);
		m->range.count = fsw_htole32(wide ? take32(in) : take8(in) % 16);
		break;
	case FSW_MSG_GRANT:
	case FSW_MSG_DENY:
		len += sizeof(struct fsw_grant);
		break;
	case FSW_MSG_GOODBYE:
		len += sizeof(struct fsw_goodbye);
		m->range.first = fsw_htole32(take8(in) % 16);
		break;
	case FSW_MSG_AUTH:
		len += sizeof(m->auth);
		m->auth.identity[0] = 'a' + take8(in) % 4;
		m->auth.nonce[0] = seq;
		m->auth.proof[0] = take8(in);
		break;
	case FSW_MSG_AUTH_OK:
		len += sizeof(m->auth_ok);
		m->auth_ok.limits.max_chunks = fsw_htole32(1);
		m->auth_ok.limits.max_sets = fsw_htole16(1);
		break;
	case FSW_MSG_PROMISE:
	case FSW_MSG_PROMISED:
	case FSW_MSG_RECALL:
		len += sizeof(struct fsw_promise);
		m->range.first = fsw_htole32(wide ? take32(in) : take8(in) % 16);
		break;
	}
	fsw_msg_init(&m->msg, type % 16, seq, len - sizeof(m->msg));
	if (patched) {
		patch = take8(in);
		m->bytes[patch % 32] = take8(in);
		patch = take8(in);
		if (patch & 0x80)
			len = patch & 0x7f;
	}
	return len;
}

static void expect_answer(struct peer *peer, const struct fsw_msg *msg)
{
	const struct fsw_range *range = (const struct fsw_range *)(msg + 1);
	uint16_t type = fsw_letoh16(msg->type);

	switch (type) {
	case FSW_MSG_PING:
		peer->pings[peer->nr_pings++] = fsw_letoh32(msg->seq);
		break;
	case FSW_MSG_REQUEST:
	case FSW_MSG_RELEASE:
	case FSW_MSG_FORGET:
	case FSW_MSG_PROMISE:
		peer->jobs[peer->nr_jobs++] = (struct told) {
			.type = type,
			.seq = fsw_letoh32(msg->seq),
			.first = fsw_letoh32(range->first),
			.count = fsw_letoh32(range->count),
		};
		break;
	case FSW_MSG_GOODBYE:
		/* From here on nothing is promised. */
		peer->broken = true;
		break;
	default:
		break;
	}
}

void peer_message(struct peer *peer, const void *bytes, size_t len)
{
	if (!peer_there(peer) || peer->broken || peer->nr_jobs == MAX_TOLD ||
	    peer->nr_pings == MAX_TOLD || !fake_message(peer->id, bytes, len))
		return;
	if (fsw_msg_check(bytes, len))
		/* It may not even live to see the goodbye. */
		peer->broken = true;
	else
		expect_answer(peer, bytes);
}

/* The oldest question, of one of two types. */
static struct told *job(struct peer *peer, const struct fsw_msg *msg, enum fsw_msg_type type,
			enum fsw_msg_type other)
{
	struct told *told = &peer->jobs[peer->done_jobs];

	assert(peer->done_jobs < peer->nr_jobs);
	assert(told->type == type || told->type == other);
	assert(told->seq == fsw_letoh32(msg->seq));
	return told;
}

/* It is this client's and reads as zeros; then the client writes to it. */
static void granted(const struct fsw_grant *grant)
{
	struct piece *piece = STAILQ_FIRST(&played.pool.pieces);
	uintptr_t at = fsw_letoh64(grant->addr) - (uintptr_t)piece->memory.base;
	struct region *region;

	assert(at < piece->memory.size);
	region = &piece->regions[at >> played.pool.chunk_shift];
	assert((uintptr_t)region->addr == fsw_letoh64(grant->addr));
	if (region->state != REGION_GRANTED)
		return;
	assert(region->mr->rkey == fsw_letoh32(grant->rkey));
	assert(fsw_is_zero(region->addr, 64));
	assert(!memcmp(region->addr, region->addr + 64, region->size - 64));
	memset(region->addr, 0x5a, region->size);
}

static void take_grants(struct peer *peer, const struct fsw_msg *msg, size_t len)
{
	const struct fsw_grant *grant = (const struct fsw_grant *)(msg + 1);
	struct told *told = job(peer, msg, FSW_MSG_REQUEST, FSW_MSG_REQUEST);
	size_t i, nr = (len - sizeof(*msg)) / sizeof(*grant);

	for (i = 0; i < nr; i++) {
		assert(told->next < told->count);
		assert(fsw_letoh32(grant[i].chunk) == told->first + told->next++);
		granted(&grant[i]);
	}
	if (told->next == told->count)
		peer->done_jobs++;
}

static void take_deny(struct peer *peer, const struct fsw_msg *msg)
{
	const struct fsw_deny *deny = (const struct fsw_deny *)(msg + 1);
	struct told *told = job(peer, msg, FSW_MSG_REQUEST, FSW_MSG_PROMISE);
	uint16_t reason = fsw_letoh16(deny->reason);

	/* Of a promise: 0. */
	if (told->type == FSW_MSG_PROMISE)
		assert(!deny->first);
	else
		assert(fsw_letoh32(deny->first) == told->first + told->next);
	assert(reason == FSW_REASON_NO_MEMORY || reason == FSW_REASON_RESOURCES);
	assert(reason == FSW_REASON_RESOURCES || !told->next);
	peer->done_jobs++;
}

static void take_released(struct peer *peer, const struct fsw_msg *msg)
{
	const struct fsw_range *range = (const struct fsw_range *)(msg + 1);
	struct told *told = job(peer, msg, FSW_MSG_RELEASE, FSW_MSG_FORGET);

	assert(fsw_letoh32(range->first) == told->first);
	assert(fsw_letoh32(range->count) == told->count);
	peer->done_jobs++;
}

static void take_promised(struct peer *peer, const struct fsw_msg *msg)
{
	const struct fsw_promise *promise = (const struct fsw_promise *)(msg + 1);
	struct told *told = job(peer, msg, FSW_MSG_PROMISE, FSW_MSG_PROMISE);

	/* As it is in a range. */
	assert(fsw_letoh32(promise->chunks) == told->first);
	peer->done_jobs++;
}

static void take_one(struct peer *peer, const struct fsw_msg *msg, size_t len)
{
	const struct fsw_goodbye *bye = (const struct fsw_goodbye *)(msg + 1);

	assert(!peer->bye);
	assert(fsw_msg_check(msg, len) == FSW_REASON_NONE);
	switch (fsw_letoh16(msg->type)) {
	case FSW_MSG_PING:
		break;
	case FSW_MSG_PONG:
		assert(peer->done_pings < peer->nr_pings);
		assert(peer->pings[peer->done_pings++] == fsw_letoh32(msg->seq));
		break;
	case FSW_MSG_GRANT:
		take_grants(peer, msg, len);
		break;
	case FSW_MSG_DENY:
		take_deny(peer, msg);
		break;
	case FSW_MSG_RELEASED:
		take_released(peer, msg);
		break;
	case FSW_MSG_PROMISED:
		take_promised(peer, msg);
		break;
	case FSW_MSG_AUTH_OK:
		assert(peer->proves);
		peer->proves = false;
		break;
	case FSW_MSG_GOODBYE:
		assert(bye->reason && fsw_letoh16(bye->reason) < FSW_NR_REASONS);
		peer->bye = true;
		break;
	default:
		assert(!"not for a server to send");
	}
}

void peer_take_answers(struct peer *peer)
{
	struct fake_id_state state = fake_id_state(peer->id);
	static union {
		struct fsw_msg msg;
		unsigned char bytes[FSW_MSG_MAX];
	} m;
	size_t len;

	assert(!state.accepted || !state.refused);
	if (state.refused) {
		assert(fsw_refusal_check(&state.refusal, sizeof(state.refusal)));
		assert(state.refusal.reason &&
		       fsw_letoh16(state.refusal.reason) < FSW_NR_REASONS);
		assert(fsw_letoh16(state.refusal.reason) != FSW_REASON_ADDRESS || played.closed);
	}
	while (fake_sent(peer->id, &m.msg, &len)) {
		assert(peer->control && state.accepted);
		take_one(peer, &m.msg, len);
	}
}

bool peer_waits(const struct peer *peer)
{
	struct fake_id_state state = fake_id_state(peer->id);

	return peer->confirmed && !peer->broken && !peer->bye && !state.destroyed &&
	       !state.disconnects &&
	       (peer->done_jobs < peer->nr_jobs || peer->done_pings < peer->nr_pings);
}

/* Memory that was freed is watched for a while; a long while makes the cache useless. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:malloc_context_size=4";
}
