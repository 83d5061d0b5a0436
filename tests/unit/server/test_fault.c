// SPDX-License-Identifier: GPL-2.0-only
/* Fault points of the server: from the environment's words to strikes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fault.h"

static unsigned int strikes(enum fault_point point, unsigned int visits)
{
	unsigned int n = 0;

	while (visits--)
		n += fault(point);
	return n;
}

static void none_without_words(void **state)
{
	char why[128];

	assert_int_equal(faults_arm(NULL, why, sizeof(why)), 0);
	assert_false(faults_armed);
	assert_int_equal(faults_arm("", why, sizeof(why)), 0);
	assert_false(faults_armed);
	assert_int_equal(strikes(FAULT_MUTE, 100), 0);
}

static void every_point_by_its_name(void **state)
{
	static const char *const names[] = {
#define NAME(name, text) [FAULT_##name] = text,
		FAULT_POINTS(NAME)
#undef NAME
	};
	unsigned int i, k;
	char text[64], why[128];

	for (i = 0; i < FAULT_NR_POINTS; i++) {
		snprintf(text, sizeof(text), "%s=1/1:%u", names[i], i + 1);
		assert_int_equal(faults_arm(text, why, sizeof(why)), 0);
		assert_true(faults_armed);
		for (k = 0; k < FAULT_NR_POINTS; k++)
			assert_int_equal(strikes(k, 10), k == i ? 10 : 0);
		assert_int_equal(fault_arg(i), i + 1);
	}
}

static void several_points(void **state)
{
	char why[128];

	assert_int_equal(faults_arm("mute=1/1x3,grant=1/1x1,kill=off", why, sizeof(why)), 0);
	assert_int_equal(strikes(FAULT_MUTE, 10), 3);
	assert_int_equal(strikes(FAULT_GRANT, 10), 1);
	assert_int_equal(strikes(FAULT_KILL, 10), 0);
	/* Armed anew: all is counted from the beginning, and what is not named is off. */
	assert_int_equal(faults_arm("grant=1/1x2", why, sizeof(why)), 0);
	assert_int_equal(strikes(FAULT_MUTE, 10), 0);
	assert_int_equal(strikes(FAULT_GRANT, 10), 2);
}

static void bad_words(void **state)
{
	static const char *const bad[] = {
		"mute",
		"mute=",
		"mute=1",
		"mute=1/0",
		"mute=2/3",
		"=1/2",
		",",
		"mute=1/2,,kill=1/2",
		"mute=1/2 kill=1/2",
		"mutes=1/2",
		"mut=1/2",
		"mute=1/2;",
		"grant=1/2,nonsense=1/2",
	};
	char why[128];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(faults_arm(bad[i], why, sizeof(why)), EINVAL);
		assert_non_null(strstr(why, FAULT_ENVIRONMENT));
		assert_false(faults_armed);
		assert_int_equal(strikes(FAULT_GRANT, 10), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_without_words),
		cmocka_unit_test(every_point_by_its_name),
		cmocka_unit_test(several_points),
		cmocka_unit_test(bad_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
