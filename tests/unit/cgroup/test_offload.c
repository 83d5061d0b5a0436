// SPDX-License-Identifier: GPL-2.0-only
/* The threads, on folders of ordinary files in place of cgroups: what they read and write. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "group.h"
#include "offload.h"

#define MIB	(1u << 20)

static const char *const files[] = {
	"memory.current",
	"memory.max",
	"memory.high",
	"memory.events.local",
	"memory.reclaim",
	"memory.pressure",
	"memory.stat",
	"memory.swap.current",
};

#define NR_FILES	(sizeof(files) / sizeof(files[0]))

static char folder[64];
/* The group was removed since its memory.current was opened. */
static bool access_fails;

int __real_faccessat(int dir, const char *name, int mode, int flags);
int __wrap_faccessat(int dir, const char *name, int mode, int flags);

int __wrap_faccessat(int dir, const char *name, int mode, int flags)
{
	if (!access_fails)
		return __real_faccessat(dir, name, mode, flags);
	errno = ENOENT;
	return -1;
}

static void put(const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	/* In one piece and never shorter: a reader sees either the one or the other. */
	assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
	close(fd);
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

static unsigned long got(const char *name)
{
	char path[128], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	if (read(fd, text, sizeof(text) - 1) < 0)
		fail();
	close(fd);
	return strtoul(text, NULL, 10);
}

static int setup(void **state)
{
	strcpy(folder, "/tmp/offload.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	put("memory.current", "0000000000\n");
	put("memory.max", "0104857600\n");
	put("memory.high", "max\n");
	put("memory.events.local", "low 0\nhigh 0\nmax 000\noom 0\n");
	put("memory.reclaim", "");
	put("memory.pressure", "some avg10=0.00 total=00000\nfull avg10=0.00 total=0\n");
	put("memory.stat", "pgmajfault 0\n");
	put("memory.swap.current", "0000000000\n");
	return 0;
}

static int teardown(void **state)
{
	char path[128];
	size_t i;

	for (i = 0; i < NR_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(folder);
	return 0;
}

static void sleep_ms(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

static struct offload *start(const char *cpus)
{
	char why[128];
	struct offload *o;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpus)
		assert_null(cpus_parse(cpus, &set));
	o = offload_start(&set, 0, why, sizeof(why));
	if (!o)
		print_message("%s\n", why);
	return o;
}

static struct offloaded *add(struct offload *o, const struct offload_options *options)
{
	struct offloaded *g;
	char why[128];
	struct group group;

	assert_int_equal(group_open(&group, AT_FDCWD, folder, why, sizeof(why)), 0);
	g = offload_add(o, &group, options);
	assert_non_null(g);
	return g;
}

static void wait_for_looks(struct offloaded *g, unsigned int nr, struct offload_figures *f)
{
	unsigned int i;
	uint64_t before;

	offload_look(g, f);
	before = f->looks;
	for (i = 0; i < 2000 && f->looks < before + nr && !f->gone; i++) {
		sleep_ms(5);
		offload_look(g, f);
	}
	assert_true(f->looks >= before + nr || f->gone);
}

/* Too near to the limit: reclaim, of what is too much, in pieces. */
static void test_reclaims(void **state)
{
	struct offload *o = start(NULL);
	struct offload_figures f;
	struct offloaded *g;

	put("memory.swap.current", "0000123000\n");
	g = add(o, &offload_defaults);
	wait_for_looks(g, 2, &f);
	assert_int_equal(f.writes, 0);
	assert_int_equal(f.limit, 104857600);
	assert_true(f.level < 104857600 && f.level >= 104857600 / 8 * 7);
	assert_int_equal(f.swap_peak, 123000);

	put("memory.current", "0104857600\n");
	wait_for_looks(g, 40, &f);
	assert_true(f.writes > 0);
	assert_in_range(got("memory.reclaim"), 4096, 4 * MIB);
	/* Before the first write, and with each eighth of the limit. */
	assert_in_range(f.refreshes, 1, 1 + f.reclaimed / (104857600 / 8));
	assert_int_equal(f.current, 104857600);
	/* It has not come below its level since. */
	assert_int_equal(reactions_count(&f.reactions), 1);
	assert_true(offload_cpu_ns(o) > 0);
	offload_stop(o);
}

/* Events that were there before do not count; those that come do, and teach. */
static void test_events(void **state)
{
	struct offload *o = start(NULL);
	struct offload_figures f;
	struct offloaded *g;
	uint64_t headroom;

	put("memory.events.local", "low 0\nhigh 0\nmax 100\noom 0\n");
	g = add(o, &offload_defaults);
	wait_for_looks(g, 3, &f);
	assert_int_equal(f.max_events, 0);
	headroom = f.headroom;
	put("memory.events.local", "low 0\nhigh 0\nmax 104\noom 0\n");
	wait_for_looks(g, 3, &f);
	assert_int_equal(f.max_events, 4);
	assert_true(f.headroom > headroom);
	offload_stop(o);
}

/* Without a limit there is nothing to do; with another one, soon something else. */
static void test_limit_changes(void **state)
{
	struct offload *o = start(NULL);
	struct offload_figures f;
	struct offloaded *g;

	/* Shorter than what is there; nobody has it open yet. */
	remove_file("memory.max");
	put("memory.max", "max\n");
	put("memory.current", "0050000000\n");
	g = add(o, &offload_defaults);
	wait_for_looks(g, 2, &f);
	assert_true(f.limit == UINT64_MAX && f.level == UINT64_MAX);
	assert_int_equal(f.writes, 0);
	put("memory.max", "0050000000\n");
	wait_for_looks(g, 30, &f);
	assert_int_equal(f.limit, 50000000);
	assert_true(f.writes > 0);
	offload_stop(o);
}

/* Where memory.high is the lower one it is the limit, and what happens there are hits. */
static void test_high(void **state)
{
	struct offload *o = start(NULL);
	struct offload_figures f;
	struct offloaded *g;

	put("memory.events.local", "low 0\nhigh 50\nmax 100\noom 0\n");
	put("memory.current", "0050000000\n");
	g = add(o, &offload_defaults);
	wait_for_looks(g, 2, &f);
	assert_int_equal(f.limit, 104857600);
	put("memory.events.local", "low 0\nhigh 60\nmax 101\noom 0\n");
	wait_for_looks(g, 2, &f);
	assert_int_equal(f.max_events, 1);
	assert_int_equal(f.writes, 0);

	put("memory.high", "0050000000\n");
	wait_for_looks(g, 30, &f);
	assert_int_equal(f.limit, 50000000);
	assert_true(f.writes > 0);
	put("memory.events.local", "low 0\nhigh 63\nmax 101\noom 0\n");
	wait_for_looks(g, 2, &f);
	assert_int_equal(f.max_events, 4);
	offload_stop(o);
}

/* What is no number any more is no group any more; that is seen, and nothing else happens. */
static void test_gone(void **state)
{
	struct offload *o = start(NULL);
	struct offload_figures f;
	struct offloaded *g = add(o, &offload_defaults);
	uint64_t looks;

	wait_for_looks(g, 1, &f);
	put("memory.current", "x");
	wait_for_looks(g, 10, &f);
	assert_true(f.gone);
	looks = f.looks;
	sleep_ms(100);
	offload_look(g, &f);
	assert_int_equal(f.looks, looks);
	offload_remove(g);
	offload_stop(o);
}

/* A job that does not stall gives away what it does not use, down to the floor. */
static void test_adaptive(void **state)
{
	struct offload_options options = offload_defaults;
	struct offload *o = start(NULL);
	struct offload_figures f;
	struct offloaded *g;
	unsigned int i;

	options.policy = POLICY_ADAPTIVE;
	options.max_period_us = 50000;
	put("memory.current", "0060000000\n");
	g = add(o, &options);
	for (i = 0; i < 40; i++) {
		sleep_ms(100);
		offload_look(g, &f);
		if (f.level < 60000000)
			break;
	}
	assert_in_range(f.level, 26214400, 60000000 - 1);
	wait_for_looks(g, 10, &f);
	assert_true(f.writes > 0);

	/* Whose limit is taken away is left alone. */
	put("memory.max", "max\n");
	for (i = 0; i < 40 && f.limit != UINT64_MAX; i++)
		wait_for_looks(g, 1, &f);
	assert_true(f.limit == UINT64_MAX && f.level == UINT64_MAX);
	offload_stop(o);
}

/* Groups come and go while the threads run; also before a thread has seen them. */
static void test_come_and_go(void **state)
{
	struct offload *o = start("0");
	struct offloaded *g[20];
	struct offload_figures f;
	unsigned int i, round;

	for (round = 0; round < 10; round++) {
		for (i = 0; i < 20; i++)
			g[i] = add(o, &offload_defaults);
		if (round & 1)
			wait_for_looks(g[19], 1, &f);
		for (i = 0; i < 20; i++)
			offload_remove(g[i]);
	}
	for (i = 0; i < 20; i++)
		g[i] = add(o, &offload_defaults);
	for (i = 0; i < 10; i++)
		offload_remove(g[i]);
	/* With some that were not removed, and some that are about to be. */
	offload_stop(o);
}

static void test_errors(void **state)
{
	char why[128];
	struct group group;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(CPU_SETSIZE - 1, &set);
	assert_null(offload_start(&set, 0, why, sizeof(why)));
	assert_string_equal(why, "there is no CPU 1023 for us");

	assert_int_equal(group_open(&group, AT_FDCWD, "/no/such/folder", why, sizeof(why)),
			 -ENOENT);
	remove_file("memory.reclaim");
	assert_int_equal(group_open(&group, AT_FDCWD, folder, why, sizeof(why)), -ENOSYS);
	assert_non_null(strstr(why, "memory.reclaim"));
	/* Gone between the opening of the one and of the other: no reason to blame the kernel. */
	access_fails = true;
	assert_int_equal(group_open(&group, AT_FDCWD, folder, why, sizeof(why)), -EOPNOTSUPP);
	access_fails = false;
	remove_file("memory.events.local");
	assert_int_equal(group_open(&group, AT_FDCWD, folder, why, sizeof(why)), -EOPNOTSUPP);
	assert_non_null(strstr(why, "no memory controller"));
}

/* Ordinary files cannot be polled, which libevent has something to say about. */
static void hear_nothing(int severity, const char *text)
{
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reclaims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_high, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adaptive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
	};

	event_set_log_callback(hear_nothing);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
