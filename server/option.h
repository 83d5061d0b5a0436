/* SPDX-License-Identifier: GPL-2.0-only */
/* The options by name, and their values as words. Pure: reads its arguments, nothing else. */
#ifndef FASTSWAP_SERVER_OPTION_H
#define FASTSWAP_SERVER_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

enum option_kind {
	OPTION_NUMBER,
	OPTION_SIZE,
	OPTION_CHOICE,
	OPTION_TEXT,
	OPTION_ALLOW,
	OPTION_QUOTA,
	OPTION_ADMIN,
	OPTION_NUMA,
	OPTION_RATIO,		/* in percent, from 1 to 100 times */
	OPTION_FLAG,		/* takes no value; on the command line only */
};

/* What options can be asked for by the rest of the program. */
enum option_id {
	OPT_SIZE,
	OPT_PORT,
	OPT_ADDRESS,
	OPT_CHUNK_SIZE,
	OPT_THREADS,
	OPT_HUGEPAGES,
	OPT_NUMA,
	OPT_MAX_SESSIONS,
	OPT_MAX_SETS,
	OPT_KEEPALIVE,
	OPT_LEASE,
	OPT_LOG_LEVEL,
	OPT_LOG_FORMAT,
	OPT_ALLOW,
	OPT_CONNECT_RATE,
	OPT_MAX_PER_ADDRESS,
	OPT_QUOTA,
	OPT_OVERCOMMIT,
	OPT_PSK_FILE,
	OPT_ADMIN,
	OPT_CONFIG,
	OPT_CHECK_CONFIG,
	OPT_HELP,
	OPT_VERSION,
	OPT_NR,
};

struct option_def {
	const char *name;
	enum option_kind kind;
	bool file;			/* may stand in a configuration file */
	bool list;			/* may be given several times */
	bool reload;			/* may change while the server runs */
	size_t offset;			/* of what it sets in struct config */
	unsigned int min, max, scale;	/* of a number */
	const char *const *choices;	/* NULL after the last one */
	const char *hint;		/* an example, or the choices in words */
};

extern const struct option_def option_defs[OPT_NR];

/** option_find - an option by its name without dashes; OPT_NR: there is none */
enum option_id option_find(const char *name);

/**
 * option_set - give an option a value
 * @cfg: gets it
 * @id: not one that takes no value
 * @value: in words; must live as long as @cfg if it is a text
 * @why: on an error what is wrong, to stand right behind the name of the option
 * @why_size: bytes of @why
 *
 * Return: 0 or -1.
 */
int option_set(struct config *cfg, enum option_id id, const char *value, char *why,
	       size_t why_size);

/** option_differs - is the value of an option another one in two configurations? */
bool option_differs(const struct config *a, const struct config *b, enum option_id id);

/** option_copy - take the value of an option over; not that of a text */
void option_copy(struct config *to, const struct config *from, enum option_id id);

#endif /* FASTSWAP_SERVER_OPTION_H */
