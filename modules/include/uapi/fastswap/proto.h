/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The wire protocol between fastswap_rdma.ko and fastswap-server.
 *
 * This is the only header that the two sides share. It is a leaf: fixed-width
 * little-endian structures, their limits, and the checks that a received
 * structure must pass before any field of it is used. modules/PROTOCOL.md
 * describes the exchange in prose.
 */
#ifndef _UAPI_FASTSWAP_PROTO_H
#define _UAPI_FASTSWAP_PROTO_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <asm/byteorder.h>
#include <linux/build_bug.h>
#include <linux/string.h>
#define fsw_htole16(x)	cpu_to_le16(x)
#define fsw_htole32(x)	cpu_to_le32(x)
#define fsw_htole64(x)	cpu_to_le64(x)
#define fsw_letoh16(x)	le16_to_cpu(x)
#define fsw_letoh32(x)	le32_to_cpu(x)
#define fsw_letoh64(x)	le64_to_cpu(x)
#else
#include <assert.h>
#include <endian.h>
#include <string.h>
#define fsw_htole16(x)	htole16(x)
#define fsw_htole32(x)	htole32(x)
#define fsw_htole64(x)	htole64(x)
#define fsw_letoh16(x)	le16toh(x)
#define fsw_letoh32(x)	le32toh(x)
#define fsw_letoh64(x)	le64toh(x)
#endif

#define FSW_MAGIC		0x50575346u	/* "FSWP" as bytes on the wire */
#define FSW_VERSION		4	/* highest version that this header describes */
#define FSW_VERSION_MIN		1	/* lowest version that it still speaks */
#define FSW_VERSION_AUTH	2	/* lowest version in which a client can say who it is */
#define FSW_VERSION_ELASTIC	3	/* lowest version that knows of promises */
#define FSW_VERSION_RECALL	4	/* lowest version in which chunks are recalled */

#define FSW_DEFAULT_PORT	50000

/* What the CM leaves to its user on an RC connection over RDMA_PS_TCP. */
#define FSW_CONNECT_PRIVATE_MAX	56
#define FSW_ACCEPT_PRIVATE_MAX	196
#define FSW_REJECT_PRIVATE_MAX	148

#define FSW_CHUNK_SHIFT_MIN	20	/* 1 MiB */
#define FSW_CHUNK_SHIFT_MAX	30	/* 1 GiB */
#define FSW_MAX_SETS		1024	/* queue sets of one session */
#define FSW_MAX_CHUNKS		(1u << 20)	/* chunks of one session */

#define FSW_MSG_MAX		4096	/* bytes of one control message */
#define FSW_CTRL_DEPTH		16	/* receives that each side keeps posted */
/*
 * Control messages that a side may have sent without having seen their
 * answer. Half of the receives, so that an unsolicited message of the other
 * side (keep-alive, goodbye) always finds one posted.
 */
#define FSW_CTRL_WINDOW		8

/* Sizes in bytes of what authentication is made of, see <fastswap/auth.h>. */
#define FSW_NONCE_SIZE		32
#define FSW_PROOF_SIZE		32	/* HMAC-SHA-256 */
#define FSW_IDENTITY_MAX	64	/* a NUL included */
#define FSW_KEY_MIN		16
#define FSW_KEY_MAX		64

/* What a server wants to see before anything else. */
enum fsw_auth_method {
	FSW_AUTH_NONE	= 0,
	FSW_AUTH_PSK	= 1,	/* FSW_MSG_AUTH, by a key that both sides have */
	FSW_NR_AUTH_METHODS,
};

/* What a queue pair is for. A session has one FSW_ROLE_CONTROL, and per set one of each other. */
enum fsw_role {
	FSW_ROLE_CONTROL	= 0,
	FSW_ROLE_DEMAND		= 1,	/* reads that a task waits for */
	FSW_ROLE_PREFETCH	= 2,	/* reads of the readahead window */
	FSW_ROLE_WRITEBACK	= 3,	/* writes */
	FSW_NR_ROLES,
};

/**
 * struct fsw_hello - private data of a connect request
 * @magic: FSW_MAGIC
 * @version: highest version that the client speaks
 * @version_min: lowest version that the client speaks
 * @role: enum fsw_role
 * @reserved0: zero
 * @set: index of the queue set; 0 for FSW_ROLE_CONTROL
 * @nr_sets: queue sets that the client will connect (control), or has been offered
 * @reserved1: zero
 * @session_id: random, chosen by the client for one attachment; the queue
 *	pairs of a session find each other by it, so it also is a capability:
 *	it is never logged or shown
 * @client_id: who the client is, stable over its reboots where it can be (machine id)
 * @generation: 0, or on a reconnection the server generation that the client knew
 */
