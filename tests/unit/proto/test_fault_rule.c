// SPDX-License-Identifier: GPL-2.0-only
/* The words of a fault rule, and which visits it strikes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fastswap/fault_rule.h>

#define ALWAYS FSW_FAULT_ALWAYS

static void words_of_a_rule(void **state)
{
	static const struct {
		const char *text;
		struct fsw_fault_rule rule;
		const char *rest;	/* NULL: not a rule */
	} cases[] = {
		{ "1/1", { 1, ALWAYS, 0, 0 }, "" },
		{ "1/100", { 100, ALWAYS, 0, 0 }, "" },
		{ "1/2x3", { 2, 3, 0, 0 }, "" },
		{ "1/2x0", { 2, 0, 0, 0 }, "" },
		{ "1/2:50", { 2, ALWAYS, 50, 0 }, "" },
		{ "1/2@7", { 2, ALWAYS, 0, 7 }, "" },
		{ "1/2x3:50@7", { 2, 3, 50, 7 }, "" },
		{ "1/4294967295", { ALWAYS, ALWAYS, 0, 0 }, "" },
		{ "1/2x4294967295:4294967295", { 2, ALWAYS, ALWAYS, 0 }, "" },
		{ "1/2@4294967295", { 2, ALWAYS, 0, ALWAYS }, "" },
		{ "off", { 0, ALWAYS, 0, 0 }, "" },
		{ "1/5\n", { 5, ALWAYS, 0, 0 }, "\n" },
		{ "1/5,kill=1/2", { 5, ALWAYS, 0, 0 }, ",kill=1/2" },
		{ "1/5 x3", { 5, ALWAYS, 0, 0 }, " x3" },
		{ "1/5@7x3", { 5, ALWAYS, 0, 7 }, "x3" },
		{ "offer", { 0, ALWAYS, 0, 0 }, "er" },
		{ .text = "" },
		{ .text = "1" },
		{ .text = "1/" },
		{ .text = "1/0" },
		{ .text = "1/-1" },
		{ .text = "1/+1" },
		{ .text = "1/ 1" },
		{ .text = "1/4294967296" },
		{ .text = "1/99999999999999999999999" },
		{ .text = "2/3" },
		{ .text = "1/2x" },
		{ .text = "1/2x:3" },
		{ .text = "1/2:" },
		{ .text = "1/2@" },
		{ .text = "1/2x4294967296" },
		{ .text = " 1/2" },
		{ .text = "of" },
		{ .text = "on" },
	};
	struct fsw_fault_rule rule;
	const char *rest;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memset(&rule, 0x5a, sizeof(rule));
		rest = fsw_fault_parse(&rule, cases[i].text);
		if (!cases[i].rest) {
			assert_null(rest);
			continue;
		}
		assert_non_null(rest);
		assert_string_equal(rest, cases[i].rest);
		assert_memory_equal(&rule, &cases[i].rule, sizeof(rule));
	}
}

static unsigned int count(const struct fsw_fault_rule *rule, unsigned int visits)
{
	unsigned int i, n = 0;

	for (i = 1; i <= visits; i++)
		n += !!fsw_fault_strikes(rule, i);
	return n;
}

static void one_visit_in_so_many(void **state)
{
	static const unsigned int in[] = { 2, 3, 10, 64, 1000 };
	struct fsw_fault_rule rule = { .one_in = 0 };
	size_t i;

	assert_int_equal(count(&rule, 1000), 0);
	rule.one_in = 1;
	assert_int_equal(count(&rule, 1000), 1000);
	for (i = 0; i < sizeof(in) / sizeof(*in); i++) {
		rule.one_in = in[i];
		assert_in_range(count(&rule, 100 * in[i]), 60, 140);
	}
}

static void the_seed_decides(void **state)
{
	struct fsw_fault_rule a = { .one_in = 10, .seed = 1 }, b = { .one_in = 10, .seed = 2 };
	unsigned int i, both = 0;

	for (i = 0; i < 10000; i++) {
		assert_int_equal(fsw_fault_strikes(&a, i), fsw_fault_strikes(&a, i));
		both += fsw_fault_strikes(&a, i) && fsw_fault_strikes(&b, i);
	}
	/* Two seeds agree as often as chance has it. */
	assert_in_range(both, 50, 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_a_rule),
		cmocka_unit_test(one_visit_in_so_many),
		cmocka_unit_test(the_seed_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
