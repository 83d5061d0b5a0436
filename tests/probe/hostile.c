// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that does everything it can in every state that the server can be in with it. What it
 * gets for that is its own affair; the server must go on serving others, be done with it in bounded
 * time, and have all of its memory back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "hostile.h"

/* Others are answered, and the session's id may be used anew, within this. */
#define BOUND_MS	10000

struct attempt {
	struct client c;
	struct link second;		/* whatever it connects besides */
	uint64_t generation;
};

/* ---- moves: none of them must work, none must harm ---- */

static bool has_queue_pair(const struct link *link)
{
	return link->id && link->id->qp;
}

/* Takes what is there, so that the queues of this side do not fill up. */
static void take_all(struct link *link)
{
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	size_t len;
	int i;

	for (i = 0; i < 64; i++)
		if (link_receive(link, (struct fsw_msg *)bytes, &len, 0, false))
			break;
}

static void send_message(struct attempt *a, enum fsw_msg_type type, uint32_t first, uint32_t count)
{
	const struct fsw_range range = {
		.first = fsw_htole32(first),
		.count = fsw_htole32(count),
	};
	const struct fsw_goodbye bye = { .reason = fsw_htole16(first) };
	static const struct fsw_auth auth = { .identity = "somebody" };

	if (!has_queue_pair(&a->c.control))
		return;
	if (type == FSW_MSG_PING || type == FSW_MSG_PONG)
		link_send(&a->c.control, type, first, NULL, 0);
	else if (type == FSW_MSG_GOODBYE)
		link_send(&a->c.control, type, 0, &bye, sizeof(bye));
	else if (type == FSW_MSG_AUTH)
		link_send(&a->c.control, type, 0, &auth, sizeof(auth));
	else
		link_send(&a->c.control, type, ++a->c.seq, &range, sizeof(range));
}

static void flood(struct attempt *a, enum fsw_msg_type type)
{
	unsigned int i;

	for (i = 0; i < 3 * FSW_CTRL_DEPTH && has_queue_pair(&a->c.control); i++) {
		send_message(a, type, i % 4, 1);
		if (i % 8 == 7)
			take_all(&a->c.control);
	}
}

static void say_hello(struct attempt *a, enum fsw_role role, uint64_t generation)
{
	struct fsw_hello hello;

	if (role != FSW_ROLE_CONTROL && !a->c.control.pd)
		return;
	link_close(&a->second);
	link_init_hello(&hello, role, 0, 1, a->c.id);
	hello.generation = fsw_htole64(generation);
	client_hello(&a->second, a->c.target, &hello, sizeof(hello),
		     role == FSW_ROLE_CONTROL ? NULL : &a->c.control);
}

static void release_twice(struct attempt *a)
{
	send_message(a, FSW_MSG_RELEASE, 0, 1);
	send_message(a, FSW_MSG_RELEASE, 0, 1);
}

static void goodbye_and_more(struct attempt *a)
{
	send_message(a, FSW_MSG_GOODBYE, 99, 0);
	send_message(a, FSW_MSG_REQUEST, 0, 4);
	send_message(a, FSW_MSG_GOODBYE, 0, 0);
}

static void noise(struct attempt *a)
{
	unsigned char bytes[64];

	memset(bytes, 0xa5, sizeof(bytes));
	if (has_queue_pair(&a->c.control))
		link_send_raw(&a->c.control, bytes, sizeof(bytes));
}

static void flood_pings(struct attempt *a)
{
	flood(a, FSW_MSG_PING);
}

static void flood_requests(struct attempt *a)
{
	flood(a, FSW_MSG_REQUEST);
}

static void same_hello(struct attempt *a)
{
	say_hello(a, FSW_ROLE_CONTROL, 0);
}

static void resume(struct attempt *a)
{
	say_hello(a, FSW_ROLE_CONTROL, a->generation);
}

static void resume_other(struct attempt *a)
{
	say_hello(a, FSW_ROLE_CONTROL, a->generation ^ 1);
}

static void data_hello(struct attempt *a)
{
	say_hello(a, FSW_ROLE_DEMAND, a->generation);
}

/* The server posts no receive on a data connection. */
static void send_on_data(struct attempt *a)
{
	unsigned char bytes[16] = { 0 };

	say_hello(a, FSW_ROLE_WRITEBACK, 0);
	if (a->second.connected)
		link_send_raw(&a->second, bytes, sizeof(bytes));
}

static void wrong_key(struct attempt *a)
{
	say_hello(a, FSW_ROLE_PREFETCH, 0);
	if (a->second.connected)
		link_rdma(&a->second, IBV_WR_RDMA_WRITE, 4096, 0x12345678, 4096);
}

static void leave(struct attempt *a)
{
	if (has_queue_pair(&a->c.control))
		rdma_disconnect(a->c.control.id);
}

