// SPDX-License-Identifier: GPL-2.0-only
/* How often an address may do something, and that it costs the others nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rate.h"
#include "util.h"

#define SECOND	1000000ull

static struct rate rate;

static int setup(void **state)
{
	memset(&rate, 0, sizeof(rate));
	rate.seed = 0x123456789abcdefull;
	return 0;
}

static struct netaddr ipv4(uint32_t nr)
{
	struct netaddr addr = { .bytes = { [10] = 0xff, [11] = 0xff } };

	memcpy(addr.bytes + 12, &nr, 4);
	return addr;
}

static unsigned int tries(struct netaddr addr, unsigned int nr, uint64_t now)
{
	unsigned int passed = 0;

	while (nr--)
		passed += rate_allow(&rate, &addr, 10, 50, now);
	return passed;
}

static void burst_and_rate(void **state)
{
	uint64_t now = 5 * SECOND;
	unsigned int i, passed = 0;

	assert_int_equal(tries(ipv4(1), 1000, now), 50);
	/* What was refused costs nothing: in a second there are ten more. */
	now += SECOND;
	assert_int_equal(tries(ipv4(1), 1000, now), 10);
	for (i = 0; i < 10000; i++)
		passed += tries(ipv4(1), 1, now += SECOND / 1000);
	assert_in_range(passed, 99, 101);
	/* Paid for after a while, but not saved up. */
	now += 100 * SECOND;
	assert_int_equal(tries(ipv4(1), 1000, now), 50);
}

static void others_do_not_notice(void **state)
{
	uint64_t now = 5 * SECOND;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		tries(ipv4(1), 10, now);
		assert_int_equal(tries(ipv4(2 + i % 16), 1, now), 1);
		now += SECOND / 10;
	}
}

static void more_addresses_than_places(void **state)
{
	uint64_t now = 5 * SECOND;
	unsigned int i;

	tries(ipv4(0), 1000, now);
	/* Whoever does the most is remembered, as long as a set is not full of such. */
	for (i = 1; i < 100000; i++)
		assert_int_equal(tries(ipv4(i), 1, now), 1);
	assert_int_equal(tries(ipv4(0), 1, now), 0);
}

static void ipv6_by_network(void **state)
{
	struct netaddr a = { .bytes = { 0xfd, [7] = 1, [15] = 1 } };
	struct netaddr b = { .bytes = { 0xfd, [7] = 1, [15] = 2 } };
	struct netaddr c = { .bytes = { 0xfd, [7] = 2, [15] = 1 } };

	assert_int_equal(tries(a, 100, 1), 50);
	assert_int_equal(tries(b, 100, 1), 0);
	assert_int_equal(tries(c, 100, 1), 50);
}

static void extremes(void **state)
{
	struct netaddr addr = ipv4(1);

	assert_true(rate_allow(&rate, &addr, 1, 1, 0));
	assert_false(rate_allow(&rate, &addr, 1, 1, SECOND - 1));
	assert_true(rate_allow(&rate, &addr, 1, 1, SECOND));
	/* Faster than the clock. */
	assert_true(rate_allow(&rate, &addr, 4000000, 1, 10 * SECOND));
	assert_false(rate_allow(&rate, &addr, 4000000, 1, 10 * SECOND));
	assert_true(rate_allow(&rate, &addr, 4000000, 1, 10 * SECOND + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(burst_and_rate, setup),
		cmocka_unit_test_setup(others_do_not_notice, setup),
		cmocka_unit_test_setup(more_addresses_than_places, setup),
		cmocka_unit_test_setup(ipv6_by_network, setup),
		cmocka_unit_test_setup(extremes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