struct fsw_hello {
	__le32 magic;
	__le16 version;
	__le16 version_min;
	__u8 role;
	__u8 reserved0;
	__le16 set;
	__le16 nr_sets;
	__le16 reserved1;
	__u8 session_id[16];
	__u8 client_id[16];
	__le64 generation;
};

/**
 * struct fsw_welcome - private data of an accept
 * @magic: FSW_MAGIC
 * @version: the version that both will speak
 * @role: as in the hello
 * @reserved0: zero
 * @generation: random, new at every start of the server, never 0
 * @available: bytes that the server could grant now; a hint, not a promise
 * @chunk_shift: log2 of the chunk size in bytes
 * @max_sets: queue sets that the server lets this session have; may be fewer
 *	than asked for, never 0
 * @max_chunks: chunks that this session may hold
 * @auth: enum fsw_auth_method; FSW_AUTH_NONE on data connections
 * @keepalive_ms: a side that dies is found within twice this, see FSW_KEEPALIVE_PARTS;
 *	0: neither side looks
 * @nonce: random, for this connection only; zero with FSW_AUTH_NONE
 * @reserved1: zero
 *
 * Before FSW_VERSION_AUTH @auth and @nonce were reserved, and the last 32 bytes the CM's padding.
 */
struct fsw_welcome {
	__le32 magic;
	__le16 version;
	__u8 role;
	__u8 reserved0;
	__le64 generation;
	__le64 available;
	__u8 chunk_shift;
	__u8 reserved1[3];
	__le32 max_chunks;
	__le16 max_sets;
	__le16 auth;
	__le32 keepalive_ms;
	__u8 nonce[FSW_NONCE_SIZE];
	__u8 reserved3[24];
};

/*
 * The keep-alive counts in parts of its interval. Who sent nothing for FSW_PING_PARTS sends
 * FSW_MSG_PING; who was not heard for FSW_SILENT_PARTS is dead, once what has come is read.
 */
#define FSW_KEEPALIVE_PARTS	8
#define FSW_PING_PARTS		4
#define FSW_SILENT_PARTS	13

/* Why a connection was refused, or a session ended. Numbers are for ever. */
enum fsw_reason {
	FSW_REASON_NONE			= 0,
	FSW_REASON_MALFORMED		= 1,	/* hello or message breaks the protocol */
	FSW_REASON_VERSION		= 2,	/* no common version; detail: min << 16 | max */
	FSW_REASON_NO_MEMORY		= 3,	/* pool exhausted; detail: bytes available */
	FSW_REASON_NO_SESSION		= 4,	/* data queue pair of an unknown session */
	FSW_REASON_DUPLICATE		= 5,	/* session or queue pair already there */
	FSW_REASON_LIMIT		= 6,	/* a limit of the server; detail: the limit */
	FSW_REASON_RESOURCES		= 7,	/* server out of queue pairs, registrations… */
	FSW_REASON_SHUTDOWN		= 8,	/* server is going down */
	FSW_REASON_WRONG_DEVICE		= 9,	/* data queue pair arrived on another RDMA device */
	FSW_REASON_TIMEOUT		= 10,	/* the other side was silent for too long */
	FSW_REASON_DETACH		= 11,	/* client is done; not an error */
	FSW_REASON_BUSY			= 12,	/* the session's old connection is still there */
	FSW_REASON_AUTH			= 13,	/* no such identity, or not with this key */
	FSW_REASON_UNPROVEN		= 14,	/* the client has not (yet) said who it is */
	FSW_REASON_ADDRESS		= 15,	/* nobody with this address may connect */
	FSW_NR_REASONS,
};

/**
 * struct fsw_refusal - private data of a reject
 * @magic: FSW_MAGIC
 * @version: highest version that the server speaks
 * @reason: enum fsw_reason
 * @detail: a number that goes with the reason, see there; else 0
 */
struct fsw_refusal {
	__le32 magic;
	__le16 version;
	__le16 reason;
	__le64 detail;
};

