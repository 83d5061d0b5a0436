// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "admission.h"
#include "auth.h"
#include "bounds.h"
#include "claim.h"
#include "fault.h"
#include "lease.h"
#include "listener.h"
#include "log.h"
#include "notify.h"
#include "rlimits.h"
#include "util.h"
#include "vobj.h"
#include "watchdog.h"

#define BACKLOG		1024
/* CM events that are handled before other things get their turn. */
#define EVENTS_PER_TURN	64
/* After an error of the CM's channel it is left alone for a moment; so often, then we give up. */
#define CM_RETRY_MS	100
#define CM_MAX_ERRORS	20
/* An accepted connection must be confirmed, a disconnect request answered, within this. */
#define CONFIRM_MS	10000
#define DISCONNECT_MS	2000
#define SWEEP_MS	250
/* Stopping: first the goodbyes, then taking apart what is left. */
#define STOP_SECONDS	5

#define MAX_DEFAULT_THREADS	4

void listener_set_sweep(struct listener *l)
{
	const struct timeval sweep = { .tv_usec = SWEEP_MS * 1000 };

	if (!event_pending(l->sweep_event, EV_TIMEOUT, NULL))
		event_add(l->sweep_event, &sweep);
}

static void tear_down(struct listener *l, struct conn *conn)
{
	struct session *session = conn->session;

	if (session && session->control == conn) {
		lease_connection_over(l, session);
		return;
	}
	if (session) {
		*session_data_slot(session, conn->role, conn->set) = NULL;
		conn_disconnect(conn);
	}
	conn_free(conn, &l->conns);
}

static void set_deadline(struct listener *l, struct conn *conn, uint64_t ms)
{
	conn->deadline_ms = now_ms() + ms;
	listener_set_sweep(l);
}

/*
 * To end a connection is to send something, which cannot get through while our port is down;
 * and soft-RoCE's queue pair 1, through which it would go, never works again after that. So
 * the end waits for the port, unless there is no time left or no device.
 */
static bool postpone(struct listener *l, struct conn *conn, enum conn_event event)
{
	enum conn_action action = conn_sm_step(conn->state, event).action;

	if (action != CONN_DO_DISCONNECT && action != CONN_DO_TEAR_DOWN)
		return false;
	/* Who is cut off has come back, by a port that works. */
	if (l->forced || event == CONN_EV_CUT || event == CONN_EV_DEVICE_REMOVAL ||
	    !conn_port_is_down(conn))
		return false;
	log_dbg("connection %p: %s waits for the port", (void *)conn, conn_event_name(event));
	conn->event = event;
	conn->postponed = true;
	listener_set_sweep(l);
	return true;
}

void listener_apply(struct listener *l, struct conn *conn, enum conn_event event)
{
	struct session *session = conn->session;

	if (postpone(l, conn, event))
		return;
	/* Keys and queue pairs are gone with it: there is nothing to come back to. */
	if (session && event == CONN_EV_DEVICE_REMOVAL)
		session->leased = false;
	switch (conn_event(conn, event)) {
	case CONN_DO_AWAIT:
		set_deadline(l, conn, CONFIRM_MS);
		break;
	case CONN_DO_START:
		if (session->control != conn) {
			if (fault(FAULT_KILL))
				conn_kill(conn->id->qp);
			break;
		}
		session->phase = SESSION_LIVE;
		auth_connected(session);
		worker_post(session->worker, &session->adopt);
		break;
	case CONN_DO_DISCONNECT:
		conn_disconnect(conn);
		set_deadline(l, conn, DISCONNECT_MS);
		break;
	case CONN_DO_TEAR_DOWN:
		tear_down(l, conn);
		break;
	case CONN_DO_UNDECIDED:
	case CONN_DO_NONE:
	case CONN_DO_IGNORE:
	case CONN_NR_ACTIONS:
		break;
	}
	if (l->stopping && !l->nr_sessions)
		event_base_loopbreak(l->base);
}

static void close_session(struct listener *l, struct session *session)
{
	if (session->phase == SESSION_LIVE)
		session->phase = SESSION_CLOSING;
	listener_apply(l, session->control, CONN_EV_CLOSE);
}

