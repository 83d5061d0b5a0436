/* SPDX-License-Identifier: GPL-2.0-only */
/* Where far memory is: rdma://host[:port], dram://. Pure. */
#ifndef FASTSWAP_URL_H
#define FASTSWAP_URL_H

#include <stdbool.h>
#include <stdint.h>

#define URL_HOST_MAX	256	/* bytes of a host, NUL included */

/**
 * struct url - a parsed URL
 * @backend: "rdma" or "dram"; a constant
 * @host: name or address, without brackets; empty for dram
 * @is_ipv6: @host stood in brackets, so it must be an IPv6 address
 * @port: of the server; the default if the URL has none
 */
struct url {
	const char *backend;
	char host[URL_HOST_MAX];
	bool is_ipv6;
	uint16_t port;
};

const char *url_parse(const char *text, struct url *url);

#endif /* FASTSWAP_URL_H */
