// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * From a broken link to another one.
 *
 * fsr_session_fail() starts a work, which takes the link apart, so that what was
 * in flight waits with what comes, and tries to make another until it succeeds
 * or the device is detached. How long I/O waits for that is hold.c's.
 *
 * Reclaim may wait for this: the work queue has a rescuer, and the work never
 * waits for memory. It takes from the reserves what it allocates itself, and fails
 * if there is none. To only do without I/O (memalloc_noio_save()) would not do:
 * the page allocator repeats a small allocation until it succeeds, and kills
 * nobody for the sake of one that may not do I/O.
 */
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "backoff.h"
#include "fault.h"

static void recovered(struct fsr_session *s)
{
	fsr_info(s, "connected again after %u ms and %u attempts\n",
		 jiffies_to_msecs(jiffies - s->broken_at), s->attempts + 1);
	s->attempts = 0;
	fsr_session_recovered(s);
	s->told[0] = '\0';
	fsr_reserve_keep_others(s);
	fsr_hold_cease(s);
	fsr_elastic_kick(s);
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
	fsr_fault_stall();
	if (!fsr_session_change(s, FSR_RECONNECTING))
		return false;
	fsr_reserve_give(s);
	if (!fsr_link_up(s, 0, error) && fsr_session_change(s, FSR_LIVE))
		return true;
	fsr_session_fail(s, "%s", error);
	fsr_link_down(s, false);
	tell(s, s->why);
	return false;
}

static void recover(struct fsr_session *s)
{
	u32 delay;

	lockdep_assert_held(&s->mutex);
	if (fsr_session_state(s) != FSR_BROKEN)
		return;
	if (!s->attempts) {
		tell_broken(s);
		fsr_reserve_give(s);
	}
	if (attempt(s)) {
		recovered(s);
		return;
	}

	/* The attempt may have come to have writes wait for chunks after the time was up. */
	if (READ_ONCE(s->expired))
		fsr_elastic_stop_waiting(s);
	s->attempts++;
	delay = fsr_backoff_ms(s->attempts, get_random_u32());
	if (fsr_session_state(s) == FSR_BROKEN)
		queue_delayed_work(fsr_recovery_wq, &s->recovery, msecs_to_jiffies(delay));
}

/* fsr_recover - the work of a session whose link is broken */
void fsr_recover(struct work_struct *work)
{
	struct fsr_session *s = container_of(work, struct fsr_session, recovery.work);
	unsigned int reserve = memalloc_noreclaim_save();

	mutex_lock(&s->mutex);
	recover(s);
	mutex_unlock(&s->mutex);
	memalloc_noreclaim_restore(reserve);
}
