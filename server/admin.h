/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a person or a program can look at by HTTP: it reads, and changes nothing. Main thread only.
 */
#ifndef FASTSWAP_SERVER_ADMIN_H
#define FASTSWAP_SERVER_ADMIN_H

#include <stddef.h>

#include "listener.h"

struct admin;

/**
 * admin_start - answer requests from now on
 * @l: the listener, started
 * @why: on an error one line that says what is wrong
 * @why_size: bytes of @why
 *
 * Return: the endpoint, or NULL.
 */
struct admin *admin_start(struct listener *l, char *why, size_t why_size);

/** admin_stop - free it, before the listener is closed; safe on NULL */
void admin_stop(struct admin *admin);

#endif /* FASTSWAP_SERVER_ADMIN_H */
