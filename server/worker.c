// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "log.h"
#include "serve.h"
#include "util.h"
#include "worker.h"

/*
 * Polling goes on for this long after the last thing to do, because answers
 * often bring the next question. More would cost the CPU that soft-RoCE needs.
 */
#define SPIN_US		50
/* About 0.2 ms of work: as long as one session may make the others wait. */
#define ZERO_SLICE	(2 * MIB)
/* Not more often than this, so that what is due at about the same time is done at once. */
#define TICK_MS		10
#define RETRY_MS	20

static void move(struct worker *w, struct session *session, enum session_place place)
{
	struct session_list *const lists[] = {
		[PLACE_NONE] = NULL,
		[PLACE_ACTIVE] = &w->active,
		[PLACE_ASLEEP] = &w->asleep,
		[PLACE_CLOSED] = &w->closed,
		[PLACE_ENDING] = &w->ending,
	};

	if (session->place == place)
		return;
	if (lists[session->place])
		TAILQ_REMOVE(lists[session->place], session, place_link);
	if (lists[place])
		TAILQ_INSERT_TAIL(lists[place], session, place_link);
	session->place = place;
}

static void close_session(struct worker *w, struct session *session)
{
	event_del(&session->wake);
	move(w, session, PLACE_CLOSED);
	mailbox_post(w->to_main, &session->close);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	ctrl_disarm(&session->ctrl);
	if (session->place == PLACE_ASLEEP)
		move(session->worker, session, PLACE_ACTIVE);
}

/*
 * Look at the clock at @due, if not sooner. What makes something due later does not touch the
 * timer, as that is most of what happens: the next look finds nothing to do and sets it anew.
 */
static int tick_at(struct worker *w, uint64_t due)
{
	uint64_t now = now_ms(), delay;
	struct timeval tv;

	if (event_pending(w->tick_event, EV_TIMEOUT, NULL) && w->tick_ms <= due)
		return 0;
	delay = due > now + TICK_MS ? due - now : TICK_MS;
	w->tick_ms = due;
	tv.tv_sec = delay / 1000;
	tv.tv_usec = delay % 1000 * 1000;
	return event_add(w->tick_event, &tv);
}

static enum serve_result turn(struct worker *w, struct session *session, uint64_t now)
{
	bool parting = session->parting;
	enum serve_result result = serve_turn(session, &w->dirty, now);

	if (session->parting && !parting)
		tick_at(w, serve_due(session));
	if (session->auth_asked) {
		session->auth_asked = false;
		mailbox_post(w->to_main, &session->check);
	}
	return result;
}

static void adopt(struct worker *w, struct session *session)
{
	serve_start(session, now_ms());
	session->busy_us = now_us();
	move(w, session, PLACE_ACTIVE);
	event_assign(&session->wake, w->base, ctrl_fd(&session->ctrl), EV_READ | EV_PERSIST,
		     on_wake, session);
	if (event_add(&session->wake, NULL) || tick_at(w, serve_due(session))) {
		log_client(LOG_LEVEL_ERROR, session->number, session->peer, "out of memory");
		session->close_reason = FSW_REASON_RESOURCES;
		close_session(w, session);
	}
}

static void on_letters(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct letter *letter = mailbox_take(&w->inbox);

	while (letter) {
		struct letter *next = letter->next;
		struct session *session;

		switch (letter->kind) {
		case LETTER_ADOPT:
			adopt(w, container_of(letter, struct session, adopt));
			break;
		case LETTER_PART:
			session = container_of(letter, struct session, part);
			/* It may have asked to be closed in the meantime. */
			if (session->place == PLACE_ACTIVE || session->place == PLACE_ASLEEP) {
				serve_part(session, session->part_reason, now_ms());
				tick_at(w, serve_due(session));
				move(w, session, PLACE_ACTIVE);
			}
			break;
		case LETTER_CHECKED:
			session = container_of(letter, struct session, checked);
			if (session->place == PLACE_ACTIVE || session->place == PLACE_ASLEEP) {
				serve_checked(session, now_ms());
				tick_at(w, serve_due(session));
				move(w, session, PLACE_ACTIVE);
			}
			break;
		case LETTER_END:
			session = container_of(letter, struct session, end);
			if (session->place == PLACE_ACTIVE || session->place == PLACE_ASLEEP)
				event_del(&session->wake);
			if (session->may_keep && serve_keep(session)) {
				move(w, session, PLACE_NONE);
				mailbox_post(w->to_main, &session->kept);
			} else {
				move(w, session, PLACE_ENDING);
			}
			break;
		case LETTER_ASK:
			atomic_fetch_add(&w->nr_answers, 1);
			break;
		case LETTER_LOOK:
			/* First: what changes from here on brings another letter. */
			atomic_store(&w->looks, false);
			tick_at(w, 0);
			break;
		case LETTER_STOP:
			w->stopping = true;
			break;
		default:
			log_err("worker got an unknown letter, a bug of the server");
		}
		letter = next;
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct session_list *const lists[] = { &w->active, &w->asleep };
	struct session *session, *next;
	uint64_t now = now_ms(), first = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		for (session = TAILQ_FIRST(lists[i]); session; session = next) {
			next = TAILQ_NEXT(session, place_link);
			if (serve_tick(session, now) == SERVE_CLOSE) {
				close_session(w, session);
				continue;
			}
			/* Read what is there before it is judged. */
			if (session->overdue_ms)
				move(w, session, PLACE_ACTIVE);
			if (serve_due(session) < first)
				first = serve_due(session);
		}
	}
	if (first != UINT64_MAX)
		tick_at(w, first);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct session *session, *next;

	for (session = TAILQ_FIRST(&w->asleep); session; session = next) {
		next = TAILQ_NEXT(session, place_link);
		if (session->waiting)
			move(w, session, PLACE_ACTIVE);
	}
}

