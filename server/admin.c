// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin.h"
#include "adminaddr.h"
#include "bounds.h"
#include "log.h"
#include "page.h"
#include "rlimits.h"
#include "snapshot.h"
#include "util.h"
#include "vobj.h"

#define BACKLOG			16
#define TIMEOUT_S		5
#define MAX_HEADERS		8192
/* Connections per second. */
#define MAX_ACCEPTS		64
/*
 * Who sends a byte now and then may stay, so the timeout does not bound how many there
 * are: they get no file descriptor that clients may come to need, unless there are so
 * few that half of them would not be left.
 */
#define SPARE_FILES		16

struct admin {
	struct listener *l;
	struct evhttp *http;
	struct evconnlistener *socket;	/* belongs to @http */
	struct event *sample_event, *resume_event;
	struct sockaddr_storage addr;
	uint64_t window_ms;		/* connections are counted since then */
	unsigned int nr_accepts;
	struct history history;
};

/* For on_accept_error(), which libevent hands something of its own. */
static struct admin *the_admin;

static void take_snapshot(struct listener *l, struct snapshot *s)
{
	static const enum snapshot_sessions states[] = {
		[SESSION_OPENING] = SESSIONS_OPENING,
		[SESSION_LIVE] = SESSIONS_ATTACHED,
		[SESSION_CLOSING] = SESSIONS_ENDING,
		[SESSION_ENDING] = SESSIONS_ENDING,
		[SESSION_KEPT] = SESSIONS_KEPT,
	};
	const struct session *session;
	const struct ledger ledger = pool_ledger(l->pool);
	struct pool_counts counts;
	unsigned int i;

	memset(s, 0, sizeof(*s));
	pool_count(l->pool, &counts);
	s->promised = ledger.committed;
	s->promisable = ledger.total * ledger.percent / LEDGER_PERCENT;
	s->reserved = ledger.reserved;
	s->chunk_bytes = 1ull << l->pool->chunk_shift;
	s->chunks[CHUNKS_FREE] = counts.nr_free;
	s->chunks[CHUNKS_CLEARING] = counts.nr_dirty;
	s->chunks[CHUNKS_LOST] = counts.nr_lost;
	s->chunks[CHUNKS_LENT] = counts.nr - counts.nr_free - counts.nr_dirty - counts.nr_lost;
	s->wanted = counts.target;
	s->beyond = counts.nr > counts.target ? counts.nr - counts.target : 0;
	s->resizing = resize_phase(&l->resizer);
	TAILQ_FOREACH(session, &l->sessions, link)
		s->sessions[states[session->phase]]++;
	s->queue_pairs = vobj_count(VOBJ_QP);
	s->draining = l->draining;
	s->authentication = l->keys;
	for (i = 0; i < STAT_NR; i++)
		s->counts[i] = stats_get(i);
}

static void add_number(json_object *to, const char *name, uint64_t number)
{
	json_object_object_add(to, name, json_object_new_uint64(number));
}

static void add_text(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_object_new_string(text));
}

static const char *phase_name(enum session_phase phase)
{
	static const char *const names[] = {
		[SESSION_OPENING] = "opening",
		[SESSION_LIVE] = "attached",
		[SESSION_CLOSING] = "closing",
		[SESSION_ENDING] = "ending",
		[SESSION_KEPT] = "kept",
	};

	return names[phase];
}

/* What its client may have and has, in all of its sessions; null: as much as there is. */
static json_object *quota(const struct listener *l, const struct tenant *tenant)
{
	const struct quota limits = quota_find(&l->cfg->quota, &tenant->who);
	json_object *all = json_object_new_object();
	unsigned int i;

	for (i = 0; i < QUOTA_NR; i++) {
		json_object *one;

		/* No limit; what is kept for the client is shown beside. */
		if (i == QUOTA_RESERVE)
			continue;
		one = json_object_new_object();
		add_number(one, "used", tenant->used[i]);
		if (limits.limit[i] == QUOTA_NONE)
			json_object_object_add(one, "limit", NULL);
		else
			add_number(one, "limit", limits.limit[i]);
		json_object_object_add(all, quota_name(i), one);
	}
	return all;
}

