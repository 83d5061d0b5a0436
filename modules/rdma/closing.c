// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "fastswap_rdma: " fmt

/*
 * The end of a connection.
 *
 * rdma_destroy_id() waits without a bound until the CM has done with every message
 * that it has under way (cm_destroy_id() in drivers/infiniband/core/cm.c): for ever,
 * if the queue pair that they go through is broken, and for long, if there is no
 * memory. Neither a recovery nor a detach may wait for that. So a link that goes lets
 * go of its ids at once, and a work each destroys them; the next link does not
 * depend on it. Its handler learns under the CM's lock that the session may be gone.
 *
 * At a detach the port may be down. A message that cannot get out breaks soft-RoCE's
 * queue pair 1 for good, and with it whatever connects later; so such ids wait until the
 * port is up, or their device goes.
 *
 * As long as an id is there its handler may be called: so is the module. Until it is let go of, its
 * session sees to that, which goes with the module.
 */
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "closing.h"
#include "fault.h"

/* How often to look at a port that is down. */
#define PORT_POLL_MS		200
/* More than any link has; beyond that something is wrong for long. */
#define MAX_CLOSING		1024
/* What a detach waits for them. */
#define CLOSE_MS		2000

static struct workqueue_struct *closing_wq;
static DECLARE_WAIT_QUEUE_HEAD(closed);
/* All that there are. */
static atomic_t nr_ids = ATOMIC_INIT(0);
/* Of these, those that nobody has use for and whose port is not down. */
static atomic_t nr_closing = ATOMIC_INIT(0);
/* The module is about to be freed whatever happens. */
static bool must_end;

/**
 * fsr_cm_is_port_down - does nothing get out through the port of this id?
 * @id: the id; NULL, or without an RDMA device, is fine
 */
bool fsr_cm_is_port_down(const struct rdma_cm_id *id)
{
	struct ib_port_attr attr;

	return id && id->device && !ib_query_port(id->device, id->port_num, &attr) &&
	       attr.state != IB_PORT_ACTIVE;
}

static bool must_wait(const struct fsr_cm *cm)
{
	return !READ_ONCE(must_end) && !READ_ONCE(cm->removed) && fsr_cm_is_port_down(cm->id);
}

static void set_waits(struct fsr_cm *cm, bool waits)
{
	if (cm->waits == waits)
		return;
	cm->waits = waits;
	if (waits && atomic_dec_and_test(&nr_closing))
		wake_up_all(&closed);
	else if (!waits)
		atomic_inc(&nr_closing);
}

static void free_cm(struct fsr_cm *cm)
{
	kfree(cm);
	atomic_dec(&nr_ids);
	wake_up_all(&closed);
	/* The work queue is flushed before the code goes that remains of this work. */
	module_put(THIS_MODULE);
}

static void close_work(struct work_struct *work)
{
	struct fsr_cm *cm = container_of(work, struct fsr_cm, work.work);
	unsigned int noio;

	if (must_wait(cm)) {
		set_waits(cm, true);
		queue_delayed_work(closing_wq, &cm->work, msecs_to_jiffies(PORT_POLL_MS));
		return;
	}
	set_waits(cm, false);
	if (fsr_fault(CLOSE))
		msleep(fsr_faults[FSR_FAULT_CLOSE].rule.arg);

	/* Reclaim may wait for the link that comes after. */
	noio = memalloc_noio_save();
	rdma_destroy_id(cm->id);
	memalloc_noio_restore(noio);
	atomic_dec(&nr_closing);
	free_cm(cm);
}

/**
 * fsr_cm_create - make an id for a connection
 * @conn: the connection
 * @handler: of its events, which have a struct fsr_cm for context
 *
 * Return: the id with its surroundings, for fsr_cm_close(), or an ERR_PTR().
 */
struct fsr_cm *fsr_cm_create(struct fsr_conn *conn, rdma_cm_event_handler handler)
{
	struct fsr_cm *cm = kzalloc(sizeof(*cm), GFP_KERNEL);
	struct rdma_cm_id *id;

	if (!cm)
		return ERR_PTR(-ENOMEM);
	cm->conn = conn;
	INIT_DELAYED_WORK(&cm->work, close_work);
	id = rdma_create_id(&init_net, handler, cm, RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(id)) {
		kfree(cm);
		return ERR_CAST(id);
	}
	cm->id = id;
	atomic_inc(&nr_ids);
	return cm;
}

/**
 * fsr_cm_close - let go of an id
 * @cm: the id, its queue pair destroyed
 *
 * Does not wait for the CM. When this returns the handler does nothing with the connection
 * any more.
 */
void fsr_cm_close(struct fsr_cm *cm)
{
	rdma_lock_handler(cm->id);
	cm->conn = NULL;
	rdma_unlock_handler(cm->id);
	__module_get(THIS_MODULE);
	atomic_inc(&nr_closing);
	queue_delayed_work(closing_wq, &cm->work, 0);
}

/* fsr_closing_is_late - shall no more connections be made, as those before do not go? */
bool fsr_closing_is_late(void)
{
	return atomic_read(&nr_closing) > MAX_CLOSING;
}

/**
 * fsr_closing_wait - give the CM a moment
 *
 * So that the module can usually be unloaded as soon as its last device is detached.
 */
void fsr_closing_wait(void)
{
	wait_event_timeout(closed, !atomic_read(&nr_closing), msecs_to_jiffies(CLOSE_MS));
}

/**
 * fsr_closing_init - before the first connection
 *
 * Return: 0 or -ENOMEM.
 */
int fsr_closing_init(void)
{
	closing_wq = alloc_workqueue("fastswap_close", WQ_UNBOUND, 0);
	return closing_wq ? 0 : -ENOMEM;
}

/**
 * fsr_closing_exit - after the last connection
 *
 * Nothing is left when a module is unloaded, unless that is what has detached its last devices, or
 * it fails to initialise: then nobody asks whether it is in use, and this waits.
 */
void fsr_closing_exit(void)
{
	WRITE_ONCE(must_end, true);
	wait_event(closed, !atomic_read(&nr_ids));
	destroy_workqueue(closing_wq);
}
