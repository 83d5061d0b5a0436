/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration from the command line and the files that it names; errors go to the log. */
#ifndef FASTSWAP_SERVER_LOAD_H
#define FASTSWAP_SERVER_LOAD_H

#include "config.h"

struct psk_list;

struct loaded {
	struct config cfg;
	struct psk_list *keys;	/* of --psk-file; NULL: not given */
	char *text;		/* what strings in @cfg point into; NULL: no file was read */
};

/**
 * load_config - get the configuration
 * @loaded: filled in; to be released with load_free() whatever is returned
 * @argc: as for main()
 * @argv: as for main()
 *
 * Return: as config_parse(), but never CONFIG_READ_FILE. CONFIG_ERROR has been logged.
 */
enum config_verdict load_config(struct loaded *loaded, int argc, char **argv);

/** load_free - release what a configuration points into */
void load_free(struct loaded *loaded);

#endif /* FASTSWAP_SERVER_LOAD_H */
