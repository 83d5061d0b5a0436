/* SPDX-License-Identifier: GPL-2.0-only */
/* The command: started in its group, sent the signals that we get, waited for. */
#ifndef FASTSWAP_RUN_JOB_H
#define FASTSWAP_RUN_JOB_H

#include <sched.h>
#include <signal.h>
#include <sys/types.h>

/**
 * struct job - a command that runs
 * @pid: of it
 * @signals: signalfd for those that are forwarded, and for its end
 * @before: the signal mask as it was
 * @pipe_before: what SIGPIPE meant
 * @stop_signal: the last that has told us to stop, the terminal's included; 0: none
 */
struct job {
	pid_t pid;
	int signals;
	sigset_t before;
	void (*pipe_before)(int signo);
	int stop_signal;
};

int job_prepare(struct job *j);
int job_start(struct job *j, char **command, int group, const cpu_set_t *cpus);
int job_wait(struct job *j, void (*tick)(void *arg), void *arg);
void job_finish(struct job *j);

#endif /* FASTSWAP_RUN_JOB_H */
