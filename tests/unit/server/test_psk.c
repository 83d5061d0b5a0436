// SPDX-License-Identifier: GPL-2.0-only
/* Texts with keys, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "psk.h"
#include "util.h"

#define HEX16		"000102030405060708090a0b0c0d0e0f"
#define BASE64_16	"AAECAwQFBgcICQoLDA0ODw=="
#define BASE64_17	"AAECAwQFBgcICQoLDA0ODxA="
#define BASE64_18	"AAECAwQFBgcICQoLDA0ODxAR"
#define HEX8		"0123456789abcdef"

static struct psk_list list;
static char complaints[4096];

static void note(void *arg, unsigned int line, const char *what)
{
	size_t len = strlen(complaints);

	assert_ptr_equal(arg, &list);
	assert_null(strchr(what, '\n'));
	snprintf(complaints + len, sizeof(complaints) - len, "%u: %s\n", line, what);
}

static unsigned int parse(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);
	unsigned int bad;

	assert_non_null(copy);
	memcpy(copy, text, size);
	complaints[0] = '\0';
	memset(&list, 0xff, sizeof(list));
	bad = psk_parse(&list, copy, note, &list);
	free(copy);
	return bad;
}

static void assert_key(unsigned int nr, const char *identity, unsigned int len, unsigned int line)
{
	const struct psk *psk = &list.psk[nr];
	unsigned int i;

	assert_string_equal(psk->identity, identity);
	assert_true(fsw_identity_check(psk->identity, sizeof(psk->identity)));
	assert_int_equal(psk->len, len);
	assert_int_equal(psk->line, line);
	for (i = 0; i < len; i++)
		assert_int_equal(psk->key[i], i);
	assert_ptr_equal(psk_find(&list, psk->identity), psk);
}

static void good(void **state)
{
	assert_int_equal(parse("# keys\n"
			       "\n"
			       "node1 " HEX16 "\n"
			       " \tnode2\t\t" BASE64_16 " \r\n"
			       "  # more\n"
			       "node.3@x_y-z " BASE64_17 "\n"
			       "4 " BASE64_18),
			 0);
	assert_string_equal(complaints, "");
	assert_int_equal(list.nr, 4);
	assert_key(0, "node1", 16, 3);
	assert_key(1, "node2", 16, 4);
	assert_key(2, "node.3@x_y-z", 17, 6);
	assert_key(3, "4", 18, 7);

	/* As long as it may be, either way, and upper case. */
	assert_int_equal(parse("a " HEX16 "101112131415161718191A1B1C1D1E1F"
			       "202122232425262728292a2b2c2d2e2F303132333435363738393A3B3C3D3E3F\n"
			       "b AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
			       "MDEyMzQ1Njc4OTo7PD0+Pw==\n"),
			 0);
	assert_key(0, "a", 64, 1);
	assert_key(1, "b", 64, 2);

	assert_int_equal(parse(""), 0);
	assert_int_equal(list.nr, 0);
	assert_int_equal(parse("\n\n# nothing"), 0);
	assert_int_equal(list.nr, 0);
}

static void who_is_not_there(void **state)
{
	char name[FSW_IDENTITY_MAX] = "node";

	assert_int_equal(parse("node1 " HEX16 "\n"), 0);
	assert_null(psk_find(&list, name));
	strcpy(name, "node11");
	assert_null(psk_find(&list, name));
	strcpy(name, "NODE1");
	assert_null(psk_find(&list, name));
}

static void bad(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "node1", "1: a line is 'IDENTITY KEY'" },
		{ "\n\nnode1 \n", "3: a line is 'IDENTITY KEY'" },
		{ "node1 " HEX16 " more", "1: a line is 'IDENTITY KEY'" },
		{ "node1 = " HEX16, "1: a line is 'IDENTITY KEY'" },
		{ "node,1 " HEX16, "1: an identity is up to 63" },
		{ "caf\xc3\xa9 " HEX16, "1: an identity is up to 63" },
		{ "a234567890123456789012345678901234567890123456789012345678901234 " HEX16,
		  "1: an identity is up to 63" },
		{ "a " HEX16 "\nb " HEX16 "\na " BASE64_16, "3: a is in line 1 already" },
		{ "a " HEX16 "0", "1: the key has an odd number" },
		{ "a " HEX8 HEX8 "0", "1: the key has an odd number" },
		{ "a " HEX8, "1: the key is too short" },
		{ "a 000102030405060708090a0b0c0d0e", "1: the key is too short: it must have 16" },
		{ "a AAECAwQFBgcICQoLDA0O", "1: the key is too short" },
		{ "a " HEX16 HEX16 HEX16 HEX16 "00", "1: the key is too long" },
		{ "a AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
		  "MDEyMzQ1Njc4OTo7PD0+P0A=",
		  "1: the key is too long" },
		{ "a AAECAwQFBgcICQoLDA0ODw", "1: the key is neither" },
		{ "a AAECAwQFBgcICQoLDA0ODw=", "1: the key is neither" },
		{ "a AAECAwQFBgcICQoLDA0ODw===", "1: the key is neither" },
		{ "a AAECAwQF=gcICQoLDA0ODw==", "1: the key is neither" },
		{ "a AAECAwQFBgcICQoLDA0ODx==", "1: the key is neither" },
		{ "a AAECAwQFBgcICQoLDA0ODxB=", "1: the key is neither" },
		{ "a AAECAwQFBgcICQoL-A0ODxAR", "1: the key is neither" },
		{ "a ==", "1: the key is neither" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i].text), 1);
		if (strncmp(complaints, cases[i].says, strlen(cases[i].says)))
			fail_msg("'%s' gives '%s'", cases[i].text, complaints);
		/* What is complained about goes to a log. */
		assert_null(strstr(complaints, "00010203"));
		assert_null(strstr(complaints, "AAEC"));
	}
	/* All that is wrong, not the first of it. */
	assert_int_equal(parse("x\na " HEX16 "\ny\n"), 2);
	assert_non_null(strstr(complaints, "1: a line"));
	assert_non_null(strstr(complaints, "\n3: a line"));
}

static void many(void **state)
{
	size_t size = (PSK_MAX + 1) * 48, len = 0;
	char *text = malloc(size);
	unsigned int i;

	assert_non_null(text);
	for (i = 0; i < PSK_MAX; i++)
		len += snprintf(text + len, size - len, "node%u " HEX16 "\n", i);
	assert_int_equal(parse(text), 0);
	assert_int_equal(list.nr, PSK_MAX);
	assert_key(PSK_MAX - 1, "node1023", 16, PSK_MAX);
	snprintf(text + len, size - len, "more " HEX16 "\n");
	assert_int_equal(parse(text), 1);
	assert_non_null(strstr(complaints, "1025: more than 1024 keys"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(who_is_not_there),
		cmocka_unit_test(bad),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
