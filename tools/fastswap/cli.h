/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands share: how they are called, how they speak, how they end. */
#ifndef FASTSWAP_CLI_H
#define FASTSWAP_CLI_H

#include <getopt.h>
#include <stdbool.h>

/* Exit codes; fastswap.8 promises them. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/**
 * struct command - "fastswap NAME ..."
 * @name: as typed
 * @summary: one line for the list of commands
 * @run: argv[0] is @name; returns an exit code
 */
struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

extern const struct command cmd_attach;
extern const struct command cmd_detach;
extern const struct command cmd_status;

void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int usage_error(const struct command *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int bad_option(const struct command *command, int c, char **argv, const struct option *options);
bool is_root(const struct command *command);

/* Signals that mean "stop": caught, so that what was begun can be undone. */
void catch_interrupts(void);
bool interrupted(void);
void forget_interrupts(void);

/* Waiting; both return early when a signal arrives. */
void sleep_ms(unsigned int ms);
unsigned long long now_ms(void);

#endif /* FASTSWAP_CLI_H */
