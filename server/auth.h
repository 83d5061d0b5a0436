/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients prove who they are: challenges, and what becomes of the answers. Main thread only, which
 * alone knows the keys. What a worker does meanwhile is in auth_sm.h and serve.c.
 */
#ifndef FASTSWAP_SERVER_AUTH_H
#define FASTSWAP_SERVER_AUTH_H

#include "listener.h"

/**
 * auth_challenge - a control connection is about to be accepted
 * @session: its session
 * @hello: of the connection, checked
 * @welcome: the answer, else complete; gets the challenge if there has to be a proof
 *
 * Both are kept, as the proof is made over them.
 *
 * Return: 0 or an errno value.
 */
int auth_challenge(struct session *session, const struct fsw_hello *hello,
		   struct fsw_welcome *welcome);

/**
 * auth_check - LETTER_CHECK: a client sent its proof
 * @l: the listener
 * @session: not ENDING; LETTER_CHECKED is posted to its worker
 */
void auth_check(struct listener *l, struct session *session);

/** auth_connected - a session may be used from now on, by this client: say so */
void auth_connected(struct session *session);

/**
 * auth_reloaded - there are other keys
 * @l: the listener, @keys set
 *
 * Clients that are attached stay so.
 */
void auth_reloaded(struct listener *l);

#endif /* FASTSWAP_SERVER_AUTH_H */
