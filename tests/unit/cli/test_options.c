// SPDX-License-Identifier: GPL-2.0-only
/* What is said about options that getopt_long() does not understand. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"

static const struct option options[] = {
	{ "help", no_argument, NULL, UCHAR_MAX + 1 },
	{ "size", required_argument, NULL, UCHAR_MAX + 2 },
	{ "source", required_argument, NULL, UCHAR_MAX + 3 },
	{ "swapon", no_argument, NULL, UCHAR_MAX + 4 },
	{ }
};

static const struct command command = { .name = "attach" };

/* Parse "attach @word"; returns what is printed, to be freed. */
static char *complaint(const char *word)
{
	char *argv[] = { (char *)"attach", (char *)word, NULL }, *text = NULL;
	FILE *saved = stderr;
	size_t len;
	int c;

	stderr = open_memstream(&text, &len);
	assert_non_null(stderr);
	optind = 0;
	opterr = 0;
	c = getopt_long(2, argv, ":h", options, NULL);
	if (c == '?' || c == ':')
		assert_int_equal(bad_option(&command, c, argv, options), EXIT_USAGE);
	fclose(stderr);
	stderr = saved;
	return text;
}

static void test_complaints(void **state)
{
	static const struct {
		const char *word, *complaint;
	} t[] = {
		{ "--size", "--size needs a value" },
		{ "--swapon=1", "--swapon=1 takes no value" },
		{ "-x", "unknown option -x" },
		{ "-xh", "unknown option -x" },
		{ "--nonsense", "unknown option --nonsense" },
		{ "--sizes=1", "unknown option --sizes=1" },
		{ "--s", "--s is short for several: --size, --source, --swapon" },
		{ "--s=4", "--s is short for several: --size, --source, --swapon" },
		{ "--=4", "unknown option --=4" },
		/* Short for one only: understood. */
		{ "--sw", NULL },
		{ "--so=10.0.0.1", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *text = complaint(t[i].word), expected[256] = "";

		if (t[i].complaint)
			snprintf(expected, sizeof(expected),
				 "fastswap: %s (see fastswap attach --help)\n", t[i].complaint);
		assert_string_equal(text, expected);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complaints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
