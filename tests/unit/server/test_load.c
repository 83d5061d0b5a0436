// SPDX-License-Identifier: GPL-2.0-only
/* The configuration file as a file. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_log.h"
#include "conffile.h"
#include "load.h"
#include "onefile.h"
#include "psk.h"
#include "util.h"

static struct loaded loaded;

static int setup(void **state)
{
	captured_log();
	return folder_make("conf");
}

static int teardown(void **state)
{
	load_free(&loaded);
	folder_remove();
	return 0;
}

static enum config_verdict load(const char *option)
{
	char *argv[] = { (char *)"fastswap-server", (char *)"--config", path, (char *)option,
			 NULL };

	load_free(&loaded);
	return load_config(&loaded, option ? 4 : 3, argv);
}

static void good(void **state)
{
	static const char text[] = "# all of it\nsize = 1G\naddress = 10.0.0.1\n";

	write_text(text);
	assert_int_equal(load(NULL), CONFIG_RUN);
	assert_int_equal(loaded.cfg.size, GIB);
	assert_string_equal(loaded.cfg.address, "10.0.0.1");
	assert_int_equal(load("--check-config"), CONFIG_CHECK);
	assert_string_equal(captured_log(), "");
	assert_int_equal(load("--help"), CONFIG_HELP);
}

static void every_error(void **state)
{
	static const char text[] = "size = 1X\nport = 0\nfoo\n";
	const char *log;

	write_text(text);
	assert_int_equal(load("--check-config"), CONFIG_ERROR);
	log = captured_log();
	assert_non_null(strstr(log, "/conf:1: size: '1X' is not a size"));
	assert_non_null(strstr(log, "/conf:2: port must be"));
	assert_non_null(strstr(log, "/conf:3: a line is 'name = value'"));

	write_file("size = 1G\naddress = nowhere\n", 28, 0644);
	assert_int_equal(load(NULL), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "'nowhere' is not an IPv4"));
	write_text("size = 1G\naddress = 10.1\n");
	assert_int_equal(load(NULL), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "'10.1' is not an IPv4"));

	assert_int_equal(load("--port=x"), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "--port must be"));
}

/* The keys are part of what is right or wrong. */
static void keys(void **state)
{
	char key_path[96], text[256];
	FILE *file;

	snprintf(key_path, sizeof(key_path), "%s.keys", path);
	snprintf(text, sizeof(text), "size = 1G\npsk-file = %s\n", key_path);
	write_text(text);
	assert_int_equal(load(NULL), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "/conf.keys: No such file"));
	file = fopen(key_path, "w");
	assert_non_null(file);
	fputs("node1 000102030405060708090a0b0c0d0e0f\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(key_path, 0600), 0);
	assert_int_equal(load(NULL), CONFIG_RUN);
	assert_int_equal(loaded.keys->nr, 1);
	assert_int_equal(load("--check-config"), CONFIG_CHECK);
	assert_string_equal(captured_log(), "");
	assert_int_equal(chmod(key_path, 0640), 0);
	assert_int_equal(load("--check-config"), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "/conf.keys holds keys, but is open to its group"));
	assert_null(loaded.keys);
	unlink(key_path);
}

/* A quota is for somebody whom such a server can know. */
static void quotas(void **state)
{
	static const char by_id[] = "00112233445566778899aabbccddeeff";
	char key_path[96], text[256];
	FILE *file;

	snprintf(key_path, sizeof(key_path), "%s.keys", path);
	file = fopen(key_path, "w");
	assert_non_null(file);
	fputs("node1 000102030405060708090a0b0c0d0e0f\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(key_path, 0600), 0);

	snprintf(text, sizeof(text), "size = 1G\nquota = %s size=1G\n", by_id);
	write_text(text);
	assert_int_equal(load("--check-config"), CONFIG_CHECK);
	snprintf(text, sizeof(text), "size = 1G\nquota = identity:node1 size=1G\n");
	write_text(text);
	assert_int_equal(load("--check-config"), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "identity:node1: without --psk-file no client"));

	snprintf(text, sizeof(text),
		 "size = 1G\npsk-file = %s\nquota = identity:node1 size=1G\n"
		 "quota = default sessions=1\n",
		 key_path);
	write_text(text);
	assert_int_equal(load("--check-config"), CONFIG_CHECK);
	assert_string_equal(captured_log(), "");
	snprintf(text, sizeof(text),
		 "size = 1G\npsk-file = %s\nquota = identity:node2 size=1G\n", key_path);
	write_text(text);
	assert_int_equal(load("--check-config"), CONFIG_CHECK);
	assert_non_null(strstr(captured_log(), "identity:node2: there is no key of that name"));
	snprintf(text, sizeof(text), "size = 1G\npsk-file = %s\nquota = %s size=1G\n", key_path,
		 by_id);
	write_text(text);
	assert_int_equal(load(NULL), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), by_id));

	snprintf(text, sizeof(text), "size = 1G\nquota = %s reserve=2M\nquota = default size=1M\n",
		 by_id);
	write_text(text);
	assert_int_equal(load(NULL), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "reserve= is more than the size= of 'default'"));
	unlink(key_path);
}

static void no_such_text(void **state)
{
	char *large = calloc(1, CONFFILE_MAX + 1);

	assert_int_equal(load(NULL), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "/conf: No such file"));

	write_file("size = 1G\0port = 1", 18, 0644);
	assert_int_equal(load(NULL), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "NUL bytes"));

	assert_non_null(large);
	memset(large, '\n', CONFFILE_MAX + 1);
	memcpy(large, "size = 1G", 9);
	write_file(large, CONFFILE_MAX, 0644);
	assert_int_equal(load(NULL), CONFIG_RUN);
	write_file(large, CONFFILE_MAX + 1, 0644);
	assert_int_equal(load(NULL), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "more than 1024 KiB"));
	free(large);

	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load(NULL), CONFIG_ERROR);
	assert_non_null(strstr(captured_log(), "is not a file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, setup, teardown),
		cmocka_unit_test_setup_teardown(every_error, setup, teardown),
		cmocka_unit_test_setup_teardown(keys, setup, teardown),
		cmocka_unit_test_setup_teardown(quotas, setup, teardown),
		cmocka_unit_test_setup_teardown(no_such_text, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