/* The id of the session is a secret: it is nowhere in here. */
static json_object *clients(struct listener *l)
{
	json_object *all = json_object_new_array();
	const struct session *session;
	char id[33];

	bounds_count(l);
	TAILQ_FOREACH(session, &l->sessions, link) {
		json_object *one = json_object_new_object();
		uint64_t pairs = session->control ? 1 : 0;
		uint64_t held = atomic_load(&session->grants.nr_granted);
		const struct share share = pool_share(l->pool, &session->grants.share);
		struct account account = { 0 };
		uint64_t recalled = 0;
		unsigned int i;

		if (session->tenant)
			account = pool_account(l->pool, &session->tenant->account);
		if (session->recalls)
			recalled = pool_recall(l->pool, &account, held);
		for (i = 0; i < session->max_sets * (FSW_NR_ROLES - 1); i++)
			pairs += session->data[i] != NULL;
		add_number(one, "number", session->number);
		add_text(one, "client_id", quota_id_text(id, session->client_id));
		add_text(one, "identity", session->identity);
		add_text(one, "address", session->peer);
		add_text(one, "state", phase_name(session->phase));
		add_number(one, "bytes", held << l->pool->chunk_shift);
		add_number(one, "promised_bytes", share.promised << l->pool->chunk_shift);
		add_number(one, "recalled_bytes", recalled << l->pool->chunk_shift);
		add_number(one, "reserved_bytes", account.reserved << l->pool->chunk_shift);
		add_number(one, "max_bytes",
			   (uint64_t)session->grants.max_chunks << l->pool->chunk_shift);
		add_number(one, "queue_pairs", pairs);
		add_number(one, "max_queue_sets", session->max_sets);
		json_object_object_add(one, "quota",
				       session->tenant ? quota(l, session->tenant) : NULL);
		json_object_array_add(all, one);
	}
	return all;
}

static json_object *history(const struct admin *a)
{
	json_object *all = json_object_new_array();
	unsigned int i, k;

	for (i = 0; i < a->history.nr; i++) {
		unsigned int at = history_at(&a->history, i);
		json_object *one = json_object_new_object();

		add_number(one, "time", a->history.samples[at].time_s);
		add_number(one, "lent", a->history.samples[at].lent);
		add_number(one, "sessions", a->history.samples[at].sessions);
		for (k = 0; k < STAT_NR; k++)
			add_number(one, snapshot_count_name(k), a->history.samples[at].counts[k]);
		json_object_array_add(all, one);
	}
	return all;
}

static json_object *status(const struct admin *a)
{
	json_object *all = json_object_new_object(), *part;
	struct snapshot s;
	unsigned int i;

	take_snapshot(a->l, &s);
	add_text(all, "version", FASTSWAP_VERSION);
	add_text(all, "listening", a->l->name);
	json_object_object_add(all, "draining", json_object_new_boolean(s.draining));
	json_object_object_add(all, "authentication",
			       json_object_new_boolean(s.authentication));
	add_number(all, "queue_pairs", s.queue_pairs);
	part = json_object_new_object();
	for (i = 0; i < CHUNKS_NR_STATES; i++)
		add_number(part, snapshot_chunk_state(i), s.chunks[i] * s.chunk_bytes);
	json_object_object_add(all, "pool", part);
	add_number(all, "wanted", s.wanted * s.chunk_bytes);
	add_text(all, "resizing", resize_phase_name(s.resizing));
	add_number(all, "promised", s.promised * s.chunk_bytes);
	add_number(all, "promisable", s.promisable * s.chunk_bytes);
	add_number(all, "reserved", s.reserved * s.chunk_bytes);
	part = json_object_new_object();
	for (i = 0; i < STAT_NR; i++)
		add_number(part, snapshot_count_name(i), s.counts[i]);
	json_object_object_add(all, "counts", part);
	json_object_object_add(all, "clients", clients(a->l));
	json_object_object_add(all, "history", history(a));
	return all;
}

