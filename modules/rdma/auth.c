// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * Who we are to the server, and whether it is the one that we share a key with.
 *
 * The key is taken from a keyring of whoever attaches, once: later links are made by a work that
 * has no keyring. It is kept in the transform, which overwrites it when it is freed, and nowhere
 * else. All that a link needs of memory is there from ->attach on, as reclaim may wait for it.
 */
#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <keys/user-type.h>
#include <linux/key.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#include <fastswap/auth.h>

#include "auth_sm.h"
#include "rdma.h"

#define FSR_AUTH_MS	5000	/* from our proof to the server's */

/**
 * struct fsr_auth - an attachment's key, and how far its control connection is
 * @hmac: HMAC-SHA-256 with the key; NULL: there is no key
 * @lock: guards the rest; process context
 * @state: of the present connection
 * @seq: of @message
 * @message: with our proof
 * @limits: what the server lets us have; PROVEN only
 */
struct fsr_auth {
	struct crypto_shash *hmac;

	spinlock_t lock;
	enum fsr_auth_state state;
	u32 seq;
	struct fsw_auth message;
	struct fsw_limits limits;
};

/* Gives the transform the key of that name. */
static int set_key(struct crypto_shash *hmac, const char *name, char *error)
{
	const struct user_key_payload *payload;
	struct key *key;
	int err;

	key = request_key(&key_type_logon, name, NULL);
	if (IS_ERR(key)) {
		snprintf(error, FASTSWAP_ERROR_MAX, "there is no key '%s': error %ld", name,
			 PTR_ERR(key));
		return PTR_ERR(key);
	}
	down_read(&key->sem);
	payload = user_key_payload_locked(key);
	if (!payload) {
		snprintf(error, FASTSWAP_ERROR_MAX, "the key '%s' was revoked", name);
		err = -EKEYREVOKED;
	} else if (payload->datalen < FSW_KEY_MIN || payload->datalen > FSW_KEY_MAX) {
		snprintf(error, FASTSWAP_ERROR_MAX, "the key '%s' has not %d to %d bytes", name,
			 FSW_KEY_MIN, FSW_KEY_MAX);
		err = -EINVAL;
	} else {
		err = crypto_shash_setkey(hmac, payload->data, payload->datalen);
		if (err)
			snprintf(error, FASTSWAP_ERROR_MAX, "the key '%s' is of no use: error %d",
				 name, err);
	}
	up_read(&key->sem);
	key_put(key);
	return err;
}

/**
 * fsr_auth_alloc - take over the key that the options name, if they name one
 * @s: the session, its options parsed
 * @error: gets the reason of a failure in words
 *
 * Return: 0 or a negative errno; fsr_auth_free() is due in either case.
 */
int fsr_auth_alloc(struct fsr_session *s, char *error)
{
	struct fsr_auth *auth = kzalloc(sizeof(*auth), GFP_KERNEL);
	struct crypto_shash *hmac;

	if (!auth)
		return -ENOMEM;
	spin_lock_init(&auth->lock);
	s->auth = auth;
	if (!s->params.psk[0])
		return 0;

	hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(hmac)) {
		snprintf(error, FASTSWAP_ERROR_MAX, "this kernel has no hmac(sha256): error %ld",
			 PTR_ERR(hmac));
		return PTR_ERR(hmac);
	}
	auth->hmac = hmac;
	return set_key(hmac, s->params.psk, error);
}

/* fsr_auth_free - forget the key */
void fsr_auth_free(struct fsr_session *s)
{
	if (!s->auth)
		return;
	if (s->auth->hmac)
		crypto_free_shash(s->auth->hmac);
	kfree_sensitive(s->auth);
	s->auth = NULL;
}

/* With @limits the proof is the server's. */
static int prove(struct fsr_session *s, const struct fsw_auth *message,
		 const struct fsw_limits *limits, u8 *proof)
{
	struct fsw_transcript transcript;

	fsw_transcript_init(&transcript, limits ? FSW_SIDE_SERVER : FSW_SIDE_CLIENT,
			    &s->conn.hello, &s->conn.welcome, message, limits);
	return crypto_shash_tfm_digest(s->auth->hmac, (const u8 *)&transcript, sizeof(transcript),
				       proof);
}

static enum fsr_auth_action step(struct fsr_auth *auth, enum fsr_auth_event event)
{
	struct fsr_auth_step next;

	lockdep_assert_held(&auth->lock);
	next = fsr_auth_sm_step(auth->state, event);
	WRITE_ONCE(auth->state, next.next);
	return next.action;
}

/* Sends our proof. The answer may be there before the call is back. */
static int send_proof(struct fsr_session *s)
{
	struct fsr_auth *auth = s->auth;
	struct fsw_auth message;
	u32 seq;
	int err;

	memcpy(message.identity, s->params.identity, sizeof(message.identity));
	get_random_bytes(message.nonce, sizeof(message.nonce));
	err = prove(s, &message, NULL, message.proof);
	if (err)
		return err;

	seq = get_random_u32();
	spin_lock(&auth->lock);
	auth->seq = seq;
	auth->message = message;
	spin_unlock(&auth->lock);
	return fsr_control_send(s, FSW_MSG_AUTH, seq, &message, sizeof(message));
}

