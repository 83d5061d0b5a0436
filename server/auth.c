// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "auth.h"
#include "bounds.h"
#include "log.h"
#include "mac.h"
#include "psk.h"
#include "stats.h"

int auth_challenge(struct session *session, const struct fsw_hello *hello,
		   struct fsw_welcome *welcome)
{
	session->proven = !session->demands_proof;
	if (session->demands_proof) {
		welcome->auth = fsw_htole16(FSW_AUTH_PSK);
		do {
			if (getrandom(welcome->nonce, sizeof(welcome->nonce), 0) !=
			    sizeof(welcome->nonce))
				return errno;
		} while (fsw_is_zero(welcome->nonce, sizeof(welcome->nonce)));
	}
	session->hello = *hello;
	session->welcome = *welcome;
	return 0;
}

/*
 * Of somebody who is not known nothing can be right, and that takes as long to find out: then the
 * key is one that nobody has.
 */
static bool is_right(const struct listener *l, const struct session *session)
{
	const struct fsw_auth *auth = &session->auth_message;
	const struct psk *psk = psk_find(l->keys, auth->identity);
	const uint8_t *key = psk ? psk->key : l->no_key;
	size_t len = psk ? psk->len : sizeof(l->no_key);
	struct fsw_transcript transcript;
	uint8_t expected[FSW_PROOF_SIZE];
	bool right, made;

	fsw_transcript_init(&transcript, FSW_SIDE_CLIENT, &session->hello, &session->welcome, auth,
			    NULL);
	made = mac_proof(expected, key, len, &transcript);
	right = made && mac_equal(expected, auth->proof);
	mac_forget(expected, sizeof(expected));
	if (!made)
		log_err("cannot check a proof: the cryptographic library fails");
	return made && right && psk;
}

/* Our own proof, for somebody who is known, and what he may have. */
static bool make_answer(const struct listener *l, struct session *session)
{
	const struct fsw_auth *auth = &session->auth_message;
	const struct psk *psk = psk_find(l->keys, auth->identity);
	struct fsw_auth_ok *ok = &session->auth_ok;
	struct fsw_transcript transcript;

	memset(ok, 0, sizeof(*ok));
	ok->limits.available = fsw_htole64(bounds_available(l, session));
	ok->limits.max_chunks = fsw_htole32(session->grants.max_chunks);
	ok->limits.max_sets = fsw_htole16(session->max_sets);
	fsw_transcript_init(&transcript, FSW_SIDE_SERVER, &session->hello, &session->welcome, auth,
			    &ok->limits);
	if (mac_proof(ok->proof, psk->key, psk->len, &transcript))
		return true;
	log_err("cannot make a proof: the cryptographic library fails");
	return false;
}

/* What is kept of a session is kept for who had it, not for everybody who has some key. */
static bool is_its_own(const struct session *session)
{
	return !session->identity[0] ||
	       !memcmp(session->identity, session->auth_message.identity,
		       sizeof(session->identity));
}

/* NONE, with the answer ready, or why the client has to go. */
static enum fsw_reason judge(struct listener *l, struct session *session)
{
	const char *identity = session->auth_message.identity;
	struct bounds_refusal refusal;

	if (!is_right(l, session))
		return FSW_REASON_AUTH;
	if (!is_its_own(session)) {
		log_client_rl(LOG_LEVEL_WARN, session->number, session->peer,
			      "%s came back for the memory of %s", identity, session->identity);
		return FSW_REASON_AUTH;
	}
	refusal = bounds_proven(l, session, identity);
	if (refusal.reason) {
		log_client_rl(LOG_LEVEL_INFO, session->number, session->peer,
			      "%s is refused: %s: %s", identity, fsw_reason_text(refusal.reason),
			      refusal.what);
		return refusal.reason;
	}
	return make_answer(l, session) ? FSW_REASON_NONE : FSW_REASON_RESOURCES;
}

void auth_check(struct listener *l, struct session *session)
{
	session->verdict = judge(l, session);
	worker_post(session->worker, &session->checked);
	if (session->verdict)
		return;

	session->proven = true;
	if (session->starts_over) {
		/*
		 * What is kept is of no use to its client, who tries again until it is gone. No
		 * second LETTER_PART may follow, hence the phase.
		 */
		session->part_reason = FSW_REASON_BUSY;
		if (session->phase == SESSION_LIVE) {
			session->phase = SESSION_CLOSING;
			worker_post(session->worker, &session->part);
		}
		return;
	}
	if (session->identity[0])
		stats_add(STAT_RESUMED, 1);
	session->resumed = session->identity[0];
	memcpy(session->identity, session->auth_message.identity, sizeof(session->identity));
	auth_connected(session);
}

void auth_connected(struct session *session)
{
	const char *identity = session->identity[0] ? session->identity : NULL;
	const struct grants *g = &session->grants;
	char id[33], size[32];

	if (!session->proven)
		return;
	config_size_text(size, sizeof(size), (uint64_t)g->max_chunks << g->pool->chunk_shift);
	log_client(LOG_LEVEL_INFO, session->number, session->peer,
		   "%s%s%s, id %s, at most %u queue sets and %s",
		   session->resumed ? "back" : "connected", identity ? " as " : "",
		   identity ? identity : "", quota_id_text(id, session->client_id),
		   session->max_sets, size);
	session->resumed = false;
}

void auth_reloaded(struct listener *l)
{
	const struct session *session;
	unsigned int nr = 0;

	log_info("%u keys were read", l->keys->nr);
	TAILQ_FOREACH(session, &l->sessions, link)
		if (session->phase != SESSION_ENDING && session->identity[0] &&
		    !psk_find(l->keys, session->identity))
			nr++;
	if (nr)
		log_warn("%u clients are attached that have no key any more; they may stay, but "
			 "not come back",
			 nr);
}