static void reply(struct evhttp_request *req, int code, const char *reason, const char *type,
		  const void *body, size_t len)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	struct evbuffer *buf = evbuffer_new();

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	/* The page is in one piece, and talks to nobody but us. */
	evhttp_add_header(headers, "Content-Security-Policy",
			  "default-src 'none'; script-src 'unsafe-inline'; "
			  "style-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'");
	if (!buf || evbuffer_add(buf, body, len)) {
		evhttp_send_error(req, HTTP_INTERNAL, NULL);
	} else {
		evhttp_send_reply(req, code, reason, buf);
	}
	if (buf)
		evbuffer_free(buf);
}

static void reply_json(struct evhttp_request *req, json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);

	if (text)
		reply(req, HTTP_OK, "OK", "application/json", text, strlen(text));
	else
		evhttp_send_error(req, HTTP_INTERNAL, NULL);
	json_object_put(object);
}

/* Another site may have a name that leads here, and would read what its visitor may. */
static bool is_for_us(const struct admin *a, struct evhttp_request *req)
{
	const char *host = evhttp_request_get_host(req);

	return a->addr.ss_family == AF_UNIX || (host && adminaddr_is_ours(host));
}

static void on_metrics(struct evhttp_request *req, void *arg)
{
	static char text[SNAPSHOT_METRICS_MAX];
	struct admin *a = arg;
	struct snapshot s;
	size_t len;

	take_snapshot(a->l, &s);
	len = snapshot_metrics(text, sizeof(text), &s);
	if (len >= sizeof(text) || !is_for_us(a, req))
		evhttp_send_error(req, len < sizeof(text) ? 403 : HTTP_INTERNAL, NULL);
	else
		reply(req, HTTP_OK, "OK", "text/plain; version=0.0.4; charset=utf-8", text, len);
}

static void on_health(struct evhttp_request *req, void *arg)
{
	const struct admin *a = arg;
	const enum resize_phase phase = resize_phase(&a->l->resizer);
	const char *state = "ok";
	char text[64];

	if (a->l->stopping)
		state = "stopping";
	else if (a->l->draining)
		state = "draining";
	/* The pool being about to be another one is no illness. */
	if (phase == RESIZE_NONE)
		snprintf(text, sizeof(text), "%s\n", state);
	else
		snprintf(text, sizeof(text), "%s, the pool is %s\n", state,
			 resize_phase_name(phase));
	if (a->l->stopping || a->l->draining)
		reply(req, HTTP_SERVUNAVAIL, "Service Unavailable", "text/plain", text,
		      strlen(text));
	else
		reply(req, HTTP_OK, "OK", "text/plain", text, strlen(text));
}

static void on_clients(struct evhttp_request *req, void *arg)
{
	struct admin *a = arg;

	if (is_for_us(a, req))
		reply_json(req, clients(a->l));
	else
		evhttp_send_error(req, 403, NULL);
}

static void on_status(struct evhttp_request *req, void *arg)
{
	struct admin *a = arg;

	if (is_for_us(a, req))
		reply_json(req, status(a));
	else
		evhttp_send_error(req, 403, NULL);
}

static void on_page(struct evhttp_request *req, void *arg)
{
	reply(req, HTTP_OK, "OK", "text/html; charset=utf-8", page_html, page_html_size);
}

static void on_sample(evutil_socket_t fd, short what, void *arg)
{
	struct admin *a = arg;
	struct snapshot s;

	take_snapshot(a->l, &s);
	history_add(&a->history, &s, now_ms() / 1000);
}

/* Take no more connections for a second. */
static void rest(struct admin *a)
{
	const struct timeval pause = { .tv_sec = 1 };

	if (!event_add(a->resume_event, &pause))
		evconnlistener_disable(a->socket);
}

static bool is_crowded(const struct listener *l)
{
	const uint64_t max = l->cfg->max_sessions, all = max + CONFIG_MAX_ENDING(max);
	const uint64_t to_come = all > l->nr_sessions ? all - l->nr_sessions : 0;
	const uint64_t left = rlimits_files_left(), half = rlimits_raise(RLIMIT_NOFILE, 0) / 2;

	return left < (to_come + SPARE_FILES < half ? to_come + SPARE_FILES : half);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct admin *a = arg;

	if (is_crowded(a->l))
		rest(a);
	else
		evconnlistener_enable(a->socket);
}

