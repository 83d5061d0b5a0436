// SPDX-License-Identifier: GPL-2.0-only
/* The client id: how it is written, what it is made of, and that there may be none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client_id.h"

#ifdef FASTSWAP_HAS_LIBSYSTEMD

#include <systemd/sd-id128.h>

int __wrap_sd_id128_get_machine_app_specific(sd_id128_t app_id, sd_id128_t *ret);
int __wrap_sd_id128_get_machine(sd_id128_t *ret);

static int hash_result;

int __wrap_sd_id128_get_machine_app_specific(sd_id128_t app_id, sd_id128_t *ret)
{
	size_t i;

	/* With the empty id every careless application would come to the same hash. */
	assert_false(sd_id128_is_null(app_id));
	for (i = 0; i < sizeof(ret->bytes); i++)
		ret->bytes[i] = 0x11 * i;
	return hash_result;
}

/* The raw id must stay where it is. */
int __wrap_sd_id128_get_machine(sd_id128_t *ret)
{
	fail_msg("asked for the machine id itself");
	return 0;
}

static void test_text(void **state)
{
	char text[CLIENT_ID_MAX];

	hash_result = 0;
	assert_true(client_id(text));
	assert_string_equal(text, "00112233445566778899aabbccddeeff");
}

static void test_no_machine_id(void **state)
{
	static const int errors[] = { -ENOENT, -ENOMEDIUM, -ENOPKG, -EIO };
	char text[CLIENT_ID_MAX] = "untouched";
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		hash_result = errors[i];
		assert_false(client_id(text));
		assert_string_equal(text, "untouched");
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_text),
	cmocka_unit_test(test_no_machine_id),
};

#else

static void test_no_library(void **state)
{
	char text[CLIENT_ID_MAX] = "untouched";

	assert_false(client_id(text));
	assert_string_equal(text, "untouched");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_no_library),
};

#endif

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
