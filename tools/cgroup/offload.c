// SPDX-License-Identifier: GPL-2.0-only
#include "offload.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

/* Writes in a row before other groups and the queue get their turn. */
#define WRITES_PER_TURN	8
/* The shortest turn that the scheduler hands out, in nanoseconds. */
#define SLICE		100000

enum command {
	COMMAND_NONE,
	COMMAND_ADD,
	COMMAND_REMOVE,
};

struct thread;

/* Belongs to its thread once it was added, but for what says otherwise. */
struct offloaded {
	struct thread *thread;
	struct keeper keeper;
	struct event *timer, *notice, *stall;
	LIST_ENTRY(offloaded) entry;
	/* of the queue, under its lock */
	enum command command;
	STAILQ_ENTRY(offloaded) queued;
	/* under the lock of the thread */
	struct offload_figures figures;
};

LIST_HEAD(offloaded_list, offloaded);
STAILQ_HEAD(offloaded_queue, offloaded);

struct thread {
	struct offload *offload;
	pthread_t id;
	bool started;
	int wakeup;		/* eventfd */
	struct event_base *base;
	struct event *wakeup_event;
	struct offloaded_list groups;
	struct swapin_meter meter;
	uint64_t cpu_ns;	/* that the thread had taken at the end of the last turn */
	uint64_t look_cost;	/* nanoseconds, on average */
	atomic_bool stop, stopped;
	pthread_mutex_t lock;	/* of what follows, and of the figures of the groups */
	struct offloaded_queue queue;
	unsigned int nr_groups;
};

struct offload {
	unsigned int nr_threads;
	int nice;
	unsigned int nr_cpus;
	struct thread threads[];
};

static void forget_group(struct offloaded *g)
{
	struct thread *t = g->thread;

	if (g->timer)
		event_free(g->timer);
	if (g->notice)
		event_free(g->notice);
	if (g->stall)
		event_free(g->stall);
	group_close(&g->keeper.group);
	LIST_REMOVE(g, entry);
	pthread_mutex_lock(&t->lock);
	t->nr_groups--;
	pthread_mutex_unlock(&t->lock);
	free(g);
}

static void publish(struct offloaded *g)
{
	pthread_mutex_lock(&g->thread->lock);
	g->figures = g->keeper.figures;
	pthread_mutex_unlock(&g->thread->lock);
}

static void give_up(struct offloaded *g)
{
	if (g->timer)
		event_del(g->timer);
	if (g->notice)
		event_del(g->notice);
	if (g->stall)
		event_del(g->stall);
	g->keeper.figures.gone = true;
	publish(g);
}

/* The end of a turn in which the thread has woken up and has looked, and nothing else. */
static void measure_look(struct thread *t, bool nothing_else)
{
	struct timespec ts;
	uint64_t now;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts))
		return;
	now = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	if (nothing_else && t->cpu_ns)
		t->look_cost = t->look_cost ? (3 * t->look_cost + now - t->cpu_ns) / 4 :
					      now - t->cpu_ns;
	t->cpu_ns = now;
}

