// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * A session: from the options of an attachment to I/O, and back.
 *
 * s->mutex is held while a link is made or unmade: by ->attach and ->detach for
 * as long as they take, and by the work that replaces a broken link. Any context
 * may find that the link has failed; fsr_session_fail() only notes it and leaves
 * the rest to that work.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include <fastswap/hold.h>

#include "backoff.h"
#include "closing.h"
#include "rdma.h"
#include "trace.h"

/* A link that did nothing and is gone after that was none. */
#define SHORT_LIFE	msecs_to_jiffies(FSR_BACKOFF_MAX_MS)

/**
 * fsr_session_change - the only way to another state, but for a failure
 * @s: the session
 * @to: the new state
 *
 * Return: false if there is no way from the present state.
 */
bool fsr_session_change(struct fsr_session *s, enum fsr_state to)
{
	bool may;

	spin_lock_irq(&s->state_lock);
	may = fsr_state_may_change(s->state, to);
	if (may) {
		trace_fastswap_rdma_state(s, s->state, to);
		WRITE_ONCE(s->state, to);
		if (to == FSR_LIVE)
			s->live_at = jiffies;
	}
	spin_unlock_irq(&s->state_lock);
	return may;
}

/* Is there I/O that has not ended? A guess, without locks. */
static bool is_pending(const struct fsr_session *s)
{
	unsigned int i, l;

	for (i = 0; i < fsr_nr_queues(s); i++) {
		const struct fsr_queue *q = &s->queues[i];

		if (READ_ONCE(q->head) != READ_ONCE(q->tail))
			return true;
		for (l = 0; l < FSR_LANES; l++)
			if (!bio_list_empty(&q->lanes[l].waiting))
				return true;
	}
	return READ_ONCE(s->nr_parked);
}

/*
 * A link is lost. One that could be made but did nothing of what waited for it is none: the time
 * that I/O waits goes on, or it would wait for ever.
 */
static void note_loss(struct fsr_session *s)
{
	bool pending = is_pending(s);

	lockdep_assert_held(&s->state_lock);
	if (s->vain && pending && !READ_ONCE(s->useful))
		return;
	s->broken_at = jiffies;
	s->vain = pending;
}

/*
 * Return: jiffies until the first attempt. It is made at once, but not after links that break as
 * soon as they are made: whether I/O waits or, with a hold of 0, has failed meanwhile.
 */
static unsigned long first_delay(struct fsr_session *s)
{
	lockdep_assert_held(&s->state_lock);
	if (READ_ONCE(s->useful) || time_after(jiffies, s->live_at + SHORT_LIFE)) {
		s->short_links = 0;
		return 0;
	}
	return msecs_to_jiffies(fsr_backoff_ms(s->short_links++, get_random_u32()));
}

/* fsr_session_recovered - there is a link again; if nobody waits for it, nobody does in vain */
void fsr_session_recovered(struct fsr_session *s)
{
	spin_lock_irq(&s->state_lock);
	if (!is_pending(s))
		s->vain = false;
	spin_unlock_irq(&s->state_lock);
}

/**
 * fsr_session_fail - the link cannot go on
 * @s: the session
 * @fmt: why, for people
 *
 * Any context. The first to call this determines the reason; all others, and
 * those who come when the session ends anyway, have no effect.
 */
void fsr_session_fail(struct fsr_session *s, const char *fmt, ...)
{
	unsigned long flags, delay = 0;
	enum fsr_state old, new;
	va_list args;

	spin_lock_irqsave(&s->state_lock, flags);
	old = s->state;
	new = fsr_state_after_failure(old);
	if (new != old) {
		va_start(args, fmt);
		vsnprintf(s->why, sizeof(s->why), fmt, args);
		va_end(args);
		if (old == FSR_LIVE) {
			delay = first_delay(s);
			note_loss(s);
		}
		trace_fastswap_rdma_state(s, old, new);
		WRITE_ONCE(s->state, new);
	}
	spin_unlock_irqrestore(&s->state_lock, flags);
	if (new == old)
		return;

	if (old == FSR_LIVE) {
		fastswap_set_health(s->up, FASTSWAP_RECOVERING);
		fsr_hold_begin(s);
		mod_delayed_work(fsr_recovery_wq, &s->recovery, delay);
	}
	/* Whoever makes the link is waiting for something. */
	wake_up_all(&s->wait);
}

static struct fsr_session *alloc_session(struct fastswap_upper *up)
{
	struct fsr_session *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->up = up;
	mutex_init(&s->mutex);
	spin_lock_init(&s->state_lock);
	s->state = FSR_CONNECTING;
	s->depth = READ_ONCE(fsr_depth);
	s->work_sge = READ_ONCE(fsr_max_sge);
	init_waitqueue_head(&s->wait);
	INIT_LIST_HEAD(&s->reserve);
	INIT_DELAYED_WORK(&s->recovery, fsr_recover);
	mutex_init(&s->hold_lock);
	INIT_DELAYED_WORK(&s->hold_end, fsr_hold_end);
	fsr_elastic_init(s);
	fsr_conn_init(&s->conn, s, FSW_ROLE_CONTROL, 0);
	get_random_bytes(s->session_id, sizeof(s->session_id));
	return s;
}

