/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line as a structure. Pure: reads its arguments, nothing else. */
#ifndef FASTSWAP_RUN_CONFIG_H
#define FASTSWAP_RUN_CONFIG_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amounts.h"

#define MAX_RATIOS	32

/**
 * struct run_config - what was asked for
 * @local: memory that the command may have; a part is one of @ideal
 * @unlimited: as much as there is; @local says nothing then
 * @ideal: bytes that the command would like to have; 0: not known
 * @far_limit: bytes that may be swapped out; UINT64_MAX: all that fits
 * @cpus: for the command; none: those that we have
 * @reclaim_cpus: for reclaim; none: see fastswap-run.8
 * @offload: reclaim for the command
 * @headroom_min: see struct offload_options
 * @headroom_max: see there
 * @report: file for the report; NULL: standard error
 * @quiet: no report on standard error
 * @parent: group that ours is to be made in; NULL: see fastswap-run.8
 * @ratios: of a sweep, the largest first
 * @nr_ratios: 0: no sweep
 * @repeat: runs for each ratio
 * @output: of a sweep: the names of its files, without suffix
 * @command: with its arguments, NULL at the end
 */
struct run_config {
	struct share local;
	bool unlimited;
	uint64_t ideal;
	uint64_t far_limit;
	cpu_set_t cpus, reclaim_cpus;
	bool offload;
	struct share headroom_min, headroom_max;
	const char *report;
	bool quiet;
	const char *parent;
	struct share ratios[MAX_RATIOS];
	unsigned int nr_ratios;
	unsigned int repeat;
	const char *output;
	char **command;
};

enum run_verdict {
	RUN_GO,
	RUN_HELP,
	RUN_VERSION,
	RUN_ERROR,
};

/**
 * run_config_parse - turn a command line into a configuration
 * @cfg: filled in; strings in it point into @argv
 * @argc: as for main()
 * @argv: as for main()
 * @why: on RUN_ERROR one line that says what is wrong
 * @why_size: bytes of @why
 */
enum run_verdict run_config_parse(struct run_config *cfg, int argc, char **argv, char *why,
				  size_t why_size);

/** run_config_usage - the text of --help */
const char *run_config_usage(void);

#endif /* FASTSWAP_RUN_CONFIG_H */
