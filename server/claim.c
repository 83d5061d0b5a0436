// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "address.h"
#include "claim.h"
#include "vobj.h"

enum exit_status claim_fail(char *why, size_t why_size, enum exit_status status, const char *fmt,
			    ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return status;
}

enum exit_status claim_explain(struct listener *l, const struct sockaddr_storage *addr, int err,
			       char *why, size_t why_size)
{
	switch (err) {
	case EADDRNOTAVAIL:
		/* Also what the CM says when somebody has the port on another address. */
		if (l->cfg->address && !address_is_local(addr))
			return claim_fail(why, why_size, EXIT_NO_DEVICE,
					  "--address %s is not an address of this machine",
					  l->cfg->address);
		/* fall through */
	case EADDRINUSE:
		return claim_fail(why, why_size, EXIT_PORT_TAKEN, "port %u is taken on %s",
				  l->cfg->port, l->cfg->address ? l->cfg->address : "this machine");
	case ENODEV:
		return claim_fail(why, why_size, EXIT_NO_DEVICE,
				  "--address %s is not the address of an RDMA device",
				  l->cfg->address ? l->cfg->address : "(any)");
	default:
		return claim_fail(why, why_size, EXIT_RUN_FAILED,
				  "cannot listen on %s: %s", l->name, strerror(err));
	}
}

static int make_random(uint64_t *number)
{
	do {
		if (getrandom(number, sizeof(*number), 0) != sizeof(*number))
			return errno;
	} while (!*number);
	return 0;
}

enum exit_status listener_open(struct listener *l, const struct config *cfg, char *why,
			       size_t why_size)
{
	struct sockaddr_storage addr;
	struct ibv_device **devices;
	enum exit_status status;
	int nr = 0, flags;

	memset(l, 0, sizeof(*l));
	l->cfg = cfg;
	l->inbox.fd = -1;
	TAILQ_INIT(&l->conns);
	TAILQ_INIT(&l->sessions);
	TAILQ_INIT(&l->tenants);
	if (cfg->address && strchr(cfg->address, ':'))
		snprintf(l->name, sizeof(l->name), "[%s]:%u", cfg->address, cfg->port);
	else
		snprintf(l->name, sizeof(l->name), "%s:%u", cfg->address ? cfg->address : "*",
			 cfg->port);

	if (make_random(&l->rate.seed) || make_random(&l->generation) ||
	    getrandom(l->no_key, sizeof(l->no_key), 0) != sizeof(l->no_key))
		return claim_fail(why, why_size, EXIT_RUN_FAILED, "no random numbers: %s",
				  strerror(errno));
	if (address_parse(cfg, &addr))
		return claim_fail(why, why_size, EXIT_BAD_OPTION,
				  "--address: '%s' is not an IPv4 or IPv6 address", cfg->address);

	devices = ibv_get_device_list(&nr);
	if (devices)
		ibv_free_device_list(devices);
	if (!devices || !nr)
		return claim_fail(why, why_size, EXIT_NO_DEVICE,
				  "no RDMA device found (ibv_devices lists them)");

	l->channel = rdma_create_event_channel();
	if (!l->channel)
		return claim_fail(why, why_size, EXIT_NO_DEVICE,
				  "cannot reach the RDMA connection manager: %s "
				  "(is rdma_ucm loaded?)",
				  strerror(errno));
	flags = fcntl(l->channel->fd, F_GETFL);
	if (flags < 0 || fcntl(l->channel->fd, F_SETFL, flags | O_NONBLOCK)) {
		status = claim_fail(why, why_size, EXIT_RUN_FAILED, "connection manager: %s",
				    strerror(errno));
		goto err_close;
	}
	if (rdma_create_id(l->channel, &l->id, NULL, RDMA_PS_TCP)) {
		status = claim_fail(why, why_size, EXIT_RUN_FAILED,
				    "cannot make a connection id: %s", strerror(errno));
		l->id = NULL;
		goto err_close;
	}
	vobj_made(VOBJ_ID);
	address_take_ipv4_too(l->id, &addr);
	if (rdma_bind_addr(l->id, (struct sockaddr *)&addr)) {
		status = claim_explain(l, &addr, errno, why, why_size);
		goto err_close;
	}
	return EXIT_RUN_OK;

err_close:
	listener_close(l);
	return status;
}
