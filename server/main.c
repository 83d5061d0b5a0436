// SPDX-License-Identifier: GPL-2.0-only
/* fastswap-server: argv to configuration to a running server; the only place that exits. */
#include <errno.h>
#include <infiniband/verbs.h>
#include <inttypes.h>
#include <rdma/rdma_cma.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin.h"
#include "auth.h"
#include "bounds.h"
#include "config.h"
#include "fault.h"
#include "listener.h"
#include "load.h"
#include "log.h"
#include "notify.h"
#include "numanode.h"
#include "option.h"
#include "pool.h"
#include "stop.h"
#include "util.h"
#include "vobj.h"

static struct {
	int argc;
	char **argv;
	struct loaded loaded;		/* what the server runs with */
	struct listener listener;
} server;

static void say_changed(void *arg, const char *name)
{
	unsigned int *nr = arg;

	log_info("%s has changed", name);
	++*nr;
}

static void say_stays(void *arg, const char *name)
{
	unsigned int *nr = arg;

	log_warn("%s cannot change while the server runs: it stays as it was", name);
	++*nr;
}

/* The new keys, if they are of the file that they were of. */
static void change_keys(struct loaded *wanted)
{
	struct psk_list *old = server.loaded.keys;

	if (option_differs(&server.loaded.cfg, &wanted->cfg, OPT_PSK_FILE) || !old)
		return;
	server.loaded.keys = wanted->keys;
	server.listener.keys = wanted->keys;
	wanted->keys = old;
	auth_reloaded(&server.listener);
}

static void reload(void *arg)
{
	enum config_verdict verdict;
	struct loaded wanted;
	unsigned int nr = 0;
	char why[256];

	if (!server.loaded.cfg.file && !server.loaded.cfg.psk_file) {
		log_warn("there is nothing to reload without --config or --psk-file");
		return;
	}
	notify("RELOADING=1");
	verdict = load_config(&wanted, server.argc, server.argv);
	if (verdict == CONFIG_RUN &&
	    config_refit(&wanted.cfg, server.loaded.cfg.chunk_shift, why, sizeof(why))) {
		log_err("%s", why);
		verdict = CONFIG_ERROR;
	}
	if (verdict == CONFIG_RUN && quota_misfit(&wanted.cfg.quota, server.loaded.keys)) {
		log_err("psk-file cannot come or go while the server runs, and with it those that "
			"quotas are for");
		verdict = CONFIG_ERROR;
	}
	if (verdict == CONFIG_RUN) {
		log_info("reloading %s", server.loaded.cfg.file ? server.loaded.cfg.file :
								  server.loaded.cfg.psk_file);
		change_keys(&wanted);
		config_take_over(&server.loaded.cfg, &wanted.cfg, say_changed, say_stays, &nr);
		if (!nr && !server.loaded.keys)
			log_info("nothing has changed");
		log_set(server.loaded.cfg.log_level, server.loaded.cfg.log_format);
		bounds_reloaded(&server.listener);
		listener_resize(&server.listener,
				server.loaded.cfg.size >> server.loaded.cfg.chunk_shift);
	} else {
		log_err("not reloaded: the server goes on as it was%s",
			server.loaded.keys ? ", with the keys that it has" : "");
	}
	load_free(&wanted);
	notify("READY=1");
}

/* These wait until the main loop is there to take them, which is when they are unblocked. */
static void block_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(how, &set, NULL);
}

/* The node of the RDMA device that clients come by, or that all of them are on. */
static int node_of_devices(const struct listener *l)
{
	struct ibv_device **devices;
	int nodes[64], nr, i, node;

	if (l->id->verbs)
		return numanode_of_device("/sys", ibv_get_device_name(l->id->verbs->device));
	devices = ibv_get_device_list(&nr);
	if (!devices)
		return NUMANODE_OFF;
	for (i = 0; i < nr && i < (int)ARRAY_SIZE(nodes); i++)
		nodes[i] = numanode_of_device("/sys", ibv_get_device_name(devices[i]));
	node = numanode_common(nodes, i);
	ibv_free_device_list(devices);
	return node;
}

/* Decide which node the pool shall be on. Returns false if the one asked for is not there. */
static bool place_pool(struct config *placed, const struct config *cfg, const struct listener *l,
		       char *why, size_t why_size)
{
	*placed = *cfg;
	if (cfg->numa == NUMANODE_AUTO)
		placed->numa = node_of_devices(l);
	if (placed->numa < 0 || numanode_is_there(placed->numa))
		return true;
	placed->numa = NUMANODE_OFF;
	snprintf(why, why_size, "--numa: this machine has no node %d", cfg->numa);
	return !cfg->numa_strict;
}

