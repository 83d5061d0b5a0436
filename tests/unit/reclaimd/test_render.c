// SPDX-License-Identifier: GPL-2.0-only
/* Status and metrics: every figure where it belongs, names that need care, groups that wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render.h"

static const struct group_report groups[] = {
	{
		.path = "/a",
		.policy = POLICY_ADAPTIVE,
		.figures = {
			.current = 50 << 20,
			.limit = 64 << 20,
			.level = 60 << 20,
			.headroom = 4 << 20,
			.rate = 1 << 20,
			.swap = 8192,
			.max_events = 7,
			.looks = 1000,
			.writes = 30,
			.failures = 2,
			.reclaimed = 123456,
			.refreshes = 31,
			.reach_ns = 1500000,
			.stall_ppm = 12500,
			.stalls = 5,
			.reactions = {
				.counts = { 3, 4, 2, [NR_REACTIONS - 1] = 1 },
				.total_ns = 400000000,
				.max_ns = 399000000,
			},
		},
	},
	{
		.path = "/b\"\\\n",
		.figures = { .current = 4096, .limit = UINT64_MAX, .level = UINT64_MAX },
	},
	{
		.path = "/c",
		.waits = "no controller",
	},
};

static char *render(void (*how)(FILE *to, const struct report *r), unsigned int nr)
{
	const struct report report = { groups, nr, 1234567890, 99 };
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	how(to, &report);
	fclose(to);
	return text;
}

static void has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("no '%s' in:\n%s", what, text);
}

static void test_status(void **state)
{
	char *text = render(render_status, 3);

	has(text, "up 99 s, CPU time of the threads 1.234 s, groups 3\n");
	has(text, "50M      64M      60M       4M       1M      120K         7     399ms        8K"
		  "  /a (adaptive)\n");
	has(text, "4K        -        -");
	has(text, "/c: no controller\n");
	free(text);
	text = render(render_status, 0);
	assert_null(strstr(text, "MEMORY"));
	free(text);
}

static void test_metrics(void **state)
{
	char *text = render(render_metrics, 3);

	has(text, "fastswap_reclaimd_groups 3\n");
	has(text, "fastswap_reclaimd_cpu_seconds_total 1.234567890\n");
	has(text, "# TYPE fastswap_reclaimd_group_limit_hits_total counter\n");
	has(text, "fastswap_reclaimd_group_limit_hits_total{group=\"/a\"} 7\n");
	has(text, "fastswap_reclaimd_group_memory_bytes{group=\"/a\"} 52428800\n");
	has(text, "fastswap_reclaimd_group_delay_seconds{group=\"/a\"} 0.001500000\n");
	has(text, "fastswap_reclaimd_group_limit_bytes{group=\"/b\\\"\\\\\\n\"} +Inf\n");
	has(text, "fastswap_reclaimd_group_reclaimed_bytes_total{group=\"/a\"} 123456\n");
	has(text, "fastswap_reclaimd_group_refreshes_total{group=\"/a\"} 31\n");
	has(text, "fastswap_reclaimd_group_reaction_max_seconds{group=\"/a\"} 0.399000000\n");
	has(text, "fastswap_reclaimd_group_stall_ratio{group=\"/a\"} 0.012500000\n");
	has(text, "fastswap_reclaimd_group_stalls_total{group=\"/a\"} 5\n");
	has(text, "# TYPE fastswap_reclaimd_group_reaction_seconds histogram\n");
	has(text, "reaction_seconds_bucket{group=\"/a\",le=\"5e-05\"} 3\n");
	has(text, "reaction_seconds_bucket{group=\"/a\",le=\"0.0001\"} 7\n");
	has(text, "reaction_seconds_bucket{group=\"/a\",le=\"0.1\"} 9\n");
	has(text, "reaction_seconds_bucket{group=\"/a\",le=\"+Inf\"} 10\n");
	has(text, "reaction_seconds_sum{group=\"/a\"} 0.400000000\n");
	has(text, "reaction_seconds_count{group=\"/a\"} 10\n");
	has(text, "reaction_seconds_count{group=\"/b\\\"\\\\\\n\"} 0\n");
	/* What waits has no figures. */
	assert_null(strstr(text, "/c"));
	free(text);
}

/* Whoever scrapes takes nothing at all if one name is not UTF-8. */
static void test_labels(void **state)
{
	static const struct {
		const char *path, *label;
	} cases[] = {
		{ "/\u00e9\u20ac\U0001f600", "/\u00e9\u20ac\U0001f600" },
		{ "/a\xff", "/a\\\\xff" },
		{ "/\x80z", "/\\\\x80z" },
		{ "/\xc3", "/\\\\xc3" },
		{ "/\xe2\x82", "/\\\\xe2\\\\x82" },
		{ "/\xc0\xaf", "/\\\\xc0\\\\xaf" },
		{ "/\xe0\x80\xaf", "/\\\\xe0\\\\x80\\\\xaf" },
		{ "/\xed\xa0\x80", "/\\\\xed\\\\xa0\\\\x80" },
		{ "/\xf4\x90\x80\x80", "/\\\\xf4\\\\x90\\\\x80\\\\x80" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct group_report group = { .path = cases[i].path };
		const struct report report = { &group, 1, 0, 0 };
		char *text = NULL, line[128];
		size_t size;
		FILE *to = open_memstream(&text, &size);

		render_metrics(to, &report);
		fclose(to);
		snprintf(line, sizeof(line), "_swap_bytes{group=\"%s\"} 0\n", cases[i].label);
		has(text, line);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
