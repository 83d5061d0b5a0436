// SPDX-License-Identifier: GPL-2.0-only
/* The command line of fastswap-run: what is understood, what is refused and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAX_ARGS	24

static char why[256];

static enum run_verdict parse(struct run_config *cfg, const char *line)
{
	static char copy[512];
	static char *argv[MAX_ARGS];
	char *rest = copy;
	int argc = 0;

	snprintf(copy, sizeof(copy), "fastswap-run %s", line);
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	return run_config_parse(cfg, argc, argv, why, sizeof(why));
}

static void test_run(void **state)
{
	static const char line[] = "--local 50% --ideal 1G --cpus 0,2 --far-limit 0 "
				   "--no-offload --report /r --quiet -- --odd";
	struct run_config cfg;

	assert_int_equal(parse(&cfg, "--local 256M job --local x"), RUN_GO);
	assert_int_equal(cfg.local.value, 256 << 20);
	assert_true(cfg.offload && !cfg.unlimited && !cfg.nr_ratios);
	assert_true(cfg.far_limit == UINT64_MAX);
	assert_int_equal(CPU_COUNT(&cfg.cpus), 0);
	/* What follows the command is the command's. */
	assert_string_equal(cfg.command[0], "job");
	assert_string_equal(cfg.command[1], "--local");
	assert_null(cfg.command[3]);

	assert_int_equal(parse(&cfg, line), RUN_GO);
	assert_true(cfg.local.is_part);
	assert_int_equal(share_of(cfg.local, cfg.ideal), 512 << 20);
	assert_int_equal(cfg.far_limit, 0);
	assert_false(cfg.offload);
	assert_string_equal(cfg.command[0], "--odd");

	assert_int_equal(parse(&cfg, "--local max job"), RUN_GO);
	assert_true(cfg.unlimited);
	assert_int_equal(parse(&cfg, "--help"), RUN_HELP);
	assert_int_equal(parse(&cfg, "--local 1M --version"), RUN_VERSION);
}

static void test_sweep(void **state)
{
	struct run_config cfg;

	/* The largest first; without --ideal, that is all of it. */
	assert_int_equal(parse(&cfg, "--sweep 25%,75%,50% --repeat 3 job"), RUN_GO);
	assert_int_equal(cfg.nr_ratios, 4);
	assert_int_equal(cfg.ratios[0].value, SHARE_WHOLE);
	assert_int_equal(cfg.ratios[1].value, 7500);
	assert_int_equal(cfg.ratios[3].value, 2500);
	assert_int_equal(cfg.repeat, 3);
	assert_string_equal(cfg.output, "fastswap-sweep");

	assert_int_equal(parse(&cfg, "--sweep 75%,50% --ideal 1G --output o job"), RUN_GO);
	assert_int_equal(cfg.nr_ratios, 2);
	assert_int_equal(cfg.repeat, 1);
	assert_string_equal(cfg.output, "o");
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *what;
	} t[] = {
		{ "job", "--local is missing" },
		{ "--local 1M", "no command" },
		{ "--local", "needs a value" },
		{ "--local 50% job", "--ideal, which is missing" },
		{ "--local 1 job", "not a multiple of 4096" },
		{ "--local 0% job", "percentage" },
		{ "--local banana job", "is not a size" },
		{ "--local 1M --ideal x job", "--ideal: 'x' is not a size" },
		{ "--local 1M --cpus 3-1 job", "list of CPUs" },
		{ "--local 1M --reclaim-cpus 1 --no-offload job", "exclude each other" },
		{ "--local 1M --headroom-min 2M --headroom-max 1M job", "--headroom-min is more" },
		{ "--local 1M --sweep 50% job", "exclude each other" },
		{ "--local 1M --repeat 2 job", "--repeat is for --sweep only" },
		{ "--local 1M --output x job", "--output is for --sweep only" },
		{ "--sweep 50% --report x job", "--report is not for --sweep" },
		{ "--sweep 50 job", "list of percentages" },
		{ "--sweep 50%, job", "list of percentages" },
		{ "--sweep ,50% job", "list of percentages" },
		{ "--sweep 50%,50% job", "twice" },
		{ "--sweep 50% --repeat 0 job", "from 1 to 1000" },
		{ "--local 1M --frobnicate job", "no such option" },
		{ "--local 1M --quiet=yes job", "takes no value" },
		{ "-x job", "options begin with --" },
	};
	struct run_config cfg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(parse(&cfg, t[i].line), RUN_ERROR);
		if (!strstr(why, t[i].what))
			fail_msg("%s: %s", t[i].line, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
