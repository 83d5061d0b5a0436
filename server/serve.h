/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a worker does for one session: take its messages, answer them, find out
 * whether the client is still there, and in the end take everything back.
 */
#ifndef FASTSWAP_SERVER_SERVE_H
#define FASTSWAP_SERVER_SERVE_H

#include <stdint.h>

#include "session.h"

/* What waits to be read when a client is found silent for so long gets this time. */
#define SERVE_GRACE_MS		250
/* How long a client may take to say who it is. */
#define SERVE_AUTH_MS		5000
/* A client is not asked to give chunks back more often than this. */
#define SERVE_RECALL_MS		2000
/* How long the last message may take to get through before the connection is closed. */
#define SERVE_PART_MS		500

enum serve_result {
	SERVE_IDLE,	/* nothing to do until the completion channel says so */
	SERVE_AGAIN,	/* there may be more, but nothing that is worth waiting for */
	SERVE_BUSY,	/* worked for the client, who may want more soon */
	SERVE_WAITING,	/* waits for chunks that are on their way back to the pool */
	SERVE_CLOSE,	/* close the connection; the reason is in @close_reason */
};

/** serve_start - a session begins, or goes on with a new connection */
void serve_start(struct session *session, uint64_t now);

/**
 * serve_turn - take messages and do one step of what was asked for
 * @session: adopted, not closed
 * @dirty: released chunks are added to it
 * @now: now_ms()
 *
 * If @auth_asked is set afterwards LETTER_CHECK is due, see serve_checked().
 */
enum serve_result serve_turn(struct session *session, struct backlog *dirty, uint64_t now);

/**
 * serve_checked - the main thread has looked at the client's proof
 * @session: adopted, not closed
 * @now: now_ms()
 *
 * serve_turn() is to be called then.
 */
void serve_checked(struct session *session, uint64_t now);

/**
 * serve_tick - what is due by the clock: keep-alive, recalls, end of the parting
 * @session: adopted, not closed
 * @now: now_ms()
 *
 * A client is taken for dead when it is found silent for too long and is so still
 * SERVE_GRACE_MS later. serve_turn() is to be called between the two.
 *
 * Return: SERVE_IDLE or SERVE_CLOSE.
 */
enum serve_result serve_tick(struct session *session, uint64_t now);

/**
 * serve_due - when serve_tick() has something to do
 * @session: adopted, not closed
 *
 * Messages in either direction make it later; serve_part(), and serve_turn() when
 * it begins to part, make it sooner.
 *
 * Return: a time as now_ms() gives it.
 */
uint64_t serve_due(const struct session *session);

/**
 * serve_part - tell the client why its session is about to end
 * @session: adopted, not closed
 * @reason: enum fsw_reason
 * @now: now_ms()
 *
 * serve_turn() or serve_tick() return SERVE_CLOSE once it got through, or has
 * not within SERVE_PART_MS.
 */
void serve_part(struct session *session, enum fsw_reason reason, uint64_t now);

/**
 * serve_keep - let go of a connection that is over, but not of the chunks
 * @session: adopted; its data queue pairs are gone already
 *
 * Not if the client said goodbye, was sent away, or holds nothing. But who has not proved to be
 * that client has no say in this. The control queue pair is destroyed if it returns true.
 *
 * Return: false if the session is to be taken apart, see serve_end().
 */
bool serve_keep(struct session *session);

/**
 * serve_end - one step of taking a session apart
 * @session: its data queue pairs are gone already
 * @dirty: its chunks are added to it
 *
 * Destroys the control queue pair first, if there is one; after that no remote access to any
 * chunk is possible, and deregistering begins.
 *
 * Return: true when all is done.
 */
bool serve_end(struct session *session, struct backlog *dirty);

#endif /* FASTSWAP_SERVER_SERVE_H */
