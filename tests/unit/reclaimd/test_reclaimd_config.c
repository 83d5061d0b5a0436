// SPDX-License-Identifier: GPL-2.0-only
/* The options of fastswap-reclaimd, on the command line and in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAX_ARGS	24

static char why[256];

/* Words with blanks in between, and a name of the program in front. */
static int split(const char *line, char **argv)
{
	static char copy[512];
	char *rest = copy;
	int argc = 0;

	snprintf(copy, sizeof(copy), "fastswap-reclaimd %s", line);
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	return argc;
}

static enum config_verdict parse(struct reclaimd_config *cfg, const char *line)
{
	char *argv[MAX_ARGS];
	int argc = split(line, argv);

	return config_parse(cfg, argc, argv, why, sizeof(why));
}

static bool read_text(struct reclaimd_config *cfg, const char *text)
{
	static char copy[2048];

	snprintf(copy, sizeof(copy), "%s", text);
	return config_read(cfg, copy, why, sizeof(why));
}

static void test_groups(void **state)
{
	static const char line[] =
		"--headroom-max 64M --group /a --policy adaptive --floor 30% "
		"--group /b/* --headroom-max 5% --cpus 1,3 --nice -5";
	struct reclaimd_config cfg;

	config_init(&cfg);
	assert_int_equal(parse(&cfg, line), CONFIG_GO);
	assert_int_equal(cfg.nr_rules, 2);
	assert_string_equal(cfg.rules[0].pattern, "/a");
	assert_int_equal(cfg.rules[0].options.policy, POLICY_ADAPTIVE);
	assert_int_equal(cfg.rules[0].options.floor.value, 3000);
	assert_int_equal(cfg.rules[0].options.headroom_max.value, 64 << 20);
	/* What was said of one group is not for the next. */
	assert_int_equal(cfg.rules[1].options.policy, POLICY_FIXED);
	assert_true(cfg.rules[1].options.headroom_max.is_part);
	assert_int_equal(CPU_COUNT(&cfg.cpus), 2);
	assert_int_equal(cfg.nice, -5);
	assert_string_equal(cfg.socket, DEFAULT_SOCKET);
	config_free(&cfg);
}

