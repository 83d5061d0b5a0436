// SPDX-License-Identifier: GPL-2.0-only
/* Options and sizes as users write them, and as they should not. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <net/net_namespace.h>

#include <fastswap/hold.h>

#include "params.h"

struct net init_net;

static char error[256];

static int parse(struct fsr_params *p, const char *text)
{
	char options[512];

	snprintf(options, sizeof(options), "%s", text);
	error[0] = '\0';
	return fsr_params_parse(p, options, error, sizeof(error));
}

static void everything_given(void **state)
{
	struct fsr_params p;
	struct sockaddr_in *addr = (struct sockaddr_in *)&p.addr;
	struct sockaddr_in *source = (struct sockaddr_in *)&p.source;

	assert_int_equal(parse(&p, "addr=10.0.0.1,port=4711,source=10.0.0.2,queues=8,hold=0,"
				   "client_id=000102030405060708090a0B0c0D0e0f"),
			 0);
	assert_int_equal(addr->sin_family, AF_INET);
	assert_int_equal(ntohl(addr->sin_addr.s_addr), 0x0a000001);
	assert_int_equal(ntohs(addr->sin_port), 4711);
	assert_int_equal(source->sin_family, AF_INET);
	assert_int_equal(ntohl(source->sin_addr.s_addr), 0x0a000002);
	assert_int_equal(source->sin_port, 0);
	assert_string_equal(p.peer, "10.0.0.1");
	assert_int_equal(p.port, 4711);
	assert_int_equal(p.queues, 8);
	assert_int_equal(p.hold, 0);
	assert_true(p.has_client_id);
	assert_int_equal(p.client_id[0], 0);
	assert_int_equal(p.client_id[11], 0xb);
	assert_int_equal(p.client_id[15], 0xf);
	assert_string_equal(p.psk, "");
	assert_string_equal(p.identity, "");
}

static void with_a_key(void **state)
{
	struct fsr_params p;
	char name[FSW_IDENTITY_MAX] = "node-7@x";

	assert_int_equal(parse(&p, "addr=10.0.0.1,psk=fastswap:4711,identity=node-7@x"), 0);
	assert_string_equal(p.psk, "fastswap:4711");
	/* As it goes over the wire. */
	assert_memory_equal(p.identity, name, sizeof(name));
	/* The last one counts, and leaves nothing of the one before. */
	assert_int_equal(parse(&p, "identity=a-long-name,addr=10.0.0.1,psk=a:b,identity=node-7@x"),
			 0);
	assert_memory_equal(p.identity, name, sizeof(name));
}

static void address_alone(void **state)
{
	struct fsr_params p;
	struct sockaddr_in6 *addr = (struct sockaddr_in6 *)&p.addr;

	assert_int_equal(parse(&p, "addr=fd00::17"), 0);
	assert_int_equal(addr->sin6_family, AF_INET6);
	assert_int_equal(ntohs(addr->sin6_port), FSW_DEFAULT_PORT);
	assert_int_equal(p.source.ss_family, AF_UNSPEC);
	assert_int_equal(p.queues, 0);
	assert_int_equal(p.hold, FASTSWAP_HOLD_DEFAULT);
	assert_false(p.has_client_id);

	assert_int_equal(parse(&p, "addr=[fd00::17],port=1"), 0);
	assert_string_equal(p.peer, "[fd00::17]");
	assert_int_equal(ntohs(addr->sin6_port), 1);

	/* The port counts wherever it stands; empty options are nothing. */
	assert_int_equal(parse(&p, ",port=2,,addr=fd00::17,"), 0);
	assert_int_equal(ntohs(addr->sin6_port), 2);
}

