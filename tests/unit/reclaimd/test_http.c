// SPDX-License-Identifier: GPL-2.0-only
/* The server in a process of its own, and whoever asks it, on a socket in a folder of the test. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "groups.h"
#include "http.h"

#define NR_CONNECTIONS	8

static char folder[64], path[80];

/* As of thousands of groups. */
#define NR_LINES	20000
#define LINE		"a line of the status\n"

bool groups_tell(struct groups *g, FILE *to, bool metrics)
{
	unsigned int i;

	for (i = 0; i < NR_LINES; i++)
		fputs(LINE, to);
	return true;
}

static int setup(void **state)
{
	strcpy(folder, "/tmp/http.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return rmdir(folder);
}

/* So many files more may be opened than there are. */
static void limit_files(unsigned int more)
{
	int next = dup(0);
	const struct rlimit files = { next + more, next + more };

	if (next < 0 || close(next) || setrlimit(RLIMIT_NOFILE, &files))
		_exit(1);
}

static void __attribute__((noreturn)) serve(int ready, unsigned int nr_connections)
{
	struct event_base *base = event_base_new();
	struct http http;
	char why[128];

	if (!http_start(&http, base, NULL, path, NULL, why, sizeof(why)))
		_exit(1);
	limit_files(nr_connections);
	if (write(ready, "", 1) != 1)
		_exit(1);
	event_base_dispatch(base);
	_exit(0);
}

static pid_t start(unsigned int nr_connections)
{
	int fds[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		serve(fds[1], nr_connections);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(fds[0]);
	return pid;
}

/* Return: milliseconds of CPU time that it has taken. */
static unsigned int stop(pid_t pid)
{
	struct rusage usage;
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(wait4(pid, &status, 0, &usage), pid);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Ask it. Return: bytes of the status that were printed. */
static off_t ask(void)
{
	int before = dup(STDOUT_FILENO), err;
	FILE *to = tmpfile();
	off_t size;

	assert_true(to && before >= 0);
	fflush(stdout);
	dup2(fileno(to), STDOUT_FILENO);
	err = http_ask(path);
	dup2(before, STDOUT_FILENO);
	close(before);
	assert_int_equal(err, 0);
	size = lseek(fileno(to), 0, SEEK_END);
	fclose(to);
	return size;
}

static int connect_to_it(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	strcpy(sun.sun_path, path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* Who has no file left for a connection does not spin until there is one, and goes on then. */
static void test_no_files(void **state)
{
	const struct timespec second = { .tv_sec = 1 };
	int fds[NR_CONNECTIONS], i;
	pid_t pid = start(NR_CONNECTIONS / 2);

	for (i = 0; i < NR_CONNECTIONS; i++)
		fds[i] = connect_to_it();
	nanosleep(&second, NULL);
	for (i = 0; i < NR_CONNECTIONS; i++)
		close(fds[i]);
	assert_int_equal(ask(), NR_LINES * strlen(LINE));
	assert_in_range(stop(pid), 0, 300);
}

static bool can_start(char *why, size_t why_size)
{
	struct event_base *base = event_base_new();
	struct http http;
	bool ok = http_start(&http, base, NULL, path, NULL, why, why_size);

	http_stop(&http);
	event_base_free(base);
	return ok;
}

/* A socket is removed if nobody listens there, and only then. */
static void test_in_the_way(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	pid_t pid = start(NR_CONNECTIONS);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char why[256];

	assert_false(can_start(why, sizeof(why)));
	assert_non_null(strstr(why, "does another fastswap-reclaimd run?"));
	assert_int_equal(ask(), NR_LINES * strlen(LINE));
	stop(pid);
	assert_int_equal(access(path, F_OK), 0);
	assert_true(can_start(why, sizeof(why)));
	assert_int_equal(access(path, F_OK), -1);

	/* Of something else, which lives. */
	strcpy(sun.sun_path, path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_false(can_start(why, sizeof(why)));
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_the_way, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
