/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What both sides of an authentication put their key under. Pure.
 *
 * A proof is HMAC-SHA-256, by the key that both have, over a transcript: who speaks, then all
 * that was said on this connection so far, as it was on the wire. So it holds for one connection
 * only (both nonces, the session's id, the server's generation), in one direction only (the
 * label), and a word that somebody changed on the way shows. modules/PROTOCOL.md says when what
 * is sent, and what a proof does not give.
 */
#ifndef _UAPI_FASTSWAP_AUTH_H
#define _UAPI_FASTSWAP_AUTH_H

#include <fastswap/proto.h>

/* Who speaks. With it, no proof is good where one of the other side is expected. */
enum fsw_side {
	FSW_SIDE_CLIENT,
	FSW_SIDE_SERVER,
};

#define FSW_LABEL_SIZE		16	/* a NUL included */
#define FSW_LABEL_CLIENT	"fastswap client"
#define FSW_LABEL_SERVER	"fastswap server"

/**
 * struct fsw_transcript - what is hashed, byte for byte
 * @label: FSW_LABEL_CLIENT or FSW_LABEL_SERVER
 * @hello: of the control connection: versions, session id, client id, generation
 * @welcome: what it was answered: version, generation, limits, the server's nonce
 * @identity: who the client says it is
 * @nonce: the client's
 * @limits: in the proof of the server, what the client may have; in that of the client zero
 *
 * All parts have a fixed size: there is one way only to take the bytes apart.
 */
struct fsw_transcript {
	char label[FSW_LABEL_SIZE];
	struct fsw_hello hello;
	struct fsw_welcome welcome;
	char identity[FSW_IDENTITY_MAX];
	__u8 nonce[FSW_NONCE_SIZE];
	struct fsw_limits limits;
};

static_assert(sizeof(FSW_LABEL_CLIENT) == FSW_LABEL_SIZE, "label");
static_assert(sizeof(FSW_LABEL_SERVER) == FSW_LABEL_SIZE, "label");
static_assert(sizeof(struct fsw_transcript) ==
		      FSW_LABEL_SIZE + sizeof(struct fsw_hello) + sizeof(struct fsw_welcome) +
			      FSW_IDENTITY_MAX + FSW_NONCE_SIZE + sizeof(struct fsw_limits),
	      "transcript");

/**
 * fsw_transcript_init - put together what a proof is made over
 * @t: filled in, every byte of it
 * @side: whose proof it is
 * @hello: as sent, or as received and checked
 * @welcome: likewise
 * @auth: identity and nonce of the client; its proof is not looked at
 * @limits: of FSW_SIDE_SERVER; NULL on the other side
 */
static inline void fsw_transcript_init(struct fsw_transcript *t, enum fsw_side side,
				       const struct fsw_hello *hello,
				       const struct fsw_welcome *welcome,
				       const struct fsw_auth *auth,
				       const struct fsw_limits *limits)
{
	memcpy(t->label, side == FSW_SIDE_SERVER ? FSW_LABEL_SERVER : FSW_LABEL_CLIENT,
	       sizeof(t->label));
	t->hello = *hello;
	t->welcome = *welcome;
	memcpy(t->identity, auth->identity, sizeof(t->identity));
	memcpy(t->nonce, auth->nonce, sizeof(t->nonce));
	memset(&t->limits, 0, sizeof(t->limits));
	if (limits)
		t->limits = *limits;
}

#endif /* _UAPI_FASTSWAP_AUTH_H */
