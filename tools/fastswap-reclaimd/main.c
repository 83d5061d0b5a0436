// SPDX-License-Identifier: GPL-2.0-only
/* fastswap-reclaimd: keeps cgroups a little below their limits. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "group.h"
#include "groups.h"
#include "http.h"

/* Exit codes; fastswap-reclaimd.8 promises them. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNSUPPORTED = 3,
};

#define MAX_FILE	65536

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	event_base_loopbreak(arg);
}

/* Wait for events until we are told to end. */
static int run(const struct reclaimd_config *cfg, struct event_base *base)
{
	struct event *ends[2];
	struct groups groups;
	struct http http;
	char why[512];
	int status = EXIT_FAILED;

	ends[0] = evsignal_new(base, SIGTERM, on_signal, base);
	ends[1] = evsignal_new(base, SIGINT, on_signal, base);
	if (!ends[0] || !ends[1] || event_add(ends[0], NULL) || event_add(ends[1], NULL)) {
		log_err("no memory");
		return EXIT_FAILED;
	}
	if (!groups_start(&groups, cfg, base, why, sizeof(why))) {
		log_err("%s", why);
		status = groups.fatal ? EXIT_UNSUPPORTED : EXIT_FAILED;
		goto out_ends;
	}
	if (!http_start(&http, base, &groups, cfg->socket, cfg->metrics, why, sizeof(why))) {
		log_err("%s", why);
		goto out_http;
	}
	log_info("ready, %u groups are there", groups.nr);
	if (!groups.fatal)
		event_base_dispatch(base);
	status = groups.fatal ? EXIT_UNSUPPORTED : EXIT_OK;
	log_info("stopped");
out_http:
	http_stop(&http);
	groups_stop(&groups);
out_ends:
	event_free(ends[0]);
	event_free(ends[1]);
	return status;
}

/* Each group takes some ten files, and the usual limit is there for those who use select(). */
static void allow_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static int serve(const struct reclaimd_config *cfg)
{
	struct event_base *base = event_base_new();
	int status;

	if (!base) {
		log_err("no memory");
		return EXIT_FAILED;
	}
	allow_files();
	/* Whoever reclaims must not wait for memory itself. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		log_warn("cannot lock our own memory: %s", strerror(errno));
	status = run(cfg, base);
	event_base_free(base);
	return status;
}

static bool read_file(struct reclaimd_config *cfg, const char *file, char *why, size_t why_size)
{
	char *text = malloc(MAX_FILE), line[256];
	int n = text ? group_read(AT_FDCWD, file, text, MAX_FILE) : -ENOMEM;
	bool ok = false;

	if (n < 0)
		snprintf(why, why_size, "cannot read %s: %s", file, strerror(-n));
	else if (n == MAX_FILE - 1)
		snprintf(why, why_size, "%s is too long", file);
	else if (!config_read(cfg, text, line, sizeof(line)))
		snprintf(why, why_size, "%s: %s", file, line);
	else
		ok = true;
	free(text);
	return ok;
}

static int ask(const struct reclaimd_config *cfg)
{
	int err = http_ask(cfg->socket);

	if (!err)
		return EXIT_OK;
	if (err == -ENOENT || err == -ECONNREFUSED)
		log_err("no fastswap-reclaimd listens at %s", cfg->socket);
	else
		log_err("no answer at %s: %s", cfg->socket, strerror(-err));
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	const char *file = config_find_file(argc, argv);
	struct reclaimd_config cfg;
	char why[512];
	int status;

	signal(SIGPIPE, SIG_IGN);
	config_init(&cfg);
	if (file && !read_file(&cfg, file, why, sizeof(why))) {
		log_err("%s", why);
		config_free(&cfg);
		return EXIT_USAGE;
	}
	switch (config_parse(&cfg, argc, argv, why, sizeof(why))) {
	case CONFIG_HELP:
		fputs(config_usage(), stdout);
		status = fflush(stdout) ? EXIT_FAILED : EXIT_OK;
		break;
	case CONFIG_VERSION:
		puts("fastswap-reclaimd " FASTSWAP_VERSION);
		status = fflush(stdout) ? EXIT_FAILED : EXIT_OK;
		break;
	case CONFIG_ERROR:
		log_err("%s (--help shows the options)", why);
		status = EXIT_USAGE;
		break;
	default:
		log_init(cfg.log_level);
		if (cfg.check_only) {
			config_print(stdout, &cfg);
			status = fflush(stdout) ? EXIT_FAILED : EXIT_OK;
		} else {
			status = cfg.status ? ask(&cfg) : serve(&cfg);
		}
	}
	config_free(&cfg);
	return status;
}
