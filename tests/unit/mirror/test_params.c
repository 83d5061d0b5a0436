// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fastswap/hold.h>

#include "params.h"

static char text[512], error[128];
static struct fsm_params p;

static int parse(const char *options)
{
	strcpy(text, options);
	error[0] = '\0';
	return fsm_params_parse(&p, text, error, sizeof(error));
}

static void good(void **state)
{
	assert_int_equal(parse("rdma:addr=10.0.0.1,port=1;rdma:addr=fe80::1%eth0,port=2"), 0);
	assert_int_equal(p.hold, FASTSWAP_HOLD_DEFAULT);
	assert_int_equal(p.nr, 2);
	assert_string_equal(p.backend[0], "rdma");
	assert_string_equal(p.options[0], "addr=10.0.0.1,port=1");
	assert_string_equal(p.options[1], "addr=fe80::1%eth0,port=2");

	assert_int_equal(parse("hold=0;dram:;rdma:a;dram:;dram:"), 0);
	assert_int_equal(p.hold, 0);
	assert_int_equal(p.nr, 4);
	assert_string_equal(p.backend[3], "dram");
	assert_string_equal(p.options[3], "");
	assert_int_equal(parse("hold=86400;dram:;dram:"), 0);
	assert_int_equal(p.hold, 86400);
}

static void bad(void **state)
{
	static const struct {
		const char *options, *why;
	} cases[] = {
		{ "", "replica '' is not of the form BACKEND:OPTIONS" },
		{ "dram:", "a mirror needs at least 2 replicas" },
		{ "hold=30", "a mirror needs at least 2 replicas" },
		{ "dram:;dram", "replica 'dram' is not of the form BACKEND:OPTIONS" },
		{ "dram:;:addr=1", "replica ':addr=1' is not of the form BACKEND:OPTIONS" },
		{ "dram:;", "replica '' is not of the form BACKEND:OPTIONS" },
		{ "dram:;dram:;dram:;dram:;dram:", "more than 4 replicas" },
		{ "dram:;mirror:dram:", "a mirror is not made of mirrors" },
		{ "dram:;hold=30;dram:", "replica 'hold=30' is not of the form BACKEND:OPTIONS" },
		{ "hold=;dram:;dram:", "hold '' is not a number of seconds from 0 to 86400" },
		{ "hold=-1;dram:;dram:", "hold '-1' is not a number of seconds from 0 to 86400" },
		{ "hold=86401;dram:;dram:",
		  "hold '86401' is not a number of seconds from 0 to 86400" },
		{ "hold=1\n;dram:;dram:",
		  "hold '1\n' is not a number of seconds from 0 to 86400" },
		{ "hold=999999;dram:;dram:",
		  "hold '999999' is not a number of seconds from 0 to 86400" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(parse(cases[i].options) < 0);
		assert_string_equal(error, cases[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
