// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "adminaddr.h"

#define UNIX	"unix:"

static socklen_t parse_unix(struct sockaddr_storage *addr, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)addr;

	if (*path != '/' || strlen(path) >= sizeof(un->sun_path))
		return 0;
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	return sizeof(*un);
}

static socklen_t parse_ip(struct sockaddr_storage *addr, const char *text)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2], *end;
	unsigned long port;
	size_t len;

	if (!colon || !isdigit((unsigned char)colon[1]) || strlen(colon) > 6)
		return 0;
	port = strtoul(colon + 1, &end, 10);
	if (*end || !port || port > 65535)
		return 0;
	len = snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (len >= sizeof(host))
		return 0;
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		/* All of 127.0.0.0/8 is this machine. */
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET ? sizeof(*in) : 0;
	}
	if (len < 2 || host[0] != '[' || host[len - 1] != ']')
		return 0;
	host[len - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &in6->sin6_addr) != 1)
		return 0;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ? sizeof(*in6) : 0;
}

socklen_t adminaddr_parse(struct sockaddr_storage *addr, const char *text, char *why,
			  size_t why_size)
{
	socklen_t len;

	memset(addr, 0, sizeof(*addr));
	if (!strncmp(text, UNIX, strlen(UNIX)))
		len = parse_unix(addr, text + strlen(UNIX));
	else
		len = parse_ip(addr, text);
	if (!len)
		snprintf(why, why_size,
			 ": '%s' is neither 127.0.0.1:PORT nor [::1]:PORT nor unix:/PATH", text);
	return len;
}

bool adminaddr_is_ours(const char *host)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
	return !strcmp(host, "localhost") || !strcmp(host, "::1") || !strcmp(host, "[::1]");
}
