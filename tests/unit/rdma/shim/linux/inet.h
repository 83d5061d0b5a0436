/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_INET_H
#define SHIM_LINUX_INET_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/limits.h>
#include <linux/socket.h>
#include <net/net_namespace.h>
#include <stddef.h>

/* The kernel's name for it. */
#ifndef U16_MAX
#define U16_MAX 0xffff
#endif

/* With an interface behind the address (%eth0) only in the kernel. */
static inline int inet_pton_with_scope(struct net *net, unsigned short af, const char *src,
				       const char *port, struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;

	if (af != AF_UNSPEC || port != NULL || net != &init_net)
		return -EINVAL;
	if (inet_pton(AF_INET, src, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = 0;
		return 0;
	}
	if (inet_pton(AF_INET6, src, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = 0;
		return 0;
	}
	return -EINVAL;
}

#endif /* SHIM_LINUX_INET_H */