static bool is_answered(const struct fsr_session *s)
{
	return READ_ONCE(s->auth->state) != FSR_AUTH_ASKED || !fsr_session_is_connecting(s);
}

/* What goes by the limits of the welcome goes by those of our identity from here on. */
static void take_limits(struct fsr_session *s)
{
	struct fsw_limits limits;

	spin_lock(&s->auth->lock);
	limits = s->auth->limits;
	spin_unlock(&s->auth->lock);
	s->welcome.available = limits.available;
	s->welcome.max_chunks = limits.max_chunks;
	s->welcome.max_sets = limits.max_sets;
}

static int await_proof(struct fsr_session *s, char *error)
{
	long left;

	left = wait_event_killable_timeout(s->wait, is_answered(s),
					   msecs_to_jiffies(FSR_AUTH_MS));
	if (left < 0) {
		strscpy(error, "interrupted", FASTSWAP_ERROR_MAX);
		return -EINTR;
	}
	/* Also when the proof is wrong: fsr_auth_answer() has let the session fail. */
	if (!fsr_session_is_connecting(s)) {
		strscpy(error, s->why, FASTSWAP_ERROR_MAX);
		return -ECONNRESET;
	}
	if (READ_ONCE(s->auth->state) == FSR_AUTH_PROVEN) {
		take_limits(s);
		return 0;
	}
	snprintf(error, FASTSWAP_ERROR_MAX, "%s does not prove that it has the key: no answer",
		 s->params.peer);
	return -ETIMEDOUT;
}

/**
 * fsr_auth_begin - before anything is asked of the server: is it ours, and are we its?
 * @s: the session, its control connection just made
 * @error: gets the reason of a failure in words
 *
 * Return: 0 or a negative errno.
 */
int fsr_auth_begin(struct fsr_session *s, char *error)
{
	struct fsr_auth *auth = s->auth;
	enum fsr_auth_action action;
	int err;

	spin_lock(&auth->lock);
	WRITE_ONCE(auth->state, auth->hmac ? FSR_AUTH_KEYED : FSR_AUTH_KEYLESS);
	action = step(auth, s->conn.welcome.auth ? FSR_AUTH_EV_CHALLENGE : FSR_AUTH_EV_WELCOME);
	spin_unlock(&auth->lock);

	switch (action) {
	case FSR_AUTH_DO_GO_ON:
		return 0;
	case FSR_AUTH_DO_PROVE:
		err = send_proof(s);
		if (!err)
			return await_proof(s, error);
		snprintf(error, FASTSWAP_ERROR_MAX, "cannot send a proof: error %d", err);
		return err;
	case FSR_AUTH_DO_LACK:
		snprintf(error, FASTSWAP_ERROR_MAX, "%s wants a key, and none was given",
			 s->params.peer);
		return -ENOKEY;
	default:
		snprintf(error, FASTSWAP_ERROR_MAX,
			 "%s asks for no key, so that it may be anybody: refused, as one was given",
			 s->params.peer);
		return -EACCES;
	}
}

/**
 * fsr_auth_answer - the server sent its proof
 * @s: the session
 * @seq: of the message
 * @ok: the proof, and what we may have
 *
 * Called for one message after the other, in process context.
 *
 * Return: 0, or -EPROTO if the server must not send this now.
 */
int fsr_auth_answer(struct fsr_session *s, u32 seq, const struct fsw_auth_ok *ok)
{
	const struct fsw_welcome *welcome = &s->conn.welcome;
	struct fsr_auth *auth = s->auth;
	enum fsr_auth_action action;
	u8 expected[FSW_PROOF_SIZE];
	struct fsw_auth message;
	bool ours, asked, right;

	spin_lock(&auth->lock);
	ours = seq == auth->seq;
	asked = auth->state == FSR_AUTH_ASKED;
	message = auth->message;
	spin_unlock(&auth->lock);
	if (!ours || fsw_letoh32(ok->limits.max_chunks) > fsw_letoh32(welcome->max_chunks) ||
	    fsw_letoh16(ok->limits.max_sets) > fsw_letoh16(welcome->max_sets))
		return -EPROTO;

	/* What cannot be checked is not right. */
	right = asked && !prove(s, &message, &ok->limits, expected) &&
		!crypto_memneq(ok->proof, expected, sizeof(expected));
	memzero_explicit(expected, sizeof(expected));
	spin_lock(&auth->lock);
	if (right)
		auth->limits = ok->limits;
	action = step(auth, right ? FSR_AUTH_EV_GOOD : FSR_AUTH_EV_BAD);
	spin_unlock(&auth->lock);

	if (action == FSR_AUTH_DO_IMPOSTOR)
		fsr_session_fail(s, "%s does not prove that it has the key", s->params.peer);
	return action == FSR_AUTH_DO_BREACH ? -EPROTO : 0;
}

/* What a key is used by; loaded with the module, as later there may be no memory for it. */
MODULE_SOFTDEP("pre: hmac sha256");