static void on_letters(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	struct letter *letter = mailbox_take(&l->inbox);

	while (letter) {
		struct letter *next = letter->next;
		struct session *session;

		switch (letter->kind) {
		case LETTER_CLOSE:
			session = container_of(letter, struct session, close);
			if (session->phase == SESSION_ENDING)
				break;
			log_client(LOG_LEVEL_INFO, session->number, session->peer,
				   "closing: %s", fsw_reason_text(session->close_reason));
			close_session(l, session);
			break;
		case LETTER_ENDED:
			session = container_of(letter, struct session, ended);
			lease_session_ended(l, session);
			break;
		case LETTER_KEPT:
			lease_begin(l, container_of(letter, struct session, kept));
			break;
		case LETTER_CHECK:
			session = container_of(letter, struct session, check);
			/* After LETTER_END the worker would have it from nobody. */
			if (session->phase != SESSION_ENDING)
				auth_check(l, session);
			break;
		case LETTER_GROWN:
			resize_grown(&l->resizer);
			break;
		default:
			log_err("main thread got an unknown letter, a bug of the server");
		}
		letter = next;
	}
	if (l->stopping && !l->nr_sessions)
		event_base_loopbreak(l->base);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	uint64_t now = now_ms();
	struct conn *conn;
	bool again = lease_expire(l, now);

	/* A teardown may free other connections as well: start over after each. */
restart:
	TAILQ_FOREACH(conn, &l->conns, link) {
		if (conn->postponed && conn_port_is_down(conn)) {
			again = true;
			continue;
		}
		if (conn->postponed) {
			conn->postponed = false;
			listener_apply(l, conn, conn->event);
			goto restart;
		}
		if (!conn->deadline_ms)
			continue;
		if (now < conn->deadline_ms) {
			again = true;
			continue;
		}
		conn->deadline_ms = 0;
		listener_apply(l, conn, CONN_EV_DEADLINE);
		goto restart;
	}
	if (again)
		listener_set_sweep(l);
}

/* Every event of the CM is listed; the state machine knows what it means for whom. */
static enum conn_event classify(enum rdma_cm_event_type type)
{
	switch (type) {
	case RDMA_CM_EVENT_CONNECT_REQUEST:	return CONN_EV_CONNECT_REQUEST;
	case RDMA_CM_EVENT_ESTABLISHED:		return CONN_EV_ESTABLISHED;
	case RDMA_CM_EVENT_CONNECT_ERROR:	return CONN_EV_CONNECT_ERROR;
	case RDMA_CM_EVENT_UNREACHABLE:		return CONN_EV_UNREACHABLE;
	case RDMA_CM_EVENT_REJECTED:		return CONN_EV_REJECTED;
	case RDMA_CM_EVENT_DISCONNECTED:	return CONN_EV_DISCONNECTED;
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:	return CONN_EV_TIMEWAIT_EXIT;
	case RDMA_CM_EVENT_DEVICE_REMOVAL:	return CONN_EV_DEVICE_REMOVAL;
	case RDMA_CM_EVENT_ADDR_CHANGE:		return CONN_EV_ADDR_CHANGE;
	/* For who connects; the server only listens. */
	case RDMA_CM_EVENT_ADDR_RESOLVED:
	case RDMA_CM_EVENT_ADDR_ERROR:
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
	case RDMA_CM_EVENT_ROUTE_ERROR:
	case RDMA_CM_EVENT_CONNECT_RESPONSE:	return CONN_EV_ACTIVE_SIDE;
	/* The server joins no group. */
	case RDMA_CM_EVENT_MULTICAST_JOIN:
	case RDMA_CM_EVENT_MULTICAST_ERROR:	return CONN_EV_MULTICAST;
	}
	return CONN_NR_EVENTS;
}

static void handle_cm_event(struct listener *l, struct rdma_cm_event *event)
{
	enum rdma_cm_event_type type = event->event;
	struct rdma_cm_id *id = event->id;
	unsigned char data[FSW_CONNECT_PRIVATE_MAX];
	unsigned int reads = event->param.conn.responder_resources;
	size_t len = event->param.conn.private_data_len;
	bool has_data = event->param.conn.private_data && len;
	struct conn *conn;

	/*
	 * Acknowledge before acting: destroying an id waits for the acknowledgement of
	 * its events. All that is needed later is copied out first.
	 */
	if (type == RDMA_CM_EVENT_CONNECT_REQUEST && has_data) {
		if (len > sizeof(data))
			len = sizeof(data);
		memcpy(data, event->param.conn.private_data, len);
	}
	rdma_ack_cm_event(event);

	if (type == RDMA_CM_EVENT_CONNECT_REQUEST) {
		admission_request(l, id, has_data ? data : NULL, len, reads);
		return;
	}
	if (id == l->id) {
		log_dbg("listening connection: %s", rdma_event_str(type));
		if (type == RDMA_CM_EVENT_DEVICE_REMOVAL) {
			log_err("the RDMA device of %s was removed", l->name);
			listener_stop(l, EXIT_RUN_FAILED);
		}
		return;
	}
	conn = id->context;
	if (conn)
		listener_apply(l, conn, classify(type));
}

/*
 * The channel stays readable after an error, so that asking again at once would be a loop
 * without end. A shortage of memory passes; what lasts leaves a server that nobody can attach
 * to or leave, which its supervisor must see.
 */