/* Control messages: struct fsw_msg, then the payload that the type names. */
enum fsw_msg_type {
	FSW_MSG_PING		= 1,	/* either way; no payload; answered by PONG, same seq */
	FSW_MSG_PONG		= 2,
	FSW_MSG_REQUEST		= 3,	/* client: grant me chunks; struct fsw_range */
	FSW_MSG_GRANT		= 4,	/* server: struct fsw_grant[], seq of the request */
	FSW_MSG_DENY		= 5,	/* server: struct fsw_deny, seq of the request */
	FSW_MSG_RELEASE		= 6,	/* client: take these back; struct fsw_range */
	FSW_MSG_RELEASED	= 7,	/* server: rkeys are dead; struct fsw_range, same seq */
	FSW_MSG_GOODBYE		= 8,	/* either way: struct fsw_goodbye; then disconnect */
	FSW_MSG_AUTH		= 9,	/* client: who I am; struct fsw_auth */
	FSW_MSG_AUTH_OK		= 10,	/* server: so am I; struct fsw_auth_ok, same seq */
	FSW_MSG_PROMISE		= 11,	/* client: I may need so many; struct fsw_promise */
	FSW_MSG_PROMISED	= 12,	/* server: so be it; struct fsw_promise, same seq */
	FSW_MSG_FORGET		= 13,	/* client: none of these is mine; struct fsw_range */
	FSW_MSG_RECALL		= 14,	/* server: give some back if you can; struct fsw_recall */
	FSW_NR_MSG_TYPES,
};

/**
 * struct fsw_msg - header of a control message
 * @magic: FSW_MAGIC
 * @type: enum fsw_msg_type
 * @reserved: zero
 * @length: bytes of the whole message, this header included; equals what was received
 * @seq: chosen by who asks, repeated by who answers
 */
struct fsw_msg {
	__le32 magic;
	__le16 type;
	__le16 reserved;
	__le32 length;
	__le32 seq;
};

/**
 * struct fsw_range - chunks by their place in the client's device
 * @first: index of the first chunk
 * @count: how many, at least 1
 *
 * A request for a chunk that is granted already, or a release of one that is
 * not, breaks the protocol. FSW_MSG_FORGET takes both.
 */
struct fsw_range {
	__le32 first;
	__le32 count;
};

/**
 * struct fsw_grant - one chunk, granted
 * @addr: remote virtual address of its first byte
 * @rkey: remote key; lets this session read and write the chunk and nothing else
 * @chunk: index of the chunk in the client's device
 *
 * Chunks of one request are granted in ascending order, in as many messages
 * as it takes. A granted chunk reads as zeros until it is written.
 */
struct fsw_grant {
	__le64 addr;
	__le32 rkey;
	__le32 chunk;
};

/**
 * struct fsw_deny - the rest of a request cannot be had
 * @first: first chunk of the request that was not granted
 * @reason: enum fsw_reason
 * @reserved: zero
 * @detail: as in struct fsw_refusal
 */
struct fsw_deny {
	__le32 first;
	__le16 reason;
	__le16 reserved;
	__le64 detail;
};

/**
 * struct fsw_goodbye - the sender is about to disconnect
 * @reason: enum fsw_reason
 * @reserved: zero
 */
struct fsw_goodbye {
	__le16 reason;
	__le16 reserved[3];
};

/**
 * struct fsw_auth - a client says who it is, and proves it
 * @identity: a name that fsw_identity_check() likes; the rest is zero
 * @nonce: random, for this connection only
 * @proof: by the key of @identity, over the transcript of <fastswap/auth.h>
 */
struct fsw_auth {
	char identity[FSW_IDENTITY_MAX];
	__u8 nonce[FSW_NONCE_SIZE];
	__u8 proof[FSW_PROOF_SIZE];
};

/**
 * struct fsw_limits - what a session may have, now that the server knows whose it is
 * @available: bytes that the server could grant now; a hint, not a promise
 * @max_chunks: chunks that it may hold, never 0
 * @max_sets: queue sets that it may have, never 0
 * @reserved: zero
 *
 * They take the place of those of the welcome. The last two are not higher.
 */
struct fsw_limits {
	__le64 available;
	__le32 max_chunks;
	__le16 max_sets;
	__le16 reserved;
};

/**
 * struct fsw_auth_ok - the server believes it, and has the same key
 * @proof: as in struct fsw_auth, but the server's
 * @limits: of the client; part of what is proved
 */
struct fsw_auth_ok {
	__u8 proof[FSW_PROOF_SIZE];
	struct fsw_limits limits;
};

