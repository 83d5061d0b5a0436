// SPDX-License-Identifier: GPL-2.0-only
/* Requests that fail: once, by turns, and always the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "suspect.h"

static const int a, b;

static void always_the_same(void **state)
{
	struct fsr_suspect s = { 0 };
	unsigned int i;

	assert_false(fsr_suspect_is_guilty(&s, NULL, 0, 0, 0));
	for (i = 0; i < 10; i++) {
		fsr_suspect_note(&s, &a, 4096, 1000 + i * 1000);
		/* Often enough, and for long enough. */
		assert_int_equal(fsr_suspect_is_guilty(&s, &a, 4096, 1000 + i * 1000, 10000),
				 i >= 5);
		assert_int_equal(fsr_suspect_is_guilty(&s, &a, 4096, 1000 + i * 1000, 0),
				 i >= FSR_SUSPECT_ROUNDS - 1);
	}
	/* Others are not, and others at its place neither. */
	assert_false(fsr_suspect_is_guilty(&s, &b, 4096, 20000, 5000));
	assert_false(fsr_suspect_is_guilty(&s, &a, 8192, 20000, 5000));
}

static void by_turns(void **state)
{
	struct fsr_suspect s = { 0 };
	unsigned int i;

	for (i = 0; i < 20; i++) {
		const void *who = i % 2 ? &a : &b;

		fsr_suspect_note(&s, who, 0, 1000 * i);
		assert_false(fsr_suspect_is_guilty(&s, who, 0, 1000 * i, 0));
	}
}

static void long_ago(void **state)
{
	struct fsr_suspect s = { 0 };
	u64 now = 1;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		fsr_suspect_note(&s, &a, 0, now);
		assert_false(fsr_suspect_is_guilty(&s, &a, 0, now, 0));
		now += FSR_SUSPECT_FORGET_MS + 1;
	}
}

static void acquitted(void **state)
{
	struct fsr_suspect s = { 0 };
	unsigned int i;

	for (i = 0; i < 5; i++)
		fsr_suspect_note(&s, &a, 0, i);
	assert_true(fsr_suspect_is_guilty(&s, &a, 0, 10, 0));
	/* The next link breaks at something else. */
	fsr_suspect_rest(&s);
	assert_false(fsr_suspect_is_guilty(&s, &a, 0, 10, 0));
	fsr_suspect_note(&s, &a, 0, 11);
	assert_true(fsr_suspect_is_guilty(&s, &a, 0, 11, 0));
	/* It is done after all. */
	fsr_suspect_acquit(&s, &b);
	assert_true(fsr_suspect_is_guilty(&s, &a, 0, 11, 0));
	fsr_suspect_acquit(&s, &a);
	assert_false(fsr_suspect_is_guilty(&s, &a, 0, 11, 0));
	fsr_suspect_note(&s, &a, 0, 12);
	assert_false(fsr_suspect_is_guilty(&s, &a, 0, 12, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(always_the_same),
		cmocka_unit_test(by_turns),
		cmocka_unit_test(long_ago),
		cmocka_unit_test(acquitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
