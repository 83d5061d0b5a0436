// SPDX-License-Identifier: GPL-2.0-only
/* Quotas in words, and whose they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quota.h"
#include "util.h"

#define ID1	"00112233445566778899AABBCCDDEEFF"
#define ID2	"ffffffffffffffffffffffffffffffff"

static const uint8_t stranger[16] = { 1 };
static uint8_t id1[16];

static int setup(void **state)
{
	unsigned int i;

	for (i = 0; i < sizeof(id1); i++)
		id1[i] = i * 0x11;
	return 0;
}

static void add(struct quota_list *list, const char *text)
{
	char why[128];

	if (quota_add(list, text, why, sizeof(why)))
		fail_msg("'%s'%s", text, why);
}

static void none(void **state)
{
	struct quota_list list = { 0 };
	struct quota quota = quota_find(&list, id1);
	unsigned int i;

	for (i = 0; i < QUOTA_NR; i++)
		assert_true(quota.limit[i] == QUOTA_NONE);
}

static void whose(void **state)
{
	struct quota_list list = { 0 }, other;
	struct quota quota;
	char text[33];

	add(&list, ID1 " size=64G,sessions=2");
	add(&list, "default queue-pairs=25  size=1G");
	add(&list, ID2 ", queue-pairs=unlimited");

	quota = quota_find(&list, id1);
	assert_int_equal(quota.limit[QUOTA_SIZE], 64 * GIB);
	assert_int_equal(quota.limit[QUOTA_SESSIONS], 2);
	assert_int_equal(quota.limit[QUOTA_QUEUE_PAIRS], 25);
	quota = quota_find(&list, stranger);
	assert_int_equal(quota.limit[QUOTA_SIZE], GIB);
	assert_true(quota.limit[QUOTA_SESSIONS] == QUOTA_NONE);
	quota = quota_find(&list, list.rules[1].id);
	assert_int_equal(quota.limit[QUOTA_SIZE], GIB);
	assert_true(quota.limit[QUOTA_QUEUE_PAIRS] == QUOTA_NONE);
	assert_string_equal(quota_id_text(text, id1), "00112233445566778899aabbccddeeff");

	other = list;
	assert_false(quota_differs(&list, &other));
	other.rules[0].quota.limit[QUOTA_SIZE]++;
	assert_true(quota_differs(&list, &other));
	other = list;
	other.nr--;
	assert_true(quota_differs(&list, &other));
	other = list;
	other.all.given[QUOTA_SESSIONS] = true;
	assert_true(quota_differs(&list, &other));
}

static void errors(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "neither 32 hexadecimal digits" },
		{ "0011 size=1G", "neither 32 hexadecimal digits" },
		{ ID1 "0 size=1G", "neither 32 hexadecimal digits" },
		{ "0011223344556677889900112233445g size=1G", "neither 32 hexadecimal digits" },
		{ ID1, "no limit is named" },
		{ ID1 " size", "'size' is not size=" },
		{ ID1 " memory=1G", "'memory' is not size=" },
		{ ID1 " =1G", "'' is not size=" },
		{ ID1 " size=1X", "neither a size such as 32G" },
		{ ID1 " size=0", "neither a size such as 32G" },
		{ ID1 " sessions=0", "neither a number from 1" },
		{ ID1 " sessions=-1", "neither a number from 1" },
		{ ID1 " queue-pairs=10000000000", "neither a number from 1" },
		{ ID1 " sessions=1 sessions=2", "sessions is there twice" },
		{ ID2 " sessions=1", "has a quota already" },
		{ "default sessions=1", "there is a default already" },
	};
	struct quota_list list = { 0 }, before;
	char why[192], text[64];
	unsigned int i;

	add(&list, ID2 " sessions=3");
	add(&list, "default sessions=3");
	before = list;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(quota_add(&list, cases[i].text, why, sizeof(why)), -1);
		if (!strstr(why, cases[i].says))
			fail_msg("'%s' gives '%s'", cases[i].text, why);
		assert_false(quota_differs(&list, &before));
	}
	for (i = list.nr; i < QUOTA_MAX; i++) {
		snprintf(text, sizeof(text), "%032x size=1G", i);
		add(&list, text);
	}
	assert_int_equal(quota_add(&list, ID1 " size=1G", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "more than 256 clients"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none),
		cmocka_unit_test(whose),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