static void reject(struct attempt *a)
{
	if (has_queue_pair(&a->c.control))
		rdma_reject(a->c.control.id, NULL, 0);
}

static void vanish(struct attempt *a)
{
	link_drop(&a->second);
	link_drop(&a->c.control);
}

/* A function, or else a message. */
static const struct move {
	const char *name;
	void (*go)(struct attempt *a);
	enum fsw_msg_type type;
	uint32_t first, count;
} moves[] = {
	{ "ping", .type = FSW_MSG_PING, .first = 1 },
	{ "pong", .type = FSW_MSG_PONG, .first = 77 },
	{ "request", .type = FSW_MSG_REQUEST, .count = 2 },
	{ "request of others", .type = FSW_MSG_REQUEST, .first = 2, .count = 1 },
	{ "request of too much", .type = FSW_MSG_REQUEST, .first = 1, .count = FSW_MAX_CHUNKS - 1 },
	{ "release", .type = FSW_MSG_RELEASE, .count = 1 },
	{ "release twice", .go = release_twice },
	{ "promise", .type = FSW_MSG_PROMISE, .first = 1 },
	{ "promise of too much", .type = FSW_MSG_PROMISE, .first = FSW_MAX_CHUNKS },
	{ "forget", .type = FSW_MSG_FORGET, .count = 4 },
	{ "forget what nobody has", .type = FSW_MSG_FORGET, .first = 3, .count = 1 },
	{ "grant", .type = FSW_MSG_GRANT, .count = 1 },
	{ "promised", .type = FSW_MSG_PROMISED, .first = 1 },
	{ "released", .type = FSW_MSG_RELEASED, .count = 1 },
	{ "proof", .type = FSW_MSG_AUTH },
	{ "goodbye", .type = FSW_MSG_GOODBYE, .first = FSW_REASON_DETACH },
	{ "goodbye for silence", .type = FSW_MSG_GOODBYE, .first = FSW_REASON_TIMEOUT },
	{ "goodbye and more", .go = goodbye_and_more },
	{ "noise", .go = noise },
	{ "pings without end", .go = flood_pings },
	{ "requests without end", .go = flood_requests },
	{ "the same hello", .go = same_hello },
	{ "hello of one who is back", .go = resume },
	{ "hello with another generation", .go = resume_other },
	{ "data hello", .go = data_hello },
	{ "send on a data connection", .go = send_on_data },
	{ "wrong key", .go = wrong_key },
	{ "disconnect", .go = leave },
	{ "reject", .go = reject },
	{ "vanish", .go = vanish },
};

static void make_move(struct attempt *a, const struct move *move)
{
	if (move->go)
		move->go(a);
	else
		send_message(a, move->type, move->first, move->count);
}

/* ---- states ---- */

/* The accept has come and is not confirmed. */
static int enter_accepted(struct attempt *a, const struct target *target)
{
	struct fsw_hello hello;
	int err;

	a->c.target = target;
	link_init_hello(&hello, FSW_ROLE_CONTROL, 0, 1, a->c.id);
	err = link_half_open(&a->c.control, (const struct sockaddr *)&target->to,
			     target->has_from ? (const struct sockaddr *)&target->from : NULL,
			     &hello, sizeof(hello));
	CHECK(!err, "cannot connect: %s", strerror(err));
	return 0;
}

static int enter_live(struct attempt *a, const struct target *target)
{
	return client_connect(&a->c, target);
}

/* A request is on its way, and its answer is not read. */
static int enter_waiting(struct attempt *a, const struct target *target)
{
	if (client_connect(&a->c, target))
		return 1;
	send_message(a, FSW_MSG_REQUEST, 0, 2);
	return 0;
}

