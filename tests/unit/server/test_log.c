// SPDX-License-Identifier: GPL-2.0-only
/* The log: what a line looks like, and how many are too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"

static void limit(void **state)
{
	struct log_limit limit = { 0 };
	unsigned int i, passed = 0, left_out;

	for (i = 0; i < 25; i++) {
		if (log_limit_pass(&limit, 1000 + i, &left_out))
			passed++;
		assert_int_equal(left_out, 0);
	}
	assert_int_equal(passed, LOG_LIMIT_LINES);
	assert_false(log_limit_pass(&limit, 1000 + LOG_LIMIT_MS - 1, &left_out));
	/* The first line of a new time tells of those of the old one. */
	assert_true(log_limit_pass(&limit, 1000 + LOG_LIMIT_MS, &left_out));
	assert_int_equal(left_out, 26 - LOG_LIMIT_LINES);
	for (i = 1; i < LOG_LIMIT_LINES; i++)
		assert_true(log_limit_pass(&limit, 1000 + LOG_LIMIT_MS, &left_out));
	assert_false(log_limit_pass(&limit, 1000 + LOG_LIMIT_MS, &left_out));
	assert_true(log_limit_pass(&limit, 100000, &left_out));
	assert_int_equal(left_out, 1);
	assert_true(log_limit_pass(&limit, 200000, &left_out));
	assert_int_equal(left_out, 0);
}

static void limit_at_the_beginning_of_time(void **state)
{
	struct log_limit limit = { 0 };
	unsigned int i, passed = 0, left_out;

	for (i = 0; i < 25; i++)
		passed += log_limit_pass(&limit, 0, &left_out);
	assert_true(passed <= LOG_LIMIT_LINES + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limit),
		cmocka_unit_test(limit_at_the_beginning_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