static void nonsense(void **state)
{
	static const struct {
		const char *options, *error;
	} cases[] = {
		{ "", "no server: addr= is missing" },
		{ "port=50000", "no server: addr= is missing" },
		{ "addr", "option 'addr' lacks a value" },
		{ "addr=10.0.0.1,frobnicate=1", "unknown option 'frobnicate'" },
		{ "addr=10.0.0.1,=1", "unknown option ''" },
		{ "addr=", "'' is not an IPv4 or IPv6 address" },
		{ "addr=10.0.0", "'10.0.0' is not an IPv4 or IPv6 address" },
		{ "addr=10.0.0.256", "'10.0.0.256' is not an IPv4 or IPv6 address" },
		{ "addr=server", "'server' is not an IPv4 or IPv6 address" },
		{ "addr=[fd00::1", "'[fd00::1' is not an IPv4 or IPv6 address" },
		{ "addr=[]", "'[]' is not an IPv4 or IPv6 address" },
		{ "addr=10.0.0.1,source=x", "source 'x' is not an IPv4 or IPv6 address" },
		{ "addr=10.0.0.1,source=fd00::1",
		  "one of source and server is IPv4, the other IPv6" },
		{ "addr=10.0.0.1,port=0", "port '0' is not a number from 1 to 65535" },
		{ "addr=10.0.0.1,port=65536", "port '65536' is not a number from 1 to 65535" },
		{ "addr=10.0.0.1,port=-1", "port '-1' is not a number from 1 to 65535" },
		{ "addr=10.0.0.1,port=", "port '' is not a number from 1 to 65535" },
		{ "addr=10.0.0.1,port=0x50", "port '0x50' is not a number from 1 to 65535" },
		{ "addr=10.0.0.1,queues=0",
		  "'0' queue sets: must be a number from 1 to 1024" },
		{ "addr=10.0.0.1,queues=1025",
		  "'1025' queue sets: must be a number from 1 to 1024" },
		{ "addr=10.0.0.1,queues=+4",
		  "'+4' queue sets: must be a number from 1 to 1024" },
		{ "addr=10.0.0.1,queues=4\n",
		  "'4\n' queue sets: must be a number from 1 to 1024" },
		{ "addr=10.0.0.1,queues=99999999999999999999",
		  "'99999999999999999999' queue sets: must be a number from 1 to 1024" },
		{ "addr=10.0.0.1,hold=", "hold '' is not a number of seconds from 0 to 86400" },
		{ "addr=10.0.0.1,hold=-1",
		  "hold '-1' is not a number of seconds from 0 to 86400" },
		{ "addr=10.0.0.1,hold=86401",
		  "hold '86401' is not a number of seconds from 0 to 86400" },
		{ "addr=10.0.0.1,hold=100000",
		  "hold '100000' is not a number of seconds from 0 to 86400" },
		{ "addr=10.0.0.1,psk=fastswap:1", "psk= and identity= go together" },
		{ "addr=10.0.0.1,identity=node", "psk= and identity= go together" },
		{ "addr=10.0.0.1,psk=,identity=node",
		  "psk '' is not the description of a logon key" },
		{ "addr=10.0.0.1,psk=fastswap,identity=node",
		  "psk 'fastswap' is not the description of a logon key" },
		{ "addr=10.0.0.1,psk=:1,identity=node",
		  "psk ':1' is not the description of a logon key" },
		{ "addr=10.0.0.1,psk=a:,identity=node",
		  "psk 'a:' is not the description of a logon key" },
		{ "addr=10.0.0.1,identity=node,"
		  "psk=a:12345678901234567890123456789012345678901234567890123456789012",
		  "psk 'a:12345678901234567890123456789012345678901234567890123456789012' is not "
		  "the description of a logon key" },
		{ "addr=10.0.0.1,psk=a:b,identity=",
		  "identity '' is not up to 63 of [A-Za-z0-9._@-]" },
		{ "addr=10.0.0.1,psk=a:b,identity=two words",
		  "identity 'two words' is not up to 63 of [A-Za-z0-9._@-]" },
		{ "addr=10.0.0.1,psk=a:b,"
		  "identity=a234567890123456789012345678901234567890123456789012345678901234",
		  "identity 'a234567890123456789012345678901234567890123456789012345678901234' is "
		  "not up to 63 of [A-Za-z0-9._@-]" },
		{ "addr=10.0.0.1,client_id=abc", "client_id 'abc' is not 32 hexadecimal digits" },
		{ "addr=10.0.0.1,client_id=0001020304050607 8090a0b0c0d0e0f",
		  "client_id '0001020304050607 8090a0b0c0d0e0f' is not 32 hexadecimal digits" },
	};
	struct fsr_params p;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(&p, cases[i].options), -EINVAL);
		assert_string_equal(error, cases[i].error);
	}
}

static void long_input_is_cut_not_overrun(void **state)
{
	struct fsr_params p;
	char text[500] = "addr=";
	char options[500];
	char small[16];

	memset(text + 5, '1', sizeof(text) - 6);
	assert_int_equal(parse(&p, text), -EINVAL);

	memcpy(options, text, sizeof(options));
	assert_int_equal(fsr_params_parse(&p, options, small, sizeof(small)), -EINVAL);
	assert_int_equal(strlen(small), sizeof(small) - 1);
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int err;
		u64 size;
	} cases[] = {
		{ "4096", 0, 4096 },
		{ "4K", 0, 4096 },
		{ "512m", 0, 512ULL << 20 },
		{ "2G", 0, 2ULL << 30 },
		{ "3T", 0, 3ULL << 40 },
		{ "0", -ERANGE, 0 },
		{ "0G", -ERANGE, 0 },
		{ "4095", -ERANGE, 0 },
		{ "1K", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "16777216T", -ERANGE, 0 },
		{ "18446744073709547520", 0, 18446744073709547520ULL },
		{ "", -EINVAL, 0 },
		{ "G", -EINVAL, 0 },
		{ "-4K", -EINVAL, 0 },
		{ "+4K", -EINVAL, 0 },
		{ " 4K", -EINVAL, 0 },
		{ "4K ", -EINVAL, 0 },
		{ "4KB", -EINVAL, 0 },
		{ "4P", -EINVAL, 0 },
		{ "4.5G", -EINVAL, 0 },
		{ "0x1000", -EINVAL, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		u64 size = 0;

		assert_int_equal(fsr_size_parse(cases[i].text, &size), cases[i].err);
		assert_int_equal(size, cases[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_given),
		cmocka_unit_test(with_a_key),
		cmocka_unit_test(address_alone),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(long_input_is_cut_not_overrun),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
