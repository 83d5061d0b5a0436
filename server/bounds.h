/* SPDX-License-Identifier: GPL-2.0-only */
/* What addresses and clients may not do, whatever there is left. Main thread only. */
#ifndef FASTSWAP_SERVER_BOUNDS_H
#define FASTSWAP_SERVER_BOUNDS_H

#include "listener.h"

struct sockaddr;

struct bounds_refusal {
	enum fsw_reason reason;		/* NONE: not refused */
	uint64_t detail;
	const char *what;		/* for the log: which limit it is */
};

/**
 * bounds_request - may a connect request from this address be looked at?
 * @l: the listener
 * @from: where it comes from
 */
struct bounds_refusal bounds_request(struct listener *l, const struct sockaddr *from);

/**
 * bounds_session - may a client have one more session?
 * @l: the listener
 * @hello: of the control connection, checked
 * @from: where it comes from
 */
struct bounds_refusal bounds_session(struct listener *l, const struct fsw_hello *hello,
				     const struct sockaddr *from);

/**
 * bounds_begin - let a new session have no more than its client has left
 * @l: the listener
 * @session: not accepted yet; bounds_session() had nothing against it
 *
 * If its client has to prove who it is that is for bounds_proven().
 *
 * Return: 0 or an errno value.
 */
int bounds_begin(struct listener *l, struct session *session);

/**
 * bounds_proven - a client has proved who it is: may it have this session, and how much?
 * @l: the listener
 * @session: its worker waits for LETTER_CHECKED
 * @identity: of the client
 *
 * Not refused: the session counts from now on, unless it did already.
 */
struct bounds_refusal bounds_proven(struct listener *l, struct session *session,
				    const char identity[FSW_IDENTITY_MAX]);

/** bounds_count - set @used of all tenants */
void bounds_count(struct listener *l);

/** bounds_available - bytes that a session could be promised, or granted, now */
uint64_t bounds_available(const struct listener *l, const struct session *session);

/** bounds_set_ledger - tell the pool what may be promised, and what is reserved */
void bounds_set_ledger(struct listener *l);

/**
 * bounds_reloaded - the configuration has changed
 * @l: the listener
 *
 * Clients that are attached stay so, and keep what they have.
 */
void bounds_reloaded(struct listener *l);

#endif /* FASTSWAP_SERVER_BOUNDS_H */
