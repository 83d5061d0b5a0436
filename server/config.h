/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line and the configuration file as a structure. Pure: reads its arguments,
 * nothing else.
 */
#ifndef FASTSWAP_SERVER_CONFIG_H
#define FASTSWAP_SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allow.h"
#include "log.h"
#include "quota.h"

/* Sessions that are being taken apart hold little, but not nothing: so many besides the others. */
#define CONFIG_MAX_ENDING(max_sessions)	((max_sessions) + 16)

enum config_huge {
	HUGE_TRY,	/* huge pages if there are enough, else the next best */
	HUGE_NO,
	HUGE_YES,	/* of any size, but huge */
	HUGE_2M,
	HUGE_1G,
};

struct config {
	const char *file;	/* --config; NULL: none */
	const char *admin;	/* NULL: there is no admin endpoint */
	const char *address;	/* NULL: every address */
	const char *psk_file;	/* NULL: clients need no key */
	unsigned int port;
	uint64_t size;		/* a multiple of the chunk size once parsed */
	uint64_t asked_size;	/* as it was given */
	unsigned int chunk_shift;
	uint64_t asked_chunk;	/* --chunk-size; 0: not given */
	unsigned int threads;	/* 0: as many as suit the machine */
	enum config_huge huge;
	int numa;		/* a node, or NUMANODE_AUTO or _OFF */
	bool numa_strict;	/* from no other node */
	unsigned int max_sessions;
	unsigned int max_sets;
	unsigned int keepalive_ms;
	unsigned int lease_ms;	/* 0: a session ends with its connection */
	enum log_level log_level;
	enum log_format log_format;
	struct allow_list allow;
	unsigned int connect_rate;	/* requests per second and address; 0: any number */
	unsigned int max_per_address;	/* sessions; 0: any number */
	struct quota_list quota;
	unsigned int overcommit;	/* percent of the pool that may be promised */
};

enum config_verdict {
	CONFIG_RUN,
	CONFIG_CHECK,		/* it is right, and that was the question */
	CONFIG_READ_FILE,	/* @file has to be read first, then see config_merge() */
	CONFIG_HELP,
	CONFIG_VERSION,
	CONFIG_ERROR,
};

/**
 * config_complain_fn - something is to be told
 * @arg: as given with the function
 * @what: one line, or the name of an option
 */
typedef void config_complain_fn(void *arg, const char *what);

/**
 * config_parse - turn a command line into a configuration
 * @cfg: filled in; holds the defaults for what was not given
 * @argc: as for main()
 * @argv: as for main(); strings in @cfg point into it
 * @why: on CONFIG_ERROR one line that says what is wrong
 * @why_size: bytes of @why
 */
enum config_verdict config_parse(struct config *cfg, int argc, char **argv, char *why,
				 size_t why_size);

/**
 * config_merge - turn a configuration file and a command line into a configuration
 * @cfg: filled in; what the command line says counts, then the file, then the defaults
 * @argc: as for main(); config_parse() said CONFIG_READ_FILE to it
 * @argv: as for main(); strings in @cfg point into it
 * @text: what is in the file; is cut into pieces, strings in @cfg point into it
 * @complain: called for each line of the file that is wrong
 * @arg: handed to @complain
 *
 * An option of the command line takes the place of all lines of that name, which have to be right
 * all the same.
 *
 * Return: CONFIG_RUN, CONFIG_CHECK or CONFIG_ERROR.
 */
enum config_verdict config_merge(struct config *cfg, int argc, char **argv, char *text,
				 config_complain_fn *complain, void *arg);

/**
 * config_refit - cut a pool into chunks that are as large as those of the server that runs
 * @wanted: the configuration
 * @chunk_shift: of the server that runs
 * @why: on an error one line that says what is wrong
 * @why_size: bytes of @why
 *
 * Return: 0, or -1 if that cannot be done.
 */
int config_refit(struct config *wanted, unsigned int chunk_shift, char *why, size_t why_size);

/**
 * config_take_over - use another configuration from now on, as far as that is possible
 * @cfg: of the server that runs
 * @wanted: what it is to be, see config_refit(); may be released afterwards
 * @changed: called with the name of each option that has another value now
 * @stays: called with the name of each one that cannot change while the server runs
 * @arg: handed to both
 */
void config_take_over(struct config *cfg, const struct config *wanted,
		      config_complain_fn *changed, config_complain_fn *stays, void *arg);

/**
 * config_parse_size - a number of bytes in words
 * @text: digits, then nothing or one of K, M, G, T, KiB, MiB, GiB, TiB (any case)
 * @bytes: set on success
 *
 * Return: 0, or -1 if @text is anything else or too large for 64 bits.
 */
int config_parse_size(const char *text, uint64_t *bytes);

/**
 * config_size_text - a number of bytes for people
 * @buf: gets for example "64 MiB" or "1.5 GiB"
 * @buf_size: bytes of @buf
 * @bytes: the number
 *
 * Return: @buf.
 */
const char *config_size_text(char *buf, size_t buf_size, uint64_t bytes);

/** config_usage - the text of --help */
const char *config_usage(void);

#endif /* FASTSWAP_SERVER_CONFIG_H */
