// SPDX-License-Identifier: GPL-2.0-only
/*
 * The messages of one client, as the worker of its session handles them: right, wrong, too many, at
 * any time. A small part of what fuzz_server.c does, and so fast that it gets much further.
 */
#include <assert.h>

#include "fake_rdma.h"
#include "input.h"
#include "loop.h"
#include "played.h"
#include "serve.h"
#include "util.h"
#include "vobj.h"

#define NR_CHUNKS	8
#define CHUNK_SHIFT	12
#define MAX_STEPS	48
/* More turns than all jobs and pings that may wait have steps. */
#define MAX_TURNS	512

struct played played;

static const struct config config = {
	.size = NR_CHUNKS << CHUNK_SHIFT,
	.chunk_shift = CHUNK_SHIFT,
	.max_sessions = 1,
	.max_sets = 1,
	.keepalive_ms = 1000,
	.lease_ms = 5000,
};
static struct conn_list conns;
static struct backlog dirty;
static struct session *session;
static struct conn *conn;
static struct peer *peer;
static bool closed;
/* Its client has to say who it is; the proof is with the main thread, which the input plays. */
static bool demanding, checking;

/* Nobody else is there to take events. */
void played_main(void)
{
}

static void begin(void)
{
	const struct fsw_welcome welcome = { 0 };
	struct fsw_hello hello = {
		.version = fsw_htole16(FSW_VERSION),
		.nr_sets = fsw_htole16(1),
	};
	char why[128];
	int err;

	if (!played.pool.unit) {
		fake_reset();
		TAILQ_INIT(&conns);
		STAILQ_INIT(&dirty.regions);
		err = pool_init(&played.pool, &config, why, sizeof(why));
		assert(!err);
	}
	peer = &played.peers[0];
	memset(peer, 0, sizeof(*peer));
	peer->id = fake_id(0);
	peer->control = peer->confirmed = true;
	conn = conn_create(peer->id, &conns);
	assert(conn);
	session = session_create(&config, &played.pool, NULL, conn, &hello);
	assert(session);
	err = conn_accept(conn, &welcome, 1);
	assert(!err);
	session->demands_proof = demanding;
	checking = false;
	serve_start(session, now_ms());
	fake_auto_complete(true);
	closed = false;
}

static void check(void)
{
	bool owned[NR_CHUNKS] = { false };
	uint32_t i, granted = 0, others = 0;
	struct region *region;

	peer_take_answers(peer);
	for (i = 0; i < NR_CHUNKS; i++) {
		region = session->grants.chunk[i];
		if (!region)
			continue;
		assert(!owned[region->index] && region->state == REGION_GRANTED && region->mr);
		owned[region->index] = true;
		granted++;
	}
	assert(granted == session->grants.nr_granted);
	assert(!demanding || session->auth != AUTH_OPEN);
	assert(auth_sm_counts(session->auth) || (!granted && !session->grants.nr_jobs));
	STAILQ_FOREACH(region, &session->grants.claimed, link) {
		assert(!owned[region->index] && region->state == REGION_CLAIMED);
		others++;
	}
	assert(others == session->grants.nr_claimed && others <= session->grants.taken);
	assert(session->grants.share.held == granted + session->grants.taken);
	assert(played.pool.ledger.held == session->grants.share.held);
	assert(played.pool.ledger.committed <= NR_CHUNKS);
	STAILQ_FOREACH(region, &dirty.regions, link)
		others++;
	assert(granted + others + played.pool.nr_free == NR_CHUNKS && !played.pool.nr_lost);
	assert(session->grants.nr_jobs <= FSW_CTRL_WINDOW);
	assert(session->nr_pongs <= FSW_CTRL_WINDOW);
}

static void clear_one(void)
{
	struct region *region = STAILQ_FIRST(&dirty.regions);

	if (!region || !region_zero(region, 1 << (CHUNK_SHIFT - 1)))
		return;
	pool_put_zeroed(&played.pool, backlog_take(&dirty));
}

static enum serve_result turn(void)
{
	enum serve_result result = serve_turn(session, &dirty, now_ms());

