/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of a session whose control connection is over: it is taken apart
 * by its worker, or waits for its client until the lease ends. Main thread.
 */
#ifndef FASTSWAP_SERVER_LEASE_H
#define FASTSWAP_SERVER_LEASE_H

#include "listener.h"

/**
 * lease_connection_over - the control connection of a session is DOWN
 * @l: the listener
 * @session: OPENING, LIVE or CLOSING; freed if its worker never had it
 */
void lease_connection_over(struct listener *l, struct session *session);

/**
 * lease_begin - LETTER_KEPT: the worker has let go of the connection, the client may come back
 * @l: the listener
 * @session: ENDING
 *
 * If its client did not get so far as to prove who it is, the lease that was there goes on.
 */
void lease_begin(struct listener *l, struct session *session);

/** lease_end - do not wait any longer for the client of a KEPT session */
void lease_end(struct listener *l, struct session *session);

/**
 * lease_expire - end the leases that are over
 * @l: the listener
 * @now: now_ms()
 *
 * Return: are there any that go on?
 */
bool lease_expire(struct listener *l, uint64_t now);

/** lease_session_ended - LETTER_ENDED: nothing of the session is registered any more; frees it */
void lease_session_ended(struct listener *l, struct session *session);

#endif /* FASTSWAP_SERVER_LEASE_H */
