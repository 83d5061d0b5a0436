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
/* Of the 63 characters that an identity may have. */
#define LONG	"a123456789b123456789c123456789d123456789e123456789f123456789.-_"
#define ID2	"ffffffffffffffffffffffffffffffff"

static const struct quota_who stranger = { .id = { 1 } };
static struct quota_who id1;

static int setup(void **state)
{
	unsigned int i;

	for (i = 0; i < sizeof(id1.id); i++)
		id1.id[i] = i * 0x11;
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
	struct quota quota = quota_find(&list, &id1);
	unsigned int i;

	for (i = 0; i < QUOTA_NR; i++)
		assert_true(quota.limit[i] == (i == QUOTA_RESERVE ? 0 : QUOTA_NONE));
}

static void reserved(void **state)
{
	struct quota_list list = { 0 };

	assert_true(quota_reserved(&list, 20) == 0);
	add(&list, ID1 " reserve=3M size=4M");
	add(&list, ID2 " reserve=1025K");
	assert_int_equal(quota_find(&list, &id1).limit[QUOTA_RESERVE], 3 * MIB);
	assert_int_equal(quota_find(&list, &stranger).limit[QUOTA_RESERVE], 0);
	/* In whole chunks. */
	assert_int_equal(quota_reserved(&list, 20), 5);
	assert_int_equal(quota_reserved(&list, 22), 2);
	assert_int_equal(quota_chunks(0, 20), 0);
}

static void whose(void **state)
{
	struct quota_list list = { 0 }, other;
	struct quota quota;
	char text[33];

	add(&list, ID1 " size=64G,sessions=2");
	add(&list, "default queue-pairs=25  size=1G");
	add(&list, ID2 ", queue-pairs=unlimited");

	quota = quota_find(&list, &id1);
	assert_int_equal(quota.limit[QUOTA_SIZE], 64 * GIB);
	assert_int_equal(quota.limit[QUOTA_SESSIONS], 2);
	assert_int_equal(quota.limit[QUOTA_QUEUE_PAIRS], 25);
	quota = quota_find(&list, &stranger);
	assert_int_equal(quota.limit[QUOTA_SIZE], GIB);
	assert_true(quota.limit[QUOTA_SESSIONS] == QUOTA_NONE);
	quota = quota_find(&list, &list.rules[1].who);
	assert_int_equal(quota.limit[QUOTA_SIZE], GIB);
	assert_true(quota.limit[QUOTA_QUEUE_PAIRS] == QUOTA_NONE);
	assert_string_equal(quota_id_text(text, id1.id), "00112233445566778899aabbccddeeff");

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

static void of_identities(void **state)
{
	struct quota_list list = { 0 }, other;
	char identity[FSW_IDENTITY_MAX];
	const struct quota_rule *rule;
	struct quota_who who;

	add(&list, "default size=1G");
	assert_null(quota_misfit(&list, false));
	assert_null(quota_misfit(&list, true));
	add(&list, "identity:alice size=64G sessions=2");
	add(&list, "identity:" LONG " size=2G");
	/* Names that look like something else. */
	add(&list, "identity:default size=3G");
	add(&list, "identity:" ID1 " size=4G");

	assert_true(fsw_identity_set(identity, "alice"));
	who = quota_by_identity(identity);
	assert_int_equal(quota_find(&list, &who).limit[QUOTA_SIZE], 64 * GIB);
	assert_int_equal(quota_find(&list, &who).limit[QUOTA_SESSIONS], 2);
	assert_true(fsw_identity_set(identity, LONG));
	who = quota_by_identity(identity);
	assert_int_equal(quota_find(&list, &who).limit[QUOTA_SIZE], 2 * GIB);
	assert_true(fsw_identity_set(identity, "default"));
	who = quota_by_identity(identity);
	assert_int_equal(quota_find(&list, &who).limit[QUOTA_SIZE], 3 * GIB);
	assert_true(fsw_identity_set(identity, "alic"));
	who = quota_by_identity(identity);
	assert_int_equal(quota_find(&list, &who).limit[QUOTA_SIZE], GIB);
	/* An id that is written like the name of somebody is not his. */
	assert_int_equal(quota_find(&list, &id1).limit[QUOTA_SIZE], GIB);
	who = quota_by_id(id1.id);
	assert_true(quota_who_is(&who, &id1));

	assert_null(quota_misfit(&list, true));
	rule = quota_misfit(&list, false);
	assert_non_null(rule);
	assert_string_equal(rule->who.identity, "alice");
	other = list;
	assert_false(quota_differs(&list, &other));
	strcpy(other.rules[0].who.identity, "alicf");
	assert_true(quota_differs(&list, &other));
	add(&list, ID2 " size=1G");
	assert_ptr_equal(quota_misfit(&list, true), &list.rules[4]);
}

/* What all may have is the bound of what is kept for one. */
static void excess(void **state)
{
	struct quota_list list = { 0 };

	add(&list, ID1 " reserve=2G");
	assert_null(quota_excess(&list));
	add(&list, "default size=1G");
	assert_ptr_equal(quota_excess(&list), &list.rules[0]);
	list.nr = 0;
	add(&list, ID1 " reserve=2G size=2G");
	assert_null(quota_excess(&list));
}

static void errors(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "neither identity:NAME, 32" },
		{ "0011 size=1G", "neither identity:NAME, 32" },
		{ ID1 "0 size=1G", "neither identity:NAME, 32" },
		{ "0011223344556677889900112233445g size=1G", "neither identity:NAME, 32" },
		{ "alice size=1G", "'alice' is neither identity:NAME" },
		{ "identity: size=1G", "'identity:' is neither" },
		{ "identity:al/ice size=1G", "'identity:al/ice' is neither" },
		{ "identity:" LONG "x size=1G", "is neither identity:NAME" },
		{ "identity:" LONG "xyz size=1G", "is neither identity:NAME" },
		{ "identity:bob sessions=1", "identity:bob has a quota already" },
		{ "identity:alice", "no limit is named" },
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
		{ ID1 " reserve=unlimited", "'unlimited' is not a size" },
		{ ID1 " reserve=0", "'0' is not a size" },
		{ ID1 " reserve=2M size=1M", "reserve= is more than size=" },
		{ ID2 " sessions=1", "has a quota already" },
		{ "default sessions=1", "there is a default already" },
	};
	struct quota_list list = { 0 }, before;
	char why[192], text[64];
	unsigned int i;

	add(&list, ID2 " sessions=3");
	add(&list, "identity:bob sessions=3");
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
		cmocka_unit_test(reserved),
		cmocka_unit_test(whose),
		cmocka_unit_test(of_identities),
		cmocka_unit_test(excess),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
