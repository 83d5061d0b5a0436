/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session: one attachment of one client, with its control connection, its
 * data queue pairs and its chunks. It outlives a connection that broke: for the
 * time of its lease the client may come back to its chunks. THREADS.md says how
 * it passes between the main thread and its worker.
 */
#ifndef FASTSWAP_SERVER_SESSION_H
#define FASTSWAP_SERVER_SESSION_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "auth_sm.h"
#include "config.h"
#include "conn.h"
#include "ctrl.h"
#include "grant.h"
#include "mailbox.h"
#include "netaddr.h"
#include "tenant.h"

struct worker;

/* Letters that are about a session. */
enum session_letter {
	/* main thread to worker */
	LETTER_ADOPT = 1,	/* take care of it from now on */
	LETTER_PART,		/* say goodbye, then ask to close; @part_reason */
	LETTER_END,		/* the connection is over: take the session apart, or keep it */
	LETTER_CHECKED,		/* the proof was looked at; @verdict */
	/* worker to main thread */
	LETTER_CLOSE,		/* close the connection; @close_reason */
	LETTER_ENDED,		/* taken apart: nothing is registered any more */
	LETTER_KEPT,		/* has no connection any more, but its chunks */
	LETTER_CHECK,		/* look at the client's @auth */
};

enum session_phase {
	SESSION_OPENING,	/* the control connection is not confirmed yet */
	SESSION_LIVE,		/* adopted by its worker */
	SESSION_CLOSING,	/* still adopted; the control connection is being closed */
	SESSION_ENDING,		/* LETTER_END is on its way or being worked on */
	SESSION_KEPT,		/* without a connection; until the client is back or @lease_ms */
};

/* How a session stands with its worker. */
enum session_place {
	PLACE_NONE,		/* not adopted */
	PLACE_ACTIVE,		/* polled in every turn */
	PLACE_ASLEEP,		/* its completion channel wakes it */
	PLACE_CLOSED,		/* asked the main thread to close it; not polled any more */
	PLACE_ENDING,		/* being taken apart */
};

struct session {
	/* Constant. */
	unsigned int number;		/* how the log calls it */
	uint8_t id[16];			/* a capability: never logged, compared in constant time */
	char peer[64];			/* the client's address, for people */
	struct netaddr address;		/* the same, if it @has_address */
	bool has_address;
	uint8_t client_id[16];		/* as it says itself */
	struct worker *worker;
	struct ibv_pd *pd;
	struct ibv_context *verbs;
	unsigned int keepalive_ms;
	unsigned int keep_ms;		/* after its connection broke; 0: not at all */
	bool recalls;			/* its client knows what a recall is */
	bool demands_proof;		/* its client has to say who it is on every connection */

	/* Main thread only. */
	enum session_phase phase;
	struct tenant *tenant;		/* NULL: nobody counts what it holds, or not yet */
	unsigned int max_sets;		/* lower, perhaps, once it is known whose it is */
	struct conn *control;		/* NULL: KEPT */
	uint64_t lease_ms;		/* when a KEPT session ends, as now_ms() tells it */
	bool resumed;			/* OPENING once more, its worker knows it */
	bool leased;			/* its chunks are kept when the connection breaks */
	bool proven;			/* on this connection its client has a say */
	bool starts_over;		/* its client does not want what is kept for it */
	char identity[FSW_IDENTITY_MAX];	/* whose it is; empty: nobody has proved it ever */
	struct fsw_hello hello;		/* of @control, and what it was answered: a proof */
	struct fsw_welcome welcome;	/* is made over both */
	struct conn **data;		/* [set][role - 1], NULL where there is none */
	struct ibv_cq *data_cq;		/* of all data queue pairs; nothing ever arrives */
	TAILQ_ENTRY(session) link;

	/* Worker only, from LETTER_ADOPT to LETTER_ENDED or LETTER_KEPT; else main thread. */
	struct ctrl ctrl;
	struct grants grants;
	enum session_place place;
	TAILQ_ENTRY(session) place_link;
	struct event wake;		/* of the completion channel */
	uint64_t heard_ms;		/* when the last message arrived */
	uint64_t overdue_ms;		/* when it was found silent for too long; 0: it is not */
	uint64_t busy_us;		/* when there was something to do last */
	bool waiting;			/* a request waits for chunks on their way back */
	bool parting;			/* a goodbye was sent or received */
	uint64_t part_deadline_ms;	/* close then, even if the goodbye did not get through */
	uint32_t ping_seq;
	uint64_t recall_ms;		/* it is not sent another one before */
	uint32_t recall_seq;
	uint32_t pongs[FSW_CTRL_WINDOW];	/* sequence numbers of unanswered pings */
	unsigned int nr_pongs;
	enum auth_state auth;
	uint64_t auth_deadline_ms;	/* AWAITED until then */
	bool auth_late;			/* it was over once, and what had come was read since */
	uint32_t auth_seq;
	bool auth_asked;		/* LETTER_CHECK is to be posted */
	bool auth_answered;		/* AUTH_OK is to be sent */

	/* Written by the sender before it posts the letter, read by the receiver. */
	enum fsw_reason part_reason;
	enum fsw_reason close_reason;
	bool may_keep;			/* LETTER_END: if it is worth it */
	struct fsw_auth auth_message;	/* LETTER_CHECK */
	enum fsw_reason verdict;	/* LETTER_CHECKED: NONE, or why the client has to go */
	struct fsw_auth_ok auth_ok;	/* LETTER_CHECKED, if it need not: the answer */
	struct letter adopt, part, end, close, ended, kept, check, checked;
};

TAILQ_HEAD(session_list, session);

/**
 * session_create - everything that a session needs before it is accepted
 * @cfg: limits
 * @pool: where its chunks come from
 * @worker: who will serve it
 * @control: the control connection; gets its queue pair
 * @hello: checked with fsw_hello_check()
 *
 * Return: the session in phase OPENING, or NULL with errno set.
 */
struct session *session_create(const struct config *cfg, struct pool *pool, struct worker *worker,
			       struct conn *control, const struct fsw_hello *hello);

/**
 * session_find - the session of a data queue pair
 * @sessions: all sessions
 * @id: what the client says its id is
 *
 * Takes the same time however many bytes are right.
 */
struct session *session_find(const struct session_list *sessions, const uint8_t id[16]);

/** session_data_slot - where the data connection of a role and set is kept */
struct conn **session_data_slot(struct session *session, enum fsw_role role, unsigned int set);

/**
 * session_data_queue - the completion queue for data queue pairs
 * @session: the session
 *
 * Return: the queue, made at the first call, or NULL with errno set.
 */
struct ibv_cq *session_data_queue(struct session *session);

/**
 * session_drop_data - disconnect and free all data connections and their queue
 * @session: the session
 * @conns: the list that the connections are on
 */
void session_drop_data(struct session *session, struct conn_list *conns);

/**
 * session_free - free a session that no worker has (any more)
 * @session: may be NULL
 *
 * Its data connections must have been dropped; the control connection stays.
 */
void session_free(struct session *session);

#endif /* FASTSWAP_SERVER_SESSION_H */
