/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run has taken, and how it is told. Pure, but for the file that it is printed to. */
#ifndef FASTSWAP_RUN_FIGURES_H
#define FASTSWAP_RUN_FIGURES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "offload.h"

#define FIGURE_UNKNOWN	UINT64_MAX

/**
 * struct run_figures - of one run; FIGURE_UNKNOWN where the kernel does not tell
 * @status: exit status, or 128 + signal
 * @signal: that ended it; 0: none
 * @wall_us: from start to end
 * @user_us: CPU time of all its processes
 * @system_us: the same, in the kernel
 * @limit: bytes of local memory; UINT64_MAX: none
 * @peak_local: the most memory that it had
 * @peak_far: the most that was swapped out
 * @faults: page faults
 * @major_faults: of these, with I/O
 * @pages_in: its anonymous pages that came back from swap
 * @system_pages_in: the same for the whole machine, in that time
 * @system_pages_out: pages that the machine has swapped out in that time
 * @stall_some_us: time that one of its tasks waited for memory
 * @stall_full_us: time that all of them did
 * @max_events: times that it was at the limit
 * @oom_kills: processes of it that were killed for lack of memory
 * @left_running: there were processes left at its end, which were killed
 * @offload: reclaim was done for it
 * @offload_cpu_us: CPU time of those who did
 * @reclaim: what they did
 */
struct run_figures {
	int status, signal;
	uint64_t wall_us, user_us, system_us;
	uint64_t limit, peak_local, peak_far;
	uint64_t faults, major_faults;
	uint64_t pages_in, system_pages_in, system_pages_out;
	uint64_t stall_some_us, stall_full_us;
	uint64_t max_events, oom_kills;
	bool left_running;
	bool offload;
	uint64_t offload_cpu_us;
	struct offload_figures reclaim;
};

void figures_print(FILE *to, const struct run_figures *f);
void figures_lines(FILE *to, const struct run_figures *f);
void figures_csv_head(FILE *to);
void figures_csv(FILE *to, const struct run_figures *f, struct share ratio, unsigned int run,
		 double slowdown);
void figures_plot(FILE *to, const char *csv, const char *svg);

#endif /* FASTSWAP_RUN_FIGURES_H */
