// SPDX-License-Identifier: GPL-2.0-only
/* The reports of fastswap-run: what is known and what is not, for people and for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "figures.h"

static const struct run_figures some = {
	.status = 143,
	.signal = 15,
	.wall_us = 12345678,
	.user_us = 1000000,
	.system_us = 50,
	.limit = 64 << 20,
	.peak_local = 63 << 20,
	.peak_far = FIGURE_UNKNOWN,
	.faults = 1000,
	.major_faults = 100,
	.pages_in = 99,
	.system_pages_in = 120,
	.system_pages_out = 130,
	.stall_some_us = FIGURE_UNKNOWN,
	.stall_full_us = 250000,
	.max_events = 5,
	.oom_kills = 1,
	.left_running = true,
	.offload = true,
	.reclaim = {
		.reclaimed = 8192,
		.looks = 40,
		.writes = 2,
		.failures = 1,
		.reactions = { .counts = { 0, 2 }, .max_ns = 80000 },
	},
};

static char *text;
static size_t size;

static FILE *open_text(void)
{
	free(text);
	text = NULL;
	return open_memstream(&text, &size);
}

static void has(const char *what)
{
	if (!strstr(text, what))
		fail_msg("no '%s' in:\n%s", what, text);
}

static void test_print(void **state)
{
	struct run_figures fine = { .limit = UINT64_MAX, .status = 3 };
	FILE *to = open_text();

	figures_print(to, &some);
	fclose(to);
	has("ended by signal 15 (Terminated) after 12.34 s\n");
	has("63M at most of 64M\n");
	has("far memory    ? at most\n");
	has("stalls        ? some, 0.25 s all");
	has("limit hit     5 times\n");
	has("8K in 2 writes, 1 in vain");
	has("reaction      99 of 100 within 80us\n");
	has("1 processes were killed\n");
	has("left running were killed\n");

	to = open_text();
	figures_print(to, &fine);
	fclose(to);
	has("exit status 3 after");
	has("without a limit\n");
	assert_null(strstr(text, "reclaim"));
	assert_null(strstr(text, "killed"));
}

static void test_lines(void **state)
{
	FILE *to = open_text();

	figures_lines(to, &some);
	fclose(to);
	has("status=143\nsignal=15\nwall_s=12.345678\n");
	has("\nsystem_s=0.000050\nstall_some_s=\nstall_full_s=0.250000\n");
	has("\npeak_far=\n");
	has("\nmax_events=5\n");
	has("\nreclaim_bytes=8192\nreclaim_looks=40\nreclaim_writes=2\n");
	has("\nreclaim_reaction_s=0.000080\n");
	has("\noffload=1\nleft_running=1\n");
}

static unsigned int commas(const char *line)
{
	unsigned int nr = 0;

	for (; *line && *line != '\n'; line++)
		nr += *line == ',';
	return nr;
}

static void test_csv(void **state)
{
	const struct share half = { true, 5000 };
	const char *second;
	FILE *to = open_text();

	figures_csv_head(to);
	figures_csv(to, &some, half, 2, 1.5);
	figures_csv(to, &some, half, 3, 0);
	fclose(to);
	has("ratio,run,slowdown,status,wall_s,");
	has("\n50.00,2,1.5000,143,12.345678,");
	/* No slowdown of a run that went wrong. */
	has("\n50.00,3,,143,");
	second = strchr(text, '\n') + 1;
	assert_int_equal(commas(text), commas(second));
}

static void test_plot(void **state)
{
	FILE *to = open_text();

	figures_plot(to, "it's.csv", "it's.svg");
	fclose(to);
	has("set output 'it''s.svg'\n");
	has("plot 'it''s.csv' every ::1 using 1:3");
	free(text);
	text = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_plot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
