/* SPDX-License-Identifier: GPL-2.0-only */
/* Run a system tool (modprobe, mkswap), silently, for a bounded time. */
#ifndef FASTSWAP_RUN_H
#define FASTSWAP_RUN_H

#include <stddef.h>

#define RUN_MESSAGE_MAX	256

int run_tool(char *const argv[], unsigned int timeout_s, char *message);

#endif /* FASTSWAP_RUN_H */
