// SPDX-License-Identifier: GPL-2.0-only
/* The state of the server as text, and its history. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot.h"

static void metrics(void **state)
{
	static char text[SNAPSHOT_METRICS_MAX];
	struct snapshot s;
	size_t len;

	/* The longest numbers that there are. */
	memset(&s, 0xff, sizeof(s));
	s.draining = s.authentication = true;
	len = snapshot_metrics(text, sizeof(text), &s);
	assert_int_equal(len, strlen(text));
	assert_int_equal(text[len - 1], '\n');

	memset(&s, 0, sizeof(s));
	s.chunk_bytes = 1 << 20;
	s.chunks[CHUNKS_LENT] = 3;
	s.promised = 5;
	s.wanted = 9;
	s.beyond = 1;
	s.resizing = RESIZE_SHRINKING;
	s.promisable = 6;
	s.reserved = 7;
	s.sessions[SESSIONS_KEPT] = 2;
	s.counts[STAT_DENIALS] = 18446744073709551615ull;
	len = snapshot_metrics(text, sizeof(text), &s);
	assert_non_null(strstr(text, "\nfastswap_server_pool_bytes{state=\"lent\"} 3145728\n"));
	assert_non_null(strstr(text, "\nfastswap_server_pool_wanted_bytes 9437184\n"));
	assert_non_null(strstr(text, "\nfastswap_server_pool_excess_bytes 1048576\n"));
	assert_non_null(strstr(text, "\nfastswap_server_pool_resizing{how=\"shrinking\"} 1\n"));
	assert_non_null(strstr(text, "\nfastswap_server_pool_resizing{how=\"stuck\"} 0\n"));
	assert_non_null(strstr(text, "\nfastswap_server_promised_bytes 5242880\n"));
	assert_non_null(strstr(text, "\nfastswap_server_promisable_bytes 6291456\n"));
	assert_non_null(strstr(text, "\nfastswap_server_reserved_bytes 7340032\n"));
	assert_non_null(strstr(text, "\nfastswap_server_sessions{state=\"kept\"} 2\n"));
	assert_non_null(strstr(text, "\nfastswap_server_denials_total 18446744073709551615\n"));
	assert_non_null(strstr(text, "# TYPE fastswap_server_denials_total counter\n"));
	assert_non_null(strstr(text, "\nfastswap_server_authentication 0\n"));
	s.authentication = true;
	len = snapshot_metrics(text, sizeof(text), &s);
	assert_non_null(strstr(text, "\nfastswap_server_authentication 1\n"));
	/* Too little room is told, and not written beyond. */
	memset(text, 'x', sizeof(text));
	assert_int_equal(snapshot_metrics(text, 100, &s), len);
	assert_int_equal(text[100], 'x');
}

static void history(void **state)
{
	static struct history h;
	struct snapshot s = { 0 };
	unsigned int i, nr;

	for (i = 0; i < 3 * HISTORY_SAMPLES; i++) {
		s.counts[STAT_GRANTED] = i;
		history_add(&h, &s, 5 * i);
		nr = i + 1 < HISTORY_SAMPLES ? i + 1 : HISTORY_SAMPLES;
		assert_int_equal(h.nr, nr);
		assert_int_equal(h.samples[history_at(&h, nr - 1)].time_s, 5 * i);
		assert_int_equal(h.samples[history_at(&h, 0)].counts[STAT_GRANTED], i + 1 - nr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics),
		cmocka_unit_test(history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
