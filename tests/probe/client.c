// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client.h"

static const struct sockaddr *from(const struct target *target)
{
	return target->has_from ? (const struct sockaddr *)&target->from : NULL;
}

int client_hello(struct link *link, const struct target *target, const void *hello,
		 size_t len, struct link *control)
{
	return link_open(link, (const struct sockaddr *)&target->to, from(target), hello, len,
			 control);
}

int client_connect(struct client *c, const struct target *target)
{
	struct fsw_hello hello;
	int err;

	memset(c, 0, sizeof(*c));
	c->target = target;
	CHECK(getrandom(c->id, sizeof(c->id), 0) == sizeof(c->id), "no random numbers");
	link_init_hello(&hello, FSW_ROLE_CONTROL, 0, target->sets, c->id);
	err = client_hello(&c->control, target, &hello, sizeof(hello), NULL);
	CHECK(err != ECONNREFUSED, "refused: %s", fsw_reason_text(c->control.refused));
	CHECK(!err, "cannot connect: %s", strerror(err));
	CHECK(!fsw_welcome_check(&c->control.welcome, sizeof(c->control.welcome),
				 FSW_ROLE_CONTROL),
	      "the welcome is malformed");
	c->chunk_size = 1ull << c->control.welcome.chunk_shift;
	c->max_chunks = fsw_letoh32(c->control.welcome.max_chunks);
	c->grants = calloc(c->max_chunks, sizeof(*c->grants));
	CHECK(c->grants, "out of memory");
	return 0;
}

int client_connect_data(struct client *c, enum fsw_role role)
{
	struct fsw_hello hello;
	int err;

	link_init_hello(&hello, role, 0, 1, c->id);
	err = client_hello(&c->data[role], c->target, &hello, sizeof(hello), &c->control);
	CHECK(!err, "data queue pair %d: %s (%s)", role, strerror(err),
	      fsw_reason_text(c->data[role].refused));
	CHECK(!fsw_welcome_check(&c->data[role].welcome, sizeof(c->data[role].welcome), role),
	      "the welcome is malformed");
	CHECK(c->data[role].welcome.generation == c->control.welcome.generation,
	      "two generations");
	return 0;
}

int client_open(struct client *c, const struct target *target)
{
	int role;

	if (client_connect(c, target))
		return 1;
	for (role = FSW_ROLE_DEMAND; role < FSW_NR_ROLES; role++)
		if (client_connect_data(c, role))
			return 1;
	return 0;
}

void client_goodbye(struct client *c)
{
	const struct fsw_goodbye bye = { .reason = fsw_htole16(FSW_REASON_DETACH) };

	if (c->control.connected && !c->has_left)
		link_send(&c->control, FSW_MSG_GOODBYE, 0, &bye, sizeof(bye));
	c->has_left = true;
}

int client_close(struct client *c)
{
	int role;

	client_goodbye(c);
	for (role = FSW_ROLE_DEMAND; role < FSW_NR_ROLES; role++)
		link_close(&c->data[role]);
	link_close(&c->control);
	free(c->grants);
	c->grants = NULL;
	return 0;
}

int client_request(struct client *c, uint32_t first, uint32_t count, enum fsw_reason *deny)
{
	const struct fsw_range range = {
		.first = fsw_htole32(first),
		.count = fsw_htole32(count),
	};
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	struct fsw_msg *msg = (struct fsw_msg *)bytes;
	uint32_t seq = ++c->seq, next = first, i;
	size_t len;
	int err;

	*deny = FSW_REASON_NONE;
	CHECK(!link_send(&c->control, FSW_MSG_REQUEST, seq, &range, sizeof(range)), "send failed");
	while (next < first + count) {
		const struct fsw_grant *grant = (const struct fsw_grant *)(msg + 1);
		const struct fsw_deny *denied = (const struct fsw_deny *)(msg + 1);

		err = link_receive(&c->control, msg, &len, PATIENCE_MS, true);
		CHECK(!err, "waiting for a grant: %s", strerror(err));
		CHECK(!fsw_msg_check(msg, len), "malformed message from the server");
		CHECK(fsw_letoh32(msg->seq) == seq, "wrong sequence number");
		if (fsw_letoh16(msg->type) == FSW_MSG_DENY) {
			CHECK(fsw_letoh32(denied->first) == next, "denied from the wrong chunk on");
			*deny = fsw_letoh16(denied->reason);
			return 0;
		}
		CHECK(fsw_letoh16(msg->type) == FSW_MSG_GRANT, "unexpected message type %u",
		      fsw_letoh16(msg->type));
		for (i = 0; i < (len - sizeof(*msg)) / sizeof(*grant); i++, next++) {
			CHECK(fsw_letoh32(grant[i].chunk) == next && next < first + count,
			      "chunk %u granted out of order", fsw_letoh32(grant[i].chunk));
			c->grants[next] = grant[i];
		}
	}
	return 0;
}

