// SPDX-License-Identifier: GPL-2.0-only
/* Command lines, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "util.h"

static enum config_verdict parse(struct config *cfg, const char *line, char *why, size_t why_size)
{
	static char copy[512];
	char *argv[32], *word;
	int argc = 0;

	argv[argc++] = (char *)"fastswap-server";
	snprintf(copy, sizeof(copy), "%s", line);
	/* A word of just '' is an empty argument. */
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "''") ? word : (char *)"";
	argv[argc] = NULL;
	return config_parse(cfg, argc, argv, why, why_size);
}

static void defaults(void **state)
{
	struct config cfg;
	char why[256];

	assert_int_equal(parse(&cfg, "--size 32G", why, sizeof(why)), CONFIG_RUN);
	assert_null(cfg.address);
	assert_int_equal(cfg.port, 50000);
	assert_int_equal(cfg.size, 32 * GIB);
	assert_int_equal(cfg.chunk_shift, 26);
	assert_int_equal(cfg.threads, 0);
	assert_int_equal(cfg.huge, HUGE_TRY);
	assert_int_equal(cfg.max_sessions, 256);
	assert_int_equal(cfg.max_sets, 64);
	assert_int_equal(cfg.keepalive_ms, 5000);
	assert_int_equal(cfg.lease_ms, 60000);
	assert_int_equal(cfg.log_level, LOG_LEVEL_INFO);
}

static void everything(void **state)
{
	struct config cfg;
	char why[256];

	assert_int_equal(parse(&cfg,
			       "--port 1 --size=1T --chunk-size 1GiB --address ::1 --threads 256 "
			       "--hugepages 1g --max-sessions 65536 --max-sets 1024 "
			       "--keepalive 3600 --lease 0 --log-level DEBUG",
			       why, sizeof(why)),
			 CONFIG_RUN);
	assert_int_equal(cfg.port, 1);
	assert_int_equal(cfg.size, TIB);
	assert_int_equal(cfg.chunk_shift, 30);
	assert_string_equal(cfg.address, "::1");
	assert_int_equal(cfg.threads, 256);
	assert_int_equal(cfg.huge, HUGE_1G);
	assert_int_equal(cfg.max_sessions, 65536);
	assert_int_equal(cfg.max_sets, 1024);
	assert_int_equal(cfg.keepalive_ms, 3600000);
	assert_int_equal(cfg.lease_ms, 0);
	assert_int_equal(cfg.log_level, LOG_LEVEL_DEBUG);
}

static void verdicts(void **state)
{
	struct config cfg;
	char why[256];

	assert_int_equal(parse(&cfg, "--help", why, sizeof(why)), CONFIG_HELP);
	assert_int_equal(parse(&cfg, "--version --nonsense", why, sizeof(why)), CONFIG_VERSION);
	/* Before --help is reached, what is wrong counts. */
	assert_int_equal(parse(&cfg, "--port x --help", why, sizeof(why)), CONFIG_ERROR);
	assert_non_null(strstr(config_usage(), "--size"));
}