static void cm_failed(struct listener *l, int err)
{
	const struct timeval retry = { .tv_usec = CM_RETRY_MS * 1000 };

	if (!l->nr_cm_errors++)
		log_err("cannot get a connection event: %s", strerror(err));
	event_del(l->cm_event);
	if (l->nr_cm_errors < CM_MAX_ERRORS && !event_add(l->cm_retry_event, &retry))
		return;
	log_err("the RDMA connection manager does not recover: %s", strerror(err));
	listener_stop(l, EXIT_RUN_FAILED);
}

static void on_cm_retry(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	if (event_add(l->cm_event, NULL))
		cm_failed(l, ENOMEM);
}

static void on_cm(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	struct rdma_cm_event *event;
	unsigned int i;

	for (i = 0; i < EVENTS_PER_TURN; i++) {
		if (rdma_get_cm_event(l->channel, &event)) {
			if (errno == EAGAIN || errno == EINTR)
				return;
			cm_failed(l, errno);
			return;
		}
		l->nr_cm_errors = 0;
		handle_cm_event(l, event);
	}
}

static void part_from_all(struct listener *l)
{
	struct session *session, *next;

	for (session = TAILQ_FIRST(&l->sessions); session; session = next) {
		next = TAILQ_NEXT(session, link);
		if (session->phase == SESSION_LIVE) {
			session->part_reason = FSW_REASON_SHUTDOWN;
			worker_post(session->worker, &session->part);
		} else if (session->phase == SESSION_OPENING) {
			close_session(l, session);
		} else if (session->phase == SESSION_KEPT) {
			lease_end(l, session);
		}
	}
}

void listener_stop(struct listener *l, enum exit_status status)
{
	const struct timeval limit = { .tv_sec = STOP_SECONDS };

	if (l->stopping)
		return;
	l->stopping = true;
	notify("STOPPING=1\nSTATUS=stopping, %u clients are attached", l->nr_alive);
	l->status = status;
	log_info("stopping, %u clients are attached", l->nr_alive);
	/* Memory that the system gets back soon need not be cleared for a client. */
	atomic_store(&l->pool->closing, true);
	event_add(l->stop_event, &limit);
	part_from_all(l);
	if (!l->nr_sessions)
		event_base_loopbreak(l->base);
}

/* Called when the goodbyes had their time, and again when taking apart had its. */
static void on_stop_limit(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval limit = { .tv_sec = STOP_SECONDS };
	struct session *session, *next;
	struct listener *l = arg;

	if (l->forced) {
		log_err("%u sessions cannot be taken apart; leaving all the same", l->nr_sessions);
		l->status = EXIT_RUN_FAILED;
		l->aborted = true;
		event_base_loopbreak(l->base);
		return;
	}
	l->forced = true;
	log_warn("%u clients did not leave; cutting them off", l->nr_alive);
	event_add(l->stop_event, &limit);
	for (session = TAILQ_FIRST(&l->sessions); session; session = next) {
		next = TAILQ_NEXT(session, link);
		/* Without a connection, only the worker is not done. */
		if (session->control)
			listener_apply(l, session->control, CONN_EV_CUT);
	}
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct listener *l = arg;

	if (l->stopping) {
		log_warn("second signal: leaving at once");
		l->aborted = true;
		l->status = EXIT_RUN_FAILED;
		event_base_loopbreak(l->base);
		return;
	}
	listener_stop(l, EXIT_RUN_OK);
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
	struct listener *l = arg;

	if (l->reload)
		l->reload(l->reload_arg);
}

void listener_resize(struct listener *l, uint32_t chunks)
{
	unsigned int i;

	if (l->stopping)
		return;
	resize_want(&l->resizer, chunks);
	for (i = 0; i < l->nr_workers; i++)
		worker_look(&l->workers[i]);
}

static void say_left(const struct listener *l)
{
	if (l->nr_alive)
		log_info("draining: %u clients are left", l->nr_alive);
	else
		log_info("drained: no client is left");
	notify("STATUS=draining, %u clients are left", l->nr_alive);
}

void listener_client_left(struct listener *l)
{
	if (l->draining && !l->stopping)
		say_left(l);
}

static void on_drain(evutil_socket_t number, short what, void *arg)
{
	struct listener *l = arg;
	bool wanted = number == SIGUSR1;

	if (l->stopping)
		return;
	if (wanted) {
		l->draining = true;
		say_left(l);
	} else if (l->draining) {
		l->draining = false;
		log_info("new clients may come again");
		notify("STATUS=lending on %s", l->name);
	}
}

