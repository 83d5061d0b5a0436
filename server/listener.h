/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread: connection events, signals, deadlines, and the life of the
 * sessions as a whole. What happens on an adopted session is its worker's.
 */
#ifndef FASTSWAP_SERVER_LISTENER_H
#define FASTSWAP_SERVER_LISTENER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "mailbox.h"
#include "pool.h"
#include "rate.h"
#include "resize.h"
#include "session.h"
#include "worker.h"

/* Exit status of the program; the manual page explains them. */
enum exit_status {
	EXIT_RUN_OK = 0,
	EXIT_RUN_FAILED = 1,
	EXIT_BAD_OPTION = 2,
	EXIT_NO_DEVICE = 3,
	EXIT_PORT_TAKEN = 4,
	EXIT_NO_MEMORY = 5,
};

#define LISTENER_SIGNALS	5

struct psk_list;

struct listener {
	const struct config *cfg;	/* what can be reloaded may change in between */
	const struct psk_list *keys;	/* of the clients, likewise; NULL: everybody may come */
	uint8_t no_key[FSW_PROOF_SIZE];	/* of nobody */
	struct pool *pool;
	uint64_t generation;

	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
	char name[128];			/* the address and port, for people */

	struct event_base *base;
	struct event *cm_event, *inbox_event, *sweep_event, *stop_event;
	struct event *watchdog_event;	/* NULL: nobody watches */
	struct event *cm_retry_event;	/* runs while @cm_event rests after an error */
	struct event *signal_events[LISTENER_SIGNALS];
	void (*reload)(void *arg);	/* what SIGHUP asks for; NULL: nothing */
	void *reload_arg;
	struct mailbox inbox;
	struct resizer resizer;

	struct worker *workers;
	unsigned int nr_workers;
	struct conn_list conns;
	struct session_list sessions;
	struct tenant_list tenants;
	struct rate rate;		/* of connect requests */
	unsigned int nr_sessions;	/* all of them */
	unsigned int nr_alive;		/* without those that are ENDING */
	unsigned int last_number;
	unsigned int nr_cm_errors;	/* of the connection manager, in a row */

	bool draining;			/* no new clients, those that are there may stay */
	bool stopping;			/* no new clients; leave when all are gone */
	bool forced;			/* the time for goodbyes is over */
	bool aborted;			/* leave now, whatever is left */
	enum exit_status status;
};

/**
 * listener_open - claim the address and port
 * @l: filled in
 * @cfg: must outlive the listener
 * @why: on an error one line that says what is wrong
 * @why_size: bytes of @why
 *
 * Nobody is answered yet, so that a wrong address shows before the memory is
 * prepared, which may take long.
 */
enum exit_status listener_open(struct listener *l, const struct config *cfg, char *why,
			       size_t why_size);

/**
 * listener_start - start the workers and begin to listen
 * @l: opened
 * @pool: the memory to lend; must outlive the listener
 * @why: on an error one line that says what is wrong
 * @why_size: bytes of @why
 */
enum exit_status listener_start(struct listener *l, struct pool *pool, char *why,
				size_t why_size);

/**
 * listener_run - serve until a signal says to stop, then part from the clients
 * @l: started
 *
 * Return: the exit status. If @aborted is set afterwards, threads may still use
 * everything: the caller must end the process and free nothing.
 */
enum exit_status listener_run(struct listener *l);

/** listener_close - free it all; safe after any failure of the functions above */
void listener_close(struct listener *l);

/**
 * listener_apply - let an event happen to a connection and do what follows from it
 * @l: the listener
 * @conn: may be freed by this, and its session with it
 * @event: what happened
 */
void listener_apply(struct listener *l, struct conn *conn, enum conn_event event);

/** listener_set_sweep - look at deadlines and leases soon */
void listener_set_sweep(struct listener *l);

/** listener_resize - the pool shall have so many chunks, see resize_want() */
void listener_resize(struct listener *l, uint32_t chunks);

/** listener_client_left - one more is gone, which matters while the server is draining */
void listener_client_left(struct listener *l);

/** listener_stop - begin to stop, as if a signal had come */
void listener_stop(struct listener *l, enum exit_status status);

#endif /* FASTSWAP_SERVER_LISTENER_H */
