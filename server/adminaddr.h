/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the admin endpoint is. Pure: reads its arguments, nothing else. */
#ifndef FASTSWAP_SERVER_ADMINADDR_H
#define FASTSWAP_SERVER_ADMINADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/**
 * adminaddr_parse - the value of --admin
 * @addr: filled in
 * @text: "127.0.0.1:PORT", "[::1]:PORT" or "unix:PATH"; it knows no passwords, so that no other
 *	machine is to reach it
 * @why: on an error what is wrong, to stand right behind the name of the option
 * @why_size: bytes of @why
 *
 * Return: the length of the address, or 0.
 */
socklen_t adminaddr_parse(struct sockaddr_storage *addr, const char *text, char *why,
			  size_t why_size);

/**
 * adminaddr_is_ours - may a request name this host?
 * @host: as in its header, without a port
 *
 * Return: true for addresses of this machine as digits, and for localhost. Any other name may be
 * one that somebody else has made lead here, to read with a visitor's browser what it may read.
 */
bool adminaddr_is_ours(const char *host);

#endif /* FASTSWAP_SERVER_ADMINADDR_H */
