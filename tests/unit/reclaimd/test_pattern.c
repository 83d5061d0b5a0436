// SPDX-License-Identifier: GPL-2.0-only
/* Which groups a pattern means, and in which folders to look for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pattern.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static void test_check(void **state)
{
	static const char *const good[] = {
		"/a", "/a/b", "/system.slice/job-*.service", "/*/x[0-9]", "/.a/..b", "/a.."
	};
	static const char *const bad[] = {
		"", "a", "a/b", "/", "//", "/a/", "/a//b", "/.", "/..", "/a/../b", "/a/.", "*"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		assert_null(pattern_check(good[i]));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(pattern_check(bad[i]));
}

static void test_matches(void **state)
{
	assert_true(pattern_matches("/a/b", "/a/b"));
	assert_true(pattern_matches("/a/b*", "/a/bcd"));
	assert_true(pattern_matches("/*/b", "/a/b"));
	assert_false(pattern_matches("/a/b", "/a"));
	assert_false(pattern_matches("/a/b", "/a/b/c"));
	/* A star stays in its folder. */
	assert_false(pattern_matches("/a/*", "/a/b/c"));
	assert_false(pattern_matches("/a*", "/a/b"));
	/* A backslash is one; who wants a star has brackets. */
	assert_true(pattern_matches("/my\\x2dapp.slice", "/my\\x2dapp.slice"));
	assert_false(pattern_matches("/my\\x2dapp.slice", "/myx2dapp.slice"));
	assert_true(pattern_matches("/a[*]", "/a*"));
	assert_false(pattern_matches("/a[*]", "/ab"));
}

static void test_leads_to(void **state)
{
	assert_true(pattern_leads_to("/a/b/c", "/"));
	assert_true(pattern_leads_to("/a/b/c", "/a"));
	assert_true(pattern_leads_to("/a/b/c", "/a/b"));
	assert_false(pattern_leads_to("/a/b/c", "/a/b/c"));
	assert_false(pattern_leads_to("/a/b/c", "/a/b/c/d"));
	assert_false(pattern_leads_to("/a/b/c", "/b"));
	assert_false(pattern_leads_to("/a/b/c", "/a/c"));
	assert_true(pattern_leads_to("/a*/b", "/abc"));
	assert_true(pattern_leads_to("/*/*/c", "/x/y"));
	assert_false(pattern_leads_to("/a", "/a"));
	assert_true(pattern_leads_to("/a", "/"));
	assert_true(pattern_leads_to("/a\\x2db/c", "/a\\x2db"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_leads_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