int client_release(struct client *c, uint32_t first, uint32_t count)
{
	const struct fsw_range range = {
		.first = fsw_htole32(first),
		.count = fsw_htole32(count),
	};
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	struct fsw_msg *msg = (struct fsw_msg *)bytes;
	uint32_t seq = ++c->seq;
	size_t len;
	int err;

	CHECK(!link_send(&c->control, FSW_MSG_RELEASE, seq, &range, sizeof(range)), "send failed");
	err = link_receive(&c->control, msg, &len, PATIENCE_MS, true);
	CHECK(!err, "waiting for the release: %s", strerror(err));
	CHECK(!fsw_msg_check(msg, len) && fsw_letoh16(msg->type) == FSW_MSG_RELEASED &&
		      fsw_letoh32(msg->seq) == seq && !memcmp(msg + 1, &range, sizeof(range)),
	      "unexpected answer to a release");
	return 0;
}

static void fill(unsigned char *buffer, size_t len, uint32_t chunk, uint64_t offset, uint32_t salt)
{
	uint64_t x = ((uint64_t)chunk << 40 ^ offset ^ (uint64_t)salt << 20) | 1;
	size_t i;

	for (i = 0; i < len; i += sizeof(x)) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		memcpy(buffer + i, &x, sizeof(x));
	}
}

/* The places of a chunk that are looked at: both ends and some between. */
static uint64_t place(const struct client *c, unsigned int nr)
{
	return (c->chunk_size - LINK_BUFFER) / 4 * nr / 8 * 8;
}

#define NR_PLACES	5

int client_write_chunk(struct client *c, uint32_t chunk, uint32_t salt)
{
	struct link *link = &c->data[FSW_ROLE_WRITEBACK];
	const struct fsw_grant *grant = &c->grants[chunk];
	enum ibv_wc_status status;
	unsigned int i;

	for (i = 0; i < NR_PLACES; i++) {
		fill(link->buffer, LINK_BUFFER, chunk, place(c, i), salt);
		status = link_rdma(link, IBV_WR_RDMA_WRITE,
				   fsw_letoh64(grant->addr) + place(c, i),
				   fsw_letoh32(grant->rkey), LINK_BUFFER);
		CHECK(!status, "write of chunk %u: %s", chunk, ibv_wc_status_str(status));
	}
	return 0;
}

int client_verify_chunk(struct client *c, enum fsw_role role, uint32_t chunk, uint32_t salt)
{
	static unsigned char wanted[LINK_BUFFER];
	struct link *link = &c->data[role];
	const struct fsw_grant *grant = &c->grants[chunk];
	enum ibv_wc_status status;
	unsigned int i;

	for (i = 0; i < NR_PLACES; i++) {
		memset(wanted, 0, sizeof(wanted));
		if (salt)
			fill(wanted, sizeof(wanted), chunk, place(c, i), salt);
		memset(link->buffer, 0x55, LINK_BUFFER);
		status = link_rdma(link, IBV_WR_RDMA_READ,
				   fsw_letoh64(grant->addr) + place(c, i),
				   fsw_letoh32(grant->rkey), LINK_BUFFER);
		CHECK(!status, "read of chunk %u: %s", chunk, ibv_wc_status_str(status));
		CHECK(!memcmp(link->buffer, wanted, sizeof(wanted)),
		      "chunk %u has wrong bytes at %" PRIu64, chunk, place(c, i));
	}
	return 0;
}
