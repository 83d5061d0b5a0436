// SPDX-License-Identifier: GPL-2.0-only
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

/* Keep the last line that says something; what tools say last is why they gave up. */
static void keep_last_line(const char *text, char *message)
{
	const char *end = text + strlen(text), *start;

	while (end > text && (end[-1] == '\n' || end[-1] == ' '))
		end--;
	for (start = end; start > text && start[-1] != '\n'; start--)
		;
	snprintf(message, RUN_MESSAGE_MAX, "%.*s", (int)(end - start), start);
}

/* Start the tool with the write end of a pipe as its stderr. */
static int spawn(char *const argv[], int err_read, int err_write, pid_t *pid)
{
	/* su without a login leaves the directories of the system's tools out of PATH. */
	static const char *const dirs[] = { "", "/usr/sbin/", "/sbin/" };
	posix_spawn_file_actions_t actions;
	char path[256];
	int err;
	size_t i;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, err_write, STDERR_FILENO);
	posix_spawn_file_actions_addclose(&actions, err_read);
	posix_spawn_file_actions_addclose(&actions, err_write);

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", dirs[i], argv[0]);
		err = posix_spawnp(pid, path, &actions, NULL, argv, environ);
		if (err != ENOENT)
			break;
	}
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* Reap @pid if it has ended; a stopped or stuck one is left alone. */
static bool has_ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

/* Collect what the tool says until it ends. Return: false if the time ran out. */
static bool collect(pid_t pid, int fd, unsigned int timeout_s, char *text, size_t len, int *status)
{
	unsigned long long deadline = now_ms() + timeout_s * 1000ULL;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t used = 0;
	bool open = true;

	do {
		ssize_t n;

		/* The end of its stderr is nearly always the end of the tool. */
		if (!open) {
			sleep_ms(2);
		} else if (poll(&pfd, 1, 50) > 0) {
			/* Of a long story only the end counts: drop the first half. */
			if (used > len / 2) {
				memmove(text, text + len / 4, used - len / 4);
				used -= len / 4;
			}
			n = read(fd, text + used, len - 1 - used);
			open = n > 0;
			used += open ? n : 0;
			text[used] = '\0';
			continue;
		}
		if (has_ended(pid, status))
			return true;
	} while (now_ms() < deadline);
	return false;
}

/**
 * run_tool - run a tool to its end
 * @argv: its name and arguments, NULL at the end
 * @timeout_s: after that many seconds it is killed
 * @message: RUN_MESSAGE_MAX bytes: the last line it wrote to stderr, or why it could not run
 *
 * Return: its exit status, 128 + signal, or a negative errno if it did not run
 * or did not end.
 */
int run_tool(char *const argv[], unsigned int timeout_s, char *message)
{
	char text[4096] = "";
	int fds[2], status, err;
	pid_t pid;

	message[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0) {
		err = -errno;
		snprintf(message, RUN_MESSAGE_MAX, "%s", strerror(-err));
		return err;
	}
	err = spawn(argv, fds[0], fds[1], &pid);
	close(fds[1]);
	if (err) {
		close(fds[0]);
		snprintf(message, RUN_MESSAGE_MAX, "%s",
			 err == -ENOENT ? "no such program is installed" : strerror(-err));
		return err;
	}

	if (!collect(pid, fds[0], timeout_s, text, sizeof(text), &status)) {
		close(fds[0]);
		kill(pid, SIGKILL);
		snprintf(message, RUN_MESSAGE_MAX, "not done after %u s", timeout_s);
		return -ETIMEDOUT;
	}
	close(fds[0]);

	keep_last_line(text, message);
	if (WIFSIGNALED(status)) {
		snprintf(message, RUN_MESSAGE_MAX, "ended by signal %d", WTERMSIG(status));
		return 128 + WTERMSIG(status);
	}
	if (WEXITSTATUS(status) && !message[0])
		snprintf(message, RUN_MESSAGE_MAX, "exit status %d", WEXITSTATUS(status));
	return WEXITSTATUS(status);
}
