/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FSW_PROBE_CASES_H
#define FSW_PROBE_CASES_H

#include <sys/socket.h>

/* What every case is given. */
struct target {
	struct sockaddr_storage to, from;
	int has_from;
	unsigned int chunks;	/* how many to ask for */
	unsigned int seconds;	/* for cases that wait */
	unsigned int seed;	/* for cases that choose */
	unsigned int clients;	/* at the same time, for the case load */
	unsigned int sets;	/* of queue pairs, of each client */
	unsigned int cycles;	/* for the case cycles */
};

struct probe_case {
	const char *name;
	int (*run)(const struct target *target);	/* 0, or 1 after saying what is wrong */
	int in_all;					/* part of the case "all"? */
	const char *what;
};

extern const struct probe_case probe_cases[];	/* ends with a NULL name */

#endif /* FSW_PROBE_CASES_H */
