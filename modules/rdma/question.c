// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * What the server is asked over the control connection, and what it answers: a promise, chunks, to
 * take chunks back. One question at a time.
 *
 * All in process context. The lock of the chunks nests in that of the connection.
 */
#include <linux/jiffies.h>

#include "control.h"
#include "words.h"

/* Ask; ctl->lock is held. */
static int ask(struct fsr_control *ctl, enum fsr_asked asked, enum fsw_msg_type type,
	       const void *payload, size_t len, u32 nr)
{
	int err = fsr_control_post(ctl, type, ++ctl->seq, payload, len);

	if (err)
		return err;
	ctl->asked_seq = ctl->seq;
	ctl->nr_asked = nr;
	ctl->news_at = jiffies;
	WRITE_ONCE(ctl->asked, asked);
	return 0;
}

static int ask_range(struct fsr_control *ctl, enum fsr_asked asked, enum fsw_msg_type type,
		     u32 first, u32 count)
{
	struct fsw_range range = { .first = fsw_htole32(first), .count = fsw_htole32(count) };

	return ask(ctl, asked, type, &range, sizeof(range), count);
}

static int ask_promise(struct fsr_control *ctl, enum fsr_asked asked, u32 chunks)
{
	struct fsw_promise promise = { .chunks = fsw_htole32(chunks) };

	return ask(ctl, asked, FSW_MSG_PROMISE, &promise, sizeof(promise), chunks);
}

/* May something be asked now? ctl->lock is held. */
static bool is_free(const struct fsr_control *ctl)
{
	return ctl->open && ctl->asked == FSR_ASKED_NOTHING &&
	       hweight_long(ctl->busy) < FSR_NR_SENDS;
}

/*
 * Ask for what choose() has chosen of the map, if that is anything. The choice cannot be taken
 * back, so a message that cannot be sent is the end of the link.
 *
 * Return: chunks that it is about; -EBUSY if nothing can be asked now; or why it was not sent.
 */
static int ask_for(struct fsr_session *s, enum fsr_asked asked, enum fsw_msg_type type,
		   u32 (*choose)(struct fsr_session *s, const void *arg, u32 *first),
		   const void *arg)
{
	struct fsr_control *ctl = s->control;
	unsigned long flags;
	u32 first, count;
	int err = -EBUSY;

	spin_lock(&ctl->lock);
	if (is_free(ctl)) {
		spin_lock_irqsave(&s->map_lock, flags);
		count = choose(s, arg, &first);
		spin_unlock_irqrestore(&s->map_lock, flags);
		err = count ? ask_range(ctl, asked, type, first, count) ?: (int)count : 0;
	}
	spin_unlock(&ctl->lock);
	if (err < 0 && err != -EBUSY)
		fsr_session_fail(s, "cannot ask for memory: error %d", err);
	return err;
}

static u32 choose_absent(struct fsr_session *s, const void *arg, u32 *first)
{
	return fsr_chunkmap_ask(&s->map, *(const u32 *)arg, first);
}

/* fsr_question_chunks - ask for chunks, @max at most; see ask_for() for what is returned */
int fsr_question_chunks(struct fsr_session *s, u32 max)
{
	return ask_for(s, FSR_ASKED_CHUNKS, FSW_MSG_REQUEST, choose_absent, &max);
}

static u32 choose_unsure(struct fsr_session *s, const void *arg, u32 *first)
{
	return fsr_chunkmap_settle(&s->map, first);
}

/* fsr_question_settle - give chunks back that we may not have; likewise */
int fsr_question_settle(struct fsr_session *s)
{
	return ask_for(s, FSR_ASKED_RETURN, FSW_MSG_FORGET, choose_unsure, NULL);
}

struct idle {
	u32 now, age, max;
	u64 keep;
};

static u32 choose_idle(struct fsr_session *s, const void *arg, u32 *first)
{
	const struct idle *idle = arg;

	return fsr_chunkmap_release(&s->map, idle->now, idle->age, idle->keep, idle->max, first);
}

/**
 * fsr_question_return - give chunks back that nothing was in for a while
 * @s: the session
 * @age: for so many seconds
 * @keep: extents that there shall be room for without them
 * @max: how many at most
 *
 * Return: as ask_for() does.
 */
int fsr_question_return(struct fsr_session *s, u32 age, u64 keep, u32 max)
{
	const struct idle idle = {
		.now = fsr_seconds(),
		.age = age,
		.keep = keep,
		.max = max,
	};

	return ask_for(s, FSR_ASKED_RETURN, FSW_MSG_RELEASE, choose_idle, &idle);
}

/**
 * fsr_question_check - give up a link over which the server answers nothing
 * @s: the session, live
 *
 * Messages do not get lost, so that the server has forgotten the question; and only with another
 * link may the next be asked. What it comes back with has a bound there, see PROTOCOL.md.
 */
