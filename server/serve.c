// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "fault.h"
#include "log.h"
#include "serve.h"
#include "stats.h"
#include "util.h"

/* Results of receive() that end ctrl_poll() early; positive, as an errno value is. */
#define GOT_BAD_MESSAGE	EPROTO
#define GOT_GOODBYE	ESHUTDOWN
#define GOT_STRANGER	EACCES

void serve_start(struct session *session, uint64_t now)
{
	session->heard_ms = now;
	session->ctrl.sent_ms = now;
	session->overdue_ms = 0;
	session->parting = false;
	session->waiting = false;
	session->nr_pongs = 0;
	session->recall_ms = 0;
	session->close_reason = FSW_REASON_NONE;
	session->auth = session->demands_proof ? AUTH_AWAITED : AUTH_OPEN;
	session->auth_deadline_ms = now + SERVE_AUTH_MS;
	session->auth_late = false;
	session->auth_asked = false;
	session->auth_answered = false;
}

/* May the message be handled? 0, or what ends ctrl_poll(). */
static int look_at(struct session *session, const struct fsw_msg *msg, enum auth_event event)
{
	struct auth_step step = auth_sm_step(session->auth, event);

	session->auth = step.next;
	switch (step.action) {
	case AUTH_DO_TAKE:
		return 0;
	case AUTH_DO_CHECK:
		memcpy(&session->auth_message, msg + 1, sizeof(session->auth_message));
		session->auth_seq = fsw_letoh32(msg->seq);
		session->auth_asked = true;
		return 0;
	case AUTH_DO_DISMISS:
		return GOT_STRANGER;
	default:
		return GOT_BAD_MESSAGE;
	}
}

static int receive(void *arg, const struct fsw_msg *msg, size_t len)
{
	struct session *session = arg;
	int err;

	session->heard_ms = now_ms();
	session->overdue_ms = 0;
	stats_add(STAT_MESSAGES, 1);
	/* After a goodbye, whoever said it, nothing is worth an answer. */
	if (session->parting)
		return 0;
	if (fsw_msg_check(msg, len))
		return GOT_BAD_MESSAGE;

	switch (fsw_letoh16(msg->type)) {
	case FSW_MSG_AUTH:
		return look_at(session, msg, AUTH_EV_PROOF);
	case FSW_MSG_PING:
		err = look_at(session, msg, AUTH_EV_SIGN);
		if (err)
			return err;
		if (session->nr_pongs == ARRAY_SIZE(session->pongs))
			return GOT_BAD_MESSAGE;
		session->pongs[session->nr_pongs++] = fsw_letoh32(msg->seq);
		return 0;
	case FSW_MSG_PONG:
		return look_at(session, msg, AUTH_EV_SIGN);
	case FSW_MSG_REQUEST:
	case FSW_MSG_RELEASE:
	case FSW_MSG_PROMISE:
	case FSW_MSG_FORGET:
		err = look_at(session, msg, AUTH_EV_WISH);
		if (err)
			return err;
		return grants_add_job(&session->grants, msg) ? 0 : GOT_BAD_MESSAGE;
	case FSW_MSG_GOODBYE: {
		const struct fsw_goodbye *bye = (const struct fsw_goodbye *)(msg + 1);

		session->close_reason = fsw_letoh16(bye->reason);
		/* It left on its own accord, which a broken connection does not. */
		if (session->close_reason == FSW_REASON_NONE)
			session->close_reason = FSW_REASON_DETACH;
		return GOT_GOODBYE;
	}
	default:
		/* What is left is for the server to send. */
		return GOT_BAD_MESSAGE;
	}
}

static enum serve_result broken(struct session *session)
{
	/* While parting the reason is known already, and flushed sends are expected. */
	if (!session->parting)
		session->close_reason = FSW_REASON_NONE;
	return SERVE_CLOSE;
}

static enum serve_result malformed(struct session *session, uint64_t now)
{
	stats_add(STAT_MALFORMED, 1);
	log_client_rl(LOG_LEVEL_WARN, session->number, session->peer,
		      "%s; disconnecting", fsw_reason_text(FSW_REASON_MALFORMED));
	serve_part(session, FSW_REASON_MALFORMED, now);
	return SERVE_AGAIN;
}

static void dismiss(struct session *session, enum fsw_reason reason, uint64_t now)
{
	if (reason != FSW_REASON_AUTH && reason != FSW_REASON_UNPROVEN) {
		/* Its proof is right; the main thread has said what is not. */
		stats_add(STAT_REFUSALS, 1);
		serve_part(session, reason, now);
		return;
	}
	stats_add(STAT_AUTH_FAILURES, 1);
	if (reason == FSW_REASON_AUTH)
		log_client_rl(LOG_LEVEL_WARN, session->number, session->peer,
			      "says it is %s: %s; disconnecting", session->auth_message.identity,
			      fsw_reason_text(reason));
	else
		log_client_rl(LOG_LEVEL_WARN, session->number, session->peer, "%s; disconnecting",
			      fsw_reason_text(reason));
	serve_part(session, reason, now);
}

