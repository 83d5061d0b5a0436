// SPDX-License-Identifier: GPL-2.0-only
/* A command that runs in an ordinary folder in place of a cgroup, and signals for us and for it. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "job.h"

/* Nothing is to last that long. */
#define TOO_LONG_S	30

static char path[64];
static int group;

static int setup(void **state)
{
	int fd;

	strcpy(path, "/tmp/job.XXXXXX");
	if (!mkdtemp(path))
		return -1;
	group = open(path, O_RDONLY | O_DIRECTORY);
	fd = openat(group, "cgroup.procs", O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	alarm(TOO_LONG_S);
	return 0;
}

static int teardown(void **state)
{
	alarm(0);
	unlinkat(group, "cgroup.procs", 0);
	close(group);
	return rmdir(path);
}

static void start(struct job *j, const char *script)
{
	char shell[] = "sh", option[] = "-c", text[128];
	char *command[] = { shell, option, text, NULL };

	strcpy(text, script);
	assert_int_equal(job_prepare(j), 0);
	assert_int_equal(job_start(j, command, group, NULL), 0);
}

/* Send ourselves a signal, as another process would. */
static void send(int signo)
{
	assert_int_equal(kill(getpid(), signo), 0);
}

/* Whoever stops us continues us as well, and the window changes its size. */
static void test_stop_is_kept(void **state)
{
	struct job j;
	int status;

	start(&j, "exec sleep 20");
	send(SIGTERM);
	send(SIGCONT);
	send(SIGWINCH);
	status = job_wait(&j, NULL, NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	send(SIGCONT);
	job_finish(&j);
	assert_int_equal(j.stop_signal, SIGTERM);
}

/* A signal after the end of the command counts, too. */
static void test_late_stop(void **state)
{
	struct job j;

	start(&j, "exit 7");
	assert_int_equal(WEXITSTATUS(job_wait(&j, NULL, NULL)), 7);
	assert_int_equal(j.stop_signal, 0);
	send(SIGUSR1);
	send(SIGINT);
	send(SIGWINCH);
	job_finish(&j);
	assert_int_equal(j.stop_signal, SIGINT);
}

/* As nohup starts us. */
static void test_ignored(void **state)
{
	struct job j;
	int status;

	signal(SIGHUP, SIG_IGN);
	start(&j, "exec sleep 20");
	send(SIGHUP);
	send(SIGTERM);
	status = job_wait(&j, NULL, NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	send(SIGHUP);
	job_finish(&j);
	assert_int_equal(j.stop_signal, SIGTERM);
	signal(SIGHUP, SIG_DFL);
}

/* In a process that leads a session on a terminal of its own. */
static void __attribute__((noreturn)) lead(int ready)
{
	struct job j;
	int status;

	alarm(TOO_LONG_S);
	start(&j, "exec sleep 20");
	if (write(ready, "", 1) != 1)
		_exit(1);
	status = job_wait(&j, NULL, NULL);
	_exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP ? 0 : 1);
}

/* The kernel tells the leader alone that the terminal is gone, who has to tell the command. */
static void test_hangup(void **state)
{
	int fds[2], terminal, status;
	pid_t pid;
	char c;

	assert_int_equal(pipe(fds), 0);
	pid = forkpty(&terminal, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (!pid)
		lead(fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(fds[0]);
	close(terminal);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stop_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hangup, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
