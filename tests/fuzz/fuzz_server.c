// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients that do whatever the input says, in the order and at the times that it says, to the whole
 * server but for its device: see played.h for what is checked.
 */
#include <errno.h>
#include <stdlib.h>

#include <fastswap/proto.h>

#include "fake_rdma.h"
#include "input.h"
#include "loop.h"
#include "played.h"

/* In the number of a step: what runs after it. */
#define THEN_NOTHING	0x80
#define THEN_MUCH	0x40
#define MAX_STEPS	64

static struct peer *take_peer(struct input *in)
{
	uint8_t nr = take8(in);

	return played.nr_peers ? &played.peers[nr % played.nr_peers] : NULL;
}

static void request(struct input *in)
{
	uint8_t a = take8(in), b = take8(in), patch, len = sizeof(struct fsw_hello);
	struct fsw_hello hello;

	memset(&hello, 0, sizeof(hello));
	hello.magic = fsw_htole32(FSW_MAGIC);
	hello.version = fsw_htole16(FSW_VERSION);
	hello.version_min = fsw_htole16(FSW_VERSION_MIN);
	hello.role = a & 3;
	hello.set = fsw_htole16(hello.role ? a >> 4 & 3 : 0);
	hello.nr_sets = fsw_htole16(1 + (b & 3));
	memset(hello.session_id, 1 + (a >> 2 & 3), sizeof(hello.session_id));
	if (a >> 6 == 1)
		hello.generation = fsw_htole64(played.l.generation);
	else if (a >> 6 == 2)
		hello.generation = fsw_htole64(played.l.generation + 1);
	if (b & 0x80) {
		patch = take8(in);
		((uint8_t *)&hello)[patch % sizeof(hello)] = take8(in);
	}
	if (b & 0x40)
		len = take8(in) % (sizeof(hello) + 1);
	peer_request(&hello, len, (b & 0x0c) == 0x0c);
}

static void message(struct input *in, bool wide, bool patched)
{
	struct peer *peer = take_peer(in);
	union peer_message m;
	size_t len = peer_make_message(in, &m, wide, patched);

	if (peer)
		peer_message(peer, &m, len);
}

static void advance(struct input *in)
{
	static const unsigned int ms[] = { 1, 10, 30, 100, 251, 501, 1001, 2001, 3001, 3251, 5001,
					   10001 };

	loop_advance_us(ms[take8(in) % (sizeof(ms) / sizeof(ms[0]))] * 1000);
}

static void break_connection(struct peer *peer)
{
	if (peer->broken || !peer_there(peer) || !fake_id_state(peer->id).has_qp)
		return;
	peer->broken = true;
	fake_break(peer->id);
}

static void fail_call(struct input *in)
{
	static const enum fake_call calls[] = { FAKE_REJECT, FAKE_DISCONNECT };
	uint8_t which = take8(in);
	unsigned int i;

	if (which % 4 < 2) {
		fake_fail_call(calls[which % 4], which & 0x80 ? EINVAL : 0);
		return;
	}
	/* Whose poll fails is not known, so that nobody can count on an answer. */
	for (i = 0; i < played.nr_peers; i++)
		played.peers[i].broken = true;
	fake_fail_poll();
}

static void fail_later(struct input *in)
{
	unsigned int i;

	for (i = 0; i < played.nr_peers; i++)
		played.peers[i].broken = true;
	fake_fail(take8(in) % 64);
}

static void rare(uint8_t what)
{
	if (what == 0xff)
		listener_stop(&played.l, EXIT_RUN_OK);
	else if (what >= 0xfd)
		played_admit(what == 0xfd);
}

static void step(struct input *in)
{
	uint8_t what = take8(in);
	struct peer *peer;

	switch (what % 16) {
	case 0:
		request(in);
		break;
	case 1:
		peer = take_peer(in);
		if (peer)
			peer_event(peer, RDMA_CM_EVENT_CONNECT_RESPONSE + take8(in) % 13);
		break;
	case 2:
		peer = take_peer(in);
		if (peer && fake_id_state(peer->id).accepted)
			peer_event(peer, RDMA_CM_EVENT_ESTABLISHED);
		break;
	case 3:
		peer = take_peer(in);
		if (peer)
			peer_event(peer, RDMA_CM_EVENT_DISCONNECTED);
		break;
	case 4:
	case 5:
		message(in, false, false);
		break;
	case 6:
		message(in, true, false);
		break;
	case 7:
		message(in, false, true);
		break;
	case 8:
		peer = take_peer(in);
		if (peer)
			break_connection(peer);
		break;
	case 9:
		peer = take_peer(in);
		if (peer)
			fake_complete_sends(peer->id);
		break;
	case 10:
		fake_auto_complete(take8(in) & 1);
		break;
	case 11:
		advance(in);
		break;
	case 12:
		played_main();
		break;
	case 13:
		played_worker(take8(in));
		break;
	case 14:
		if (take8(in) & 1)
			fail_later(in);
		else
			fail_call(in);
		break;
	case 15:
		rare(take8(in));
		break;
	}
	if (!(what & THEN_NOTHING))
		played_all(what & THEN_MUCH ? 6 : 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	bool silent = take8(&in) % 8 == 7;
	unsigned int steps;

	played_begin();
	for (steps = 0; in.at < in.end && steps < MAX_STEPS; steps++)
		step(&in);
	played_end(silent);
	return 0;
}
