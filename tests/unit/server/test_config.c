// SPDX-License-Identifier: GPL-2.0-only
/* Command lines, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "numanode.h"
#include "util.h"

static int split(const char *line, char **argv)
{
	static char copy[512];
	char *word;
	int argc = 0;

	argv[argc++] = (char *)"fastswap-server";
	snprintf(copy, sizeof(copy), "%s", line);
	/* A word of just '' is an empty argument. */
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "''") ? word : (char *)"";
	argv[argc] = NULL;
	return argc;
}

static enum config_verdict parse(struct config *cfg, const char *line, char *why, size_t why_size)
{
	char *argv[32];
	int argc = split(line, argv);

	return config_parse(cfg, argc, argv, why, why_size);
}

static void defaults(void **state)
{
	struct config cfg;
	char why[256];

	assert_int_equal(parse(&cfg, "--size 32G", why, sizeof(why)), CONFIG_RUN);
	assert_null(cfg.address);
	assert_null(cfg.psk_file);
	assert_int_equal(cfg.port, 50000);
	assert_int_equal(cfg.size, 32 * GIB);
	assert_int_equal(cfg.chunk_shift, 26);
	assert_int_equal(cfg.threads, 0);
	assert_int_equal(cfg.huge, HUGE_TRY);
	assert_int_equal(cfg.numa, NUMANODE_AUTO);
	assert_false(cfg.numa_strict);
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
			       "--hugepages 1g --numa 1023 --max-sessions 65536 --max-sets 1024 "
			       "--keepalive 3600 --lease 0 --log-level DEBUG --psk-file /k "
			       "--overcommit 1.5",
			       why, sizeof(why)),
			 CONFIG_RUN);
	assert_int_equal(cfg.port, 1);
	assert_int_equal(cfg.size, TIB);
	assert_int_equal(cfg.chunk_shift, 30);
	assert_string_equal(cfg.address, "::1");
	assert_string_equal(cfg.psk_file, "/k");
	assert_int_equal(cfg.threads, 256);
	assert_int_equal(cfg.huge, HUGE_1G);
	assert_int_equal(cfg.numa, 1023);
	assert_true(cfg.numa_strict);
	assert_int_equal(cfg.max_sessions, 65536);
	assert_int_equal(cfg.max_sets, 1024);
	assert_int_equal(cfg.keepalive_ms, 3600000);
	assert_int_equal(cfg.lease_ms, 0);
	assert_int_equal(cfg.overcommit, 150);
	assert_int_equal(cfg.log_level, LOG_LEVEL_DEBUG);
}

static void admin(void **state)
{
	static const char *const good[] = {
		"127.0.0.1:1",
		"127.255.0.1:65535",
		"[::1]:9465",
		"unix:/run/fastswap-server/admin",
	};
	struct config cfg;
	char why[256], line[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(line, sizeof(line), "--size 1G --admin %s", good[i]);
		assert_int_equal(parse(&cfg, line, why, sizeof(why)), CONFIG_RUN);
		assert_string_equal(cfg.admin, good[i]);
	}
}

