// SPDX-License-Identifier: GPL-2.0-only
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for a byte, which says that all is well, or for the end of the supervisor. */
static void __attribute__((noreturn))
keep_watch(int pipe, const struct scope *s, const struct parent *p)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;
	struct parent ours = *p;
	sigset_t set;
	ssize_t n;
	char c;

	/* Nobody is to wait for us who waits for the end of the output. */
	for (fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	/* A signal for all of the terminal, or for the session, is not for us. */
	setsid();
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	prctl(PR_SET_NAME, "fastswap-guard");
	if (chdir("/"))
		_exit(1);

	do
		n = read(pipe, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1) {
		scope_remove(s);
		parent_close(&ours);
	}
	_exit(0);
}

/** guard_start - start it; 0, or a negative errno */
int guard_start(struct guard *g, const struct scope *s, const struct parent *p)
{
	int fds[2];

	g->pid = 0;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	g->pid = fork();
	if (g->pid < 0) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		g->pid = 0;
		return err;
	}
	if (!g->pid) {
		close(fds[1]);
		keep_watch(fds[0], s, p);
	}
	close(fds[0]);
	g->pipe = fds[1];
	return 0;
}

/** guard_dismiss - the group is gone, or is no business of the guard's any more */
void guard_dismiss(struct guard *g)
{
	if (!g->pid)
		return;
	/* It may have been killed, and then nobody reads. */
	if (write(g->pipe, "", 1) == 1 || errno == EPIPE)
		waitpid(g->pid, NULL, 0);
	close(g->pipe);
	g->pid = 0;
}