/**
 * struct fsw_promise - how many chunks a client may come to hold
 * @chunks: all of its session together, those that it holds included; 0: it needs no more
 * @reserved: zero
 *
 * A promise takes the place of the one before it.
 */
struct fsw_promise {
	__le32 chunks;
	__le32 reserved;
};

/**
 * struct fsw_recall - chunks that the server would like to have back
 * @chunks: how many of those that the client holds, at least 1
 * @reserved: zero
 *
 * It takes the place of the one before it.
 */
struct fsw_recall {
	__le32 chunks;
	__le32 reserved;
};

#define FSW_GRANTS_PER_MSG \
	((FSW_MSG_MAX - sizeof(struct fsw_msg)) / sizeof(struct fsw_grant))

static_assert(sizeof(struct fsw_hello) == 56, "hello");
static_assert(sizeof(struct fsw_hello) <= FSW_CONNECT_PRIVATE_MAX, "hello");
static_assert(sizeof(struct fsw_welcome) == 96, "welcome");
static_assert(sizeof(struct fsw_welcome) <= FSW_ACCEPT_PRIVATE_MAX, "welcome");
static_assert(sizeof(struct fsw_refusal) == 16, "refusal");
static_assert(sizeof(struct fsw_refusal) <= FSW_REJECT_PRIVATE_MAX, "refusal");
static_assert(sizeof(struct fsw_msg) == 16, "msg");
static_assert(sizeof(struct fsw_range) == 8, "range");
static_assert(sizeof(struct fsw_grant) == 16, "grant");
static_assert(sizeof(struct fsw_deny) == 16, "deny");
static_assert(sizeof(struct fsw_goodbye) == 8, "goodbye");
static_assert(sizeof(struct fsw_auth) == 128, "auth");
static_assert(sizeof(struct fsw_limits) == 16, "limits");
static_assert(sizeof(struct fsw_auth_ok) == 48, "auth ok");
static_assert(sizeof(struct fsw_promise) == 8, "promise");
static_assert(sizeof(struct fsw_recall) == 8, "recall");

/**
 * fsw_reason_text - a reason in words
 * @reason: enum fsw_reason, or any number that the other side sent
 */
static inline const char *fsw_reason_text(unsigned int reason)
{
	switch (reason) {
	case FSW_REASON_NONE:		return "no reason given";
	case FSW_REASON_MALFORMED:	return "the message breaks the protocol";
	case FSW_REASON_VERSION:	return "no common protocol version";
	case FSW_REASON_NO_MEMORY:	return "the server has not that much memory left";
	case FSW_REASON_NO_SESSION:	return "the server does not know the session";
	case FSW_REASON_DUPLICATE:	return "the session or queue pair exists already";
	case FSW_REASON_LIMIT:		return "a limit of the server is reached";
	case FSW_REASON_RESOURCES:	return "the server is out of RDMA resources";
	case FSW_REASON_SHUTDOWN:	return "the server is shutting down";
	case FSW_REASON_WRONG_DEVICE:	return "the queue pair came over another RDMA device";
	case FSW_REASON_TIMEOUT:	return "silent for too long";
	case FSW_REASON_DETACH:		return "detached";
	case FSW_REASON_BUSY:		return "the last connection is still being closed";
	case FSW_REASON_AUTH:		return "no such identity, or not with this key";
	case FSW_REASON_UNPROVEN:	return "the client has not proved who it is";
	case FSW_REASON_ADDRESS:	return "the server does not admit this address";
	default:			return "unknown reason";
	}
}

static inline int fsw_is_zero(const void *p, size_t len)
{
	const unsigned char *c = p;

	while (len--)
		if (*c++)
			return 0;
	return 1;
}

/**
 * fsw_identity_check - is this the name of a client?
 * @name: letters, digits and "._-@", at least one; then zeros
 * @size: bytes of @name, of which the last must be zero
 *
 * Nothing that could be mistaken for something else in a log, a file of keys or the options of a
 * device. One name is one sequence of bytes only.
 */
static inline int fsw_identity_check(const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < size && name[i]; i++) {
		char c = name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-' && c != '@')
			return 0;
	}
	return i && i < size && fsw_is_zero(name + i, size - i);
}

/**
 * fsw_identity_set - make a text that somebody wrote the name of a client
 * @identity: filled in, every byte of it, unless @text is too long
 * @text: the text
 *
 * Return: whether it is one.
 */
