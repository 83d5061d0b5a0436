// SPDX-License-Identifier: GPL-2.0-only
/* Files of keys: who may read them, and what becomes of the keys. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyfile.h"
#include "onefile.h"
#include "util.h"

#define KEY	"000102030405060708090a0b0c0d0e0f"

static char complaints[4096];
static bool is_unlocked, is_wiped;
static uid_t owner_is;		/* of the file, if it is not to be the real one */
static bool owner_is_played;

int __wrap_mlock(const void *addr, size_t len);
int __real_mlock(const void *addr, size_t len);
int __wrap_munmap(void *addr, size_t len);
int __real_munmap(void *addr, size_t len);
int __wrap_fstat(int fd, struct stat *st);
int __real_fstat(int fd, struct stat *st);

int __wrap_mlock(const void *addr, size_t len)
{
	if (is_unlocked) {
		errno = ENOMEM;
		return -1;
	}
	return __real_mlock(addr, len);
}

/* What is given back holds nothing any more. */
int __wrap_munmap(void *addr, size_t len)
{
	const unsigned char *bytes = addr;
	size_t i;

	for (i = 0; i < len; i++)
		is_wiped &= !bytes[i];
	return __real_munmap(addr, len);
}

int __wrap_fstat(int fd, struct stat *st)
{
	int err = __real_fstat(fd, st);

	if (owner_is_played)
		st->st_uid = owner_is;
	return err;
}

static void note(void *arg, const char *what)
{
	size_t len = strlen(complaints);

	assert_null(strchr(what, '\n'));
	snprintf(complaints + len, sizeof(complaints) - len, "%s\n", what);
}

static int setup(void **state)
{
	complaints[0] = '\0';
	is_unlocked = owner_is_played = false;
	is_wiped = true;
	return folder_make("keys");
}

static int teardown(void **state)
{
	folder_remove();
	return 0;
}

static void assert_refused(const char *says)
{
	complaints[0] = '\0';
	assert_null(keyfile_load(path, note, NULL));
	if (!strstr(complaints, says))
		fail_msg("'%s' does not say '%s'", complaints, says);
	assert_true(is_wiped);
}

static void good(void **state)
{
	struct psk_list *list;

	write_text("# mine\nnode1 " KEY "\nnode2 " KEY "\n");
	list = keyfile_load(path, note, NULL);
	assert_non_null(list);
	assert_string_equal(complaints, "");
	assert_int_equal(list->nr, 2);
	assert_string_equal(list->psk[1].identity, "node2");
	/* The text of the file is gone already. */
	assert_true(is_wiped);
	keyfile_drop(list);
	assert_true(is_wiped);
	keyfile_drop(NULL);

	write_file("node1 " KEY, strlen("node1 " KEY), 0400);
	list = keyfile_load(path, note, NULL);
	assert_non_null(list);
	keyfile_drop(list);
	assert_true(is_wiped);
}

static void who_may_read_it(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0644, 0620, 0602, 0610, 0601, 0777 };
	struct psk_list *list;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		write_file("a " KEY "\n", strlen("a " KEY "\n"), modes[i]);
		assert_refused("is open to its group or to others");
		assert_non_null(strstr(complaints, "chmod 0600"));
	}
	write_text("a " KEY "\n");
	owner_is_played = true;
	owner_is = geteuid() + 1;
	assert_refused("neither root nor you");
	owner_is = 0;
	list = keyfile_load(path, note, NULL);
	assert_non_null(list);
	keyfile_drop(list);
}

static void bad_lines(void **state)
{
	write_text("a " KEY "\nb\nc " KEY "0\n");
	assert_refused("/keys:2: a line is 'IDENTITY KEY'\n");
	assert_non_null(strstr(complaints, "/keys:3: the key has an odd number"));
	assert_null(strstr(complaints, KEY));
	write_text("# nobody yet\n");
	assert_refused("/keys: there is no key in it");
}

static void no_such_text(void **state)
{
	char *large = malloc(KEYFILE_MAX + 1);
	struct psk_list *list;

	assert_refused("/keys: No such file");
	write_file("a " KEY "\0b", strlen("a " KEY) + 2, 0600);
	assert_refused("NUL bytes");

	assert_non_null(large);
	memset(large, '\n', KEYFILE_MAX + 1);
	memcpy(large, "a " KEY, strlen("a " KEY));
	write_file(large, KEYFILE_MAX, 0600);
	list = keyfile_load(path, note, NULL);
	assert_non_null(list);
	keyfile_drop(list);
	write_file(large, KEYFILE_MAX + 1, 0600);
	assert_refused("more than 512 KiB");
	free(large);

	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused("is not a file");
}

static void memory_that_cannot_be_locked(void **state)
{
	write_text("a " KEY "\n");
	is_unlocked = true;
	assert_refused("cannot lock memory for keys: Cannot allocate memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, setup, teardown),
		cmocka_unit_test_setup_teardown(who_may_read_it, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(no_such_text, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_that_cannot_be_locked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
