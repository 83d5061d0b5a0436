/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of both families in one form. Pure: reads its arguments, nothing else. */
#ifndef FASTSWAP_SERVER_NETADDR_H
#define FASTSWAP_SERVER_NETADDR_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

/* IPv6; an IPv4 address is the one that is mapped, ::ffff:a.b.c.d, however it arrived. */
struct netaddr {
	uint8_t bytes[16];
};

/* Of an address in this form, the bits in front of those of an IPv4 address. */
#define NETADDR_MAPPED_BITS	96

/**
 * netaddr_from - the address of a socket address
 * @addr: filled in
 * @sa: of any family
 *
 * Return: false if the family is neither IPv4 nor IPv6.
 */
bool netaddr_from(struct netaddr *addr, const struct sockaddr *sa);

/** netaddr_is_ipv4 - is it a mapped IPv4 address? */
bool netaddr_is_ipv4(const struct netaddr *addr);

/** netaddr_machine - what one machine has at will: an IPv4 address, a /64 of IPv6 */
struct netaddr netaddr_machine(const struct netaddr *addr);

/** netaddr_mask - clear all but the first @bits bits */
void netaddr_mask(struct netaddr *addr, unsigned int bits);

#endif /* FASTSWAP_SERVER_NETADDR_H */
