/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits of the process: raised as far as we may, and told about when that is not enough. */
#ifndef FASTSWAP_SERVER_RLIMITS_H
#define FASTSWAP_SERVER_RLIMITS_H

#include <stdint.h>

/**
 * rlimits_files_needed - file descriptors of a server that is full
 * @max_sessions: clients at the same time
 * @threads: worker threads
 *
 * A session needs one, for the completion channel of its control connection.
 * Queue pairs, completion queues and connection ids need none, so the number of
 * queue sets does not matter. A session that has ended keeps its own until its
 * worker comes to it.
 */
uint64_t rlimits_files_needed(unsigned int max_sessions, unsigned int threads);

/**
 * rlimits_raise - raise a soft limit towards its hard limit
 * @resource: RLIMIT_...
 * @wanted: the value that is enough
 *
 * Return: the soft limit afterwards; UINT64_MAX if there is none or it is not known.
 */
uint64_t rlimits_raise(int resource, uint64_t wanted);

/**
 * rlimits_files_left - file descriptors that may still be opened
 *
 * By the lowest that is free: exact as long as there are no gaps below, which few close.
 */
uint64_t rlimits_files_left(void);

/**
 * rlimits_check_files - see to it that the clients get their file descriptors
 * @max_sessions: clients at the same time
 * @threads: worker threads
 *
 * Logs a warning when there are too few: the server is useful all the same,
 * and refuses clients only when it really has none left.
 */
void rlimits_check_files(unsigned int max_sessions, unsigned int threads);

#endif /* FASTSWAP_SERVER_RLIMITS_H */