static enum exit_status serve(const struct config *cfg)
{
	struct listener *const l = &server.listener;
	char why[256], size[32], chunk[32];
	enum exit_status status;
	struct admin *admin = NULL;
	const struct memory *memory;
	struct config placed;
	struct pool pool;
	int err;

	stop_watch();
	status = listener_open(l, cfg, why, sizeof(why));
	if (status)
		goto err_say;
	l->keys = server.loaded.keys;
	if (cfg->size != cfg->asked_size)
		log_warn("--size is rounded down to %s, a multiple of the chunk size %s",
			 config_size_text(size, sizeof(size), cfg->size),
			 config_size_text(chunk, sizeof(chunk), 1ull << cfg->chunk_shift));
	if (!place_pool(&placed, cfg, l, why, sizeof(why))) {
		listener_close(l);
		status = EXIT_NO_MEMORY;
		goto err_say;
	}
	err = pool_init(&pool, &placed, why, sizeof(why));
	if (err) {
		listener_close(l);
		if (err == ECANCELED) {
			log_info("stopped before the memory was prepared");
			return EXIT_RUN_OK;
		}
		status = EXIT_NO_MEMORY;
		goto err_say;
	}
	status = listener_start(l, &pool, why, sizeof(why));
	if (status) {
		pool_destroy(&pool);
		goto err_say;
	}
	if (cfg->admin) {
		admin = admin_start(l, why, sizeof(why));
		if (!admin) {
			listener_close(l);
			pool_destroy(&pool);
			status = EXIT_RUN_FAILED;
			goto err_say;
		}
	}
	memory = &STAILQ_FIRST(&pool.pieces)->memory;
	log_info("listening on %s, %u chunks of %s (%s, %s%s%s), generation %016" PRIx64,
		 l->name, pool_target(&pool),
		 config_size_text(chunk, sizeof(chunk), 1ull << cfg->chunk_shift),
		 config_size_text(size, sizeof(size), cfg->size), memory->kind,
		 *memory->where ? ", " : "", memory->where, l->generation);

	if (!l->keys)
		log_warn("everybody who reaches %s may have memory: there is no --psk-file",
			 l->name);

	l->reload = reload;
	notify("READY=1\nSTATUS=lending %s on %s", size, l->name);
	block_signals(SIG_UNBLOCK);
	/* From listener_start() on signals are for the main loop; this one came before. */
	if (!stop_wanted())
		status = listener_run(l);
	if (l->aborted)
		_exit(status);
	admin_stop(admin);
	listener_close(l);
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
	struct loaded *const loaded = &server.loaded;
	enum exit_status status;
	char why[256];

	/* A log that nobody reads any more is no reason to end: clients' data would go, too. */
	signal(SIGPIPE, SIG_IGN);
	block_signals(SIG_BLOCK);
	log_init(LOG_LEVEL_INFO);
	server.argc = argc;
	server.argv = argv;

	switch (load_config(loaded, argc, argv)) {
	case CONFIG_HELP:
		fputs(config_usage(), stdout);
		exit(fflush(stdout) ? EXIT_RUN_FAILED : EXIT_RUN_OK);
	case CONFIG_VERSION:
		printf("fastswap-server %s\n", FASTSWAP_VERSION);
		exit(fflush(stdout) ? EXIT_RUN_FAILED : EXIT_RUN_OK);
	case CONFIG_CHECK:
		load_free(loaded);
		puts("the configuration is right");
		exit(fflush(stdout) ? EXIT_RUN_FAILED : EXIT_RUN_OK);
	case CONFIG_READ_FILE:
	case CONFIG_ERROR:
		load_free(loaded);
		exit(EXIT_BAD_OPTION);
	case CONFIG_RUN:
		break;
	}
	log_set(loaded->cfg.log_level, loaded->cfg.log_format);
	if (faults_arm(getenv(FAULT_ENVIRONMENT), why, sizeof(why))) {
		log_err("%s", why);
		exit(EXIT_BAD_OPTION);
	}
	if (faults_armed)
		log_warn("faults are armed: %s", getenv(FAULT_ENVIRONMENT));
	status = serve(&loaded->cfg);
	load_free(loaded);
	exit(status);
}
