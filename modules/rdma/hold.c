// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The end of the wait for another link.
 *
 * The user says how long I/O waits (hold), and that must hold whatever becomes
 * of the recovery. A recovery goes through the CM and the network stack: it may
 * need memory there, a worker of a queue without a rescuer, or the rtnl lock,
 * and whoever has these may wait for the very I/O that waits here. So this waits
 * for none of them: a timer, a work queue with a rescuer of its own, and two
 * locks, s->hold_lock and queue->ending, under which nobody allocates or calls
 * the RDMA device. When the I/O has ended reclaim knows that nothing comes of
 * it, the OOM killer gets its chance, and the recovery its memory.
 *
 * What an adapter may still touch cannot end before its queue pair is gone.
 * fsr_queue_destroy() sees to these as soon as it is.
 */
#include <linux/jiffies.h>

#include "hold.h"
#include "rdma.h"

/**
 * fsr_hold_begin - the link broke: I/O waits from now on
 * @s: the session, in FSR_BROKEN
 *
 * Any context.
 */
void fsr_hold_begin(struct fsr_session *s)
{
	unsigned long end = READ_ONCE(s->broken_at) + (unsigned long)READ_ONCE(s->hold_s) * HZ;
	unsigned long now = jiffies;

	mod_delayed_work(fsr_hold_wq, &s->hold_end, time_after(end, now) ? end - now : 0);
}

/* fsr_hold_check - the user chose another time: it may be over by now */
void fsr_hold_check(struct fsr_session *s)
{
	mod_delayed_work(fsr_hold_wq, &s->hold_end, 0);
}

/**
 * fsr_hold_cease - there is a link again
 * @s: the session, just made live
 *
 * May sleep.
 */
void fsr_hold_cease(struct fsr_session *s)
{
	mutex_lock(&s->hold_lock);
	WRITE_ONCE(s->expired, false);
	/* The time may have been up just now, when the link was there already. */
	fsr_elastic_start(s);
	fastswap_set_health(s->up, FASTSWAP_LIVE);
	/* It may have broken again, and this was said already. */
	if (fsr_session_state(s) == FSR_BROKEN) {
		fastswap_set_health(s->up, FASTSWAP_RECOVERING);
		fsr_hold_check(s);
	}
	mutex_unlock(&s->hold_lock);
}

static void expire(struct fsr_session *s)
{
	u32 hold = READ_ONCE(s->hold_s);
	unsigned int i;

	lockdep_assert_held(&s->hold_lock);
	/* First, see there. */
	fsr_elastic_stop_waiting(s);
	/* Before the queues: one that is halted after its turn looks at this. */
	WRITE_ONCE(s->expired, true);
	if (hold)
		fsr_err(s, "no connection for %u s: I/O ends with an error until there is one\n",
			hold);
	else
		fsr_err(s, "no connection: I/O ends with an error until there is one\n");
	fastswap_set_health(s->up, FASTSWAP_FAILED);
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_give_up(&s->queues[i]);
}

/* fsr_hold_end - the work of a session whose I/O may have waited long enough */
void fsr_hold_end(struct work_struct *work)
{
	struct fsr_session *s = container_of(work, struct fsr_session, hold_end.work);
	unsigned long gone;
	enum fsr_state state;
	u64 left;

	mutex_lock(&s->hold_lock);
	spin_lock_irq(&s->state_lock);
	state = s->state;
	gone = jiffies - s->broken_at;
	spin_unlock_irq(&s->state_lock);

	left = fsr_hold_left_ms(READ_ONCE(s->hold_s), jiffies_to_msecs(gone));
	switch (fsr_hold_look(state, s->expired, left)) {
	case FSR_HOLD_NONE:
		break;
	case FSR_HOLD_WAIT:
		queue_delayed_work(fsr_hold_wq, &s->hold_end, msecs_to_jiffies(left));
		break;
	case FSR_HOLD_OVER:
		expire(s);
		break;
	}
	mutex_unlock(&s->hold_lock);
}