static void take_turn(struct offloaded *g)
{
	struct headroom_order order = { 0 };
	struct timeval delay = { 0 };
	unsigned int i;
	int err;

	g->keeper.look_cost = g->thread->look_cost;
	for (i = 0; i < WRITES_PER_TURN; i++) {
		err = keeper_look(&g->keeper, &order);
		if (!err && order.reclaim)
			err = keeper_reclaim(&g->keeper, order.reclaim);
		if (err) {
			give_up(g);
			return;
		}
		if (!order.reclaim || atomic_load(&g->thread->stop))
			break;
	}
	publish(g);
	if (!order.reclaim) {
		delay.tv_sec = order.delay / NSEC_PER_SEC;
		delay.tv_usec = order.delay % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	event_add(g->timer, &delay);
	measure_look(g->thread, !i && !order.reclaim);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	take_turn(arg);
}

/* The group was at its limit. Do not wait for the time that was planned. */
static void on_notice(evutil_socket_t fd, short what, void *arg)
{
	struct offloaded *g = arg;

	g->keeper.was_hit = true;
	take_turn(g);
}

/* Its tasks stall, and it may be one that has not been looked at for long. */
static void on_stall(evutil_socket_t fd, short what, void *arg)
{
	struct offloaded *g = arg;

	if (!group_take_stall(&g->keeper.group)) {
		event_del(g->stall);
		return;
	}
	g->keeper.stalls = true;
	g->keeper.figures.stalls++;
	take_turn(g);
}

static void watch_stalls(struct thread *t, struct offloaded *g)
{
	struct group *group = &g->keeper.group;
	const struct offload_options *options = &g->keeper.options;

	if (options->policy != POLICY_ADAPTIVE || group->pressure < 0 ||
	    !group_watch_stalls(group, options->stall_high_ppm))
		return;
	g->stall = event_new(t->base, group->stalls, EV_READ | EV_PERSIST, on_stall, g);
	if (g->stall)
		event_add(g->stall, NULL);
}

static void begin(struct thread *t, struct offloaded *g)
{
	struct keeper *k = &g->keeper;
	const struct offload_options options = k->options;
	struct group group;

	LIST_INSERT_HEAD(&t->groups, g, entry);
	watch_stalls(t, g);
	group = k->group;
	keeper_init(k, &group, &options, &t->meter, t->offload->nr_cpus);
	g->timer = event_new(t->base, -1, 0, on_timer, g);
	if (!g->timer) {
		give_up(g);
		return;
	}
	/*
	 * The kernel wakes those who poll the file when the group was at its limit, and calls it
	 * readable at all times: hence edges. What cannot be polled is read with each look.
	 */
	g->notice = event_new(t->base, k->group.events, EV_READ | EV_ET | EV_PERSIST, on_notice, g);
	k->always_read = !g->notice || event_add(g->notice, NULL);
	take_turn(g);
}

static void on_wakeup(evutil_socket_t fd, short what, void *arg)
{
	struct thread *t = arg;
	struct offloaded *g;
	enum command command;
	uint64_t n;

	if (read(t->wakeup, &n, sizeof(n)) < 0 && errno != EAGAIN)
		atomic_store(&t->stop, true);
	while (!atomic_load(&t->stop)) {
		pthread_mutex_lock(&t->lock);
		g = STAILQ_FIRST(&t->queue);
		command = COMMAND_NONE;
		if (g) {
			STAILQ_REMOVE_HEAD(&t->queue, queued);
			command = g->command;
			g->command = COMMAND_NONE;
		}
		pthread_mutex_unlock(&t->lock);
		if (command == COMMAND_ADD)
			begin(t, g);
		else if (command == COMMAND_REMOVE)
			forget_group(g);
		else
			break;
	}
	if (atomic_load(&t->stop))
		event_base_loopbreak(t->base);
}

/* Interrupts a write to memory.reclaim; the threads alone let it in. */
static void on_signal(int signo)
{
}

static int stop_signal(void)
{
	return SIGRTMIN;
}

/* Those that were to be removed are gone with all others. */
static void drop_queue(struct thread *t)
{
	struct offloaded *g;

	while ((g = STAILQ_FIRST(&t->queue))) {
		STAILQ_REMOVE_HEAD(&t->queue, queued);
		if (g->command != COMMAND_ADD)
			continue;
		group_close(&g->keeper.group);
		free(g);
	}
}

/*
 * Short turns, soon: from Linux 6.12 on, a task that asks for little time at once gets it earlier
 * than one that would run for long. Others take the niceness only.
 */
static void set_priority(int nice)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = {
		.size = sizeof(attr),
		.policy = SCHED_OTHER,
		.nice = nice,
		.runtime = SLICE,
	};

	/* Who may not be less nice may at least be short. */
	if (syscall(SYS_sched_setattr, 0, &attr, 0)) {
		attr.nice = 0;
		syscall(SYS_sched_setattr, 0, &attr, 0);
	}
}

static void *run(void *arg)
{
	struct thread *t = arg;
	sigset_t set;

	/* All others are for the thread that has started us. */
	sigfillset(&set);
	sigdelset(&set, stop_signal());
	pthread_sigmask(SIG_SETMASK, &set, NULL);

	set_priority(t->offload->nice);
	event_base_loop(t->base, EVLOOP_NO_EXIT_ON_EMPTY);
	drop_queue(t);
	while (!LIST_EMPTY(&t->groups))
		forget_group(LIST_FIRST(&t->groups));
	atomic_store(&t->stopped, true);
	return NULL;
}

/* @cpu: -1: any. Return: 0, or an errno. */
static int start_thread(struct offload *o, struct thread *t, int cpu)
{
	struct event_config *config = event_config_new();
	sigset_t all, before;
	pthread_attr_t attr;
	cpu_set_t cpus;
	int err = ENOMEM;

	t->offload = o;
	t->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&t->lock, NULL);
	STAILQ_INIT(&t->queue);
	LIST_INIT(&t->groups);
	swapins_open(&t->meter.source);
	if (!config || t->wakeup < 0)
		goto out;
	/* Timers of microseconds; one thread only has to do with the base. */
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	t->base = event_base_new_with_config(config);
	if (!t->base)
		goto out;
	t->wakeup_event = event_new(t->base, t->wakeup, EV_READ | EV_PERSIST, on_wakeup, t);
	if (!t->wakeup_event || event_add(t->wakeup_event, NULL))
		goto out;

	pthread_attr_init(&attr);
	if (cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET(cpu, &cpus);
		pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&t->id, &attr, run, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	t->started = !err;
out:
	if (config)
		event_config_free(config);
	return err;
}

