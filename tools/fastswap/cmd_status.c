// SPDX-License-Identifier: GPL-2.0-only
/* fastswap status: what there is and how it is doing. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "info.h"
#include "units.h"

#define WATCH_DEFAULT_MS	2000
#define WATCH_MAX_S		3600

static const char help[] =
	"Usage: fastswap status [OPTION...] [DEVICE...]\n"
	"\n"
	"Show all devices, or those named. DEVICE is /dev/fastswap0, fastswap0 or 0.\n"
	"\n"
	"  --json               everything there is, for programs\n"
	"  --watch [SECONDS]    again and again, every 2 seconds unless given\n"
	"\n"
	"  USED             far memory that holds data\n"
	"  LOST             data that the other side can no longer give back\n"
	"  SWAP             swapping to it, and the priority\n"
	"  DEMAND PREFETCH  pages read because a program needed them, or soon might\n"
	"  OUT              pages written\n"
	"  ERRORS           reads and writes that failed\n"
	"  P50 P99          half, 99 % of the DEMAND pages came faster than that\n"
	"  HOOKS            of a patched kernel that are in use\n";

enum {
	OPT_HELP = UCHAR_MAX + 1,
	OPT_JSON,
	OPT_WATCH,
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "watch", optional_argument, NULL, OPT_WATCH },
	{ }
};

struct status_options {
	bool json;
	unsigned int watch_ms;
};

static bool show(const struct device *devs, int nr, const struct status_options *opts)
{
	struct info *infos = calloc(nr ? nr : 1, sizeof(*infos));
	int i, nr_infos = 0;
	bool ok;

	/* One that went away since it was listed is just not there. */
	for (i = 0; infos && i < nr; i++)
		nr_infos += info_read(&devs[i], &infos[nr_infos]);
	ok = infos && (opts->json ? print_json(infos, nr_infos, !opts->watch_ms) :
				    print_text(infos, nr_infos));
	free(infos);
	if (!ok)
		complain("out of memory");
	return ok;
}

static bool show_all(const struct status_options *opts)
{
	struct device *devs;
	int nr = device_list(&devs);
	bool ok;

	if (nr < 0) {
		complain("cannot list devices: %s", strerror(-nr));
		return false;
	}
	ok = show(devs, nr, opts);
	free(devs);
	return ok;
}

static bool show_named(char **names, int nr, const struct status_options *opts)
{
	struct device *devs = calloc(nr, sizeof(*devs));
	bool ok = devs;
	int i;

	if (!devs)
		complain("out of memory");
	for (i = 0; ok && i < nr; i++)
		ok = device_find(names[i], &devs[i]);
	if (ok)
		ok = show(devs, nr, opts);
	free(devs);
	return ok;
}

static int status(char **names, int nr, const struct status_options *opts)
{
	bool clear = opts->watch_ms && !opts->json && isatty(STDOUT_FILENO);

	for (;;) {
		if (clear)
			fputs("\033[H\033[2J", stdout);
		if (!(nr ? show_named(names, nr, opts) : show_all(opts)))
			return EXIT_FAILED;
		/* Each round when it is due; main() says what went wrong. */
		if (!opts->watch_ms || fflush(stdout) || interrupted())
			return EXIT_OK;
		sleep_ms(opts->watch_ms);
		if (interrupted())
			return EXIT_OK;
		if (!clear && !opts->json)
			putchar('\n');
	}
}

static int run_status(int argc, char **argv)
{
	struct status_options opts = { 0 };
	const char *interval;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (c) {
		case 'h':
		case OPT_HELP:
			fputs(help, stdout);
			return EXIT_OK;
		case OPT_JSON:
			opts.json = true;
			break;
		case OPT_WATCH:
			/* "--watch 5" reads naturally; getopt knows only "--watch=5". */
			interval = optarg;
			if (!interval && optind < argc && argv[optind][0] >= '0' &&
			    argv[optind][0] <= '9')
				interval = argv[optind++];
			opts.watch_ms = WATCH_DEFAULT_MS;
			if (interval && !parse_seconds(interval, WATCH_MAX_S, &opts.watch_ms))
				return usage_error(&cmd_status,
						   "--watch: '%s' is not up to %u seconds",
						   interval, WATCH_MAX_S);
			break;
		default:
			return bad_option(&cmd_status, c, argv, long_options);
		}
	}

	if (opts.watch_ms)
		catch_interrupts();
	return status(argv + optind, argc - optind, &opts);
}

const struct command cmd_status = {
	.name = "status",
	.summary = "show devices, swap, traffic and latency",
	.run = run_status,
};
