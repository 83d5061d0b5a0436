// SPDX-License-Identifier: GPL-2.0-only
#include "figures.h"

#include <inttypes.h>
#include <string.h>

#include "units.h"

/* The figures that programs read, in the order of both forms: name, value. */
#define FOR_ALL_COUNTS(X)				\
	X(limit, f->limit)				\
	X(peak_local, f->peak_local)			\
	X(peak_far, f->peak_far)			\
	X(faults, f->faults)				\
	X(major_faults, f->major_faults)		\
	X(pages_in, f->pages_in)			\
	X(system_pages_in, f->system_pages_in)		\
	X(system_pages_out, f->system_pages_out)	\
	X(max_events, f->max_events)			\
	X(oom_kills, f->oom_kills)			\
	X(reclaim_bytes, f->reclaim.reclaimed)		\
	X(reclaim_looks, f->reclaim.looks)		\
	X(reclaim_writes, f->reclaim.writes)		\
	X(reclaim_failures, f->reclaim.failures)

#define FOR_ALL_TIMES(X)				\
	X(wall, f->wall_us)				\
	X(user, f->user_us)				\
	X(system, f->system_us)				\
	X(stall_some, f->stall_some_us)			\
	X(stall_full, f->stall_full_us)			\
	X(reclaim_cpu, f->offload_cpu_us)		\
	X(reclaim_reaction, reaction_us(f))

/* That long at most were 99 of a hundred. */
static uint64_t reaction_us(const struct run_figures *f)
{
	if (!reactions_count(&f->reclaim.reactions))
		return FIGURE_UNKNOWN;
	return reactions_quantile(&f->reclaim.reactions, 99) / 1000;
}