/* Returns false when a send failed. */
static bool answer_proof(struct session *session)
{
	struct fsw_msg *msg = ctrl_slot(&session->ctrl);
	struct fsw_auth_ok *ok;

	/* A completion frees one. */
	if (!msg)
		return true;
	session->auth_answered = false;
	ok = (struct fsw_auth_ok *)(msg + 1);
	*ok = session->auth_ok;
	return !ctrl_send(&session->ctrl, msg, FSW_MSG_AUTH_OK, session->auth_seq, sizeof(*ok));
}

void serve_checked(struct session *session, uint64_t now)
{
	struct auth_step step;

	if (session->parting)
		return;
	step = auth_sm_step(session->auth, session->verdict ? AUTH_EV_BAD : AUTH_EV_GOOD);
	session->auth = step.next;
	if (step.action == AUTH_DO_CONFIRM)
		session->auth_answered = true;
	else if (step.action == AUTH_DO_REFUSE)
		dismiss(session, session->verdict, now);
}

/* Returns false when a send failed. */
static bool answer_pings(struct session *session)
{
	unsigned int done = 0, i;
	bool ok = true;

	while (done < session->nr_pongs && ok) {
		struct fsw_msg *msg = ctrl_slot(&session->ctrl);

		if (!msg)
			break;
		ok = !ctrl_send(&session->ctrl, msg, FSW_MSG_PONG, session->pongs[done++], 0);
	}
	for (i = done; i < session->nr_pongs; i++)
		session->pongs[i - done] = session->pongs[i];
	session->nr_pongs -= done;
	return ok;
}

enum serve_result serve_turn(struct session *session, struct backlog *dirty, uint64_t now)
{
	unsigned int nr;
	int err;

	session->waiting = false;
	err = ctrl_poll(&session->ctrl, receive, session, &nr);
	if (err == GOT_BAD_MESSAGE)
		return malformed(session, now);
	if (err == GOT_STRANGER) {
		dismiss(session, FSW_REASON_UNPROVEN, now);
		return SERVE_AGAIN;
	}
	if (err == GOT_GOODBYE) {
		session->parting = true;
		return SERVE_CLOSE;
	}
	if (err)
		return broken(session);

	if (session->parting) {
		if (ctrl_all_sent(&session->ctrl) || now >= session->part_deadline_ms)
			return SERVE_CLOSE;
		return nr ? SERVE_AGAIN : SERVE_IDLE;
	}

	if (session->auth_answered && !answer_proof(session))
		return broken(session);
	if (session->nr_pongs && !answer_pings(session))
		return broken(session);
	switch (grants_step(&session->grants, &session->ctrl, dirty, now)) {
	case GRANTS_BUSY:
		return SERVE_BUSY;
	case GRANTS_MALFORMED:
		return malformed(session, now);
	case GRANTS_BROKEN:
		return broken(session);
	case GRANTS_WAITING:
		session->waiting = true;
		return nr ? SERVE_AGAIN : SERVE_WAITING;
	case GRANTS_BLOCKED:	/* a completion frees a slot */
	case GRANTS_IDLE:
		break;
	}
	/* Pings, pongs, sends that have completed: no question follows on these. */
	return nr ? SERVE_AGAIN : SERVE_IDLE;
}

/* Chunks that its client is to be asked for. */
static uint32_t to_recall(const struct session *session)
{
	if (!session->recalls)
		return 0;
	return pool_recall(session->grants.pool,
			   session->grants.tenant ? &session->grants.tenant->account : NULL,
			   atomic_load(&session->grants.nr_granted));
}

/* Returns false when a send failed. It is asked again, as it may have some to give by then. */
static bool recall(struct session *session, uint64_t now)
{
	const uint32_t chunks = to_recall(session);
	struct fsw_recall *recall;
	struct fsw_msg *msg;

	if (!chunks || now < session->recall_ms)
		return true;
	session->recall_ms = now + SERVE_RECALL_MS;
	if (!auth_sm_counts(session->auth))
		return true;
	msg = ctrl_slot(&session->ctrl);
	if (!msg)
		return true;
	stats_add(STAT_RECALLS, 1);
	recall = (struct fsw_recall *)(msg + 1);
	recall->chunks = fsw_htole32(chunks);
	return !ctrl_send(&session->ctrl, msg, FSW_MSG_RECALL, ++session->recall_seq,
			  sizeof(*recall));
}

static uint64_t silence_limit(const struct session *session)
{
	return (uint64_t)session->keepalive_ms * FSW_SILENT_PARTS / FSW_KEEPALIVE_PARTS;
}

