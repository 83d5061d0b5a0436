// SPDX-License-Identifier: GPL-2.0-only
/* fastswap-server: argv to configuration to a running server; the only place that exits. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "fault.h"
#include "listener.h"
#include "load.h"
#include "log.h"
#include "pool.h"
#include "stop.h"
#include "vobj.h"

static enum exit_status serve(const struct config *cfg)
{
	char why[256], size[32], chunk[32];
	struct listener listener;
	enum exit_status status;
	struct pool pool;
	int err;

	stop_watch();
	status = listener_open(&listener, cfg, why, sizeof(why));
	if (status)
		goto err_say;
	if (cfg->size != cfg->asked_size)
		log_warn("--size is rounded down to %s, a multiple of the chunk size %s",
			 config_size_text(size, sizeof(size), cfg->size),
			 config_size_text(chunk, sizeof(chunk), 1ull << cfg->chunk_shift));
	err = pool_init(&pool, cfg, why, sizeof(why));
	if (err) {
		listener_close(&listener);
		if (err == ECANCELED) {
			log_info("stopped before the memory was prepared");
			return EXIT_RUN_OK;
		}
		status = EXIT_NO_MEMORY;
		goto err_say;
	}
	status = listener_start(&listener, &pool, why, sizeof(why));
	if (status) {
		pool_destroy(&pool);
		goto err_say;
	}
	log_info("listening on %s, %u chunks of %s (%s, %s), generation %016" PRIx64,
		 listener.name, pool.nr_regions,
		 config_size_text(chunk, sizeof(chunk), 1ull << cfg->chunk_shift),
		 config_size_text(size, sizeof(size), cfg->size), pool.memory.kind,
		 listener.generation);

	/* From listener_start() on signals are for the main loop; this one came before. */
	if (!stop_wanted())
		status = listener_run(&listener);
	if (listener.aborted)
		_exit(status);
	listener_close(&listener);
	pool_destroy(&pool);
	if (vobj_report() && !status)
		status = EXIT_RUN_FAILED;
	log_info("stopped");
	return status;

err_say:
	log_err("%s", why);
	return status;
}

int main(int argc, char **argv)
{
	static struct loaded loaded;
	enum exit_status status;
	char why[256];

	/* A log that nobody reads any more is no reason to end: clients' data would go, too. */
	signal(SIGPIPE, SIG_IGN);
	log_init(LOG_LEVEL_INFO);

	switch (load_config(&loaded, argc, argv)) {
	case CONFIG_HELP:
		fputs(config_usage(), stdout);
		exit(fflush(stdout) ? EXIT_RUN_FAILED : EXIT_RUN_OK);
	case CONFIG_VERSION:
		printf("fastswap-server %s\n", FASTSWAP_VERSION);
		exit(fflush(stdout) ? EXIT_RUN_FAILED : EXIT_RUN_OK);
	case CONFIG_CHECK:
		load_free(&loaded);
		puts("the configuration is right");
		exit(fflush(stdout) ? EXIT_RUN_FAILED : EXIT_RUN_OK);
	case CONFIG_READ_FILE:
	case CONFIG_ERROR:
		load_free(&loaded);
		exit(EXIT_BAD_OPTION);
	case CONFIG_RUN:
		break;
	}
	log_init(loaded.cfg.log_level);
	if (faults_arm(getenv(FAULT_ENVIRONMENT), why, sizeof(why))) {
		log_err("%s", why);
		exit(EXIT_BAD_OPTION);
	}
	if (faults_armed)
		log_warn("faults are armed: %s", getenv(FAULT_ENVIRONMENT));
	status = serve(&loaded.cfg);
	load_free(&loaded);
	exit(status);
}
