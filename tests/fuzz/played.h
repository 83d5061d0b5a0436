/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The server with its main thread and its workers, all of it real code, and the clients that are
 * played to it. Everything that a server must never do ends in an assert().
 */
#ifndef FUZZ_PLAYED_H
#define FUZZ_PLAYED_H

#include <stdbool.h>

#include <rdma/rdma_cma.h>

#include "listener.h"

struct input;

#define MAX_PEERS	16
#define MAX_TOLD	48

/* What a client has sent that is to be answered. */
struct told {
	uint16_t type;
	uint32_t seq, first, count;
	uint32_t next;		/* of a request: chunks that were granted */
};

/* One connection as its client sees it. */
struct peer {
	struct rdma_cm_id *id;
	bool control, confirmed, broken;
	bool bye;		/* the server said goodbye */
	bool proves;		/* its proof is being looked at */
	struct told jobs[MAX_TOLD];
	unsigned int nr_jobs, done_jobs;
	uint32_t pings[MAX_TOLD];
	unsigned int nr_pings, done_pings;
};

struct played {
	struct config cfg;
	struct pool pool;
	struct listener l;
	struct peer peers[MAX_PEERS];
	unsigned int nr_peers;
	bool closed;		/* at some time nobody's address was admitted */
	int objects;		/* of the RDMA stack that a server without clients has */
};

extern struct played played;

/* ---- played.c: the server ---- */

/* A server without clients; the one of the last input if nothing is wrong with it. */
void played_begin(void);
/* Every client is answered, leaves or falls silent, and nothing may be left of them. */
void played_end(bool silent);
/* As if --allow had been changed: everybody may come, or nobody. */
void played_admit(bool everybody);
/* One turn of the main thread, of a worker, of all. */
void played_main(void);
void played_worker(unsigned int nr);
void played_all(unsigned int turns);

/* ---- peer.c: the clients ---- */

/* A connect request, to be taken by the main thread; NULL if there are too many. */
struct peer *peer_request(const void *hello, size_t len, unsigned int device);
/* Is there still a connection that events may arrive for? */
bool peer_there(const struct peer *peer);
void peer_event(struct peer *peer, enum rdma_cm_event_type type);
/* A message as the input describes it: mostly right, with @patched anything. */
union peer_message {
	struct fsw_msg msg;
	struct {
		struct fsw_msg head;
		union {
			struct fsw_range range;
			struct fsw_auth auth;
			struct fsw_auth_ok auth_ok;
		};
	};
	unsigned char bytes[160];
};

size_t peer_make_message(struct input *in, union peer_message *m, bool wide, bool patched);
/* A message, right or wrong, and what is to be expected because of it. */
void peer_message(struct peer *peer, const void *bytes, size_t len);
/* Everything that the server sent must be right. */
void peer_take_answers(struct peer *peer);
/* Does it wait for an answer that a server has to give? */
bool peer_waits(const struct peer *peer);

#endif /* FUZZ_PLAYED_H */
