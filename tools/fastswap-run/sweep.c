// SPDX-License-Identifier: GPL-2.0-only
#include "sweep.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figures.h"
#include "supervise.h"
#include "units.h"

struct point {
	struct share ratio;
	unsigned int run;
	struct run_figures figures;
};

struct curve {
	char csv[PATH_MAX], svg[PATH_MAX];
	struct point *points;
	unsigned int nr;
};

/* Mean of the runs with the largest ratio, which went well or there would be no others. */
static double base_us(const struct curve *c)
{
	unsigned int i;
	double sum = 0;

	for (i = 0; i < c->nr && c->points[i].ratio.value == c->points[0].ratio.value; i++)
		sum += c->points[i].figures.wall_us;
	return sum / i;
}

/* All of it after each run: nothing is lost if the next never ends. */
static bool write_csv(const struct curve *c)
{
	char fresh[PATH_MAX + 8];
	double base = base_us(c);
	unsigned int i;
	FILE *file;
	bool ok;

	snprintf(fresh, sizeof(fresh), "%s.part", c->csv);
	file = fopen(fresh, "we");
	if (!file) {
		complain("cannot write %s: %s", fresh, strerror(errno));
		return false;
	}
	figures_csv_head(file);
	for (i = 0; i < c->nr; i++) {
		const struct point *p = &c->points[i];

		figures_csv(file, &p->figures, p->ratio, p->run,
			    p->figures.status ? 0 : p->figures.wall_us / base);
	}
	ok = !ferror(file);
	if (fclose(file) || !ok || rename(fresh, c->csv)) {
		complain("cannot write %s: %s", c->csv, strerror(errno));
		unlink(fresh);
		return false;
	}
	return true;
}

static void plot(const struct curve *c)
{
	FILE *gnuplot;
	int status;

	/* Its own complaints are of no use to anybody when it is not there. */
	if (system("command -v gnuplot >/dev/null 2>&1")) {
		complain("no gnuplot: there is no plot");
		return;
	}
	gnuplot = popen("gnuplot", "we");
	if (!gnuplot) {
		complain("cannot start gnuplot: %s", strerror(errno));
		return;
	}
	figures_plot(gnuplot, c->csv, c->svg);
	status = pclose(gnuplot);
	if (status)
		complain("gnuplot has failed: %s is no good", c->svg);
	else
		fprintf(stderr, "fastswap-run: wrote %s\n", c->svg);
}

/* One ratio, as often as was asked for. Return: an exit status; negative to stop here. */
static int run_ratio(struct run_config *cfg, const struct parent *parent, struct curve *c,
		     struct share ratio)
{
	bool is_base = ratio.value == cfg->ratios[0].value, interrupted = false;
	uint64_t limit = cfg->ideal ? share_of(ratio, cfg->ideal) : UINT64_MAX;
	char text[24], size[16];
	int first = 0;
	unsigned int i;

	if (!limit) {
		complain("%s of %s is less than a page", share_text(ratio, text, sizeof(text)),
			 format_size(cfg->ideal, size, sizeof(size)));
		return -EXIT_TROUBLE;
	}
	for (i = 0; i < cfg->repeat; i++) {
		struct point *p = &c->points[c->nr];
		int status;

		p->ratio = ratio;
		p->run = i + 1;
		fprintf(stderr, "fastswap-run: %s local, %s%s\n",
			share_text(ratio, text, sizeof(text)),
			limit == UINT64_MAX ? "without a limit, to see what it takes" :
					      format_size(limit, size, sizeof(size)),
			i ? ", again" : "");
		status = supervise(cfg, parent, limit, &p->figures, &interrupted);
		if (!p->figures.wall_us)
			return -status;
		if (!cfg->quiet)
			figures_print(stderr, &p->figures);
		if (is_base && status) {
			complain("the command fails with all the memory that it wants");
			return -status;
		}
		c->nr++;
		if (!write_csv(c))
			return -EXIT_TROUBLE;
		if (!first)
			first = status;
		if (interrupted)
			return -(status ? status : EXIT_TROUBLE);
	}
	return first;
}

/* What the base runs have taken at most. */
static uint64_t peak_of(const struct curve *c)
{
	uint64_t peak = 0;
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		if (c->points[i].figures.peak_local != FIGURE_UNKNOWN &&
		    c->points[i].figures.peak_local > peak)
			peak = c->points[i].figures.peak_local;
	return peak;
}

int sweep(struct run_config *cfg, const struct parent *parent)
{
	struct curve c = { .nr = 0 };
	char text[16];
	int first = 0;
	unsigned int i;

	if (snprintf(c.csv, sizeof(c.csv), "%s.csv", cfg->output) >= (int)sizeof(c.csv)) {
		complain("--output is too long");
		return EXIT_TROUBLE;
	}
	snprintf(c.svg, sizeof(c.svg), "%.*s.svg", (int)strlen(cfg->output), cfg->output);
	c.points = calloc((size_t)cfg->nr_ratios * cfg->repeat, sizeof(*c.points));
	if (!c.points) {
		complain("no memory");
		return EXIT_TROUBLE;
	}
	for (i = 0; i < cfg->nr_ratios; i++) {
		int status = run_ratio(cfg, parent, &c, cfg->ratios[i]);

		if (status < 0) {
			first = -status;
			break;
		}
		if (!first)
			first = status;
		if (!cfg->ideal) {
			cfg->ideal = peak_of(&c);
			fprintf(stderr, "fastswap-run: it takes %s\n",
				format_size(cfg->ideal, text, sizeof(text)));
			if (!cfg->ideal) {
				complain("cannot tell how much memory it takes: use --ideal");
				first = EXIT_TROUBLE;
				break;
			}
		}
	}
	if (c.nr) {
		fprintf(stderr, "fastswap-run: wrote %s\n", c.csv);
		plot(&c);
	}
	free(c.points);
	return first;
}
