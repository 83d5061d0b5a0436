// SPDX-License-Identifier: GPL-2.0-only
/* The log: what a line looks like, and how many are too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"
#include "logline.h"

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

static const char *line(const struct logline *line, enum log_format format)
{
	static char buf[256];
	size_t len = logline_format(buf, sizeof(buf), line, format);

	assert_int_equal(len, strlen(buf));
	assert_true(len && len < sizeof(buf));
	/* One line it is. */
	assert_ptr_equal(strchr(buf, '\n'), buf + len - 1);
	return buf;
}

static void text_lines(void **state)
{
	struct logline l = { .level = LOG_LEVEL_WARN, .message = "beware" };

	assert_string_equal(line(&l, LOG_FORMAT_TEXT), "fastswap-server: warning: beware\n");
	l.level = LOG_LEVEL_INFO;
	l.client = 3;
	l.peer = "10.0.0.1";
	assert_string_equal(line(&l, LOG_FORMAT_TEXT),
			    "fastswap-server: client 3 (10.0.0.1): beware\n");
	l.journal = true;
	assert_string_equal(line(&l, LOG_FORMAT_TEXT), "<6>client 3 (10.0.0.1): beware\n");
}

static void json_lines(void **state)
{
	struct logline l = {
		.level = LOG_LEVEL_ERROR,
		.message = "a \"b\" \\ \n \x01 \xe4",
		.time_ms = 1700000000042,
	};

	assert_string_equal(line(&l, LOG_FORMAT_JSON),
			    "{\"time\":\"2023-11-14T22:13:20.042Z\",\"level\":\"error\","
			    "\"message\":\"a \\\"b\\\" \\\\ \\u000a \\u0001 \\u00e4\"}\n");
	l.client = 7;
	l.peer = "fd00::1";
	l.message = "";
	l.journal = true;
	assert_string_equal(line(&l, LOG_FORMAT_JSON),
			    "<3>{\"time\":\"2023-11-14T22:13:20.042Z\",\"level\":\"error\","
			    "\"client\":7,\"peer\":\"fd00::1\",\"message\":\"\"}\n");
}

static void long_lines_are_cut(void **state)
{
	char message[1024], peer[64];
	struct logline l = { .client = ~0u, .peer = peer, .message = message };
	static const char *const fill = "x\"\x01";
	unsigned int i, n;
	const char *text;

	memset(peer, 'f', sizeof(peer) - 1);
	peer[sizeof(peer) - 1] = '\0';
	for (i = 0; fill[i]; i++) {
		for (n = 0; n < sizeof(message); n++) {
			memset(message, fill[i], n);
			message[n] = '\0';
			text = line(&l, LOG_FORMAT_JSON);
			assert_string_equal(text + strlen(text) - 3, "\"}\n");
			if (fill[i] == 'x')
				line(&l, LOG_FORMAT_TEXT);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_lines),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(limit),
		cmocka_unit_test(limit_at_the_beginning_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