static void verdicts(void **state)
{
	struct config cfg;
	char why[256];

	assert_int_equal(parse(&cfg, "--help", why, sizeof(why)), CONFIG_HELP);
	assert_int_equal(parse(&cfg, "--version --nonsense", why, sizeof(why)), CONFIG_VERSION);
	assert_int_equal(parse(&cfg, "--size 1G --check-config", why, sizeof(why)), CONFIG_CHECK);
	assert_int_equal(parse(&cfg, "--config f --port 7", why, sizeof(why)), CONFIG_READ_FILE);
	assert_string_equal(cfg.file, "f");
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
		{ "--size 1G --psk-file", "--psk-file needs a value" },
		{ "--size 1G --psk-file ''", "--psk-file is empty" },
		{ "--size 1G --port 0", "--port" },
		{ "--size 1G --port 65536", "--port" },
		{ "--size 1G --port 1x", "--port" },
		{ "--size 1G --port +1", "--port" },
		{ "--size 1G --port 99999999999999999999", "--port" },
		{ "--size 1G --address ''", "--address" },
		{ "--size 1G --threads 0", "--threads" },
		{ "--size 1G --threads 257", "--threads" },
		{ "--size 1G --hugepages maybe", "--hugepages" },
		{ "--size 1G --numa 1024", "--numa must be auto, off or the number of a node" },
		{ "--size 1G --numa -1", "--numa" },
		{ "--size 1G --numa ''", "--numa" },
		{ "--size 1G --max-sessions 0", "--max-sessions" },
		{ "--size 1G --max-sets 1025", "--max-sets" },
		{ "--size 1G --keepalive 0", "--keepalive" },
		{ "--size 1G --keepalive 3601", "--keepalive" },
		{ "--size 1G --lease 86401", "--lease" },
		{ "--size 1G --lease -1", "--lease" },
		{ "--size 1G --log-level loud", "--log-level" },
		{ "--size 1G --check-config=1", "--check-config takes no value" },
		{ "--check-config", "--size is missing" },
		{ "--config ''", "--config is empty" },
		{ "--size 1G --admin 9465", "--admin: '9465' is neither" },
		{ "--size 1G --admin 127.0.0.1", "--admin: '127.0.0.1' is neither" },
		{ "--size 1G --admin 127.0.0.1:0", "--admin" },
		{ "--size 1G --admin 127.0.0.1:65536", "--admin" },
		{ "--size 1G --admin 127.0.0.1:1x", "--admin" },
		{ "--size 1G --admin localhost:80", "--admin" },
		/* It knows no passwords. */
		{ "--size 1G --admin 0.0.0.0:80", "--admin" },
		{ "--size 1G --admin 10.0.0.1:80", "--admin" },
		{ "--size 1G --admin [fd00::1]:80", "--admin" },
		{ "--size 1G --admin ::1:80", "--admin" },
		{ "--size 1G --admin unix:relative", "--admin" },
		{ "--size 1G --admin unix:", "--admin" },
		{ "--size 1G --log-format xml", "--log-format must be text or json" },
		{ "--size 1G --connect-rate 1000001", "--connect-rate" },
		{ "--size 1G --max-per-address 65537", "--max-per-address" },
		{ "--size 1G --allow nobody", "--allow: 'nobody' is not" },
		{ "--size 1G --quota default", "--quota: no limit is named" },
		{ "--size 1G --overcommit 0.99", "--overcommit must be a number from 1 to 100" },
		{ "--size 1G --overcommit 100.01", "--overcommit must be a number" },
		{ "--size 1G --overcommit 1.", "--overcommit must be a number" },
		{ "--size 1G --overcommit .5", "--overcommit must be a number" },
		{ "--size 1G --overcommit 1.555", "--overcommit must be a number" },
		{ "--size 1G --overcommit -2", "--overcommit must be a number" },
		{ "--size 1G --overcommit 1.5x", "--overcommit must be a number" },
		{ "--size 1G --quota 00112233445566778899aabbccddeeff,reserve=1025M",
		  "--quota: more is reserved, 1.1 GiB in chunks of 64 MiB, than there is, 1 GiB" },
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

#define MAX_COMPLAINTS	8

struct complaints {
	char line[MAX_COMPLAINTS][128];
	unsigned int nr;
};

static void note(void *arg, const char *what)
{
	struct complaints *c = arg;

	assert_true(c->nr < MAX_COMPLAINTS);
	assert_null(strchr(what, '\n'));
	snprintf(c->line[c->nr++], sizeof(c->line[0]), "%s", what);
}

static void note_changed(void *arg, const char *name)
{
	note(((struct complaints **)arg)[0], name);
}

static void note_stays(void *arg, const char *name)
{
	note(((struct complaints **)arg)[1], name);
}

/* Strings in @cfg point into what is kept here. */
static enum config_verdict merge(struct config *cfg, const char *line, const char *text,
				 struct complaints *c)
{
	static char copy[1024];
	char *argv[32];
	int argc;

	argc = split(line, argv);
	memset(c, 0, sizeof(*c));
	snprintf(copy, sizeof(copy), "%s", text);
	return config_merge(cfg, argc, argv, copy, note, c);
}

static void files(void **state)
{
	struct complaints c;
	struct config cfg;

	assert_int_equal(merge(&cfg, "--config f",
			       "size = 2G\nport = 7\naddress = ::1\nhugepages = 2M\n", &c),
			 CONFIG_RUN);
	assert_int_equal(cfg.size, 2 * GIB);
	assert_int_equal(cfg.port, 7);
	assert_string_equal(cfg.address, "::1");
	assert_int_equal(cfg.huge, HUGE_2M);
	assert_int_equal(cfg.max_sets, 64);

	/* The command line wins, and what is needed may stand in either. */
	assert_int_equal(merge(&cfg, "--port 9 --config f --lease 1",
			       "port = 7\nlease = 2\nsize = 1G", &c),
			 CONFIG_RUN);
	assert_int_equal(cfg.port, 9);
	assert_int_equal(cfg.lease_ms, 1000);
	assert_int_equal(cfg.size, GIB);
	assert_int_equal(merge(&cfg, "--config f --size 1G --check-config", "", &c), CONFIG_CHECK);
}

static void file_errors(void **state)
{
	static const struct {
		const char *line, *text, *says;
	} cases[] = {
		{ "--config f", "", "f: size is missing" },
		{ "--config f", "# no\n\nsize = 12X", "f:3: size: '12X' is not a size" },
		{ "--config f", "size = 1G\nsize = 2G", "f:2: size is given in line 1 already" },
		{ "--config f", "config = g", "f:1: config belongs on the command line" },
		{ "--config f", "help = yes", "f:1: help belongs on the command line" },
		{ "--config f", "nonsense = 1", "f:1: nonsense: no such option" },
		/* What the command line replaces has to be right, too. */
		{ "--config f --port 1", "size = 1G\nport = x", "f:2: port must be" },
		{ "--config f", "chunk-size = 3M\nsize = 1G", "f:1: chunk-size must be a power" },
		{ "--config f", "\nsize = 1K\n", "f:2: size: 1 KiB is less than" },
		{ "--config f --size 1K", "port = 1", "f: --size: 1 KiB is less than" },
	};
	struct complaints c;
	struct config cfg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(merge(&cfg, cases[i].line, cases[i].text, &c), CONFIG_ERROR);
		assert_int_equal(c.nr, 1);
		if (strncmp(c.line[0], cases[i].says, strlen(cases[i].says)))
			fail_msg("'%s' gives '%s'", cases[i].text, c.line[0]);
	}
	/* All of them are said. */
	assert_int_equal(merge(&cfg, "--config f", "size = 0\nport\nport = 0\nfoo = 1", &c),
			 CONFIG_ERROR);
	assert_int_equal(c.nr, 4);
}

