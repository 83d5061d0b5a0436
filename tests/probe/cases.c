// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "hostile.h"
#include "load.h"
#include "storm.h"

static uint32_t wanted_chunks(const struct client *c)
{
	return c->target->chunks < c->max_chunks ? c->target->chunks : c->max_chunks;
}

/* Chunks are granted, hold what is written, are zeroed and dead once released. */
static int case_session(const struct target *target)
{
	enum ibv_wc_status status;
	struct fsw_grant old;
	enum fsw_reason deny;
	struct client c;
	uint32_t n, i;

	if (client_open(&c, target))
		return 1;
	n = wanted_chunks(&c);
	if (client_request(&c, 0, n, &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	for (i = 0; i < n; i++)
		if (client_verify_chunk(&c, FSW_ROLE_DEMAND, i, 0) || client_write_chunk(&c, i, 1))
			return 1;
	for (i = 0; i < n; i++)
		if (client_verify_chunk(&c, FSW_ROLE_DEMAND, i, 1) ||
		    client_verify_chunk(&c, FSW_ROLE_PREFETCH, i, 1))
			return 1;

	old = c.grants[n - 1];
	if (client_release(&c, n - 1, 1))
		return 1;
	status = link_rdma(&c.data[FSW_ROLE_DEMAND], IBV_WR_RDMA_READ, fsw_letoh64(old.addr),
			   fsw_letoh32(old.rkey), 4096);
	CHECK(status == IBV_WC_REM_ACCESS_ERR, "reading a released chunk: %s",
	      ibv_wc_status_str(status));
	status = link_rdma(&c.data[FSW_ROLE_WRITEBACK], IBV_WR_RDMA_WRITE, fsw_letoh64(old.addr),
			   fsw_letoh32(old.rkey), 4096);
	CHECK(status == IBV_WC_REM_ACCESS_ERR, "writing a released chunk: %s",
	      ibv_wc_status_str(status));

	/* Those queue pairs are broken now; the session is not, and takes new ones. */
	link_close(&c.data[FSW_ROLE_DEMAND]);
	link_close(&c.data[FSW_ROLE_WRITEBACK]);
	if (client_connect_data(&c, FSW_ROLE_DEMAND) || client_connect_data(&c, FSW_ROLE_WRITEBACK))
		return 1;
	if (client_request(&c, n - 1, 1, &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	if (client_verify_chunk(&c, FSW_ROLE_DEMAND, n - 1, 0) ||
	    client_write_chunk(&c, n - 1, 2) ||
	    client_verify_chunk(&c, FSW_ROLE_DEMAND, n - 1, 2))
		return 1;
	for (i = 0; i + 1 < n; i++)
		if (client_verify_chunk(&c, FSW_ROLE_PREFETCH, i, 1))
			return 1;
	return client_close(&c);
}

/* All memory, again and again: nothing is lost, and nobody sees what others wrote. */
static int case_cycle(const struct target *target)
{
	enum fsw_reason deny;
	struct client c;
	unsigned int round;
	uint32_t i;

	for (round = 0; round < 5; round++) {
		if (client_open(&c, target))
			return 1;
		if (client_request(&c, 0, c.max_chunks, &deny))
			return 1;
		CHECK(!deny, "round %u: denied: %s", round, fsw_reason_text(deny));
		for (i = 0; i < c.max_chunks; i++)
			if (client_verify_chunk(&c, FSW_ROLE_DEMAND, i, 0) ||
			    client_write_chunk(&c, i, round + 1))
				return 1;
		client_close(&c);
	}
	return 0;
}

/* More than there is is denied, and the session lives on. */
static int case_exhaust(const struct target *target)
{
	enum fsw_reason deny;
	struct client a, b;

	if (client_open(&a, target) || client_open(&b, target))
		return 1;
	if (client_request(&a, 0, a.max_chunks, &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	if (client_request(&b, 0, 1, &deny))
		return 1;
	CHECK(deny == FSW_REASON_NO_MEMORY, "got memory that is not there");
	if (client_release(&a, 0, 1) || client_request(&b, 0, 1, &deny))
		return 1;
	CHECK(!deny, "released memory is denied: %s", fsw_reason_text(deny));
	if (client_verify_chunk(&b, FSW_ROLE_DEMAND, 0, 0))
		return 1;
	client_close(&a);
	return client_close(&b);
}

/* A key that is not its own lets a client neither read nor write. It gets new queue pairs then. */
static int try_foreign_key(struct client *c, const struct fsw_grant *grant)
{
	static const struct {
		enum fsw_role role;
		enum ibv_wr_opcode opcode;
	} tries[] = {
		{ FSW_ROLE_DEMAND, IBV_WR_RDMA_READ },
		{ FSW_ROLE_WRITEBACK, IBV_WR_RDMA_WRITE },
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct link *link = &c->data[tries[i].role];
		enum ibv_wc_status status;

		memset(link->buffer, 0x33, 4096);
		status = link_rdma(link, tries[i].opcode, fsw_letoh64(grant->addr),
				   fsw_letoh32(grant->rkey), 4096);
		CHECK(status == IBV_WC_REM_ACCESS_ERR, "an access with a foreign key: %s",
		      ibv_wc_status_str(status));
		for (k = 0; k < 4096; k++)
			CHECK(link->buffer[k] == 0x33, "a foreign key shows bytes");
		link_close(link);
		if (client_connect_data(c, tries[i].role))
			return 1;
	}
	return 0;
}

/* The rkey of another session is worth nothing. */
static int case_isolation(const struct target *target)
{
	enum fsw_reason deny;
	struct client a, b;

	if (client_open(&a, target) || client_open(&b, target))
		return 1;
	if (client_request(&a, 0, 1, &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	if (client_write_chunk(&a, 0, 7) || try_foreign_key(&b, &a.grants[0]) ||
	    client_verify_chunk(&a, FSW_ROLE_DEMAND, 0, 7))
		return 1;
	client_close(&a);
	return client_close(&b);
}

static int verify_all(struct client *c, uint32_t salt)
{
	uint32_t i;

	for (i = 0; i < c->max_chunks; i++)
		if (client_verify_chunk(c, FSW_ROLE_DEMAND, i, salt))
			return 1;
	return 0;
}

static int take_and_fill(struct client *c, uint32_t salt)
{
	enum fsw_reason deny;
	uint32_t i;

	if (client_request(c, 0, c->max_chunks, &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	if (verify_all(c, 0))
		return 1;
	for (i = 0; i < c->max_chunks; i++)
		if (client_write_chunk(c, i, salt))
			return 1;
	return 0;
}

/* Who keeps the keys of memory that he has given back has nothing of it once others have it. */
static int case_oldkey(const struct target *target)
{
	struct fsw_grant *old;
	struct client a, b;
	uint32_t i;

	if (client_open(&a, target) || client_open(&b, target) || take_and_fill(&a, 1))
		return 1;
	old = calloc(a.max_chunks, sizeof(*old));
	CHECK(old, "out of memory");
	memcpy(old, a.grants, a.max_chunks * sizeof(*old));
	/* All that there is: what one had is what the other gets. */
	if (client_release(&a, 0, a.max_chunks) || take_and_fill(&b, 2))
		return 1;
	for (i = 0; i < a.max_chunks; i++)
		if (try_foreign_key(&a, &old[i]))
			return 1;
	if (verify_all(&b, 2))
		return 1;
	/* Nor in a new session. */
	client_close(&a);
	if (client_open(&a, target))
		return 1;
	for (i = 0; i < a.max_chunks; i++)
		if (try_foreign_key(&a, &old[i]))
			return 1;
	if (verify_all(&b, 2))
		return 1;
	free(old);
	client_close(&a);
	return client_close(&b);
}

static int expect_refusal(const struct target *target, const char *what, const void *hello,
			  size_t len, struct link *control, enum fsw_reason reason)
{
	struct link link;
	int err = client_hello(&link, target, hello, len, control);
	enum fsw_reason refused = link.refused;

	link_close(&link);
	CHECK(err == ECONNREFUSED, "%s: %s instead of a refusal", what,
	      err ? strerror(err) : "accepted");
	CHECK(refused == reason, "%s: refused because '%s'", what, fsw_reason_text(refused));
	return 0;
}

/* Every way to be turned away, with the reason that belongs to it. */
static int case_refusals(const struct target *target)
{
	static const struct {
		const char *what;
		size_t offset, size;
		uint32_t value;
		enum fsw_reason reason;
	} changes[] = {
#define FIELD(f, v, r) { #f " = " #v, offsetof(struct fsw_hello, f), \
			 sizeof(((struct fsw_hello *)0)->f), v, FSW_REASON_##r }
		FIELD(magic, 0, MALFORMED),
		FIELD(version_min, FSW_VERSION + 1, MALFORMED),	/* more than the version */
		FIELD(version, 0, MALFORMED),
		FIELD(role, 4, MALFORMED),
		FIELD(role, 255, MALFORMED),
		FIELD(reserved0, 1, MALFORMED),
		FIELD(reserved1, 1, MALFORMED),
		FIELD(nr_sets, 0, MALFORMED),
		FIELD(set, 1, MALFORMED),		/* more than the sets */
		FIELD(nr_sets, 1025, LIMIT),
#undef FIELD
	};
	struct fsw_hello good, hello;
	unsigned int i, sets;
	struct client c;

	if (client_open(&c, target))
		return 1;
	/* Of a session that is not there yet, so that only the change counts. */
	link_init_hello(&good, FSW_ROLE_CONTROL, 0, 1, c.id);
	good.session_id[0] ^= 1;
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		uint32_t value = fsw_htole32(changes[i].value);

		hello = good;
		memcpy((char *)&hello + changes[i].offset, &value, changes[i].size);
		if (expect_refusal(target, changes[i].what, &hello, sizeof(hello), NULL,
				   changes[i].reason))
			return 1;
	}
	hello = good;
	hello.version = fsw_htole16(9);
	hello.version_min = fsw_htole16(8);
	if (expect_refusal(target, "future version", &hello, sizeof(hello), NULL,
			   FSW_REASON_VERSION))
		return 1;
	hello = good;
	memset(hello.session_id, 0, sizeof(hello.session_id));
	if (expect_refusal(target, "no session id", &hello, sizeof(hello), NULL,
			   FSW_REASON_MALFORMED))
		return 1;
	/* The CM pads with zeros, so a hello that is cut is one with zeros at its end. */
	if (expect_refusal(target, "no hello", &good, 0, NULL, FSW_REASON_MALFORMED) ||
	    expect_refusal(target, "short hello", &good, 16, NULL, FSW_REASON_MALFORMED))
		return 1;

	link_init_hello(&hello, FSW_ROLE_CONTROL, 0, 1, c.id);
	if (expect_refusal(target, "same session", &hello, sizeof(hello), NULL,
			   FSW_REASON_DUPLICATE))
		return 1;
	link_init_hello(&hello, FSW_ROLE_DEMAND, 0, 1, c.id);
	if (expect_refusal(target, "same queue pair", &hello, sizeof(hello), &c.control,
			   FSW_REASON_DUPLICATE))
		return 1;
	sets = fsw_letoh16(c.control.welcome.max_sets);
	link_init_hello(&hello, FSW_ROLE_DEMAND, sets, sets + 1, c.id);
	if (expect_refusal(target, "set beyond the limit", &hello, sizeof(hello), &c.control,
			   FSW_REASON_LIMIT))
		return 1;
	hello = good;
	hello.role = FSW_ROLE_PREFETCH;
	if (expect_refusal(target, "unknown session", &hello, sizeof(hello), &c.control,
			   FSW_REASON_NO_SESSION))
		return 1;
	return client_close(&c);
}

/* Expects GOODBYE with a reason, or at least to be disconnected, soon. */
static int expect_end(struct client *c, const char *what, enum fsw_reason reason,
		      unsigned int timeout_ms)
{
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	uint64_t end = link_now_ms() + timeout_ms;
	struct fsw_msg *msg = (struct fsw_msg *)bytes;
	enum fsw_reason got = FSW_NR_REASONS;
	size_t len;

	while (link_now_ms() < end && !link_receive(&c->control, msg, &len, timeout_ms, false))
		if (fsw_letoh16(msg->type) == FSW_MSG_GOODBYE)
			got = fsw_letoh16(((struct fsw_goodbye *)(msg + 1))->reason);
	CHECK(!link_wait_disconnect(&c->control, timeout_ms), "%s: not disconnected", what);
	CHECK(got == reason, "%s: the server did not say '%s'", what, fsw_reason_text(reason));
	return 0;
}

struct garbage {
	const char *what;
	uint32_t magic;
	uint16_t type, reserved;
	int length_off;			/* what the header says more than there is */
	size_t payload;
	uint32_t first, count;		/* the first eight bytes of the payload */
};

/* Messages that break the protocol cost their sender the session, and nobody else anything. */
static int case_garbage(const struct target *target)
{
	static const struct garbage messages[] = {
		{ "wrong magic", 1, FSW_MSG_PING, 0, 0, 0, 0, 0 },
		{ "type 0", FSW_MAGIC, 0, 0, 0, 0, 0, 0 },
		{ "unknown type", FSW_MAGIC, 99, 0, 0, 0, 0, 0 },
		{ "reserved bytes", FSW_MAGIC, FSW_MSG_PING, 1, 0, 0, 0, 0 },
		{ "wrong length", FSW_MAGIC, FSW_MSG_PING, 0, 8, 0, 0, 0 },
		{ "ping with payload", FSW_MAGIC, FSW_MSG_PING, 0, 0, 8, 0, 0 },
		{ "request without range", FSW_MAGIC, FSW_MSG_REQUEST, 0, 0, 0, 0, 0 },
		{ "request for nothing", FSW_MAGIC, FSW_MSG_REQUEST, 0, 0, 8, 0, 0 },
		{ "request that wraps", FSW_MAGIC, FSW_MSG_REQUEST, 0, 0, 8, ~0u, 2 },
		{ "request beyond the limit", FSW_MAGIC, FSW_MSG_REQUEST, 0, 0, 8, 1 << 19, 1 },
		{ "release of what is not granted", FSW_MAGIC, FSW_MSG_RELEASE, 0, 0, 8, 0, 1 },
		{ "promise without a number", FSW_MAGIC, FSW_MSG_PROMISE, 0, 0, 0, 0, 0 },
		{ "promise beyond the limit", FSW_MAGIC, FSW_MSG_PROMISE, 0, 0, 8, 1 << 19, 0 },
		{ "promise with reserved bytes", FSW_MAGIC, FSW_MSG_PROMISE, 0, 0, 8, 1, 1 },
		{ "forget beyond the limit", FSW_MAGIC, FSW_MSG_FORGET, 0, 0, 8, 1 << 19, 1 },
		{ "promised from a client", FSW_MAGIC, FSW_MSG_PROMISED, 0, 0, 8, 1, 0 },
		{ "grant from a client", FSW_MAGIC, FSW_MSG_GRANT, 0, 0, 16, 0, 0 },
		{ "deny from a client", FSW_MAGIC, FSW_MSG_DENY, 0, 0, 16, 0, 0 },
		{ "released from a client", FSW_MAGIC, FSW_MSG_RELEASED, 0, 0, 8, 0, 1 },
		{ "proof that nobody asked for", FSW_MAGIC, FSW_MSG_AUTH, 0, 0, 128, 'a', 0 },
		{ "proof of nobody", FSW_MAGIC, FSW_MSG_AUTH, 0, 0, 128, 0, 0 },
		{ "proof of a server", FSW_MAGIC, FSW_MSG_AUTH_OK, 0, 0, 48, 0, 0 },
	};
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	struct client witness, c;
	enum fsw_reason deny;
	unsigned int i;

	if (client_open(&witness, target) || client_request(&witness, 0, 1, &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	if (client_write_chunk(&witness, 0, 3))
		return 1;
	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		const struct garbage *g = &messages[i];
		struct fsw_msg *msg = (struct fsw_msg *)bytes;
		uint32_t *payload = (uint32_t *)(msg + 1);

		if (client_connect(&c, target))
			return 1;
		memset(bytes, 0, sizeof(bytes));
		msg->magic = fsw_htole32(g->magic);
		msg->type = fsw_htole16(g->type);
		msg->reserved = fsw_htole16(g->reserved);
		msg->length = fsw_htole32(sizeof(*msg) + g->payload + g->length_off);
		payload[0] = fsw_htole32(g->first);
		payload[1] = fsw_htole32(g->count);
		CHECK(!link_send_raw(&c.control, bytes, sizeof(*msg) + g->payload), "send failed");
		if (expect_end(&c, g->what, FSW_REASON_MALFORMED, 10000))
			return 1;
		client_close(&c);
	}

	if (client_connect(&c, target))
		return 1;
	CHECK(!link_send_raw(&c.control, bytes, 0), "send failed");
	if (expect_end(&c, "empty message", FSW_REASON_MALFORMED, 10000))
		return 1;
	client_close(&c);

	if (client_verify_chunk(&witness, FSW_ROLE_DEMAND, 0, 3))
		return 1;
	return client_close(&witness);
}

/* Pings are answered, also several at once. */
static int case_ping(const struct target *target)
{
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	struct fsw_msg *msg = (struct fsw_msg *)bytes;
	unsigned int round, i;
	struct client c;
	size_t len;

	if (client_connect(&c, target))
		return 1;
	for (round = 0; round < 20; round++) {
		for (i = 0; i < FSW_CTRL_WINDOW; i++)
			CHECK(!link_send(&c.control, FSW_MSG_PING, round * 100 + i, NULL, 0),
			      "send failed");
		for (i = 0; i < FSW_CTRL_WINDOW; i++) {
			CHECK(!link_receive(&c.control, msg, &len, PATIENCE_MS, true), "no answer");
			CHECK(fsw_letoh16(msg->type) == FSW_MSG_PONG &&
				      fsw_letoh32(msg->seq) == round * 100 + i,
			      "wrong answer");
		}
	}
	return client_close(&c);
}

/* Who says nothing at all is asked, and dropped within two intervals. */
static int case_silent(const struct target *target)
{
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	struct fsw_msg *msg = (struct fsw_msg *)bytes;
	uint64_t start, took;
	unsigned int interval;
	struct client c;
	size_t len;
	int err;

	if (client_connect(&c, target))
		return 1;
	start = link_now_ms();
	interval = fsw_letoh32(c.control.welcome.keepalive_ms);
	err = link_receive(&c.control, msg, &len, 2 * interval, false);
	CHECK(!err && fsw_letoh16(msg->type) == FSW_MSG_PING, "the server did not ask");
	if (expect_end(&c, "silence", FSW_REASON_TIMEOUT, 4 * interval))
		return 1;
	took = link_now_ms() - start;
	/* The end takes the time of a disconnect, on machines that may be slow. */
	CHECK(took >= 3 * interval / 2 && took < 2 * interval + 2000,
	      "dropped after %" PRIu64 " ms, the interval is %u ms", took, interval);
	return client_close(&c);
}

/* Holds a session and answers, until the server says goodbye or the time is over. */
static int case_hold(const struct target *target)
{
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	struct fsw_msg *msg = (struct fsw_msg *)bytes;
	enum fsw_reason deny;
	struct client c;
	uint32_t n, i;
	size_t len;
	int err;

	if (client_open(&c, target))
		return 1;
	n = wanted_chunks(&c);
	if (client_request(&c, 0, n, &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	for (i = 0; i < n; i++)
		if (client_write_chunk(&c, i, 9))
			return 1;
	printf("holding\n");
	fflush(stdout);
	err = link_receive(&c.control, msg, &len, target->seconds * 1000, true);
	if (err == ETIMEDOUT) {
		for (i = 0; i < n; i++)
			if (client_verify_chunk(&c, FSW_ROLE_DEMAND, i, 9))
				return 1;
		return client_close(&c);
	}
	CHECK(!err && fsw_letoh16(msg->type) == FSW_MSG_GOODBYE, "no goodbye");
	printf("goodbye: %s\n",
	       fsw_reason_text(fsw_letoh16(((struct fsw_goodbye *)(msg + 1))->reason)));
	CHECK(!link_wait_disconnect(&c.control, PATIENCE_MS), "not disconnected");
	return client_close(&c);
}

/* Leaves without a word, holding memory. */
static int case_vanish(const struct target *target)
{
	enum fsw_reason deny;
	struct client c;

	if (client_open(&c, target) || client_request(&c, 0, wanted_chunks(&c), &deny))
		return 1;
	CHECK(!deny, "denied: %s", fsw_reason_text(deny));
	_exit(0);
}

/* Comes and goes, with and without a goodbye. */
static int case_churn(const struct target *target)
{
	struct client c;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		if (client_open(&c, target))
			return 1;
		if (i % 2) {
			int role;

			for (role = FSW_ROLE_DEMAND; role < FSW_NR_ROLES; role++)
				link_drop(&c.data[role]);
			link_drop(&c.control);
			free(c.grants);
		} else {
			client_close(&c);
		}
	}
	return 0;
}

const struct probe_case probe_cases[] = {
	{ "session", case_session, 1, "grant, write, read back, release, dead rkeys" },
	{ "cycle", case_cycle, 1, "all memory five times, always zeroed" },
	{ "exhaust", case_exhaust, 1, "more than there is" },
	{ "isolation", case_isolation, 1, "another session's rkey" },
	{ "oldkey", case_oldkey, 1, "rkeys of memory that is another session's now" },
	{ "refusals", case_refusals, 1, "every bad hello" },
	{ "garbage", case_garbage, 1, "every bad message" },
	{ "ping", case_ping, 1, "keep-alive, client to server" },
	{ "churn", case_churn, 1, "fifty short sessions" },
	{ "silent", case_silent, 1, "a client that answers nothing" },
	{ "hostile", case_hostile, 1, "every move in every state" },
	{ "random", case_random, 0, "any moves in any state for --seconds, by --seed" },
	{ "storm", case_storm, 0, "connect all the time for --seconds beside an attached client" },
	{ "hoard", case_hoard, 0, "take queue pairs without end for --seconds beside one" },
	{ "load", case_load, 0, "--clients at once with --sets each, for --seconds" },
	{ "cycles", case_cycles, 0, "--cycles short sessions, one after the other" },
	{ "hold", case_hold, 0, "a session for --seconds, or until a goodbye" },
	{ "vanish", case_vanish, 0, "end without a goodbye" },
	{ NULL, NULL, 0, NULL },
};
