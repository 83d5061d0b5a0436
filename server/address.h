/* SPDX-License-Identifier: GPL-2.0-only */
/* The address to listen on. */
#ifndef FASTSWAP_SERVER_ADDRESS_H
#define FASTSWAP_SERVER_ADDRESS_H

#include <stdbool.h>

#include "config.h"

struct rdma_cm_id;
struct sockaddr_storage;

/**
 * address_parse - the address and port of a configuration as the CM wants them
 * @cfg: the configuration
 * @addr: filled in
 *
 * Return: 0, or -1 if it is not an address.
 */
int address_parse(const struct config *cfg, struct sockaddr_storage *addr);

/** address_is_local - does some network interface of this machine have the address? */
bool address_is_local(const struct sockaddr_storage *addr);

/**
 * address_take_ipv4_too - let the IPv6 wildcard take IPv4 as well
 * @id: not bound yet
 * @addr: what it is going to be bound to; nothing is done for other addresses
 *
 * One listener is to take both protocols, whatever the sysctl net.ipv6.bindv6only
 * says about sockets. Where that cannot be had IPv6 alone is better than nothing.
 */
void address_take_ipv4_too(struct rdma_cm_id *id, const struct sockaddr_storage *addr);

#endif /* FASTSWAP_SERVER_ADDRESS_H */
