/* SPDX-License-Identifier: GPL-2.0-only */
/* cli.c's double: messages are kept instead of printed, signals and the user are made up. */
#ifndef MOCK_CLI_H
#define MOCK_CLI_H

#include <stdbool.h>

extern char mock_message[1024];	/* the last thing that was said */
extern bool mock_root;
extern bool mock_interrupted;

void mock_reset(void);
int mock_run(int (*run)(int argc, char **argv), const char *line);

#endif /* MOCK_CLI_H */
