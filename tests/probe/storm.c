// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that connects and disconnects in a loop, as fast as it can. It is to be refused before
 * long, for how often it comes; a client that is attached is to be answered as if it were alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "storm.h"

/* What two messages and two registrations may take on a machine that is emulated and busy. */
#define BOUND_MS	5000

/* In a process of its own, which has no verbs object yet. Returns its exit status. */
static int connect_all_the_time(const struct target *target, int start)
{
	uint64_t end;
	unsigned int accepted = 0, refused = 0, other = 0;
	uint8_t id[16] = { 0xee };
	struct fsw_hello hello;
	struct link link;
	char byte;
	int err;

	/* The other one has to be attached before. */
	if (read(start, &byte, 1) != 1)
		return 1;
	end = link_now_ms() + target->seconds * 1000ull;
	while (link_now_ms() < end) {
		unsigned int nr = accepted + refused + other;

		memcpy(id + 1, &nr, sizeof(nr));
		link_init_hello(&hello, FSW_ROLE_CONTROL, 0, 1, id);
		err = client_hello(&link, target, &hello, sizeof(hello), NULL);
		if (!err)
			accepted++;
		else if (err == ECONNREFUSED && link.refused == FSW_REASON_LIMIT)
			refused++;
		else
			other++;
		link_close(&link);
	}
	printf("storm: %u accepted, %u refused for a limit, %u other\n", accepted, refused, other);
	fflush(stdout);
	return refused ? 0 : 1;
}

int case_storm(const struct target *target)
{
	uint64_t slowest = 0, begin, took;
	enum fsw_reason deny;
	unsigned int rounds = 0;
	int status, done, start[2];
	struct client c;
	pid_t pid;

	CHECK(!pipe(start), "pipe: %s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		close(start[1]);
		_exit(connect_all_the_time(target, start[0]));
	}
	if (client_open(&c, target))
		return 1;
	CHECK(write(start[1], "", 1) == 1, "write: %s", strerror(errno));
	do {
		begin = link_now_ms();
		if (client_request(&c, 0, 1, &deny))
			return 1;
		CHECK(!deny, "denied: %s", fsw_reason_text(deny));
		if (client_write_chunk(&c, 0, ++rounds) ||
		    client_verify_chunk(&c, FSW_ROLE_DEMAND, 0, rounds) || client_release(&c, 0, 1))
			return 1;
		took = link_now_ms() - begin;
		if (took > slowest)
			slowest = took;
		done = waitpid(pid, &status, WNOHANG);
	} while (!done);
	printf("attached client: %u rounds, the slowest took %" PRIu64 " ms\n", rounds, slowest);
	CHECK(done == pid && WIFEXITED(status) && !WEXITSTATUS(status),
	      "whoever connected all the time was never refused for it");
	CHECK(slowest <= BOUND_MS, "the attached client had to wait for too long");
	return client_close(&c);
}
