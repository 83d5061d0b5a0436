/* SPDX-License-Identifier: GPL-2.0-only */
/* Status and metrics over HTTP, at a Unix socket and, if wanted, at a loopback address. */
#ifndef FASTSWAP_RECLAIMD_HTTP_H
#define FASTSWAP_RECLAIMD_HTTP_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

struct evhttp;
struct groups;

/**
 * struct http - the server
 * @path: of the socket, removed in the end
 */
struct http {
	struct evhttp *server;
	struct groups *groups;
	struct sockaddr_un path;
};

bool http_start(struct http *h, struct event_base *base, struct groups *groups,
		const char *socket, const char *metrics, char *why, size_t why_size);
void http_stop(struct http *h);
int http_ask(const char *socket);

#endif /* FASTSWAP_RECLAIMD_HTTP_H */
