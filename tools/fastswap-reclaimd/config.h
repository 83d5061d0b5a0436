/* SPDX-License-Identifier: GPL-2.0-only */
/* Command line and configuration file as a structure. Pure: reads its arguments, nothing else. */
#ifndef FASTSWAP_RECLAIMD_CONFIG_H
#define FASTSWAP_RECLAIMD_CONFIG_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "log.h"
#include "offload.h"

#define MAX_RULES	64

/**
 * struct rule - what is to be done with the groups that a pattern means
 * @pattern: owned
 * @options: for each of them
 */
struct rule {
	char *pattern;
	struct offload_options options;
};

/**
 * struct reclaimd_config - what was asked for
 * @file: --config; NULL: none
 * @check_only: --check-config
 * @status: --status
 * @socket: path of our socket
 * @metrics: address of the metrics; NULL: at the socket only
 * @cpus: for the threads; none: one thread anywhere
 * @nice: of the threads
 * @log_level: what is logged
 * @defaults: options of rules that are still to come
 * @rules: the first that matches counts
 * @nr_rules: how many
 */
struct reclaimd_config {
	char *file;
	bool check_only, status;
	char *socket;
	char *metrics;
	cpu_set_t cpus;
	int nice;
	enum log_level log_level;
	struct offload_options defaults;
	struct rule rules[MAX_RULES];
	unsigned int nr_rules;
};

enum config_verdict {
	CONFIG_GO,
	CONFIG_HELP,
	CONFIG_VERSION,
	CONFIG_ERROR,
};

#define DEFAULT_SOCKET	"/run/fastswap-reclaimd.sock"

void config_init(struct reclaimd_config *cfg);
void config_free(struct reclaimd_config *cfg);

/**
 * config_find_file - which file the command line names, if any
 *
 * Return: it, in @argv, or NULL.
 */
const char *config_find_file(int argc, char **argv);

/**
 * config_read - take the lines of a configuration file: NAME = VALUE, as the options
 * @cfg: initialised
 * @text: what the file holds; changed
 * @why: on an error one line that says what is wrong
 * @why_size: bytes of @why
 */
bool config_read(struct reclaimd_config *cfg, char *text, char *why, size_t why_size);

/**
 * config_parse - take the options of a command line, after those of the file
 * @cfg: initialised
 * @argc: as for main()
 * @argv: as for main()
 * @why: on CONFIG_ERROR one line that says what is wrong
 * @why_size: bytes of @why
 */
enum config_verdict config_parse(struct reclaimd_config *cfg, int argc, char **argv, char *why,
				 size_t why_size);

/** config_print - the configuration as a file that config_read() takes */
void config_print(FILE *to, const struct reclaimd_config *cfg);

/** config_usage - the text of --help */
const char *config_usage(void);

#endif /* FASTSWAP_RECLAIMD_CONFIG_H */
