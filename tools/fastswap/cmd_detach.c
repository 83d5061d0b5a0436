// SPDX-License-Identifier: GPL-2.0-only
/* fastswap detach: bring the pages back, then remove the device. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "control.h"
#include "holders.h"
#include "swap.h"
#include "sysfs.h"
#include "text.h"
#include "units.h"

#define BUSY_TIMEOUT_MS	2000	/* for udev to let go of a device */
#define MAX_TIMEOUT_S	(7 * 24 * 3600)

static const char help[] =
	"Usage: fastswap detach DEVICE... | --all [OPTION...]\n"
	"\n"
	"Stop swapping to a device, which brings everything on it back to local memory\n"
	"or to other swap, and remove it. DEVICE is /dev/fastswap0, fastswap0 or 0.\n"
	"\n"
	"  --all                every fastswap device\n"
	"  --timeout SECONDS    give up when a device is not empty by then, more than 0 and\n"
	"                       at most a week; without it detach goes on as long as pages\n"
	"                       keep coming back\n"
	"\n"
	"A device that cannot be emptied, or that somebody has open, stays as it is.\n";

enum {
	OPT_HELP = UCHAR_MAX + 1,
	OPT_ALL,
	OPT_TIMEOUT,
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ }
};

static bool remove_device(const struct device *dev)
{
	char holder[HOLDER_MAX];
	int err = control_detach(dev->index);

	if (err == -EBUSY && find_lasting_holder(dev, holder)) {
		complain("%s is in use: %s", dev->path, holder);
		return false;
	}
	if (err == -EBUSY)
		err = control_detach_retry(dev->index, BUSY_TIMEOUT_MS);

	switch (err) {
	case 0:
		return true;
	case -ENODEV:
		/* Somebody else was quicker: it is gone, as was asked for. */
		return true;
	case -EBUSY:
		if (find_lasting_holder(dev, holder) || find_opener(dev, holder))
			complain("%s is in use: %s", dev->path, holder);
		else
			complain("%s is in use by something that no process of this system shows",
				 dev->path);
		return false;
	default:
		complain("cannot remove %s: %s", dev->path, strerror(-err));
		return false;
	}
}

static uint64_t failed_reads(const struct device *dev)
{
	char stats[SYSFS_MAX];

	read_attr(dev, "fastswap/stats", stats, sizeof(stats));
	return counter_get(stats, "demand_errors") + counter_get(stats, "prefetch_errors") +
	       counter_get(stats, "lost_reads");
}

static bool detach(const struct device *dev, unsigned int timeout_ms)
{
	uint64_t before = failed_reads(dev), after;

	if (!swap_off(dev, timeout_ms))
		return false;
	/* The kernel takes them off the device all the same, and marks the pages as lost. */
	after = failed_reads(dev);
	/* It is less if somebody else has removed the device meanwhile. */
	if (after > before)
		tell("%s: %" PRIu64 " reads failed; programs that need those pages get SIGBUS",
		     dev->name, after - before);
	return remove_device(dev);
}

/* Go on after a failure: the others can be detached nevertheless. */
static int detach_each(const struct device *devs, int nr, unsigned int timeout_ms)
{
	int status = EXIT_OK, i;

	for (i = 0; i < nr; i++) {
		if (interrupted()) {
			complain("interrupted");
			return EXIT_FAILED;
		}
		if (!detach(&devs[i], timeout_ms))
			status = EXIT_FAILED;
	}
	return status;
}

static int detach_all(unsigned int timeout_ms)
{
	struct device *devs;
	int nr = device_list(&devs), status;

	if (nr < 0) {
		complain("cannot list devices: %s", strerror(-nr));
		return EXIT_FAILED;
	}
	status = detach_each(devs, nr, timeout_ms);
	free(devs);
	return status;
}

/* All names are looked up before anything is done to the first. */
static int detach_named(char **names, int nr, unsigned int timeout_ms)
{
	struct device *devs = calloc(nr, sizeof(*devs));
	int status = EXIT_OK, i;

	if (!devs) {
		complain("out of memory");
		return EXIT_FAILED;
	}
	for (i = 0; i < nr; i++)
		if (!device_find(names[i], &devs[i]))
			status = EXIT_FAILED;
	if (status == EXIT_OK)
		status = detach_each(devs, nr, timeout_ms);
	free(devs);
	return status;
}

static int run_detach(int argc, char **argv)
{
	unsigned int timeout_ms = 0;
	bool all = false;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (c) {
		case 'h':
		case OPT_HELP:
			fputs(help, stdout);
			return EXIT_OK;
		case OPT_ALL:
			all = true;
			break;
		case OPT_TIMEOUT:
			if (!parse_seconds(optarg, MAX_TIMEOUT_S, &timeout_ms))
				return usage_error(&cmd_detach,
						   "--timeout: '%s' is not a number of seconds "
						   "above 0, up to %u",
						   optarg, MAX_TIMEOUT_S);
			break;
		default:
			return bad_option(&cmd_detach, c, argv, long_options);
		}
	}
	if (all && optind < argc)
		return usage_error(&cmd_detach, "either --all or names of devices");
	if (!all && optind == argc)
		return usage_error(&cmd_detach, "detach needs a device");
	if (!is_root(&cmd_detach))
		return EXIT_FAILED;

	catch_interrupts();
	if (all)
		return detach_all(timeout_ms);
	return detach_named(argv + optind, argc - optind, timeout_ms);
}

const struct command cmd_detach = {
	.name = "detach",
	.summary = "stop swapping to a device, and remove it",
	.run = run_detach,
};
