// SPDX-License-Identifier: GPL-2.0-only
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS	50

static const int forwarded[] = {
	SIGHUP,
	SIGINT,
	SIGQUIT,
	SIGTERM,
	SIGUSR1,
	SIGUSR2,
	SIGWINCH,
	SIGCONT,
};

static bool is_ignored(int signo)
{
	struct sigaction sa;

	return !sigaction(signo, NULL, &sa) && sa.sa_handler == SIG_IGN;
}

/**
 * job_prepare - from here on signals wait for job_wait(); before there are other threads
 * @j: filled in
 *
 * Return: 0, or a negative errno.
 */
int job_prepare(struct job *j)
{
	sigset_t set;
	size_t i;

	/* Who ignores it gets no exit status. */
	signal(SIGCHLD, SIG_DFL);
	/* A reader of ours that went away is no reason to leave the command alone. */
	j->pipe_before = signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* Who was started by nohup, or in the background, is not to take what it is safe from. */
	for (i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		if (!is_ignored(forwarded[i]))
			sigaddset(&set, forwarded[i]);
	sigprocmask(SIG_BLOCK, &set, &j->before);
	j->pid = 0;
	j->stop_signal = 0;
	j->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return j->signals < 0 ? -errno : 0;
}

/* In the child. What goes wrong is told through @report. */
static void __attribute__((noreturn))
become(const struct job *j, char **command, int group, const cpu_set_t *cpus, int report)
{
	int procs = openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC), err = 0;

	if (procs < 0 || write(procs, "0", 1) != 1)
		err = -errno;
	if (!err && cpus && sched_setaffinity(0, sizeof(*cpus), cpus))
		err = -errno;
	if (!err) {
		signal(SIGPIPE, j->pipe_before);
		sigprocmask(SIG_SETMASK, &j->before, NULL);
		execvp(command[0], command);
		/* Positive: not our fault, but the command's. */
		err = errno;
	}
	while (write(report, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/**
 * job_start - start the command in its group
 * @j: prepared
 * @command: with its arguments
 * @group: folder of the group
 * @cpus: to run on; NULL: those that we have
 *
 * Return: 0, a negative errno, or a positive one if it is the command that cannot be run.
 */
int job_start(struct job *j, char **command, int group, const cpu_set_t *cpus)
{
	int fds[2], err = 0;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	j->pid = fork();
	if (j->pid < 0) {
		err = -errno;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (!j->pid)
		become(j, command, group, cpus, fds[1]);
	close(fds[1]);
	/* Nothing comes, but the end: it was started. */
	do
		n = read(fds[0], &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	close(fds[0]);
	if (n != sizeof(err))
		return 0;
	waitpid(j->pid, NULL, 0);
	j->pid = 0;
	return err;
}

/* Those that do not tell us to stop must not make forgotten that another has. */
static void note(struct job *j, int signo)
{
	switch (signo) {
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGTERM:
		j->stop_signal = signo;
	}
}

/*
 * What the terminal sends, it sends to the command as well; that it is gone, only to the leader of
 * the session.
 */
static bool is_for_us_alone(const struct signalfd_siginfo *info)
{
	return info->ssi_code != SI_KERNEL ||
	       (info->ssi_signo == SIGHUP && getsid(0) == getpid());
}

/**
 * job_wait - forward signals until the command has ended
 * @j: started
 * @tick: called now and then; NULL: there is nothing to do
 * @arg: for @tick
 *
 * Return: its status as waitpid() has it, or a negative errno.
 */
int job_wait(struct job *j, void (*tick)(void *arg), void *arg)
{
	struct pollfd pfd = { .fd = j->signals, .events = POLLIN };
	struct signalfd_siginfo info;
	int status;

	for (;;) {
		pid_t pid = waitpid(j->pid, &status, WNOHANG);

		if (pid == j->pid)
			return status;
		if (pid < 0 && errno != EINTR)
			return -errno;
		if (!poll(&pfd, 1, tick ? TICK_MS : -1)) {
			tick(arg);
			continue;
		}
		if (read(j->signals, &info, sizeof(info)) != sizeof(info)) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (info.ssi_signo == SIGCHLD)
			continue;
		note(j, info.ssi_signo);
		if (is_for_us_alone(&info))
			kill(j->pid, info.ssi_signo);
	}
}

/*
 * What came when the command had ended already, such as a second Ctrl-C, or that of two who stop
 * us both: there is a report to write yet.
 */
static void take_pending(struct job *j)
{
	struct pollfd pfd = { .fd = j->signals, .events = POLLIN };
	struct signalfd_siginfo info;

	while (poll(&pfd, 1, 0) > 0 && read(j->signals, &info, sizeof(info)) == sizeof(info))
		note(j, info.ssi_signo);
}

/** job_finish - give signals their meaning back, but for those that have come already */
void job_finish(struct job *j)
{
	if (j->signals >= 0) {
		take_pending(j);
		close(j->signals);
	}
	j->signals = -1;
	signal(SIGPIPE, j->pipe_before);
	sigprocmask(SIG_SETMASK, &j->before, NULL);
}
