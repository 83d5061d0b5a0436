// SPDX-License-Identifier: GPL-2.0-only
/* A key from a file to the kernel and back: what the kernel is asked for. */
#include <errno.h>
#include <linux/keyctl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "mock_cli.h"
#include "onefile.h"
#include "secret.h"

#define KEY1	"000102030405060708090a0b0c0d0e0f"
#define KEY2	"AAECAwQFBgcICQoLDA0ODxAR"

static char added[64];		/* how the key is called that the kernel has; empty: none */
static unsigned char payload[64];
static size_t payload_len;
static int add_errno, revoke_errno, unlink_errno, nr_revoked, nr_unlinked;

long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	const char *type, *name, *bytes;
	va_list args;
	long result = -1;

	va_start(args, number);
	if (number == SYS_add_key) {
		type = va_arg(args, const char *);
		name = va_arg(args, const char *);
		bytes = va_arg(args, const char *);
		payload_len = va_arg(args, size_t);
		assert_int_equal(va_arg(args, int), KEY_SPEC_PROCESS_KEYRING);
		assert_string_equal(type, "logon");
		errno = add_errno;
		if (!add_errno) {
			snprintf(added, sizeof(added), "%s", name);
			memcpy(payload, bytes, payload_len);
			result = 4711;
		}
	} else {
		assert_int_equal(number, SYS_keyctl);
		if (va_arg(args, int) == KEYCTL_REVOKE) {
			assert_int_equal(va_arg(args, int), 4711);
			errno = revoke_errno;
			nr_revoked++;
		} else {
			/* Wiped before it is let go of. */
			assert_int_equal(nr_revoked, nr_unlinked + 1);
			assert_int_equal(va_arg(args, int), 4711);
			assert_int_equal(va_arg(args, int), KEY_SPEC_PROCESS_KEYRING);
			errno = unlink_errno;
			nr_unlinked++;
			added[0] = '\0';
		}
		result = errno ? -1 : 0;
	}
	va_end(args);
	return result;
}

static int setup(void **state)
{
	mock_reset();
	added[0] = '\0';
	payload_len = 0;
	add_errno = revoke_errno = unlink_errno = nr_revoked = nr_unlinked = 0;
	return folder_make("keys");
}

static int teardown(void **state)
{
	folder_remove();
	return 0;
}

static void the_only_key(void **state)
{
	char name[32];
	struct secret secret;
	unsigned int i;

	write_text("node1 " KEY1 "\n");
	assert_true(secret_load(&secret, path, NULL));
	assert_string_equal(secret.identity, "node1");
	assert_int_equal(secret.serial, 0);
	assert_true(secret_lend(&secret));
	snprintf(name, sizeof(name), "fastswap:%d", (int)getpid());
	assert_string_equal(secret.name, name);
	assert_string_equal(added, name);
	assert_int_equal(payload_len, 16);
	for (i = 0; i < 16; i++)
		assert_int_equal(payload[i], i);
	secret_drop(&secret);
	assert_string_equal(added, "");
	assert_int_equal(nr_revoked, 1);
	assert_null(secret.keys);
	/* Once is enough. */
	secret_drop(&secret);
	assert_int_equal(nr_revoked, 1);
	assert_int_equal(nr_unlinked, 1);
	assert_string_equal(mock_message, "");
}

static void one_of_several(void **state)
{
	struct secret secret;

	write_text("node1 " KEY1 "\nnode2 " KEY2 "\n");
	assert_true(secret_load(&secret, path, "node2"));
	assert_true(secret_lend(&secret));
	assert_int_equal(payload_len, 18);
	secret_drop(&secret);

	assert_false(secret_load(&secret, path, NULL));
	assert_non_null(strstr(mock_message, "has 2 keys: choose one with --identity"));
	secret_drop(&secret);
	assert_false(secret_load(&secret, path, "node3"));
	assert_non_null(strstr(mock_message, "has no key of 'node3'"));
	secret_drop(&secret);
}

static void bad_files(void **state)
{
	struct secret secret;

	assert_false(secret_load(&secret, path, NULL));
	assert_non_null(strstr(mock_message, "/keys: No such file"));
	secret_drop(&secret);
	write_text("node1 " KEY1 "\n");
	assert_int_equal(chmod(path, 0640), 0);
	assert_false(secret_load(&secret, path, NULL));
	assert_non_null(strstr(mock_message, "chmod 0600"));
	secret_drop(&secret);
	write_text("node1\n");
	assert_false(secret_load(&secret, path, NULL));
	assert_non_null(strstr(mock_message, "/keys:1: a line is"));
	secret_drop(&secret);
}

static void the_kernel_refuses(void **state)
{
	struct secret secret;

	write_text("node1 " KEY1 "\n");
	assert_true(secret_load(&secret, path, NULL));
	add_errno = EDQUOT;
	assert_false(secret_lend(&secret));
	assert_non_null(strstr(mock_message, "cannot give the key to the kernel: Disk quota"));
	secret_drop(&secret);
	assert_int_equal(nr_revoked, 0);

	add_errno = 0;
	assert_true(secret_load(&secret, path, NULL));
	assert_true(secret_lend(&secret));
	revoke_errno = EACCES;
	secret_drop(&secret);
	assert_non_null(strstr(mock_message, "cannot take the key back"));
	revoke_errno = 0;
	assert_true(secret_load(&secret, path, NULL));
	assert_true(secret_lend(&secret));
	mock_reset();
	unlink_errno = EACCES;
	nr_revoked = nr_unlinked = 0;
	secret_drop(&secret);
	assert_non_null(strstr(mock_message, "cannot take the key back"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_only_key, setup, teardown),
		cmocka_unit_test_setup_teardown(one_of_several, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_files, setup, teardown),
		cmocka_unit_test_setup_teardown(the_kernel_refuses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
