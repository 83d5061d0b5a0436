// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "fake_rdma.h"
#include "loop.h"
#include "played.h"
#include "vobj.h"
#include "worker.h"

#define NR_CHUNKS	8
/* So small that filling and clearing it costs nothing; the wire does not allow it. */
#define CHUNK_SHIFT	12
#define TURN_US		100
/* Longer than a request may wait for the pool, in steps shorter than a keep-alive interval. */
#define ANSWER_ROUNDS	300
#define ANSWER_STEP_US	25000
/* Longer than silence, lease and every deadline together. */
#define FAST_ROUNDS	10
#define END_ROUNDS	100
#define END_STEP_US	500000

struct played played;
static bool running;

static void start(void)
{
	char why[256];
	int err;

	fake_reset();
	memset(&played, 0, sizeof(played));
	played.cfg = (struct config) {
		.port = 50000,
		.size = NR_CHUNKS << CHUNK_SHIFT,
		.asked_size = NR_CHUNKS << CHUNK_SHIFT,
		.chunk_shift = CHUNK_SHIFT,
		.threads = 2,
		.max_sessions = 3,
		.max_sets = 2,
		.keepalive_ms = 1000,
		.lease_ms = 5000,
		.overcommit = LEDGER_PERCENT,
	};
	err = pool_init(&played.pool, &played.cfg, why, sizeof(why));
	assert(!err);
	err = listener_open(&played.l, &played.cfg, why, sizeof(why));
	assert(!err);
	loop_keep_threads();
	err = listener_start(&played.l, &played.pool, why, sizeof(why));
	assert(!err);
	loop_release_threads();
	played.objects = fake_objects();
	running = true;
}

static void stop(void)
{
	listener_close(&played.l);
	pool_destroy(&played.pool);
	assert(!fake_objects());
	assert(!vobj_report());
	running = false;
}

void played_begin(void)
{
	if (!running)
		start();
	played.nr_peers = 0;
	played.closed = false;
	fake_auto_complete(true);
}

void played_admit(bool everybody)
{
	int err;
	char why[128];

	played.cfg.allow.nr = 0;
	if (!everybody) {
		/* The peers are in 10.0.0.0/8. */
		err = allow_add(&played.cfg.allow, "192.0.2.0/24", why, sizeof(why));
		assert(!err);
		played.closed = true;
	}
	bounds_reloaded(&played.l);
}

/* ---- what must be true at any time ---- */

static void check_session(struct session *session, bool *owned, unsigned int *nr)
{
	struct grants *g = &session->grants;
	struct region *region;
	uint32_t i, granted = 0;

	for (i = 0; i < g->max_chunks; i++) {
		region = g->chunk[i];
		if (!region)
			continue;
		assert(!owned[region->index]);
		owned[region->index] = true;
		assert(region->state == REGION_GRANTED);
		assert(region->mr && region->mr->pd == session->pd);
		granted++;
	}
	assert(granted == g->nr_granted);
	STAILQ_FOREACH(region, &g->claimed, link) {
		assert(!owned[region->index]);
		owned[region->index] = true;
		assert(region->state == REGION_CLAIMED && !region->mr);
		granted++;
	}
	assert(g->nr_jobs <= FSW_CTRL_WINDOW && session->nr_pongs <= FSW_CTRL_WINDOW);
	*nr += granted;
}

static void check_all(void)
{
	struct listener *l = &played.l;
	bool owned[NR_CHUNKS] = { false };
	unsigned int nr = 0, sessions = 0, alive = 0, served = 0, freed = 0, dirty = 0, i;
	struct session *session;
	struct region *region;

	TAILQ_FOREACH(session, &l->sessions, link) {
		check_session(session, owned, &nr);
		/* What has an id is found by it: the one that is not being taken apart. */
		if (session->phase != SESSION_ENDING)
			assert(session_find(&l->sessions, session->id) == session);
		sessions++;
		alive += session->phase != SESSION_ENDING;
		assert(session->phase != SESSION_KEPT || !session->control);
		assert(session->control || session->phase == SESSION_KEPT ||
		       session->phase == SESSION_ENDING);
	}
	assert(sessions == l->nr_sessions && alive == l->nr_alive);
	assert(sessions < l->cfg->max_sessions + CONFIG_MAX_ENDING(l->cfg->max_sessions));
	TAILQ_FOREACH(region, &played.pool.free, free_link) {
		assert(!owned[region->index] && region->state == REGION_FREE && !region->mr);
		owned[region->index] = true;
		freed++;
	}
	for (i = 0; i < l->nr_workers; i++) {
		served += l->workers[i].nr_sessions;
		STAILQ_FOREACH(region, &l->workers[i].dirty.regions, link) {
			assert(!owned[region->index] && !region->mr);
			owned[region->index] = true;
			dirty++;
		}
	}
	assert(served == sessions);
	assert(freed == played.pool.nr_free && dirty == played.pool.nr_dirty);
	assert(nr + freed + dirty == NR_CHUNKS && !played.pool.nr_lost);
	assert(played.pool.nr_ending <= sessions);
}

