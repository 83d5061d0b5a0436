// SPDX-License-Identifier: GPL-2.0-only
/* Networks that may connect, and addresses in and out of them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "allow.h"
#include "util.h"

static struct netaddr address(const char *text)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct netaddr addr;

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		assert_true(netaddr_from(&addr, (struct sockaddr *)&in));
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
		assert_true(netaddr_from(&addr, (struct sockaddr *)&in6));
	}
	return addr;
}

static void matches(void **state)
{
	static const struct {
		const char *rule, *address;
		bool match;
	} cases[] = {
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },
		{ "10.0.0.1/32", "10.0.0.1", true },
		{ "10.0.0.0/24", "10.0.0.255", true },
		{ "10.0.0.0/24", "10.0.1.0", false },
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.128/25", "10.0.0.127", false },
		{ "10.0.0.128/25", "10.0.0.128", true },
		{ "192.0.2.4/30", "192.0.2.7", true },
		{ "192.0.2.4/30", "192.0.2.8", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "fd00::1", false },
		{ "128.0.0.0/1", "127.255.255.255", false },
		{ "fd00::/8", "fd12:3456::1", true },
		{ "fd00::/8", "fe80::1", false },
		{ "fd00::1", "fd00::1", true },
		{ "fd00::1", "fd00::2", false },
		{ "2001:db8:8000::/33", "2001:db8:ffff::1", true },
		{ "2001:db8:8000::/33", "2001:db8:7fff::1", false },
		{ "::/0", "2001:db8::1", true },
		/* An IPv4 client is one, whatever socket it came through. */
		{ "::/0", "10.0.0.1", false },
		{ "::/0", "::ffff:10.0.0.1", false },
		{ "10.0.0.0/24", "::ffff:10.0.0.1", true },
		{ "::ffff:10.0.0.0/120", "10.0.0.1", true },
		{ "::ffff:0:0/96", "10.0.0.1", true },
		{ "::/64", "::1", true },
	};
	struct allow_list list;
	struct netaddr addr;
	char why[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		list.nr = 0;
		assert_int_equal(allow_add(&list, cases[i].rule, why, sizeof(why)), 0);
		addr = address(cases[i].address);
		if (allow_match(&list, &addr) != cases[i].match)
			fail_msg("%s in %s: not %d", cases[i].address, cases[i].rule,
				 cases[i].match);
	}
}

static void several(void **state)
{
	struct netaddr addr = address("10.0.0.1");
	struct allow_list list = { 0 };
	char why[128];
	unsigned int i;

	assert_true(allow_match(&list, &addr));
	assert_int_equal(allow_add(&list, "fd00::/8", why, sizeof(why)), 0);
	assert_false(allow_match(&list, &addr));
	assert_int_equal(allow_add(&list, "10.0.0.0/8", why, sizeof(why)), 0);
	assert_true(allow_match(&list, &addr));

	for (i = list.nr; i < ALLOW_MAX; i++)
		assert_int_equal(allow_add(&list, "192.0.2.1", why, sizeof(why)), 0);
	assert_int_equal(allow_add(&list, "192.0.2.1", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "more than 256 times"));
}

static void errors(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "is not an IPv4 or IPv6 network" },
		{ "/8", "is not an IPv4 or IPv6 network" },
		{ "10.0.0", "is not an IPv4 or IPv6 network" },
		{ "10.0.0.0.0", "is not an IPv4 or IPv6 network" },
		{ "host.example", "is not an IPv4 or IPv6 network" },
		{ "fe80::1%eth0", "is not an IPv4 or IPv6 network" },
		{ "1234567890123456789012345678901234567890123456789", "is not an IPv4" },
		{ "10.0.0.0/", "from 0 to 32" },
		{ "10.0.0.0/33", "from 0 to 32" },
		{ "10.0.0.0/-1", "from 0 to 32" },
		{ "10.0.0.0/8x", "from 0 to 32" },
		{ "10.0.0.0/0000000008", "from 0 to 32" },
		{ "10.0.0.0/255.0.0.0", "from 0 to 32" },
		{ "fd00::/129", "from 0 to 128" },
		{ "10.0.0.1/24", "bits set behind its prefix" },
		{ "0.0.0.1/0", "bits set behind its prefix" },
		{ "fd00::1/64", "bits set behind its prefix" },
	};
	struct allow_list list = { 0 };
	char why[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(allow_add(&list, cases[i].text, why, sizeof(why)), -1);
		if (!strstr(why, cases[i].says))
			fail_msg("'%s' gives '%s'", cases[i].text, why);
	}
	assert_int_equal(list.nr, 0);
}

static void other_families(void **state)
{
	const struct sockaddr unix_address = { .sa_family = AF_UNIX };
	struct netaddr addr;

	assert_false(netaddr_from(&addr, &unix_address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(several),
		cmocka_unit_test(errors),
		cmocka_unit_test(other_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