static void test_good(void **state)
{
	static const struct {
		const char *line;
		enum config_verdict verdict;
	} t[] = {
		{ "--group /a", CONFIG_GO },
		{ "--status", CONFIG_GO },
		{ "--status --socket /tmp/x", CONFIG_GO },
		{ "--help", CONFIG_HELP },
		{ "--version", CONFIG_VERSION },
		{ "--group /a --metrics 127.0.0.1:9470 --log-level debug", CONFIG_GO },
		{ "--group /a --metrics [::1]:1", CONFIG_GO },
		{ "--group /a --min-period 50 --max-period 1", CONFIG_GO },
		{ "--group /a --stall-low 0.01% --stall-high 0.02%", CONFIG_GO },
		{ "--group /a --nice 19", CONFIG_GO },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct reclaimd_config cfg;

		config_init(&cfg);
		assert_int_equal(parse(&cfg, t[i].line), t[i].verdict);
		config_free(&cfg);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *what;
	} t[] = {
		{ "--nice 1", "--group is missing" },
		{ "--group a", "does not begin with a slash" },
		{ "--group", "needs a value" },
		{ "--group /a stray", "what is it" },
		{ "--group /a --policy greedy", "neither fixed nor adaptive" },
		{ "--group /a --headroom-min 10M --headroom-max 5M", "headroom-min is more" },
		{ "--group /a --headroom-min 10%% --headroom-max 5%", "percentage" },
		{ "--group /a --stall-low 1% --stall-high 1%", "stall-low is not less" },
		{ "--group /a --stall-low 4K", "not a percentage" },
		{ "--group /a --min-period 49", "from 50 to 100000" },
		{ "--group /a --min-period 90000 --max-period 1", "min-period is more" },
		{ "--group /a --max-period 0", "from 1 to 60000" },
		{ "--group /a --cpus x", "list of CPUs" },
		{ "--group /a --nice 20", "from -20 to 19" },
		{ "--group /a --nice -21", "from -20 to 19" },
		{ "--group /a --nice --5", "from -20 to 19" },
		{ "--group /a --metrics 0.0.0.0:9470", "127.0.0.1:PORT" },
		{ "--group /a --metrics 127.0.0.1", "127.0.0.1:PORT" },
		{ "--group /a --metrics 127.0.0.1:0", "127.0.0.1:PORT" },
		{ "--group /a --log-level loud", "error, warn, info or debug" },
		{ "--group /a --frobnicate", "no such option" },
		{ "--group /a --status=yes", "takes no value" },
		{ "-x", "options begin with --" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct reclaimd_config cfg;

		config_init(&cfg);
		assert_int_equal(parse(&cfg, t[i].line), CONFIG_ERROR);
		if (!strstr(why, t[i].what))
			fail_msg("%s: %s", t[i].line, why);
		config_free(&cfg);
	}
}

static void test_file(void **state)
{
	static const struct {
		const char *text, *what;
	} bad[] = {
		{ "group", "line 1: group is not followed by '= VALUE'" },
		{ "\n\nnice=x", "line 3: nice is not a number" },
		{ "groups = /a", "line 1: groups is no option" },
		{ "config = /a", "line 1: config is for the command line only" },
		{ "status = 1", "for the command line only" },
		{ "# = 3\n= 3", "line 2:  is no option" },
	};
	struct reclaimd_config cfg;
	size_t i;

	config_init(&cfg);
	assert_true(read_text(&cfg, "# a comment\n\n  group = /a b  \npolicy=adaptive\r\n"
				    "\tgroup\t=\t/c=d\nsocket = /tmp/s"));
	assert_int_equal(cfg.nr_rules, 2);
	assert_string_equal(cfg.rules[0].pattern, "/a b");
	assert_int_equal(cfg.rules[0].options.policy, POLICY_ADAPTIVE);
	assert_string_equal(cfg.rules[1].pattern, "/c=d");
	/* The command line comes after it. */
	assert_int_equal(parse(&cfg, "--socket /tmp/t --group /e"), CONFIG_GO);
	assert_string_equal(cfg.socket, "/tmp/t");
	assert_int_equal(cfg.nr_rules, 3);
	config_free(&cfg);

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		config_init(&cfg);
		assert_false(read_text(&cfg, bad[i].text));
		if (!strstr(why, bad[i].what))
			fail_msg("%s: %s", bad[i].text, why);
		config_free(&cfg);
	}
}

/* What is printed is what is understood again. */
static void test_print(void **state)
{
	static const char line[] =
		"--group /a --policy adaptive --floor 12.25% --stall-low 0.5% "
		"--group /b --headroom-max 12M --min-period 300 --max-period 20 "
		"--cpus 0-2 --metrics [::1]:77 --nice -3";
	struct reclaimd_config cfg, again;
	char *text = NULL, *once;
	size_t size;
	FILE *to;

	config_init(&cfg);
	config_init(&again);
	assert_int_equal(parse(&cfg, line), CONFIG_GO);
	to = open_memstream(&text, &size);
	config_print(to, &cfg);
	fclose(to);
	once = strdup(text);
	assert_true(config_read(&again, text, why, sizeof(why)));
	free(text);
	to = open_memstream(&text, &size);
	config_print(to, &again);
	fclose(to);
	assert_string_equal(text, once);
	free(text);
	free(once);
	config_free(&cfg);
	config_free(&again);
}

static void test_too_many(void **state)
{
	struct reclaimd_config cfg;
	unsigned int i;

	config_init(&cfg);
	for (i = 0; i < MAX_RULES; i++)
		assert_true(read_text(&cfg, "group = /a"));
	assert_false(read_text(&cfg, "group = /a"));
	assert_non_null(strstr(why, "one too many"));
	config_free(&cfg);
}

static void test_find_file(void **state)
{
	char *argv[MAX_ARGS];
	int argc = split("--group /a --config /f --bad", argv);

	assert_string_equal(config_find_file(argc, argv), "/f");
	argc = split("--group /a", argv);
	assert_null(config_find_file(argc, argv));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_find_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