static void take_over(void **state)
{
	static const char old[] = "size = 1G\nport = 7\nlog-level = info\nallow = 10.0.0.1\n"
				  "max-sets = 8\naddress = ::1\npsk-file = /a";
	static const char new[] = "size = 2049M\nport = 8\nlog-level = debug\nallow = 10.0.0.2\n"
				  "allow = fd00::/8\nmax-sets = 8\nlease = 1\n"
				  "psk-file = /b\novercommit = 2.25";
	struct complaints c, changed = { 0 }, stays = { 0 };
	struct complaints *both[] = { &changed, &stays };
	struct config cfg, wanted;
	struct allow_list empty = { 0 };
	char why[256];

	assert_int_equal(merge(&wanted, "--config f", new, &c), CONFIG_RUN);
	assert_int_equal(merge(&cfg, "--config f", old, &c), CONFIG_RUN);
	/* It would have smaller chunks, if it were up to it. */
	assert_int_not_equal(wanted.chunk_shift, cfg.chunk_shift);
	assert_int_equal(config_refit(&wanted, cfg.chunk_shift, why, sizeof(why)), 0);
	config_take_over(&cfg, &wanted, note_changed, note_stays, both);
	assert_int_equal(changed.nr, 5);
	assert_string_equal(changed.line[0], "size");
	assert_string_equal(changed.line[1], "lease");
	assert_string_equal(changed.line[2], "log-level");
	assert_string_equal(changed.line[3], "allow");
	assert_string_equal(changed.line[4], "overcommit");
	assert_int_equal(cfg.size, 2 * GIB);
	assert_int_equal(cfg.asked_size, 2049 * MIB);
	assert_int_equal(cfg.overcommit, 225);
	assert_int_equal(cfg.lease_ms, 1000);
	assert_int_equal(cfg.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(cfg.allow.nr, 2);
	assert_int_equal(stays.nr, 3);
	assert_string_equal(stays.line[0], "port");
	assert_string_equal(stays.line[1], "address");
	assert_string_equal(stays.line[2], "psk-file");
	assert_string_equal(cfg.psk_file, "/a");
	assert_int_equal(cfg.port, 7);
	assert_string_equal(cfg.address, "::1");

	/* Once more: what could change has. */
	changed.nr = stays.nr = 0;
	config_take_over(&cfg, &wanted, note_changed, note_stays, both);
	assert_int_equal(changed.nr, 0);
	assert_int_equal(stays.nr, 3);
	wanted.allow = empty;
	config_take_over(&cfg, &wanted, note_changed, note_stays, both);
	assert_int_equal(cfg.allow.nr, 0);
}

/* What would be a pool of its own does not have to be one of the chunks that there are. */
static void another_size(void **state)
{
	struct config cfg;
	struct complaints c;
	char why[256];

	assert_int_equal(merge(&cfg, "--config f", "size = 100M", &c), CONFIG_RUN);
	assert_int_equal(config_refit(&cfg, 26, why, sizeof(why)), 0);
	assert_int_equal(cfg.size, 64 * MIB);
	assert_int_equal(cfg.chunk_shift, 26);
	assert_int_equal(config_refit(&cfg, 27, why, sizeof(why)), -1);
	assert_string_equal(why, "size: less than 1 chunks of 128 MiB");
	assert_int_equal(merge(&cfg, "--config f", "size = 100T", &c), CONFIG_RUN);
	assert_int_equal(config_refit(&cfg, 26, why, sizeof(why)), -1);
	assert_string_equal(why, "size: more than 1048576 chunks of 64 MiB");
	assert_int_equal(merge(&cfg, "--config f",
			       "size = 100M\n"
			       "quota = 00112233445566778899aabbccddeeff reserve=65M",
			       &c),
			 CONFIG_RUN);
	assert_int_equal(config_refit(&cfg, 26, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "quota: more is reserved, 128 MiB"));
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
		cmocka_unit_test(admin),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(errors),
		cmocka_unit_test(files),
		cmocka_unit_test(file_errors),
		cmocka_unit_test(take_over),
		cmocka_unit_test(another_size),
		cmocka_unit_test(chunks),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
