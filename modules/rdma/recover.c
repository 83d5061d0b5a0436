// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * From a broken link to another one.
 *
 * fsr_session_fail() starts a work, which takes the link apart, so that what was
 * in flight waits with what comes, and tries to make another until it succeeds
 * or the device is detached. When that takes longer than the user wants I/O to
 * wait (hold), all that waits ends with an error, and what comes does so at
 * once; the attempts go on.
 *
 * Reclaim may wait for this: the work queue has a rescuer, and no step waits for
 * memory that would have to be written out first, see link.c.
 */
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/string.h>

#include "backoff.h"
#include "rdma.h"

/* ms that I/O may still wait; UINT_MAX if it does not any more */
static unsigned int hold_left_ms(const struct fsr_session *s)
{
	u64 hold = READ_ONCE(s->hold_s) * (u64)MSEC_PER_SEC;
	u64 gone = jiffies_to_msecs(jiffies - s->broken_at);

	if (s->expired)
		return UINT_MAX;
	return gone < hold ? hold - gone : 0;
}

/**
 * fsr_patience - how long to wait for the server in one step of making a link
 * @s: the session
 * @ms: as long as this
 *
 * Return: @ms, or less if I/O will not wait that long.
 */
unsigned int fsr_patience(const struct fsr_session *s, unsigned int ms)
{
	if (fsr_session_state(s) != FSR_RECONNECTING)
		return ms;
	return clamp(hold_left_ms(s), 1u, ms);
}

/* I/O has waited long enough. */
static void expire(struct fsr_session *s)
{
	u32 hold = READ_ONCE(s->hold_s);
	unsigned int i;

	s->expired = true;
	if (hold)
		fsr_err(s, "no connection for %u s: I/O ends with an error until there is one\n",
			hold);
	else
		fsr_err(s, "no connection: I/O ends with an error until there is one\n");
	fastswap_set_health(s->up, FASTSWAP_FAILED);
	for (i = 0; i < fsr_nr_queues(s); i++) {
		fsr_queue_set_hold(&s->queues[i], false);
		fsr_queue_fail_waiting(&s->queues[i]);
	}
}

static void recovered(struct fsr_session *s)
{
	fsr_info(s, "connected again after %u ms and %u attempts\n",
		 jiffies_to_msecs(jiffies - s->broken_at), s->attempts + 1);
	s->attempts = 0;
	s->told[0] = '\0';
	s->expired = false;
	fastswap_set_health(s->up, FASTSWAP_LIVE);
}

static void tell_broken(struct fsr_session *s)
{
	u32 hold = READ_ONCE(s->hold_s);

	if (hold)
		fsr_err(s, "%s: connecting again, I/O waits for at most %u s\n", s->why, hold);
	else
		fsr_err(s, "%s: connecting again, I/O does not wait\n", s->why);
}

/* One line for each reason, not for each attempt. */
static void tell(struct fsr_session *s, const char *why)
{
	if (!strcmp(why, s->told))
		return;
	strscpy(s->told, why, sizeof(s->told));
	fsr_info(s, "not yet: %s\n", why);
}

/* Return: true if the link is made. */
static bool attempt(struct fsr_session *s)
{
	char error[FASTSWAP_ERROR_MAX] = "out of memory";

	if (!fsr_link_down(s, false)) {
		tell(s, "the port of this machine is down");
		return false;
	}
	if (!fsr_session_change(s, FSR_RECONNECTING))
		return false;
	if (!fsr_link_up(s, 0, error) && fsr_session_change(s, FSR_LIVE))
		return true;
	fsr_session_fail(s, "%s", error);
	fsr_link_down(s, false);
	tell(s, s->why);
	return false;
}

/* fsr_recover - the work of a session whose link is broken */
void fsr_recover(struct work_struct *work)
{
	struct fsr_session *s = container_of(work, struct fsr_session, recovery.work);
	u32 delay;

	mutex_lock(&s->mutex);
	if (fsr_session_state(s) != FSR_BROKEN)
		goto unlock;

	if (!s->attempts)
		tell_broken(s);
	if (attempt(s)) {
		recovered(s);
		goto unlock;
	}

	s->attempts++;
	/* Nothing is in flight any more. */
	if (!hold_left_ms(s))
		expire(s);
	delay = min(fsr_backoff_ms(s->attempts, get_random_u32()), hold_left_ms(s));
	if (fsr_session_state(s) == FSR_BROKEN)
		queue_delayed_work(fsr_wq, &s->recovery, msecs_to_jiffies(delay));
unlock:
	mutex_unlock(&s->mutex);
}