static uint64_t ping_due(const struct session *session)
{
	return session->ctrl.sent_ms +
	       (uint64_t)session->keepalive_ms * FSW_PING_PARTS / FSW_KEEPALIVE_PARTS;
}

static bool is_overdue(const struct session *session, uint64_t now)
{
	return now > session->heard_ms && now - session->heard_ms > silence_limit(session);
}

enum serve_result serve_tick(struct session *session, uint64_t now)
{
	struct fsw_msg *msg;

	if (session->parting)
		return now >= session->part_deadline_ms ? SERVE_CLOSE : SERVE_IDLE;
	if (fault(FAULT_KILL))
		conn_kill(session->ctrl.qp);
	if (session->auth == AUTH_AWAITED && now >= session->auth_deadline_ms) {
		if (session->auth_late) {
			session->auth = auth_sm_step(session->auth, AUTH_EV_DEADLINE).next;
			dismiss(session, FSW_REASON_UNPROVEN, now);
			return SERVE_IDLE;
		}
		/* As below: its proof may wait to be read. */
		session->auth_late = true;
		session->auth_deadline_ms = now + SERVE_GRACE_MS;
	}

	/*
	 * Perhaps it was us who slept, with the whole machine, and its messages wait to be
	 * read: it is judged at a second look only.
	 */
	if (!is_overdue(session, now)) {
		session->overdue_ms = 0;
	} else if (!session->overdue_ms) {
		session->overdue_ms = now;
	} else if (now - session->overdue_ms >= SERVE_GRACE_MS) {
		stats_add(STAT_TIMEOUTS, 1);
		log_client_rl(LOG_LEVEL_WARN, session->number, session->peer,
			      "%s; disconnecting", fsw_reason_text(FSW_REASON_TIMEOUT));
		serve_part(session, FSW_REASON_TIMEOUT, now);
		return SERVE_IDLE;
	}
	if (!recall(session, now))
		return broken(session);
	if (now >= ping_due(session)) {
		/* No free slot: what is in flight already asks the same question. */
		msg = ctrl_slot(&session->ctrl);
		if (!msg)
			session->ctrl.sent_ms = now;
		else if (ctrl_send(&session->ctrl, msg, FSW_MSG_PING, ++session->ping_seq, 0))
			return broken(session);
	}
	return SERVE_IDLE;
}

uint64_t serve_due(const struct session *session)
{
	uint64_t ping, judge;

	if (session->parting)
		return session->part_deadline_ms;
	ping = ping_due(session);
	if (session->overdue_ms)
		judge = session->overdue_ms + SERVE_GRACE_MS;
	else
		judge = session->heard_ms + silence_limit(session) + 1;
	if (ping < judge)
		judge = ping;
	if (session->auth == AUTH_AWAITED && session->auth_deadline_ms < judge)
		judge = session->auth_deadline_ms;
	if (session->recall_ms < judge && to_recall(session))
		judge = session->recall_ms;
	return judge;
}

void serve_part(struct session *session, enum fsw_reason reason, uint64_t now)
{
	struct fsw_goodbye *bye;
	struct fsw_msg *msg;

	if (session->parting)
		return;
	session->parting = true;
	session->close_reason = reason;
	session->part_deadline_ms = now + SERVE_PART_MS;
	/* A buffer that is never sent would look like a message that does not get through. */
	grants_stop(&session->grants, &session->ctrl);
	session->nr_pongs = 0;
	session->auth_answered = false;
	msg = ctrl_goodbye_slot(&session->ctrl);
	if (!msg)
		return;
	bye = (struct fsw_goodbye *)(msg + 1);
	bye->reason = fsw_htole16(reason);
	/* What cannot be sent need not be waited for. */
	if (ctrl_send(&session->ctrl, msg, FSW_MSG_GOODBYE, 0, sizeof(*bye)))
		session->part_deadline_ms = now;
}

bool serve_keep(struct session *session)
{
	unsigned int nr;
	int err;

	/* The last that the client had to say may not have been read. */
	do {
		err = ctrl_poll(&session->ctrl, receive, session, &nr);
	} while (!err && nr);
	if (err == GOT_BAD_MESSAGE)
		session->close_reason = FSW_REASON_MALFORMED;

	if (auth_sm_counts(session->auth) && session->close_reason != FSW_REASON_NONE &&
	    session->close_reason != FSW_REASON_TIMEOUT)
		return false;
	if (!session->grants.nr_granted)
		return false;
	ctrl_close(&session->ctrl);
	grants_forget(&session->grants);
	grants_ended(&session->grants);
	return true;
}

bool serve_end(struct session *session, struct backlog *dirty)
{
	ctrl_close(&session->ctrl);
	if (!grants_reclaim(&session->grants, dirty))
		return false;
	grants_ended(&session->grants);
	return true;
}