static void look(void)
{
	unsigned int i;

	for (i = 0; i < played.nr_peers; i++)
		peer_take_answers(&played.peers[i]);
	check_all();
	loop_advance_us(TURN_US);
}

/* ---- turns ---- */

void played_main(void)
{
	event_base_loop(played.l.base, EVLOOP_NONBLOCK);
	look();
}

void played_worker(unsigned int nr)
{
	loop_turn(nr % played.l.nr_workers);
	look();
}

void played_all(unsigned int turns)
{
	unsigned int i;

	while (turns--) {
		played_main();
		for (i = 0; i < played.l.nr_workers; i++)
			played_worker(i);
	}
}

/* ---- the end ---- */

/* Who keeps to the protocol and stays is answered. */
static void answer_all(void)
{
	unsigned int round, i;
	struct fsw_msg pong;
	bool waiting = true;

	fsw_msg_init(&pong, FSW_MSG_PONG, 0, 0);
	for (round = 0; waiting; round++) {
		assert(round < ANSWER_ROUNDS);
		waiting = false;
		played_all(1);
		for (i = 0; i < played.nr_peers; i++) {
			struct peer *peer = &played.peers[i];

			if (!peer_waits(peer))
				continue;
			waiting = true;
			/* Alive; it need not arrive, as not every round has a receive for it. */
			if (round % 8 == 0)
				peer_message(peer, &pong, sizeof(pong));
		}
		if (waiting && round > 40)
			loop_advance_us(ANSWER_STEP_US);
	}
}

static void check_empty(void)
{
	static const unsigned char zeros[1 << CHUNK_SHIFT];
	uint32_t i;

	assert(TAILQ_EMPTY(&played.l.conns) && !played.pool.nr_ending);
	assert(fake_objects() == played.objects);
	assert(vobj_count(VOBJ_ID) == 1 && !vobj_count(VOBJ_PD) && !vobj_count(VOBJ_CHANNEL));
	assert(!vobj_count(VOBJ_CQ) && !vobj_count(VOBJ_QP) && !vobj_count(VOBJ_MR));
	if (played.l.stopping)
		return;
	assert(played.pool.nr_free == NR_CHUNKS);
	for (i = 0; i < NR_CHUNKS; i++)
		assert(!memcmp(STAILQ_FIRST(&played.pool.pieces)->regions[i].addr, zeros,
			       sizeof(zeros)));
}

static bool is_over(void)
{
	return !played.l.nr_sessions && TAILQ_EMPTY(&played.l.conns) &&
	       (played.l.stopping || played.pool.nr_free == NR_CHUNKS);
}

void played_end(bool silent)
{
	unsigned int round, i;

	fake_fail(0);
	for (i = 0; i < FAKE_NR_CALLS; i++)
		fake_fail_call(i, 0);
	fake_auto_complete(true);
	for (i = 0; i < played.nr_peers; i++)
		fake_complete_sends(played.peers[i].id);
	answer_all();

	for (i = 0; i < played.nr_peers && !silent; i++)
		if (peer_there(&played.peers[i]))
			peer_event(&played.peers[i], RDMA_CM_EVENT_DISCONNECTED);
	/* At first as fast as it can be, then by the clock. */
	for (round = 0; !is_over(); round++) {
		assert(round < END_ROUNDS);
		if (round >= FAST_ROUNDS)
			loop_advance_us(END_STEP_US);
		played_all(1);
	}
	check_empty();
	played.nr_peers = 0;
	if (played.closed)
		played_admit(true);
	if (played.l.stopping) {
		stop();
		return;
	}
	/* Timers that wait for nothing any more run off, so that all inputs begin alike. */
	loop_advance_us(60000000);
	played_all(1);
	fake_forget_ids();
}
