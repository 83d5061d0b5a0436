/* SPDX-License-Identifier: GPL-2.0-only */
/* Claiming the address and port, listener_open(), and what can be wrong with that. */
#ifndef FASTSWAP_SERVER_CLAIM_H
#define FASTSWAP_SERVER_CLAIM_H

#include <stddef.h>

#include "listener.h"

struct sockaddr_storage;

/** claim_fail - put what is wrong into words; returns @status */
enum exit_status claim_fail(char *why, size_t why_size, enum exit_status status, const char *fmt,
			    ...) __attribute__((format(printf, 4, 5)));

/**
 * claim_explain - why an address and port cannot be had
 * @l: the listener
 * @addr: the address
 * @err: what binding or listening said, an errno value
 * @why: gets one line
 * @why_size: bytes of @why
 */
enum exit_status claim_explain(struct listener *l, const struct sockaddr_storage *addr, int err,
			       char *why, size_t why_size);

#endif /* FASTSWAP_SERVER_CLAIM_H */
