// SPDX-License-Identifier: GPL-2.0-only
/* Reasons of the server for people: every one, and those that do not exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fastswap/proto.h>

#include "words.h"

static void reason(unsigned int reason, u64 detail, const char *text)
{
	char buf[160];

	assert_int_equal(fsr_words_reason(buf, sizeof(buf), reason, detail), strlen(text));
	assert_string_equal(buf, text);
}

static void with_a_number(void **state)
{
	reason(FSW_REASON_NO_MEMORY, 3ULL << 30,
	       "the server has not that much memory left: 3072 MiB are available");
	reason(FSW_REASON_LIMIT, 64, "a limit of the server is reached: 64");
	reason(FSW_REASON_VERSION, 2 << 16 | 5,
	       "no common protocol version: the server speaks 2 to 5, this module 1 to 4");
	reason(FSW_REASON_VERSION, UINT64_MAX,
	       "no common protocol version: the server speaks 65535 to 65535, this module 1 to 4");
}

static void without(void **state)
{
	unsigned int i;

	for (i = 0; i < FSW_NR_REASONS; i++) {
		if (i == FSW_REASON_NO_MEMORY || i == FSW_REASON_LIMIT || i == FSW_REASON_VERSION)
			continue;
		reason(i, 0, fsw_reason_text(i));
	}
	reason(FSW_REASON_ADDRESS, 0, "the server does not admit this address");
	reason(FSW_NR_REASONS, 0, "unknown reason 16");
	reason(UINT32_MAX, 0, "unknown reason 4294967295");
}

static void little_room(void **state)
{
	char buf[8];

	assert_true(fsr_words_reason(buf, sizeof(buf), FSW_REASON_SHUTDOWN, 0) > 7);
	assert_string_equal(buf, "the ser");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_a_number),
		cmocka_unit_test(without),
		cmocka_unit_test(little_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