static inline int fsw_identity_set(char identity[FSW_IDENTITY_MAX], const char *text)
{
	size_t len = strlen(text);

	if (len >= FSW_IDENTITY_MAX)
		return 0;
	memset(identity, 0, FSW_IDENTITY_MAX);
	memcpy(identity, text, len);
	return fsw_identity_check(identity, FSW_IDENTITY_MAX);
}

/**
 * fsw_hello_check - may the fields of a received hello be used?
 * @h: private data of the connect request
 * @len: its length; the CM pads, so it may be more than the structure
 *
 * Return: FSW_REASON_NONE, or the reason to reject it with.
 */
static inline enum fsw_reason fsw_hello_check(const struct fsw_hello *h, size_t len)
{
	if (len < sizeof(*h) || fsw_letoh32(h->magic) != FSW_MAGIC)
		return FSW_REASON_MALFORMED;
	/* Versions before the rest: another version may have other fields. */
	if (fsw_letoh16(h->version_min) > fsw_letoh16(h->version))
		return FSW_REASON_MALFORMED;
	if (fsw_letoh16(h->version_min) > FSW_VERSION ||
	    fsw_letoh16(h->version) < FSW_VERSION_MIN)
		return FSW_REASON_VERSION;
	if (h->role >= FSW_NR_ROLES || h->reserved0 || h->reserved1)
		return FSW_REASON_MALFORMED;
	if (!h->nr_sets || fsw_letoh16(h->set) >= fsw_letoh16(h->nr_sets))
		return FSW_REASON_MALFORMED;
	if (fsw_letoh16(h->nr_sets) > FSW_MAX_SETS)
		return FSW_REASON_LIMIT;
	if (h->role == FSW_ROLE_CONTROL && h->set)
		return FSW_REASON_MALFORMED;
	if (fsw_is_zero(h->session_id, sizeof(h->session_id)))
		return FSW_REASON_MALFORMED;
	return FSW_REASON_NONE;
}

/**
 * fsw_welcome_check - may the fields of a received welcome be used?
 * @w: private data of the accept
 * @len: its length, may be more than the structure
 * @role: the role that the hello asked for
 *
 * Return: FSW_REASON_NONE, or why not.
 */
static inline enum fsw_reason fsw_welcome_check(const struct fsw_welcome *w, size_t len,
						enum fsw_role role)
{
	if (len < sizeof(*w) || fsw_letoh32(w->magic) != FSW_MAGIC)
		return FSW_REASON_MALFORMED;
	if (fsw_letoh16(w->version) < FSW_VERSION_MIN ||
	    fsw_letoh16(w->version) > FSW_VERSION)
		return FSW_REASON_VERSION;
	if (w->role != role || w->reserved0 ||
	    !fsw_is_zero(w->reserved1, sizeof(w->reserved1)) ||
	    !fsw_is_zero(w->reserved3, sizeof(w->reserved3)))
		return FSW_REASON_MALFORMED;
	if (fsw_letoh16(w->auth) >= FSW_NR_AUTH_METHODS ||
	    !w->auth != !!fsw_is_zero(w->nonce, sizeof(w->nonce)))
		return FSW_REASON_MALFORMED;
	if (w->auth && (role != FSW_ROLE_CONTROL || fsw_letoh16(w->version) < FSW_VERSION_AUTH))
		return FSW_REASON_MALFORMED;
	if (!w->generation || !w->max_sets || !w->max_chunks ||
	    fsw_letoh16(w->max_sets) > FSW_MAX_SETS ||
	    fsw_letoh32(w->max_chunks) > FSW_MAX_CHUNKS ||
	    w->chunk_shift < FSW_CHUNK_SHIFT_MIN || w->chunk_shift > FSW_CHUNK_SHIFT_MAX)
		return FSW_REASON_MALFORMED;
	return FSW_REASON_NONE;
}

/**
 * fsw_refusal_check - is this a refusal of a fastswap server?
 * @r: private data of the reject
 * @len: its length, may be more than the structure
 *
 * Return: 1 if @r->reason may be shown; 0 if somebody else rejected
 * (nobody listens, a stale connection, another service).
 */
static inline int fsw_refusal_check(const struct fsw_refusal *r, size_t len)
{
	return r && len >= sizeof(*r) && fsw_letoh32(r->magic) == FSW_MAGIC;
}

/**
 * fsw_msg_check - may the fields of a received control message be used?
 * @m: the message, at least @len bytes of memory behind it
 * @len: bytes that were received
 *
 * Checks the header, and that the payload has the size and the reserved bytes
 * that its type demands. Whether the content makes sense for the session is
 * the caller's to check.
 *
 * Return: FSW_REASON_NONE or FSW_REASON_MALFORMED.
 */