void fsr_question_check(struct fsr_session *s)
{
	struct fsr_control *ctl = s->control;
	bool late;

	spin_lock(&ctl->lock);
	late = ctl->open && ctl->asked != FSR_ASKED_NOTHING &&
	       time_after(jiffies, ctl->news_at + msecs_to_jiffies(FSR_ANSWER_MS));
	spin_unlock(&ctl->lock);
	if (late)
		fsr_session_fail(s, "the server has left a question without an answer for %u s",
				 FSR_ANSWER_MS / 1000);
}

/* ---- Answers ---- */

static bool on_grant(struct fsr_control *ctl, const void *payload, size_t rest)
{
	struct fsr_session *s = ctl->session;
	unsigned long flags;
	bool good, last;

	if (ctl->asked != FSR_ASKED_CHUNKS)
		return false;
	spin_lock_irqsave(&s->map_lock, flags);
	good = fsr_chunkmap_grant(&s->map, payload, rest / sizeof(struct fsw_grant),
				  fsr_seconds());
	last = s->map.first == s->map.end;
	spin_unlock_irqrestore(&s->map_lock, flags);
	ctl->news_at = jiffies;
	if (good && last) {
		fsr_elastic_granted(s);
		WRITE_ONCE(ctl->asked, FSR_ASKED_NOTHING);
	}
	return good;
}

static bool on_deny(struct fsr_control *ctl, const struct fsw_deny *deny)
{
	struct fsr_session *s = ctl->session;
	u32 first = fsw_letoh32(deny->first);
	unsigned long flags;
	bool good;

	if (!deny->reason)
		return false;
	if (ctl->asked == FSR_ASKED_CHUNKS) {
		spin_lock_irqsave(&s->map_lock, flags);
		good = fsr_chunkmap_deny(&s->map, first);
		spin_unlock_irqrestore(&s->map_lock, flags);
		if (good)
			fsr_elastic_denied(s, deny, ctl->nr_asked);
	} else {
		good = ctl->asked == FSR_ASKED_PROMISE && !first;
	}
	if (!good)
		return false;
	ctl->deny = *deny;
	WRITE_ONCE(ctl->asked, FSR_ASKED_NOTHING);
	return true;
}

static bool on_released(struct fsr_control *ctl, const struct fsw_range *range)
{
	struct fsr_session *s = ctl->session;
	unsigned long flags;
	bool good;

	if (ctl->asked != FSR_ASKED_RETURN)
		return false;
	spin_lock_irqsave(&s->map_lock, flags);
	good = fsr_chunkmap_taken(&s->map, fsw_letoh32(range->first),
				  fsw_letoh32(range->count));
	spin_unlock_irqrestore(&s->map_lock, flags);
	if (good)
		WRITE_ONCE(ctl->asked, FSR_ASKED_NOTHING);
	return good;
}

static bool on_promised(struct fsr_control *ctl, const struct fsw_promise *promise)
{
	if (ctl->asked != FSR_ASKED_PROMISE || fsw_letoh32(promise->chunks) != ctl->nr_asked)
		return false;
	WRITE_ONCE(ctl->asked, FSR_ASKED_NOTHING);
	return true;
}

static bool take_answer(struct fsr_control *ctl, const struct fsw_msg *msg, size_t rest)
{
	const void *payload = msg + 1;

	if (ctl->asked == FSR_ASKED_NOTHING || fsw_letoh32(msg->seq) != ctl->asked_seq)
		return false;
	if (ctl->asked == FSR_ASKED_LEAVE) {
		WRITE_ONCE(ctl->asked, FSR_ASKED_NOTHING);
		return true;
	}
	switch (fsw_letoh16(msg->type)) {
	case FSW_MSG_GRANT:
		return on_grant(ctl, payload, rest);
	case FSW_MSG_DENY:
		return on_deny(ctl, payload);
	case FSW_MSG_RELEASED:
		return on_released(ctl, payload);
	case FSW_MSG_PROMISED:
		return on_promised(ctl, payload);
	default:
		return false;
	}
}

/**
 * fsr_question_answer - the server has answered
 * @ctl: the connection
 * @msg: has passed fsw_msg_check()
 * @rest: bytes behind its header
 *
 * Return: 0, or -EPROTO if that is not an answer to what was asked.
 */
int fsr_question_answer(struct fsr_control *ctl, const struct fsw_msg *msg, size_t rest)
{
	bool good;

	spin_lock(&ctl->lock);
	good = take_answer(ctl, msg, rest);
	spin_unlock(&ctl->lock);
	fsr_elastic_kick(ctl->session);
	return good ? 0 : -EPROTO;
}

/* ---- While a link is made ---- */

static bool is_answered(const struct fsr_session *s)
{
	return READ_ONCE(s->control->asked) == FSR_ASKED_NOTHING || !fsr_session_is_connecting(s);
}

static u32 nr_granted(const struct fsr_session *s)
{
	return READ_ONCE(s->map.in[FSR_CHUNK_GRANTED]);
}

/*
 * Until what was asked is answered, or more is granted than @before.
 *
 * Return: 0 if the server has said nothing for long; more than 0 if it has; or a negative errno.
 */