	closed = result == SERVE_CLOSE;
	if (session->auth_asked) {
		assert(demanding && !checking);
		session->auth_asked = false;
		checking = true;
	}
	check();
	return result;
}

static void verdict(bool good)
{
	if (!checking)
		return;
	checking = false;
	session->verdict = good ? FSW_REASON_NONE : FSW_REASON_AUTH;
	session->auth_ok.limits.max_chunks = fsw_htole32(1);
	session->auth_ok.limits.max_sets = fsw_htole16(1);
	peer->proves = good;
	serve_checked(session, now_ms());
}

static void turns(unsigned int max)
{
	while (max-- && !closed) {
		switch (turn()) {
		case SERVE_WAITING:
			clear_one();
			break;
		case SERVE_IDLE:
			return;
		default:
			break;
		}
	}
}

static void message(struct input *in, bool wide, bool patched)
{
	union peer_message m;
	size_t len = peer_make_message(in, &m, wide, patched);

	peer_message(peer, &m, len);
}

static void step(struct input *in)
{
	static const unsigned int ms[] = { 1, 99, 251, 501, 1001, 3001, 5001 };
	uint8_t what = take8(in);

	switch (what % 16) {
	case 5:
		if (demanding)
			verdict(take8(in) & 1);
		else
			message(in, false, false);
		break;
	case 6:
		message(in, true, false);
		break;
	case 7:
		message(in, false, true);
		break;
	case 8:
		turns(1 + take8(in) % 8);
		break;
	case 9:
		fake_complete_sends(peer->id);
		break;
	case 10:
		fake_auto_complete(take8(in) & 1);
		break;
	case 11:
		loop_advance_us(ms[take8(in) % ARRAY_SIZE(ms)] * 1000);
		break;
	case 12:
		closed = serve_tick(session, now_ms()) == SERVE_CLOSE;
		assert(closed || serve_due(session) + SERVE_GRACE_MS >= now_ms());
		break;
	case 13:
		clear_one();
		break;
	case 14:
		peer->broken = true;
		if (take8(in) & 1)
			fake_break(peer->id);
		else
			fake_fail(1 + take8(in) % 32);
		break;
	case 15:
		serve_part(session, 1 + take8(in) % (FSW_NR_REASONS - 1), now_ms());
		break;
	default:
		message(in, false, false);
		break;
	}
	if (!(what & 0x80))
		turns(what & 0x40 ? MAX_TURNS : 1);
}

/* Who kept to the protocol has been answered when there is nothing left to do. */
static void settle(void)
{
	fake_fail(0);
	fake_auto_complete(true);
	fake_complete_sends(peer->id);
	turns(MAX_TURNS);
	verdict(true);
	turns(MAX_TURNS);
	assert(closed || session->parting || !peer_waits(peer));
}

static void end(bool keep)
{
	unsigned int i = 0;

	pool_session_ending(&played.pool);
	/* A session that is kept ends another day, when its lease does. */
	if (keep && serve_keep(session)) {
		assert(session->grants.nr_granted && !fake_id_state(peer->id).has_qp);
		pool_session_ending(&played.pool);
	}
	while (!serve_end(session, &dirty))
		assert(i++ < NR_CHUNKS);
	peer_take_answers(peer);
	while (!STAILQ_EMPTY(&dirty.regions))
		clear_one();
	session_free(session);
	conn_free(conn, &conns);
	assert(played.pool.nr_free == NR_CHUNKS);
	assert(!played.pool.nr_dirty && !played.pool.nr_ending);
	assert(!played.pool.ledger.held && !played.pool.ledger.committed);
	for (i = 0; i < NR_CHUNKS; i++)
		assert(STAILQ_FIRST(&played.pool.pieces)->regions[i].state == REGION_FREE);
	assert(!fake_objects() && !vobj_report());
	fake_forget_ids();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	uint8_t how = take8(&in);
	bool keep = how & 1;
	unsigned int steps;

	demanding = how >= 0xe0;
	begin();
	for (steps = 0; in.at < in.end && steps < MAX_STEPS && !closed; steps++)
		step(&in);
	settle();
	end(keep);
	return 0;
}
