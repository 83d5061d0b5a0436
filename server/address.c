// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <rdma/rdma_cma.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "log.h"

int address_parse(const struct config *cfg, struct sockaddr_storage *addr)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *info;
	struct in_addr v4;
	char port[8];

	/* getaddrinfo() takes "10.1" for 10.0.0.1, and "0" for all. */
	if (cfg->address && !strchr(cfg->address, ':') &&
	    inet_pton(AF_INET, cfg->address, &v4) != 1)
		return -1;
	snprintf(port, sizeof(port), "%u", cfg->port);
	memset(addr, 0, sizeof(*addr));
	/* The IPv6 wildcard takes IPv4 as well. */
	if (getaddrinfo(cfg->address ? cfg->address : "::", port, &hints, &info))
		return -1;
	memcpy(addr, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(info);
	return 0;
}

bool address_is_local(const struct sockaddr_storage *addr)
{
	struct sockaddr_storage any_port = *addr;
	int fd = socket(addr->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool local;

	if (fd < 0)
		return true;
	if (addr->ss_family == AF_INET6)
		((struct sockaddr_in6 *)&any_port)->sin6_port = 0;
	else
		((struct sockaddr_in *)&any_port)->sin_port = 0;
	local = !bind(fd, (struct sockaddr *)&any_port, sizeof(any_port));
	close(fd);
	return local;
}

void address_take_ipv4_too(struct rdma_cm_id *id, const struct sockaddr_storage *addr)
{
	int only = 0;

	if (addr->ss_family != AF_INET6 ||
	    !IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)addr)->sin6_addr))
		return;
	if (rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_AFONLY, &only, sizeof(only)))
		log_dbg("cannot ask for IPv4 besides IPv6: %s", strerror(errno));
}