static void free_session(struct fsr_session *s)
{
	unsigned int i;

	/* Whoever saw the failure in a soft interrupt or under a spinlock is through after this. */
	synchronize_rcu();
	cancel_delayed_work_sync(&s->recovery);
	cancel_delayed_work_sync(&s->hold_end);
	cancel_delayed_work_sync(&s->tending);

	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_free(&s->queues[i]);
	kvfree(s->queues);
	fsr_closing_wait();
	fsr_elastic_free(s);
	fsr_auth_free(s);
	fsr_control_free(s);
	kfree(s);
}

static int parse_options(struct fsr_session *s, char *options, char *error)
{
	int err = fsr_params_parse(&s->params, options, error, FASTSWAP_ERROR_MAX);

	if (err)
		return err;
	if (s->params.has_client_id)
		memcpy(s->client_id, s->params.client_id, sizeof(s->client_id));
	else
		get_random_bytes(s->client_id, sizeof(s->client_id));
	s->nr_sets = s->params.queues ?: min_t(unsigned int, num_online_cpus(), FSW_MAX_SETS);
	s->hold_s = s->params.hold;
	return 0;
}

static int connect_session(struct fsr_session *s, char *options, u64 size, char *error)
{
	int err = parse_options(s, options, error);

	if (err)
		return err;
	err = fsr_auth_alloc(s, error) ?: fsr_link_up(s, size, error);
	if (err)
		return err;

	snprintf(s->description, sizeof(s->description),
		 "%pISpc over %s, %u queue sets of %u, %u chunks of %u MiB", &s->params.addr,
		 dev_name(&s->ibdev->dev), s->nr_sets, s->queues[0].depth, s->map.nr,
		 1u << (s->map.shift - 20));
	if (!fsr_session_change(s, FSR_LIVE)) {
		strscpy(error, s->why, FASTSWAP_ERROR_MAX);
		return -ECONNRESET;
	}
	fsr_info(s, "%s\n", s->description);
	fsr_elastic_kick(s);
	return 0;
}

/* For good: ->submit is not called any more, and nothing waits for another link. */
static void tear_down(struct fsr_session *s)
{
	unsigned int i;

	fsr_link_down(s, true);
	fsr_elastic_stop_waiting(s);
	for (i = 0; i < fsr_nr_queues(s); i++)
		fsr_queue_give_up(&s->queues[i]);
}

static void set_limits(const struct fsr_session *s, u64 size, struct fastswap_limits *limits)
{
	limits->size = size ?: fsr_chunkmap_bytes(&s->map);
	limits->chunk_size = 1u << s->map.extent_shift;
	limits->max_segments = s->max_sge;
	limits->max_bytes = s->max_bytes;
	limits->node = ibdev_to_node(s->ibdev);
}

/* ->attach of struct fastswap_backend_ops */
int fsr_attach(struct fastswap_upper *up, char *options, u64 size,
	       struct fastswap_limits *limits, void **priv, char *error)
{
	struct fsr_session *s = alloc_session(up);
	int err;

	if (!s)
		return -ENOMEM;

	mutex_lock(&s->mutex);
	err = connect_session(s, options, size, error);
	if (err) {
		fsr_session_change(s, FSR_CLOSING);
		if (s->conn.established)
			fsr_control_say_goodbye(s);
		tear_down(s);
		fsr_session_change(s, FSR_CLOSED);
	} else {
		set_limits(s, size, limits);
		fsr_reserve_keep_others(s);
	}
	mutex_unlock(&s->mutex);

	if (err) {
		free_session(s);
		return err;
	}
	*priv = s;
	return 0;
}

/* ->detach of struct fastswap_backend_ops */
void fsr_detach(void *priv)
{
	struct fsr_session *s = priv;
	bool alive = fsr_session_state(s) == FSR_LIVE;

	/* Before the mutex: an attempt to reconnect ends at its next step. */
	fsr_session_change(s, FSR_CLOSING);
	/* It asks nothing from here on. */
	cancel_delayed_work_sync(&s->tending);
	mutex_lock(&s->mutex);
	if (alive) {
		fsr_move_finish(s);
		fsr_control_leave(s);
	}
	tear_down(s);
	fsr_session_change(s, FSR_CLOSED);
	mutex_unlock(&s->mutex);

	free_session(s);
}

/* ->set_hold of struct fastswap_backend_ops */
int fsr_set_hold(void *priv, unsigned int seconds)
{
	struct fsr_session *s = priv;

	if (seconds > FASTSWAP_HOLD_MAX)
		return -ERANGE;
	WRITE_ONCE(s->hold_s, seconds);
	fsr_hold_check(s);
	return 0;
}

/* ->get_hold of struct fastswap_backend_ops */
unsigned int fsr_get_hold(void *priv)
{
	struct fsr_session *s = priv;

	return READ_ONCE(s->hold_s);
}
