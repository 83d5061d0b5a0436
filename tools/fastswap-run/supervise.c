// SPDX-License-Identifier: GPL-2.0-only
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgfile.h"
#include "group.h"
#include "guard.h"
#include "job.h"

#define OFFLOAD_NICE	(-10)

/* What a run takes while it lasts. */
struct run {
	const struct run_config *cfg;
	const struct parent *parent;
	struct scope scope;
	struct job job;
	struct guard guard;
	struct offload *offload;
	struct offloaded *offloaded;
	struct run_figures *figures;
	bool sample_swap;
};

void complain(const char *fmt, ...)
{
	va_list args;

	fputs("fastswap-run: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000) + ts.tv_nsec / 1000;
}

static uint64_t value_of(int dir, const char *file)
{
	char text[64];
	uint64_t value;

	if (group_read(dir, file, text, sizeof(text)) < 0 || !cgfile_value(text, &value))
		return FIGURE_UNKNOWN;
	return value;
}

static uint64_t key_of(const char *text, const char *key)
{
	uint64_t value;

	return cgfile_key(text, key, &value) ? value : FIGURE_UNKNOWN;
}

static uint64_t stall_of(const char *text, const char *kind)
{
	uint64_t us;

	return cgfile_stall(text, kind, &us) ? us : FIGURE_UNKNOWN;
}

/* Not known minus anything is not known. */
static uint64_t difference(uint64_t after, uint64_t before)
{
	if (after == FIGURE_UNKNOWN || before == FIGURE_UNKNOWN)
		return FIGURE_UNKNOWN;
	return after > before ? after - before : 0;
}

static void read_vmstat(uint64_t *in, uint64_t *out)
{
	char text[32768];

	*in = *out = FIGURE_UNKNOWN;
	if (group_read(AT_FDCWD, "/proc/vmstat", text, sizeof(text)) < 0)
		return;
	*in = key_of(text, "pswpin");
	*out = key_of(text, "pswpout");
}

static void sample_swap(void *arg)
{
	struct run *r = arg;
	uint64_t swap = value_of(r->scope.dir, "memory.swap.current");

	if (swap == FIGURE_UNKNOWN)
		return;
	if (r->figures->peak_far == FIGURE_UNKNOWN || swap > r->figures->peak_far)
		r->figures->peak_far = swap;
}

/* A file of the group; one that cannot be read is empty, and its figures unknown. */
static void read_or_nothing(int dir, const char *name, char *text, size_t size)
{
	if (group_read(dir, name, text, size) < 0)
		text[0] = '\0';
}

/* Everything that the group can tell at the end of the command. */
static void gather(struct run *r)
{
	struct run_figures *f = r->figures;
	char text[16384];
	int dir = r->scope.dir;
	uint64_t peak;

	read_or_nothing(dir, "cpu.stat", text, sizeof(text));
	f->user_us = key_of(text, "user_usec");
	f->system_us = key_of(text, "system_usec");
	read_or_nothing(dir, "memory.stat", text, sizeof(text));
	f->faults = key_of(text, "pgfault");
	f->major_faults = key_of(text, "pgmajfault");
	f->pages_in = key_of(text, "workingset_refault_anon");
	read_or_nothing(dir, "memory.events.local", text, sizeof(text));
	f->max_events = key_of(text, "max");
	/* With those in groups inside it. */
	read_or_nothing(dir, "memory.events", text, sizeof(text));
	f->oom_kills = key_of(text, "oom_kill");
	read_or_nothing(dir, "memory.pressure", text, sizeof(text));
	f->stall_some_us = stall_of(text, "some");
	f->stall_full_us = stall_of(text, "full");
	f->peak_local = value_of(dir, "memory.peak");
	/* Linux 6.1 keeps no peak of swap: the largest that was seen. */
	sample_swap(r);
	peak = value_of(dir, "memory.swap.peak");
	if (peak != FIGURE_UNKNOWN)
		f->peak_far = peak;
	if (r->offloaded) {
		offload_look(r->offloaded, &f->reclaim);
		f->offload_cpu_us = offload_cpu_ns(r->offload) / 1000;
		if (peak == FIGURE_UNKNOWN && f->reclaim.swap_peak > f->peak_far)
			f->peak_far = f->reclaim.swap_peak;
	}
	f->left_running = !scope_is_empty(&r->scope);
}

static bool set_limit(const struct run *r, const char *file, uint64_t limit)
{
	char text[24] = "max";
	int err;

	if (limit != UINT64_MAX)
		snprintf(text, sizeof(text), "%" PRIu64, limit);
	err = group_write(r->scope.dir, file, text);
	/* Without swap accounting there is no limit to swap anyway. */
	if (!err || (err == -ENOENT && limit == UINT64_MAX))
		return true;
	complain("cannot write %s to %s: %s", text, file, strerror(-err));
	return false;
}

static bool there_is_swap(void)
{
	char text[4096];
	const char *line;

	if (group_read(AT_FDCWD, "/proc/swaps", text, sizeof(text)) <= 0)
		return false;
	line = strchr(text, '\n');
	return line && line[1];
}

/* The CPUs that reclaim: those that were chosen, else one that is not for the command. */
static void choose_reclaim_cpus(const struct run_config *cfg, cpu_set_t *cpus)
{
	cpu_set_t all;
	int cpu;

	CPU_ZERO(cpus);
	if (CPU_COUNT(&cfg->reclaim_cpus)) {
		*cpus = cfg->reclaim_cpus;
		return;
	}
	if (!CPU_COUNT(&cfg->cpus) || sched_getaffinity(0, sizeof(all), &all))
		return;
	for (cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
		if (CPU_ISSET(cpu, &all) && !CPU_ISSET(cpu, &cfg->cpus)) {
			CPU_SET(cpu, cpus);
			return;
		}
	}
}

static bool start_offload(struct run *r)
{
	struct offload_options options = offload_defaults;
	char why[256], text[64];
	struct group group;
	cpu_set_t cpus;
	int err;

	options.headroom_min = r->cfg->headroom_min;
	options.headroom_max = r->cfg->headroom_max;
	choose_reclaim_cpus(r->cfg, &cpus);
	err = group_open(&group, r->scope.dir, ".", why, sizeof(why));
	if (err) {
		complain("cannot reclaim for the command: %s%s", why,
			 err == -ENOSYS ? "; --no-offload does without" : "");
		return false;
	}
	r->offload = offload_start(&cpus, OFFLOAD_NICE, why, sizeof(why));
	if (!r->offload) {
		complain("cannot reclaim on CPUs %s: %s",
			 cpus_text(&cpus, text, sizeof(text)), why);
		group_close(&group);
		return false;
	}
	r->offloaded = offload_add(r->offload, &group, &options);
	if (!r->offloaded)
		complain("no memory");
	return r->offloaded != NULL;
}

static int start_job(struct run *r)
{
	const cpu_set_t *cpus = CPU_COUNT(&r->cfg->cpus) ? &r->cfg->cpus : NULL;
	int err = job_start(&r->job, r->cfg->command, r->scope.dir, cpus);

	if (!err)
		return 0;
	/* Whoever moves a process has to be the owner of all that it is moved within. */
	if (err == -EACCES) {
		complain("cannot move the command from our own group to %s/%s: permission denied; "
			 "both have to be inside one group that was handed over to us",
			 r->parent->path, r->scope.name);
		return EXIT_TROUBLE;
	}
	if (err < 0) {
		complain("cannot start the command%s: %s",
			 err == -EINVAL ? " on these CPUs" : "", strerror(-err));
		return EXIT_TROUBLE;
	}
	complain("%s: %s", r->cfg->command[0], strerror(err));
	return err == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

/* Start, wait, look at what it has taken. */
static int run_job(struct run *r)
{
	struct run_figures *f = r->figures;
	uint64_t begin = now_us(), in, out;
	int status;

	read_vmstat(&in, &out);
	status = start_job(r);
	if (status)
		return status;
	status = job_wait(&r->job, r->sample_swap ? sample_swap : NULL, r);
	f->wall_us = now_us() - begin;
	if (status < 0) {
		complain("cannot wait for the command: %s", strerror(-status));
		f->wall_us = 0;
		return EXIT_TROUBLE;
	}
	if (WIFSIGNALED(status))
		f->signal = WTERMSIG(status);
	f->status = f->signal ? 128 + f->signal : WEXITSTATUS(status);
	gather(r);
	read_vmstat(&f->system_pages_in, &f->system_pages_out);
	f->system_pages_in = difference(f->system_pages_in, in);
	f->system_pages_out = difference(f->system_pages_out, out);
	return f->status;
}

static int in_scope(struct run *r, uint64_t limit)
{
	int err;

	if (!set_limit(r, "memory.max", limit) ||
	    !set_limit(r, "memory.swap.max", r->cfg->far_limit))
		return EXIT_TROUBLE;
	if (limit != UINT64_MAX && r->cfg->far_limit && !there_is_swap())
		complain("warning: this machine does not swap: the command has what is local only");
	err = guard_start(&r->guard, &r->scope, r->parent);
	if (err) {
		complain("cannot start another process: %s", strerror(-err));
		return EXIT_TROUBLE;
	}
	r->figures->offload = r->cfg->offload && limit != UINT64_MAX;
	if (r->figures->offload && !start_offload(r))
		return EXIT_TROUBLE;
	return run_job(r);
}

int supervise(const struct run_config *cfg, const struct parent *parent, uint64_t limit,
	      struct run_figures *figures, bool *interrupted)
{
	struct run r = { .cfg = cfg, .parent = parent, .figures = figures };
	char why[512];
	int status, err;

	*figures = (struct run_figures) { .limit = limit, .peak_far = FIGURE_UNKNOWN };
	err = job_prepare(&r.job);
	if (err) {
		complain("no signals: %s", strerror(-err));
		return EXIT_TROUBLE;
	}
	if (!parent_make_scope(parent, &r.scope, why, sizeof(why))) {
		complain("%s", why);
		job_finish(&r.job);
		return EXIT_TROUBLE;
	}
	r.sample_swap = faccessat(r.scope.dir, "memory.swap.peak", F_OK, 0) != 0;

	status = in_scope(&r, limit);
	if (r.offload)
		offload_stop(r.offload);
	err = scope_remove(&r.scope);
	if (err) {
		complain("the group %s/%s stays behind: %s", parent->path, r.scope.name,
			 strerror(-err));
		if (!status)
			status = EXIT_TROUBLE;
	}
	guard_dismiss(&r.guard);
	scope_close(&r.scope);
	job_finish(&r.job);
	if (r.job.stop_signal)
		*interrupted = true;
	return status;
}