/* Let its completion channel wake the session, unless something comes up just now. */
static void sleep_on(struct worker *w, struct session *session, uint64_t now)
{
	const struct timeval retry = { .tv_usec = RETRY_MS * 1000 };

	if (ctrl_arm(&session->ctrl)) {
		session->close_reason = FSW_REASON_NONE;
		close_session(w, session);
		return;
	}
	/* What arrived before the arming does not wake anybody. */
	switch (turn(w, session, now)) {
	case SERVE_WAITING:
		/* Adding it again would postpone it for all who wait. */
		if (!event_pending(w->retry_event, EV_TIMEOUT, NULL))
			event_add(w->retry_event, &retry);
		move(w, session, PLACE_ASLEEP);
		break;
	case SERVE_IDLE:
		move(w, session, PLACE_ASLEEP);
		break;
	case SERVE_BUSY:
		session->busy_us = now_us();
		break;
	case SERVE_AGAIN:
		break;
	case SERVE_CLOSE:
		close_session(w, session);
		break;
	}
}

static void serve_all(struct worker *w)
{
	struct session *session, *next;
	uint64_t now = now_ms();

	for (session = TAILQ_FIRST(&w->active); session; session = next) {
		next = TAILQ_NEXT(session, place_link);
		switch (turn(w, session, now)) {
		case SERVE_BUSY:
			session->busy_us = now_us();
			break;
		case SERVE_AGAIN:
			break;
		case SERVE_IDLE:
			if (now_us() - session->busy_us < SPIN_US)
				break;
			/* fall through */
		case SERVE_WAITING:
			sleep_on(w, session, now);
			break;
		case SERVE_CLOSE:
			close_session(w, session);
			break;
		}
	}
	for (session = TAILQ_FIRST(&w->ending); session; session = next) {
		next = TAILQ_NEXT(session, place_link);
		if (serve_end(session, &w->dirty)) {
			move(w, session, PLACE_NONE);
			mailbox_post(w->to_main, &session->ended);
		}
	}
}

static void clear_some(struct worker *w)
{
	struct region *region = STAILQ_FIRST(&w->dirty.regions);

	if (!region || atomic_load(&w->pool->closing))
		return;
	if (region_zero(region, ZERO_SLICE))
		pool_put_zeroed(w->pool, backlog_take(&w->dirty));
}

static bool has_work(struct worker *w)
{
	return !TAILQ_EMPTY(&w->active) || !TAILQ_EMPTY(&w->ending) ||
	       (!STAILQ_EMPTY(&w->dirty.regions) && !atomic_load(&w->pool->closing));
}

static void *run(void *arg)
{
	struct worker *w = arg;

	while (!w->stopping) {
		int flags = EVLOOP_ONCE | (has_work(w) ? EVLOOP_NONBLOCK : 0);

		if (event_base_loop(w->base, flags) < 0) {
			log_err("worker: waiting for events failed");
			break;
		}
		serve_all(w);
		clear_some(w);
	}
	return NULL;
}

static int start_thread(struct worker *w)
{
	sigset_t all, old;
	int err;

	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		w->running = true;
	return err;
}

int worker_start(struct worker *w, struct pool *pool, struct mailbox *to_main)
{
	struct event_config *cfg;
	int err;

	memset(w, 0, sizeof(*w));
	w->pool = pool;
	w->to_main = to_main;
	w->stop.kind = LETTER_STOP;
	w->ask.kind = LETTER_ASK;
	w->look.kind = LETTER_LOOK;
	w->inbox.fd = -1;
	TAILQ_INIT(&w->active);
	TAILQ_INIT(&w->asleep);
	TAILQ_INIT(&w->closed);
	TAILQ_INIT(&w->ending);
	STAILQ_INIT(&w->dirty.regions);

	err = mailbox_init(&w->inbox);
	if (err)
		return err;
	err = ENOMEM;
	cfg = event_config_new();
	if (!cfg)
		goto err_stop;
	/* One thread only ever touches the base: no locks. */
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
	w->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (!w->base)
		goto err_stop;
	w->inbox_event = event_new(w->base, w->inbox.fd, EV_READ | EV_PERSIST, on_letters, w);
	w->tick_event = event_new(w->base, -1, 0, on_tick, w);
	w->retry_event = event_new(w->base, -1, 0, on_retry, w);
	if (!w->inbox_event || !w->tick_event || !w->retry_event || event_add(w->inbox_event, NULL))
		goto err_stop;
	err = start_thread(w);
	if (err)
		goto err_stop;
	return 0;

err_stop:
	worker_stop(w);
	return err;
}

void worker_post(struct worker *w, struct letter *letter)
{
	mailbox_post(&w->inbox, letter);
}

void worker_ask(struct worker *w)
{
	w->nr_asked++;
	mailbox_post(&w->inbox, &w->ask);
}

void worker_look(struct worker *w)
{
	if (!atomic_exchange(&w->looks, true))
		mailbox_post(&w->inbox, &w->look);
}

bool worker_has_answered(const struct worker *w)
{
	return atomic_load(&w->nr_answers) == w->nr_asked;
}

void worker_stop(struct worker *w)
{
	if (w->running) {
		mailbox_post(&w->inbox, &w->stop);
		pthread_join(w->thread, NULL);
		w->running = false;
	}
	if (w->inbox_event)
		event_free(w->inbox_event);
	if (w->tick_event)
		event_free(w->tick_event);
	if (w->retry_event)
		event_free(w->retry_event);
	if (w->base)
		event_base_free(w->base);
	w->inbox_event = w->tick_event = w->retry_event = NULL;
	w->base = NULL;
	mailbox_destroy(&w->inbox);
}