static int make_events(struct listener *l)
{
	static const struct {
		int number;
		event_callback_fn fn;
	} signals[LISTENER_SIGNALS] = {
		{ SIGTERM, on_signal },
		{ SIGINT, on_signal },
		{ SIGHUP, on_reload },
		{ SIGUSR1, on_drain },
		{ SIGUSR2, on_drain },
	};
	struct event_config *cfg;
	unsigned int i;
	int err;

	err = mailbox_init(&l->inbox);
	if (err)
		return err;
	cfg = event_config_new();
	if (!cfg)
		return ENOMEM;
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
	l->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (!l->base)
		return ENOMEM;
	l->cm_event = event_new(l->base, l->channel->fd, EV_READ | EV_PERSIST, on_cm, l);
	l->cm_retry_event = event_new(l->base, -1, 0, on_cm_retry, l);
	l->inbox_event = event_new(l->base, l->inbox.fd, EV_READ | EV_PERSIST, on_letters, l);
	l->sweep_event = event_new(l->base, -1, 0, on_sweep, l);
	l->stop_event = event_new(l->base, -1, 0, on_stop_limit, l);
	if (!l->cm_event || !l->cm_retry_event || !l->inbox_event || !l->sweep_event ||
	    !l->stop_event)
		return ENOMEM;
	if (event_add(l->cm_event, NULL) || event_add(l->inbox_event, NULL))
		return ENOMEM;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		l->signal_events[i] = event_new(l->base, signals[i].number,
						EV_SIGNAL | EV_PERSIST, signals[i].fn, l);
		if (!l->signal_events[i] || event_add(l->signal_events[i], NULL))
			return ENOMEM;
	}
	return 0;
}

static unsigned int default_threads(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 1)
		return 1;
	return cpus < MAX_DEFAULT_THREADS ? cpus : MAX_DEFAULT_THREADS;
}

enum exit_status listener_start(struct listener *l, struct pool *pool, char *why,
				size_t why_size)
{
	unsigned int nr = l->cfg->threads ? l->cfg->threads : default_threads();
	enum exit_status status;
	int err;

	l->pool = pool;
	bounds_set_ledger(l);
	rlimits_check_files(l->cfg->max_sessions, nr);
	err = make_events(l);
	if (!err)
		err = resize_init(&l->resizer, pool, &l->inbox);
	if (err) {
		status = claim_fail(why, why_size, EXIT_RUN_FAILED,
				    "cannot set up the main loop: %s", strerror(err));
		goto err_close;
	}
	l->workers = calloc(nr, sizeof(*l->workers));
	while (l->workers && l->nr_workers < nr) {
		err = worker_start(&l->workers[l->nr_workers], pool, &l->inbox);
		if (err)
			break;
		l->nr_workers++;
	}
	if (l->nr_workers < nr) {
		status = claim_fail(why, why_size, EXIT_RUN_FAILED,
				    "cannot start worker threads: %s",
				    strerror(l->workers ? err : ENOMEM));
		goto err_close;
	}
	err = watchdog_start(l);
	if (err) {
		status = claim_fail(why, why_size, EXIT_RUN_FAILED, "watchdog: %s", strerror(err));
		goto err_close;
	}
	if (rdma_listen(l->id, BACKLOG)) {
		struct sockaddr_storage addr;

		err = errno;
		address_parse(l->cfg, &addr);
		status = claim_explain(l, &addr, err, why, why_size);
		goto err_close;
	}
	return EXIT_RUN_OK;

err_close:
	listener_close(l);
	return status;
}

enum exit_status listener_run(struct listener *l)
{
	if (event_base_dispatch(l->base) < 0) {
		log_err("waiting for events failed");
		/* Sessions may be alive, and nobody is left who could end them. */
		l->aborted = true;
		return EXIT_RUN_FAILED;
	}
	return l->status;
}

void listener_close(struct listener *l)
{
	struct event **const events[] = {
		&l->cm_event,
		&l->cm_retry_event,
		&l->inbox_event,
		&l->sweep_event,
		&l->stop_event,
	};
	unsigned int i;

	watchdog_stop(l);
	resize_stop(&l->resizer);
	for (i = 0; i < l->nr_workers; i++)
		worker_stop(&l->workers[i]);
	free(l->workers);
	l->workers = NULL;
	l->nr_workers = 0;

	/* All sessions are gone; what is left are connections that were being closed. */
	while (!TAILQ_EMPTY(&l->conns))
		conn_free(TAILQ_FIRST(&l->conns), &l->conns);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (*events[i])
			event_free(*events[i]);
		*events[i] = NULL;
	}
	for (i = 0; i < LISTENER_SIGNALS; i++) {
		if (l->signal_events[i])
			event_free(l->signal_events[i]);
		l->signal_events[i] = NULL;
	}
	if (l->base)
		event_base_free(l->base);
	l->base = NULL;
	mailbox_destroy(&l->inbox);
	if (l->id) {
		rdma_destroy_id(l->id);
		vobj_gone(VOBJ_ID);
	}
	l->id = NULL;
	if (l->channel)
		rdma_destroy_event_channel(l->channel);
	l->channel = NULL;
}