static void errors(void **state)
{
	static const struct {
		const char *line, *mentions;
	} cases[] = {
		{ "", "--size is missing" },
		{ "--port 50000", "--size is missing" },
		{ "--size", "--size needs a value" },
		{ "--size ''", "--size" },
		{ "--size 0", "not a size" },
		{ "--size -1G", "not a size" },
		{ "--size 1.5G", "not a size" },
		{ "--size 1X", "not a size" },
		{ "--size 1GB", "not a size" },
		{ "--size 1Gi", "not a size" },
		{ "--size G", "not a size" },
		{ "--size 99999999999999999999", "not a size" },
		{ "--size 20000000T", "not a size" },
		{ "--size 1000K", "less than the smallest chunk" },
		{ "--size 1025T", "more than 1048576 chunks" },
		{ "--size 2T --chunk-size 1M", "more than 1048576 chunks" },
		{ "--size 1G --chunk-size 3M", "power of two" },
		{ "--size 1G --chunk-size 512K", "power of two" },
		{ "--size 4G --chunk-size 2G", "power of two" },
		{ "--size 1G --chunk-size 0", "--chunk-size" },
		{ "--size 32M --chunk-size 64M", "less than --chunk-size" },
		{ "--size 1G --port 0", "--port" },
		{ "--size 1G --port 65536", "--port" },
		{ "--size 1G --port 1x", "--port" },
		{ "--size 1G --port +1", "--port" },
		{ "--size 1G --port 99999999999999999999", "--port" },
		{ "--size 1G --address ''", "--address" },
		{ "--size 1G --threads 0", "--threads" },
		{ "--size 1G --threads 257", "--threads" },
		{ "--size 1G --hugepages maybe", "--hugepages" },
		{ "--size 1G --max-sessions 0", "--max-sessions" },
		{ "--size 1G --max-sets 1025", "--max-sets" },
		{ "--size 1G --keepalive 0", "--keepalive" },
		{ "--size 1G --keepalive 3601", "--keepalive" },
		{ "--size 1G --lease 86401", "--lease" },
		{ "--size 1G --lease -1", "--lease" },
		{ "--size 1G --log-level loud", "--log-level" },
		{ "--size 1G --nonsense", "--nonsense: no such option" },
		{ "--size 1G -x", "-x: no such option" },
		{ "-size 1G", "-s: no such option; options begin with --" },
		{ "--size 1G -xy", "-x: no such option" },
		{ "--size 1G stray", "stray: what is it" },
		{ "--size 1G -- stray", "stray: what is it" },
	};
	struct config cfg;
	char why[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		why[0] = '\0';
		if (parse(&cfg, cases[i].line, why, sizeof(why)) != CONFIG_ERROR)
			fail_msg("'%s' was taken", cases[i].line);
		if (!strstr(why, cases[i].mentions))
			fail_msg("'%s' gives '%s', not '%s'", cases[i].line, why,
				 cases[i].mentions);
		assert_null(strchr(why, '\n'));
	}
}

static void chunks(void **state)
{
	static const struct {
		const char *line;
		uint64_t size;
		unsigned int shift;
	} cases[] = {
		{ "--size 64M", 64 * MIB, 26 },
		{ "--size 32M", 32 * MIB, 25 },
		{ "--size 100M", 100 * MIB, 22 },
		{ "--size 1001M", 1001 * MIB, 20 },
		{ "--size 1M", MIB, 20 },
		{ "--size 1500K", MIB, 20 },
		/* Not worth chunks of one MiB. */
		{ "--size 10241M", 10240 * MIB, 24 },
		{ "--size 100M --chunk-size 64M", 64 * MIB, 26 },
		{ "--size 64T", 64 * TIB, 26 },
		{ "--size 128T", 128 * TIB, 27 },
		{ "--size 1024T", 1024 * TIB, 30 },
	};
	struct config cfg;
	char why[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (parse(&cfg, cases[i].line, why, sizeof(why)) != CONFIG_RUN)
			fail_msg("'%s': %s", cases[i].line, why);
		if (cfg.size != cases[i].size || cfg.chunk_shift != cases[i].shift)
			fail_msg("'%s': %llu bytes, shift %u", cases[i].line,
				 (unsigned long long)cfg.size, cfg.chunk_shift);
		assert_true(cfg.asked_size >= cfg.size);
		assert_int_equal(cfg.asked_chunk, strstr(cases[i].line, "--chunk") ? 64 * MIB : 0);
		assert_int_equal(cfg.size & ((1ull << cfg.chunk_shift) - 1), 0);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "7k", 7 * KIB },
		{ "7KiB", 7 * KIB },
		{ "3m", 3 * MIB },
		{ "2g", 2 * GIB },
		{ "2gib", 2 * GIB },
		{ "5T", 5 * TIB },
		{ "18446744073709551615", UINT64_MAX },
		{ "16777215T", 16777215 * TIB },
	};
	char buf[32];
	uint64_t bytes;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(config_parse_size(cases[i].text, &bytes), 0);
		assert_true(bytes == cases[i].bytes);
	}
	assert_int_equal(config_parse_size("16777216T", &bytes), -1);
	assert_int_equal(config_parse_size("18446744073709551616", &bytes), -1);
	assert_int_equal(config_parse_size(" 1", &bytes), -1);

	assert_string_equal(config_size_text(buf, sizeof(buf), 0), "0 bytes");
	assert_string_equal(config_size_text(buf, sizeof(buf), 1023), "1023 bytes");
	assert_string_equal(config_size_text(buf, sizeof(buf), 64 * MIB), "64 MiB");
	assert_string_equal(config_size_text(buf, sizeof(buf), 3 * GIB / 2), "1.5 GiB");
	assert_string_equal(config_size_text(buf, sizeof(buf), 2048 * TIB), "2048 TiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(everything),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(errors),
		cmocka_unit_test(chunks),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
