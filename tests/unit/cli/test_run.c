// SPDX-License-Identifier: GPL-2.0-only
/* Running tools: status, last words, missing programs, ones that never end. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "run.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static int run_shell(const char *script, unsigned int timeout_s, char *message)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };

	return run_tool(argv, timeout_s, message);
}

static void test_status_and_message(void **state)
{
	static const struct {
		const char *script;
		int status;
		const char *message;
	} t[] = {
		{ "exit 0", 0, "" },
		{ "echo out", 0, "" },
		{ "echo warning >&2", 0, "warning" },
		{ "exit 3", 3, "exit status 3" },
		{ "echo one >&2; echo two >&2; exit 1", 1, "two" },
		{ "printf 'no newline' >&2; exit 1", 1, "no newline" },
		{ "printf 'x\\n\\n\\n' >&2; exit 1", 1, "x" },
		{ "read x || exit 4", 4, "exit status 4" },
		{ "kill -9 $$", 128 + SIGKILL, "ended by signal 9" },
		/* Its output ends before it does. */
		{ "exec 2>&-; sleep 0.2; exit 5", 5, "exit status 5" },
		/* More than fits: the end is what counts. */
		{ "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done >&2; exit 1", 1,
		  "line 2999" },
	};
	char message[RUN_MESSAGE_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(run_shell(t[i].script, 30, message), t[i].status);
		assert_string_equal(message, t[i].message);
	}
}

static void test_missing(void **state)
{
	char *const argv[] = { (char *)"fastswap-no-such-program", NULL };
	char message[RUN_MESSAGE_MAX];

	/* The own one may have a folder that one cannot look into: another error. */
	setenv("PATH", "/usr/bin:/bin", 1);
	assert_int_equal(run_tool(argv, 30, message), -ENOENT);
	assert_string_equal(message, "no such program is installed");
}

static void test_timeout(void **state)
{
	char message[RUN_MESSAGE_MAX];
	unsigned long long start = now_ms();

	assert_int_equal(run_shell("exec sleep 60", 1, message), -ETIMEDOUT);
	assert_string_equal(message, "not done after 1 s");
	assert_true(now_ms() - start < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_and_message),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
