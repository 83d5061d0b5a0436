// SPDX-License-Identifier: GPL-2.0-only
/* fastswap-run: run a program with a part of its memory local and the rest swapped out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "figures.h"
#include "parent.h"
#include "supervise.h"
#include "sweep.h"

static int run_once(const struct run_config *cfg, struct parent *parent)
{
	uint64_t limit = cfg->unlimited ? UINT64_MAX : share_of(cfg->local, cfg->ideal);
	struct run_figures figures;
	bool interrupted = false;
	FILE *report = NULL;
	int status;

	if (!limit) {
		complain("--local is less than a page");
		return EXIT_TROUBLE;
	}
	/* A report that cannot be written is better known before. */
	if (cfg->report) {
		report = fopen(cfg->report, "we");
		if (!report) {
			complain("cannot write %s: %s", cfg->report, strerror(errno));
			return EXIT_TROUBLE;
		}
	}
	status = supervise(cfg, parent, limit, &figures, &interrupted);
	/* Before a reader of the report that has gone away ends us. */
	parent_close(parent);
	if (figures.wall_us && report)
		figures_lines(report, &figures);
	else if (figures.wall_us && !cfg->quiet)
		figures_print(stderr, &figures);
	if (report && (ferror(report) | fclose(report))) {
		complain("cannot write %s: %s", cfg->report, strerror(errno));
		status = status ? status : EXIT_TROUBLE;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct parent parent;
	struct run_config cfg;
	char why[PATH_MAX + 256];
	int status;

	switch (run_config_parse(&cfg, argc, argv, why, sizeof(why))) {
	case RUN_HELP:
		fputs(run_config_usage(), stdout);
		return fflush(stdout) ? EXIT_TROUBLE : 0;
	case RUN_VERSION:
		puts("fastswap-run " FASTSWAP_VERSION);
		return fflush(stdout) ? EXIT_TROUBLE : 0;
	case RUN_ERROR:
		complain("%s (--help shows the options)", why);
		return EXIT_TROUBLE;
	case RUN_GO:
		break;
	}
	if (!parent_open(&parent, cfg.parent, why, sizeof(why))) {
		complain("%s", why);
		return EXIT_TROUBLE;
	}
	status = cfg.nr_ratios ? sweep(&cfg, &parent) : run_once(&cfg, &parent);
	parent_close(&parent);
	return status;
}
