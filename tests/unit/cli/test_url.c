// SPDX-License-Identifier: GPL-2.0-only
/* URLs: the forms that are taken, and a reason for every one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "url.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static void test_good(void **state)
{
	static const struct {
		const char *text, *backend, *host;
		bool is_ipv6;
		unsigned int port;
	} t[] = {
		{ "rdma://10.0.0.1:50000", "rdma", "10.0.0.1", false, 50000 },
		{ "rdma://10.0.0.1", "rdma", "10.0.0.1", false, 50000 },
		{ "rdma://10.0.0.1/", "rdma", "10.0.0.1", false, 50000 },
		{ "rdma://10.0.0.1:1/", "rdma", "10.0.0.1", false, 1 },
		{ "rdma://10.0.0.1:65535", "rdma", "10.0.0.1", false, 65535 },
		{ "rdma://memory-7.example.org:7", "rdma", "memory-7.example.org", false, 7 },
		{ "rdma://[fd00::1]", "rdma", "fd00::1", true, 50000 },
		{ "rdma://[fd00::1]:9", "rdma", "fd00::1", true, 9 },
		{ "rdma://[fe80::1%eth0]:50000", "rdma", "fe80::1%eth0", true, 50000 },
		{ "rdma://[fe80::1%br-0_a.5]", "rdma", "fe80::1%br-0_a.5", true, 50000 },
		{ "dram://", "dram", "", false, 50000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct url url;

		assert_null(url_parse(t[i].text, &url));
		assert_string_equal(url.backend, t[i].backend);
		assert_string_equal(url.host, t[i].host);
		assert_int_equal(url.is_ipv6, t[i].is_ipv6);
		assert_int_equal(url.port, t[i].port);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *reason;
	} t[] = {
		{ "", "neither" },
		{ "rdma", "neither" },
		{ "rdma:", "neither" },
		{ "rdma:/10.0.0.1", "neither" },
		{ "RDMA://10.0.0.1", "neither" },
		{ "http://10.0.0.1", "neither" },
		{ "10.0.0.1:50000", "neither" },
		{ " rdma://10.0.0.1", "neither" },
		{ "rdma://", "names no host" },
		{ "rdma:///", "names no host" },
		{ "rdma://:50000", "names no host" },
		{ "rdma://[]", "names no host" },
		{ "rdma://[]:1", "names no host" },
		{ "rdma://[fd00::1", "lacks the ']'" },
		{ "rdma://[fd00::1/", "lacks the ']'" },
		{ "rdma://fd00::1", "not in [brackets]" },
		{ "rdma://10.0.0.1:1:2", "not in [brackets]" },
		{ "rdma://[fd00::1]50000", "other than :PORT" },
		{ "rdma://[fd00::1]]:5", "other than :PORT" },
		{ "rdma://10.0.0.1:", "port" },
		{ "rdma://10.0.0.1:0", "port" },
		{ "rdma://10.0.0.1:65536", "port" },
		{ "rdma://10.0.0.1:-1", "port" },
		{ "rdma://10.0.0.1:99999999999999999999999", "port" },
		{ "rdma://10.0.0.1:5x", "port" },
		{ "rdma://10.0.0.1:5 ", "port" },
		{ "rdma://10.0.0.1:5//", "port" },
		{ "rdma://10.0.0.1,port=4", "character" },
		{ "rdma://user@host", "character" },
		{ "rdma://10.0.0.1?size=4", "character" },
		{ "rdma://10.0.0.1/x", "character" },
		{ "rdma://ho st", "character" },
		{ "rdma://h\xc3\xb6st", "character" },
		{ "rdma://[fd00::1,x=1]", "character" },
		{ "rdma://10.1", "of the form" },
		{ "rdma://50000", "of the form" },
		{ "rdma://10.0.0.256", "of the form" },
		{ "rdma://10.0.0.1.", "of the form" },
		{ "rdma://...", "of the form" },
		{ "dram://x", "local memory" },
		{ "dram:///", "local memory" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct url url;
		const char *reason = url_parse(t[i].text, &url);

		assert_non_null(reason);
		if (!strstr(reason, t[i].reason))
			fail_msg("%s: %s", t[i].text, reason);
	}
}

static void test_length(void **state)
{
	char text[1024] = "rdma://";
	struct url url;

	/* The longest host that fits, one more, and far more than any buffer. */
	memset(text + 7, 'a', URL_HOST_MAX - 1);
	assert_null(url_parse(text, &url));
	assert_int_equal(strlen(url.host), URL_HOST_MAX - 1);
	text[7 + URL_HOST_MAX - 1] = 'a';
	assert_non_null(url_parse(text, &url));
	memset(text + 7, 'a', sizeof(text) - 8);
	assert_non_null(url_parse(text, &url));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