struct offload *offload_start(const cpu_set_t *cpus, int nice, char *why, size_t why_size)
{
	unsigned int nr = cpus ? CPU_COUNT(cpus) : 0;
	const struct sigaction sa = { .sa_handler = on_signal };
	struct offload *o;
	int cpu = -1, err;

	if (!nr)
		nr = 1;
	o = calloc(1, sizeof(*o) + nr * sizeof(o->threads[0]));
	if (!o) {
		snprintf(why, why_size, "no memory");
		return NULL;
	}
	o->nice = nice;
	o->nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	sigaction(stop_signal(), &sa, NULL);
	while (o->nr_threads < nr) {
		if (cpus && CPU_COUNT(cpus)) {
			do
				cpu++;
			while (!CPU_ISSET(cpu, cpus));
		}
		err = start_thread(o, &o->threads[o->nr_threads++], cpu);
		if (err) {
			if (err == EINVAL && cpu >= 0)
				snprintf(why, why_size, "there is no CPU %d for us", cpu);
			else
				snprintf(why, why_size, "cannot start a thread: %s", strerror(err));
			offload_stop(o);
			return NULL;
		}
	}
	return o;
}

static void wake(struct thread *t)
{
	const uint64_t one = 1;

	while (write(t->wakeup, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void post(struct offloaded *g, enum command command)
{
	struct thread *t = g->thread;

	pthread_mutex_lock(&t->lock);
	if (g->command == COMMAND_ADD && command == COMMAND_REMOVE) {
		/* Not even begun. */
		STAILQ_REMOVE(&t->queue, g, offloaded, queued);
		t->nr_groups--;
		pthread_mutex_unlock(&t->lock);
		group_close(&g->keeper.group);
		free(g);
		return;
	}
	g->command = command;
	STAILQ_INSERT_TAIL(&t->queue, g, queued);
	pthread_mutex_unlock(&t->lock);
	wake(t);
}

/* A thread may be about to write when it is told to stop, so tell it until it has. */
static void stop_thread(struct thread *t)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	atomic_store(&t->stop, true);
	while (!atomic_load(&t->stopped)) {
		wake(t);
		pthread_kill(t->id, stop_signal());
		nanosleep(&pause, NULL);
	}
	pthread_join(t->id, NULL);
}

void offload_stop(struct offload *o)
{
	unsigned int i;

	for (i = 0; i < o->nr_threads; i++) {
		struct thread *t = &o->threads[i];

		if (t->started)
			stop_thread(t);
		if (t->wakeup_event)
			event_free(t->wakeup_event);
		if (t->base)
			event_base_free(t->base);
		if (t->wakeup >= 0)
			close(t->wakeup);
		swapins_close(&t->meter.source);
		pthread_mutex_destroy(&t->lock);
	}
	free(o);
}

struct offloaded *offload_add(struct offload *o, struct group *group,
			      const struct offload_options *options)
{
	struct offloaded *g = calloc(1, sizeof(*g));
	struct thread *least = NULL;
	unsigned int i, fewest = UINT_MAX;

	if (!g) {
		group_close(group);
		return NULL;
	}
	/* Only the caller adds: no count grows meanwhile. */
	for (i = 0; i < o->nr_threads; i++) {
		struct thread *t = &o->threads[i];
		unsigned int nr;

		pthread_mutex_lock(&t->lock);
		nr = t->nr_groups;
		pthread_mutex_unlock(&t->lock);
		if (nr < fewest) {
			fewest = nr;
			least = t;
		}
	}
	g->thread = least;
	g->keeper.group = *group;
	g->keeper.options = *options;
	pthread_mutex_lock(&least->lock);
	least->nr_groups++;
	pthread_mutex_unlock(&least->lock);
	post(g, COMMAND_ADD);
	return g;
}

void offload_remove(struct offloaded *g)
{
	post(g, COMMAND_REMOVE);
}

void offload_look(struct offloaded *g, struct offload_figures *figures)
{
	pthread_mutex_lock(&g->thread->lock);
	*figures = g->figures;
	pthread_mutex_unlock(&g->thread->lock);
}

uint64_t offload_cpu_ns(struct offload *o)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < o->nr_threads; i++) {
		struct timespec ts;
		clockid_t clock;

		if (pthread_getcpuclockid(o->threads[i].id, &clock) == 0 &&
		    clock_gettime(clock, &ts) == 0)
			sum += ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	}
	return sum;
}
