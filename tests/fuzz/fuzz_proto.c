// SPDX-License-Identifier: GPL-2.0-only
/* The checks of the wire format: they read no byte too many, and what they let pass is right. */
#include <assert.h>
#include <stdlib.h>

#include <fastswap/proto.h>

#include "input.h"

static void hello(const struct fsw_hello *h, size_t len)
{
	enum fsw_reason reason = fsw_hello_check(h, len);

	assert(reason == FSW_REASON_NONE || reason == FSW_REASON_MALFORMED ||
	       reason == FSW_REASON_VERSION || reason == FSW_REASON_LIMIT);
	if (reason)
		return;
	assert(len >= sizeof(*h));
	assert(fsw_letoh16(h->version_min) <= FSW_VERSION);
	assert(fsw_letoh16(h->version) >= FSW_VERSION_MIN);
	assert(h->role < FSW_NR_ROLES && !h->reserved0 && !h->reserved1);
	assert(fsw_letoh16(h->nr_sets) <= FSW_MAX_SETS);
	assert(fsw_letoh16(h->set) < fsw_letoh16(h->nr_sets));
	assert(h->role != FSW_ROLE_CONTROL || !h->set);
	assert(!fsw_is_zero(h->session_id, sizeof(h->session_id)));
}

static void welcome(const struct fsw_welcome *w, size_t len, enum fsw_role role)
{
	if (fsw_welcome_check(w, len, role))
		return;
	assert(len >= sizeof(*w) && w->role == role && w->generation);
	assert(fsw_letoh16(w->version) >= FSW_VERSION_MIN);
	assert(fsw_letoh16(w->version) <= FSW_VERSION);
	assert(w->chunk_shift >= FSW_CHUNK_SHIFT_MIN && w->chunk_shift <= FSW_CHUNK_SHIFT_MAX);
	assert(fsw_letoh32(w->max_chunks) - 1 < FSW_MAX_CHUNKS);
	assert((unsigned int)fsw_letoh16(w->max_sets) - 1 < FSW_MAX_SETS);
	assert(fsw_letoh16(w->auth) < FSW_NR_AUTH_METHODS);
	assert(!w->auth == !!fsw_is_zero(w->nonce, sizeof(w->nonce)));
	assert(!w->auth || role == FSW_ROLE_CONTROL);
}

static void refusal(const struct fsw_refusal *r, size_t len)
{
	assert(!fsw_refusal_check(NULL, len));
	if (!fsw_refusal_check(r, len))
		return;
	assert(len >= sizeof(*r));
	assert(fsw_reason_text(fsw_letoh16(r->reason)));
}

static void message(const struct fsw_msg *m, size_t len)
{
	const void *payload = m + 1;
	const struct fsw_range *range = payload;
	const struct fsw_deny *deny = payload;
	const struct fsw_goodbye *bye = payload;
	const struct fsw_auth *auth = payload;
	const struct fsw_auth_ok *ok = payload;
	const struct fsw_promise *promise = payload;
	const struct fsw_recall *recall = payload;
	struct fsw_msg again;

	if (fsw_msg_check(m, len))
		return;
	assert(len >= sizeof(*m) && len <= FSW_MSG_MAX);
	/* One way only to write a header. */
	fsw_msg_init(&again, fsw_letoh16(m->type), fsw_letoh32(m->seq), len - sizeof(*m));
	assert(!memcmp(&again, m, sizeof(*m)));
	switch (fsw_letoh16(m->type)) {
	case FSW_MSG_PING:
	case FSW_MSG_PONG:
		assert(len == sizeof(*m));
		break;
	case FSW_MSG_REQUEST:
	case FSW_MSG_RELEASE:
	case FSW_MSG_RELEASED:
	case FSW_MSG_FORGET:
		assert(len == sizeof(*m) + sizeof(*range) && range->count);
		assert((uint64_t)fsw_letoh32(range->first) + fsw_letoh32(range->count) <=
		       FSW_MAX_CHUNKS);
		break;
	case FSW_MSG_GRANT:
		len -= sizeof(*m);
		assert(len && !(len % sizeof(struct fsw_grant)));
		assert(len / sizeof(struct fsw_grant) <= FSW_GRANTS_PER_MSG);
		break;
	case FSW_MSG_DENY:
		assert(len == sizeof(*m) + sizeof(*deny) && !deny->reserved);
		break;
	case FSW_MSG_GOODBYE:
		assert(len == sizeof(*m) + sizeof(*bye));
		assert(fsw_is_zero(bye->reserved, sizeof(bye->reserved)));
		assert(fsw_reason_text(fsw_letoh16(bye->reason)));
		break;
	case FSW_MSG_AUTH:
		assert(len == sizeof(*m) + sizeof(*auth));
		assert(auth->identity[0] && !auth->identity[FSW_IDENTITY_MAX - 1]);
		assert(fsw_identity_check(auth->identity, sizeof(auth->identity)));
		break;
	case FSW_MSG_AUTH_OK:
		assert(len == sizeof(*m) + sizeof(*ok) && !ok->limits.reserved);
		assert(fsw_letoh32(ok->limits.max_chunks) - 1 < FSW_MAX_CHUNKS);
		assert(fsw_letoh16(ok->limits.max_sets) - 1 < FSW_MAX_SETS);
		break;
	case FSW_MSG_PROMISE:
	case FSW_MSG_PROMISED:
		assert(len == sizeof(*m) + sizeof(*promise) && !promise->reserved);
		assert(fsw_letoh32(promise->chunks) <= FSW_MAX_CHUNKS);
		break;
	case FSW_MSG_RECALL:
		assert(len == sizeof(*m) + sizeof(*recall) && !recall->reserved);
		assert(fsw_letoh32(recall->chunks) - 1 < FSW_MAX_CHUNKS);
		break;
	default:
		assert(!"a type that does not exist");
	}
}

/* Right in what a stranger would not guess, so that the rest is tried more often. */
static void make_plausible(void *bytes, size_t len)
{
	__le32 magic = fsw_htole32(FSW_MAGIC);

	if (len >= sizeof(magic))
		memcpy(bytes, &magic, sizeof(magic));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	uint8_t what = take8(&in);
	size_t len = in.end - in.at;
	/* Exactly so long: what reads beyond it is found. */
	unsigned char *bytes = malloc(len ? len : 1);

	assert(bytes);
	if (len)
		memcpy(bytes, in.at, len);
	if (what & 0x80)
		make_plausible(bytes, len);
	switch (what % 4) {
	case 0:
		hello((struct fsw_hello *)bytes, len);
		break;
	case 1:
		welcome((struct fsw_welcome *)bytes, len, what >> 2 & 3);
		break;
	case 2:
		refusal((struct fsw_refusal *)bytes, len);
		break;
	case 3:
		if (what & 0x40 && len >= sizeof(struct fsw_msg))
			((struct fsw_msg *)bytes)->length = fsw_htole32(len);
		message((struct fsw_msg *)bytes, len);
		break;
	}
	free(bytes);
	return 0;
}
