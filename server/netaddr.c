// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "netaddr.h"

static const uint8_t mapped[NETADDR_MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

bool netaddr_from(struct netaddr *addr, const struct sockaddr *sa)
{
	switch (sa->sa_family) {
	case AF_INET:
		memcpy(addr->bytes, mapped, sizeof(mapped));
		memcpy(addr->bytes + sizeof(mapped),
		       &((const struct sockaddr_in *)sa)->sin_addr, 4);
		return true;
	case AF_INET6:
		memcpy(addr->bytes, &((const struct sockaddr_in6 *)sa)->sin6_addr,
		       sizeof(addr->bytes));
		return true;
	default:
		return false;
	}
}

bool netaddr_is_ipv4(const struct netaddr *addr)
{
	return !memcmp(addr->bytes, mapped, sizeof(mapped));
}

void netaddr_mask(struct netaddr *addr, unsigned int bits)
{
	unsigned int i = bits / 8;

	if (i < sizeof(addr->bytes) && bits % 8)
		addr->bytes[i++] &= 0xff00 >> bits % 8;
	for (; i < sizeof(addr->bytes); i++)
		addr->bytes[i] = 0;
}

struct netaddr netaddr_machine(const struct netaddr *addr)
{
	struct netaddr machine = *addr;

	if (!netaddr_is_ipv4(addr))
		netaddr_mask(&machine, 64);
	return machine;
}