static long await_news(struct fsr_session *s, u32 before, char *error)
{
	long left = wait_event_killable_timeout(s->wait,
						nr_granted(s) != before || is_answered(s),
						msecs_to_jiffies(FSR_GRANT_MS));

	if (left < 0) {
		strscpy(error, "interrupted", FASTSWAP_ERROR_MAX);
		return -EINTR;
	}
	return fsr_session_is_connecting(s) ? left : -ECONNRESET;
}

/* Why the server said no; reason 0 if it did not say anything. */
static unsigned int why_denied(struct fsr_control *ctl, u64 *detail)
{
	unsigned int reason;

	spin_lock(&ctl->lock);
	reason = fsw_letoh16(ctl->deny.reason);
	*detail = fsw_letoh64(ctl->deny.detail);
	spin_unlock(&ctl->lock);
	return reason;
}

/**
 * fsr_question_promise - have as much promised as the device may come to need
 * @s: the session, connecting
 * @error: gets the reason of a failure in words
 *
 * Return: 0 or a negative errno.
 */
int fsr_question_promise(struct fsr_session *s, char *error)
{
	struct fsr_control *ctl = s->control;
	unsigned int reason;
	u64 detail;
	long left;
	int err;

	spin_lock(&ctl->lock);
	err = ask_promise(ctl, FSR_ASKED_PROMISE, s->map.nr);
	spin_unlock(&ctl->lock);
	if (err) {
		snprintf(error, FASTSWAP_ERROR_MAX, "cannot ask for memory: error %d", err);
		return err;
	}
	left = await_news(s, nr_granted(s), error);
	if (left < 0)
		return left;
	if (!left) {
		strscpy(error, "the server promises no memory: no answer", FASTSWAP_ERROR_MAX);
		return -ETIMEDOUT;
	}
	reason = why_denied(ctl, &detail);
	if (!reason)
		return 0;
	fsr_words_reason(error, FASTSWAP_ERROR_MAX, reason, detail);
	return -ENOSPC;
}

/**
 * fsr_question_get - ask for the first chunks of a link, and wait for them
 * @s: the session, connecting, all chunks absent
 * @count: how many
 * @error: gets the reason of a failure in words
 *
 * Return: 0 if all of them were granted, or a negative errno; -ENOSPC if the server gives no more.
 */
int fsr_question_get(struct fsr_session *s, u32 count, char *error)
{
	struct fsr_control *ctl = s->control;
	unsigned long deadline, bound, now;
	unsigned int reason;
	u64 detail;
	u32 before;
	long left;
	int err;

	err = fsr_question_chunks(s, count);
	if (err < 0) {
		snprintf(error, FASTSWAP_ERROR_MAX, "cannot ask for memory: error %d", err);
		return err;
	}

	/* Registering memory takes the server its time; as long as it goes on, wait. */
	bound = FSR_GRANT_MS + (((u64)count << s->map.shift) >> 30) * FSR_GRANT_GIB_MS;
	deadline = jiffies + msecs_to_jiffies(bound);
	do {
		before = nr_granted(s);
		left = await_news(s, before, error);
		if (left < 0)
			return left;
		now = jiffies;
	} while (READ_ONCE(ctl->asked) != FSR_ASKED_NOTHING && nr_granted(s) != before &&
		 time_before(now, deadline));

	if (nr_granted(s) >= count)
		return 0;
	reason = why_denied(ctl, &detail);
	if (!reason) {
		snprintf(error, FASTSWAP_ERROR_MAX, "the server grants %s",
			 nr_granted(s) ? "memory too slowly" : "no memory: no answer");
		return -ETIMEDOUT;
	}
	fsr_words_reason(error, FASTSWAP_ERROR_MAX, reason, detail);
	return -ENOSPC;
}

/* ---- At the end ---- */

static void wait_until(struct fsr_session *s, unsigned long deadline)
{
	unsigned long now = jiffies;

	if (time_before(now, deadline))
		wait_event_timeout(s->wait, READ_ONCE(s->control->asked) == FSR_ASKED_NOTHING,
				   deadline - now);
}

/**
 * fsr_question_leave - give up all chunks, and what is promised
 * @s: the session, at its end but connected
 *
 * Bounded: a server that does not answer finds out by itself.
 */
void fsr_question_leave(struct fsr_session *s)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(FSR_RELEASE_MS);
	struct fsr_control *ctl = s->control;
	u32 nr = s->elastic ? s->map.nr : nr_granted(s);
	int err = 0;

	/* Something may have been asked a moment ago. */
	wait_until(s, deadline);
	if (s->elastic) {
		spin_lock(&ctl->lock);
		err = ask_promise(ctl, FSR_ASKED_LEAVE, 0);
		spin_unlock(&ctl->lock);
		wait_until(s, deadline);
	}
	if (err || !nr)
		return;
	spin_lock(&ctl->lock);
	err = ask_range(ctl, FSR_ASKED_LEAVE, s->elastic ? FSW_MSG_FORGET : FSW_MSG_RELEASE, 0,
			nr);
	spin_unlock(&ctl->lock);
	if (!err)
		wait_until(s, deadline);
}
