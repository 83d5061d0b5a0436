// SPDX-License-Identifier: GPL-2.0-only
/* fsw-probe: speaks the wire protocol with a server, well or badly, and checks its answers. */
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

static void usage(FILE *to)
{
	const struct probe_case *c;

	fputs("Usage: fsw-probe [--port P] [--source ADDRESS] [--chunks N] [--seconds N]\n"
	      "                 [--seed N] [--clients N] [--sets N] [--cycles N]\n"
	      "                 ADDRESS CASE...\n\n"
	      "Cases, or 'all' for those with a star:\n",
	      to);
	for (c = probe_cases; c->name; c++)
		fprintf(to, "  %c %-10s %s\n", c->in_all ? '*' : ' ', c->name, c->what);
}

static int resolve(const char *address, const char *port, struct sockaddr_storage *to)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *info;

	if (getaddrinfo(address, port, &hints, &info)) {
		fprintf(stderr, "fsw-probe: '%s' is not an address\n", address);
		return 1;
	}
	memcpy(to, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(info);
	return 0;
}

static int run(const char *name, const struct target *target)
{
	int all = !strcmp(name, "all"), found = 0;
	const struct probe_case *c;

	for (c = probe_cases; c->name; c++) {
		if (!(all ? c->in_all : !strcmp(name, c->name)))
			continue;
		found = 1;
		if (c->run(target)) {
			fprintf(stderr, "fsw-probe: %s FAILED\n", c->name);
			return 1;
		}
		printf("%s: ok\n", c->name);
		fflush(stdout);
	}
	if (!found) {
		fprintf(stderr, "fsw-probe: no case '%s'\n", name);
		return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "source", required_argument, NULL, 's' },
		{ "chunks", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 'r' },
		{ "clients", required_argument, NULL, 'n' },
		{ "sets", required_argument, NULL, 'q' },
		{ "cycles", required_argument, NULL, 'y' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *port = "50000", *source = NULL;
	struct target target = {
		.chunks = 2,
		.seconds = 60,
		.seed = 1,
		.clients = 64,
		.sets = 1,
		.cycles = 10000,
	};
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'p':
			port = optarg;
			break;
		case 's':
			source = optarg;
			break;
		case 'c':
			target.chunks = strtoul(optarg, NULL, 10);
			break;
		case 't':
			target.seconds = strtoul(optarg, NULL, 10);
			break;
		case 'r':
			target.seed = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			target.clients = strtoul(optarg, NULL, 10);
			break;
		case 'q':
			target.sets = strtoul(optarg, NULL, 10);
			break;
		case 'y':
			target.cycles = strtoul(optarg, NULL, 10);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			return 2;
		}
	}
	if (argc - optind < 2 || !target.chunks) {
		usage(stderr);
		return 2;
	}
	if (resolve(argv[optind], port, &target.to))
		return 2;
	if (source) {
		if (resolve(source, NULL, &target.from))
			return 2;
		target.has_from = 1;
	}
	for (optind++; optind < argc; optind++) {
		status = run(argv[optind], &target);
		if (status)
			return status;
	}
	return 0;
}