static inline enum fsw_reason fsw_msg_check(const struct fsw_msg *m, size_t len)
{
	const void *payload = m + 1;
	size_t rest;

	if (len < sizeof(*m) || len > FSW_MSG_MAX)
		return FSW_REASON_MALFORMED;
	if (fsw_letoh32(m->magic) != FSW_MAGIC || m->reserved ||
	    fsw_letoh32(m->length) != len)
		return FSW_REASON_MALFORMED;
	rest = len - sizeof(*m);

	switch (fsw_letoh16(m->type)) {
	case FSW_MSG_PING:
	case FSW_MSG_PONG:
		return rest ? FSW_REASON_MALFORMED : FSW_REASON_NONE;
	case FSW_MSG_REQUEST:
	case FSW_MSG_RELEASE:
	case FSW_MSG_RELEASED:
	case FSW_MSG_FORGET: {
		const struct fsw_range *r = payload;
		__u32 first, count;

		if (rest != sizeof(*r))
			return FSW_REASON_MALFORMED;
		first = fsw_letoh32(r->first);
		count = fsw_letoh32(r->count);
		if (!count || count > FSW_MAX_CHUNKS || first > FSW_MAX_CHUNKS - count)
			return FSW_REASON_MALFORMED;
		return FSW_REASON_NONE;
	}
	case FSW_MSG_GRANT:
		if (!rest || rest % sizeof(struct fsw_grant))
			return FSW_REASON_MALFORMED;
		return FSW_REASON_NONE;
	case FSW_MSG_DENY: {
		const struct fsw_deny *d = payload;

		if (rest != sizeof(*d) || d->reserved)
			return FSW_REASON_MALFORMED;
		return FSW_REASON_NONE;
	}
	case FSW_MSG_GOODBYE: {
		const struct fsw_goodbye *g = payload;

		if (rest != sizeof(*g) || !fsw_is_zero(g->reserved, sizeof(g->reserved)))
			return FSW_REASON_MALFORMED;
		return FSW_REASON_NONE;
	}
	case FSW_MSG_AUTH: {
		const struct fsw_auth *a = payload;

		if (rest != sizeof(*a) || !fsw_identity_check(a->identity, sizeof(a->identity)))
			return FSW_REASON_MALFORMED;
		return FSW_REASON_NONE;
	}
	case FSW_MSG_AUTH_OK: {
		const struct fsw_auth_ok *ok = payload;

		if (rest != sizeof(*ok) || ok->limits.reserved || !ok->limits.max_chunks ||
		    !ok->limits.max_sets ||
		    fsw_letoh32(ok->limits.max_chunks) > FSW_MAX_CHUNKS ||
		    fsw_letoh16(ok->limits.max_sets) > FSW_MAX_SETS)
			return FSW_REASON_MALFORMED;
		return FSW_REASON_NONE;
	}
	case FSW_MSG_PROMISE:
	case FSW_MSG_PROMISED: {
		const struct fsw_promise *p = payload;

		if (rest != sizeof(*p) || p->reserved || fsw_letoh32(p->chunks) > FSW_MAX_CHUNKS)
			return FSW_REASON_MALFORMED;
		return FSW_REASON_NONE;
	}
	case FSW_MSG_RECALL: {
		const struct fsw_recall *r = payload;

		if (rest != sizeof(*r) || r->reserved || !r->chunks ||
		    fsw_letoh32(r->chunks) > FSW_MAX_CHUNKS)
			return FSW_REASON_MALFORMED;
		return FSW_REASON_NONE;
	}
	default:
		return FSW_REASON_MALFORMED;
	}
}

/**
 * fsw_msg_init - fill in the header of a control message
 * @m: the message
 * @type: enum fsw_msg_type
 * @seq: sequence number, host order
 * @payload: bytes that follow the header
 */
static inline void fsw_msg_init(struct fsw_msg *m, enum fsw_msg_type type, __u32 seq,
				size_t payload)
{
	m->magic = fsw_htole32(FSW_MAGIC);
	m->type = fsw_htole16(type);
	m->reserved = 0;
	m->length = fsw_htole32((__u32)(sizeof(*m) + payload));
	m->seq = fsw_htole32(seq);
}

#endif /* _UAPI_FASTSWAP_PROTO_H */
