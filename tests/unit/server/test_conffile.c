// SPDX-License-Identifier: GPL-2.0-only
/* Lines of a configuration file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conffile.h"
#include "util.h"

static void lines(void **state)
{
	static const struct {
		const char *text;
		int result;
		unsigned int line;
		const char *name, *value;
	} cases[] = {
		{ "", 0, 0, NULL, NULL },
		{ "\n\n", 0, 0, NULL, NULL },
		{ "# port = 1", 0, 0, NULL, NULL },
		{ "  # port = 1\n", 0, 0, NULL, NULL },
		{ "port=1", 1, 1, "port", "1" },
		{ "\n\n  port \t=  1 \n", 1, 3, "port", "1" },
		{ "port = 1\r\n", 1, 1, "port", "1" },
		{ "a = b # c", 1, 1, "a", "b # c" },
		{ "a = b = c", 1, 1, "a", "b = c" },
		{ "a b = c  d", 1, 1, "a b", "c  d" },
		{ "port", -1, 1, "name = value", NULL },
		{ "\nport 1\n", -1, 2, "name = value", NULL },
		{ "= 1", -1, 1, "no name", NULL },
		{ "port =", -1, 1, "no value", NULL },
		{ "port = \t\r\n", -1, 1, "no value", NULL },
	};
	struct conffile file;
	const char *why;
	char text[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "%s", cases[i].text);
		conffile_begin(&file, text);
		why = "";
		assert_int_equal(conffile_next(&file, &why), cases[i].result);
		if (cases[i].result)
			assert_int_equal(file.line, cases[i].line);
		if (cases[i].result > 0) {
			assert_string_equal(file.name, cases[i].name);
			assert_string_equal(file.value, cases[i].value);
		}
		if (cases[i].result < 0)
			assert_non_null(strstr(why, cases[i].name));
		assert_int_equal(conffile_next(&file, &why), 0);
	}
}

static void several_lines(void **state)
{
	char text[] = "a = 1\nwrong\n\n# no\nb = 2";
	struct conffile file;
	const char *why;

	conffile_begin(&file, text);
	assert_int_equal(conffile_next(&file, &why), 1);
	assert_int_equal(conffile_next(&file, &why), -1);
	assert_int_equal(file.line, 2);
	assert_int_equal(conffile_next(&file, &why), 1);
	assert_int_equal(file.line, 5);
	assert_string_equal(file.name, "b");
	assert_int_equal(conffile_next(&file, &why), 0);
	assert_int_equal(conffile_next(&file, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(several_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