static int enter_holding(struct attempt *a, const struct target *target)
{
	enum fsw_reason deny;

	if (client_connect(&a->c, target) || client_request(&a->c, 0, 2, &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	return 0;
}

/* The server has said goodbye and waits for the answer to its disconnect request. */
static int enter_closing(struct attempt *a, const struct target *target)
{
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	size_t len;

	if (enter_holding(a, target))
		return 1;
	noise(a);
	link_receive(&a->c.control, (struct fsw_msg *)bytes, &len, 2000, true);
	return 0;
}

/* The connection is gone, the memory is kept. */
static int enter_kept(struct attempt *a, const struct target *target)
{
	if (enter_holding(a, target))
		return 1;
	a->generation = fsw_letoh64(a->c.control.welcome.generation);
	link_drop(&a->c.control);
	return 0;
}

static const struct state {
	const char *name;
	int (*enter)(struct attempt *a, const struct target *target);
} states[] = {
	{ "accepted", enter_accepted },
	{ "live", enter_live },
	{ "waiting", enter_waiting },
	{ "holding", enter_holding },
	{ "closing", enter_closing },
	{ "kept", enter_kept },
};

/* ---- what the server owes to everybody ---- */

/* The server is done with the old session once its id makes a new one. */
static int is_over(const struct attempt *a)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	uint64_t end = link_now_ms() + BOUND_MS;
	const struct fsw_goodbye bye = { .reason = fsw_htole16(FSW_REASON_DETACH) };
	enum fsw_reason reason;
	struct fsw_hello hello;
	struct link link;
	int err;

	link_init_hello(&hello, FSW_ROLE_CONTROL, 0, 1, a->c.id);
	for (;;) {
		err = client_hello(&link, a->c.target, &hello, sizeof(hello), NULL);
		reason = link.refused;
		if (!err)
			link_send(&link, FSW_MSG_GOODBYE, 0, &bye, sizeof(bye));
		link_close(&link);
		if (!err)
			return 0;
		CHECK(err == ECONNREFUSED, "the server does not answer: %s", strerror(err));
		CHECK(reason == FSW_REASON_BUSY || reason == FSW_REASON_DUPLICATE,
		      "refused: %s", fsw_reason_text(reason));
		CHECK(link_now_ms() < end, "the session does not end: %s", fsw_reason_text(reason));
		nanosleep(&nap, NULL);
	}
}

/* Somebody else is served as if nothing were the matter. */
static int witness_is_served(struct client *witness)
{
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	struct fsw_msg *msg = (struct fsw_msg *)bytes;
	uint32_t seq = ++witness->seq;
	size_t len;

	CHECK(!link_send(&witness->control, FSW_MSG_PING, seq, NULL, 0), "send failed");
	CHECK(!link_receive(&witness->control, msg, &len, BOUND_MS, true), "others wait");
	CHECK(fsw_letoh16(msg->type) == FSW_MSG_PONG && fsw_letoh32(msg->seq) == seq,
	      "others get wrong answers");
	return client_verify_chunk(witness, FSW_ROLE_DEMAND, 0, 5);
}

static int play(struct client *witness, const struct target *target, const struct state *state,
		const struct move *const *list, unsigned int nr)
{
	struct attempt a;
	unsigned int i;
	int err;

	memset(&a, 0, sizeof(a));
	/* client_connect() chooses one of its own; this is for who does not call it. */
	for (i = 0; i < sizeof(a.c.id); i++)
		a.c.id[i] = rand() | 1;
	err = state->enter(&a, target);
	if (!a.generation)
		a.generation = fsw_letoh64(a.c.control.welcome.generation);
	for (i = 0; i < nr && !err; i++)
		make_move(&a, list[i]);
	link_drop(&a.second);
	link_drop(&a.c.control);
	free(a.c.grants);
	if (!err)
		err = is_over(&a) || witness_is_served(witness);
	if (err) {
		fprintf(stderr, "in the state '%s', after", state->name);
		for (i = 0; i < nr; i++)
			fprintf(stderr, " '%s'", list[i]->name);
		fputc('\n', stderr);
	}
	return err;
}

static int begin(struct client *witness, const struct target *target)
{
	enum fsw_reason deny;

	if (client_open(witness, target))
		return 1;
	CHECK(witness->max_chunks > 3, "wants a server with more than 3 chunks");
	if (client_request(witness, 0, 1, &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	return client_write_chunk(witness, 0, 5);
}

/* All that there is can be had, so nothing is held by anybody who is gone. */
static int finish(struct client *witness)
{
	enum fsw_reason deny;

	if (client_request(witness, 1, witness->max_chunks - 1, &deny))
		return 1;
	CHECK(!deny, "memory is missing: %s", fsw_reason_text(deny));
	return client_close(witness);
}

int case_hostile(const struct target *target)
{
	struct client witness;
	unsigned int s, m;

	srand(target->seed);
	if (begin(&witness, target))
		return 1;
	for (s = 0; s < ARRAY_SIZE(states); s++) {
		for (m = 0; m < ARRAY_SIZE(moves); m++) {
			const struct move *list[] = { &moves[m] };

			if (play(&witness, target, &states[s], list, 1))
				return 1;
		}
	}
	return finish(&witness);
}

int case_random(const struct target *target)
{
	uint64_t end = link_now_ms() + target->seconds * 1000ull;
	const struct move *list[6];
	struct client witness;
	unsigned int rounds = 0, nr, i;

	srand(target->seed);
	if (begin(&witness, target))
		return 1;
	while (link_now_ms() < end) {
		const struct state *state = &states[rand() % ARRAY_SIZE(states)];

		nr = 1 + rand() % ARRAY_SIZE(list);
		for (i = 0; i < nr; i++)
			list[i] = &moves[rand() % ARRAY_SIZE(moves)];
		if (play(&witness, target, state, list, nr)) {
			fprintf(stderr, "seed %u, round %u\n", target->seed, rounds);
			return 1;
		}
		rounds++;
	}
	printf("%u rounds with seed %u\n", rounds, target->seed);
	return finish(&witness);
}