static void print_seconds(FILE *to, uint64_t us)
{
	fprintf(to, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}

static const char *size_text(uint64_t bytes, char *buf, size_t len)
{
	if (bytes == UINT64_MAX) {
		snprintf(buf, len, "?");
		return buf;
	}
	return format_size(bytes, buf, len);
}

static const char *count_text(uint64_t n, char *buf, size_t len)
{
	if (n == FIGURE_UNKNOWN)
		snprintf(buf, len, "?");
	else
		snprintf(buf, len, "%" PRIu64, n);
	return buf;
}

static const char *time_text(uint64_t us, char *buf, size_t len)
{
	if (us == FIGURE_UNKNOWN)
		snprintf(buf, len, "?");
	else
		snprintf(buf, len, "%" PRIu64 ".%02" PRIu64 " s", us / 1000000,
			 us % 1000000 / 10000);
	return buf;
}

/** figures_print - for people */
void figures_print(FILE *to, const struct run_figures *f)
{
	char a[32], b[32], c[32], d[32];

	if (f->signal)
		fprintf(to, "fastswap-run: ended by signal %d (%s)", f->signal,
			strsignal(f->signal));
	else
		fprintf(to, "fastswap-run: exit status %d", f->status);
	fprintf(to, " after %s\n", time_text(f->wall_us, a, sizeof(a)));
	fprintf(to, "  CPU time      %s user, %s system\n", time_text(f->user_us, a, sizeof(a)),
		time_text(f->system_us, b, sizeof(b)));
	fprintf(to, "  local memory  %s at most", size_text(f->peak_local, a, sizeof(a)));
	if (f->limit == UINT64_MAX)
		fprintf(to, ", without a limit\n");
	else
		fprintf(to, " of %s\n", size_text(f->limit, a, sizeof(a)));
	fprintf(to, "  far memory    %s at most\n", size_text(f->peak_far, a, sizeof(a)));
	fprintf(to, "  faults        %s, %s of them with I/O\n",
		count_text(f->faults, a, sizeof(a)), count_text(f->major_faults, b, sizeof(b)));
	fprintf(to, "  pages         %s in; in the whole system %s in, %s out\n",
		count_text(f->pages_in, a, sizeof(a)),
		count_text(f->system_pages_in, b, sizeof(b)),
		count_text(f->system_pages_out, c, sizeof(c)));
	fprintf(to, "  stalls        %s some, %s all of its tasks\n",
		time_text(f->stall_some_us, a, sizeof(a)),
		time_text(f->stall_full_us, b, sizeof(b)));
	fprintf(to, "  limit hit     %s times\n", count_text(f->max_events, a, sizeof(a)));
	if (f->offload)
		fprintf(to, "  reclaim       %s in %s writes, %s in vain; CPU time %s\n",
			size_text(f->reclaim.reclaimed, a, sizeof(a)),
			count_text(f->reclaim.writes, b, sizeof(b)),
			count_text(f->reclaim.failures, c, sizeof(c)),
			time_text(f->offload_cpu_us, d, sizeof(d)));
	if (f->offload && reactions_count(&f->reclaim.reactions))
		fprintf(to, "  reaction      99 of 100 within %s\n",
			format_ns(reaction_us(f) * 1000, a, sizeof(a)));
	if (f->oom_kills && f->oom_kills != FIGURE_UNKNOWN)
		fprintf(to, "  out of memory %" PRIu64 " processes were killed\n", f->oom_kills);
	if (f->left_running)
		fprintf(to, "  processes that it left running were killed\n");
}

/** figures_lines - for programs: NAME=VALUE, times in seconds; empty: not known */
void figures_lines(FILE *to, const struct run_figures *f)
{
	fprintf(to, "status=%d\nsignal=%d\n", f->status, f->signal);
#define TIME(name, value)				\
	fputs(#name "_s=", to);				\
	if ((value) != FIGURE_UNKNOWN)			\
		print_seconds(to, value);		\
	fputc('\n', to);
	FOR_ALL_TIMES(TIME)
#undef TIME
#define COUNT(name, value)				\
	fputs(#name "=", to);				\
	if ((value) != FIGURE_UNKNOWN)			\
		fprintf(to, "%" PRIu64, value);		\
	fputc('\n', to);
	FOR_ALL_COUNTS(COUNT)
#undef COUNT
	fprintf(to, "offload=%d\nleft_running=%d\n", f->offload, f->left_running);
}

/** figures_csv_head - the first line of a table of a sweep */
void figures_csv_head(FILE *to)
{
	fputs("ratio,run,slowdown,status", to);
#define TIME(name, value) fputs("," #name "_s", to);
	FOR_ALL_TIMES(TIME)
#undef TIME
#define COUNT(name, value) fputs("," #name, to);
	FOR_ALL_COUNTS(COUNT)
#undef COUNT
	fputc('\n', to);
}

/** figures_csv - a line of that table; empty fields: not known. No slowdown: 0. */
void figures_csv(FILE *to, const struct run_figures *f, struct share ratio, unsigned int run,
		 double slowdown)
{
	fprintf(to, "%.2f,%u,", ratio.value * 100.0 / SHARE_WHOLE, run);
	if (slowdown > 0)
		fprintf(to, "%.4f", slowdown);
	fprintf(to, ",%d", f->status);
#define TIME(name, value)				\
	fputc(',', to);					\
	if ((value) != FIGURE_UNKNOWN)			\
		print_seconds(to, value);
	FOR_ALL_TIMES(TIME)
#undef TIME
#define COUNT(name, value)				\
	fputc(',', to);					\
	if ((value) != FIGURE_UNKNOWN)			\
		fprintf(to, "%" PRIu64, value);
	FOR_ALL_COUNTS(COUNT)
#undef COUNT
	fputc('\n', to);
}

/* In quotes, as gnuplot reads them: '' is one. */
static void print_quoted(FILE *to, const char *text)
{
	fputc('\'', to);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', to);
		fputc(*text, to);
	}
	fputc('\'', to);
}

/** figures_plot - what gnuplot is to be told to draw a table of a sweep */
void figures_plot(FILE *to, const char *csv, const char *svg)
{
	fputs("set terminal svg size 720,480 dynamic background rgb 'white'\n"
	      "set output ",
	      to);
	print_quoted(to, svg);
	fputs("\n"
	      "set datafile separator ','\n"
	      "set xlabel 'local memory, % of what the program would like to have'\n"
	      "set ylabel 'run time, relative to the first'\n"
	      "set xrange [*:*] reverse\n"
	      "set yrange [0:*]\n"
	      "set grid\n"
	      "set key off\n"
	      "plot ",
	      to);
	print_quoted(to, csv);
	fputs(" every ::1 using 1:3 smooth unique with lines linewidth 2, ", to);
	print_quoted(to, csv);
	fputs(" every ::1 using 1:3 with points pointtype 7\n", to);
}