/* Nobody has said that it failed, so it would be tried again at once, for ever. */
static void on_accept_error(struct evconnlistener *socket, void *http)
{
	rest(the_admin);
}

/* Called for every connection. */
static struct bufferevent *on_accept(struct event_base *base, void *arg)
{
	uint64_t now = now_ms();
	struct admin *a = arg;

	if (now - a->window_ms >= 1000) {
		a->window_ms = now;
		a->nr_accepts = 0;
	}
	if (++a->nr_accepts >= MAX_ACCEPTS || is_crowded(a->l))
		rest(a);
	return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
}

/* A socket that an earlier server has left behind, and nobody listens at. */
static void remove_stale(const struct sockaddr_un *un, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd >= 0 && !lstat(un->sun_path, &st) && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)un, len) && errno == ECONNREFUSED)
		unlink(un->sun_path);
	if (fd >= 0)
		close(fd);
}

static int open_socket(struct admin *a, socklen_t len)
{
	const struct sockaddr *addr = (const struct sockaddr *)&a->addr;
	mode_t mask;
	int err = 0;

	if (addr->sa_family == AF_UNIX)
		remove_stale((const struct sockaddr_un *)addr, len);
	/* For its owner and his group. */
	mask = umask(0117);
	a->socket = evconnlistener_new_bind(a->l->base, NULL, NULL,
					    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
						    LEV_OPT_REUSEABLE,
					    BACKLOG, addr, len);
	if (!a->socket)
		err = errno ? errno : ENOMEM;
	umask(mask);
	return err;
}

struct admin *admin_start(struct listener *l, char *why, size_t why_size)
{
	const struct timeval interval = { .tv_sec = HISTORY_INTERVAL_S };
	static const struct {
		const char *path;
		void (*fn)(struct evhttp_request *req, void *arg);
	} paths[] = {
		{ "/", on_page },
		{ "/metrics", on_metrics },
		{ "/healthz", on_health },
		{ "/clients", on_clients },
		{ "/status", on_status },
	};
	struct admin *a = calloc(1, sizeof(*a));
	int err = ENOMEM;
	unsigned int i;
	socklen_t len;

	if (!a)
		goto err_why;
	a->l = l;
	len = adminaddr_parse(&a->addr, l->cfg->admin, why, why_size);
	a->sample_event = event_new(l->base, -1, EV_PERSIST, on_sample, a);
	a->resume_event = event_new(l->base, -1, 0, on_resume, a);
	a->http = evhttp_new(l->base);
	if (!a->sample_event || !a->resume_event || !a->http ||
	    event_add(a->sample_event, &interval))
		goto err_why;
	err = open_socket(a, len);
	if (err)
		goto err_why;
	if (!evhttp_bind_listener(a->http, a->socket)) {
		evconnlistener_free(a->socket);
		err = ENOMEM;
		goto err_why;
	}
	the_admin = a;
	evconnlistener_set_error_cb(a->socket, on_accept_error);
	evhttp_set_allowed_methods(a->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(a->http, MAX_HEADERS);
	evhttp_set_max_body_size(a->http, 0);
	evhttp_set_timeout(a->http, TIMEOUT_S);
	evhttp_set_bevcb(a->http, on_accept, a);
	for (i = 0; i < ARRAY_SIZE(paths); i++)
		if (evhttp_set_cb(a->http, paths[i].path, paths[i].fn, a))
			goto err_why;
	on_sample(-1, 0, a);
	return a;

err_why:
	snprintf(why, why_size, "--admin %s: %s", l->cfg->admin, strerror(err));
	admin_stop(a);
	return NULL;
}

void admin_stop(struct admin *a)
{
	if (!a)
		return;
	if (a->http)
		evhttp_free(a->http);
	if (a->http && a->addr.ss_family == AF_UNIX && a->socket)
		unlink(((struct sockaddr_un *)&a->addr)->sun_path);
	if (a->sample_event)
		event_free(a->sample_event);
	if (a->resume_event)
		event_free(a->resume_event);
	free(a);
}
