// SPDX-License-Identifier: GPL-2.0-only
#include "url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include <fastswap/proto.h>

#include "units.h"

/*
 * The host ends up in the "key=value,key=value" options of the kernel and in
 * messages: nothing that could be mistaken there gets through.
 */
static bool is_host_char(char c, bool ipv6)
{
	if (isalnum((unsigned char)c))
		return true;
	return c && strchr(ipv6 ? ":.%-_" : ".-_", c);
}

static const char *parse_host(const char *text, size_t len, bool ipv6, char *host)
{
	struct in_addr v4;
	size_t i;

	if (!len)
		return "names no host";
	if (len >= URL_HOST_MAX)
		return "has too long a host name";
	for (i = 0; i < len; i++)
		if (!is_host_char(text[i], ipv6))
			return "has a character in the host that cannot be there";
	memcpy(host, text, len);
	host[len] = '\0';

	/* The resolver would take "10.1" and "50000" for addresses. */
	if (strspn(host, "0123456789.") == len && inet_pton(AF_INET, host, &v4) != 1)
		return "has an address that is not of the form 10.0.0.1";
	return NULL;
}

static const char *parse_authority(const char *text, struct url *url)
{
	const char *end, *reason;
	uint64_t port;

	if (*text == '[') {
		text++;
		end = strchr(text, ']');
		if (!end)
			return "lacks the ']' behind the address";
		url->is_ipv6 = true;
	} else {
		end = text + strcspn(text, ":");
		/* Two colons without brackets: no way to tell where the port begins. */
		if (*end && strchr(end + 1, ':'))
			return "has an IPv6 address that is not in [brackets]";
	}

	reason = parse_host(text, end - text, url->is_ipv6, url->host);
	if (reason)
		return reason;

	end += url->is_ipv6;
	if (!*end)
		return NULL;
	if (*end != ':')
		return "has something other than :PORT behind the address";
	if (!parse_number(end + 1, 1, UINT16_MAX, &port))
		return "has a port that is not a number from 1 to 65535";
	url->port = port;
	return NULL;
}

/**
 * url_parse - take a URL apart
 * @text: what the user wrote
 * @url: valid on success only
 *
 * Return: NULL, or what is wrong, in words that go on after the URL.
 */
const char *url_parse(const char *text, struct url *url)
{
	static const char rdma[] = "rdma://", dram[] = "dram://";

	memset(url, 0, sizeof(*url));
	url->port = FSW_DEFAULT_PORT;

	if (!strncmp(text, rdma, strlen(rdma))) {
		const char *authority = text + strlen(rdma);
		char buf[URL_HOST_MAX + sizeof("[]:65535/")];
		size_t len = strlen(authority);

		if (len >= sizeof(buf))
			return "is too long";
		memcpy(buf, authority, len + 1);
		if (len && buf[len - 1] == '/')
			buf[len - 1] = '\0';
		url->backend = "rdma";
		return parse_authority(buf, url);
	}
	if (!strncmp(text, dram, strlen(dram))) {
		if (text[strlen(dram)])
			return "names a host, but dram:// is local memory";
		url->backend = "dram";
		return NULL;
	}
	return "is neither rdma://HOST[:PORT] nor dram://";
}
