// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients that want too much: one connects and disconnects in a loop, as fast as it can, one takes
 * all the queue pairs that there are. They are to be refused before long; a client that is attached
 * is to be answered as if it were alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "storm.h"

/* What two messages and two registrations may take on a machine that is emulated and busy. */
#define BOUND_MS	5000

/* More than any server of the tests lets one client have. */
#define MAX_LINKS	4096

/* On a machine that is emulated and busy it may take so much longer to be refused. */
#define GRACE_MS	60000

/* Go on until @end, or until the server has refused something. */
static bool go_on(uint64_t end, bool refused)
{
	uint64_t now = link_now_ms();

	return now < end || (!refused && now < end + GRACE_MS);
}

/* The attached client is there: begin. */
static bool begin(int start)
{
	char byte;

	return read(start, &byte, 1) == 1;
}

static int connect_all_the_time(const struct target *target, int start)
{
	uint64_t end;
	unsigned int accepted = 0, refused = 0, other = 0;
	uint8_t id[16] = { 0xee };
	struct fsw_hello hello;
	struct link link;
	int err;

	if (!begin(start))
		return 1;
	end = link_now_ms() + target->seconds * 1000ull;
	while (go_on(end, refused)) {
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

/* What somebody has who takes all that he can get. */
struct hoard {
	struct link links[MAX_LINKS];
	unsigned int nr, refused, other;
};

/* Returns the new link, which stays; or NULL if there is none. */
static struct link *take_link(struct hoard *hoard, const struct target *target,
			      const struct fsw_hello *hello, struct link *control)
{
	struct link *link = &hoard->links[hoard->nr];
	int err = client_hello(link, target, hello, sizeof(*hello), control);

	if (!err) {
		hoard->nr++;
		return link;
	}
	if (err == ECONNREFUSED && link->refused == FSW_REASON_LIMIT)
		hoard->refused++;
	else
		hoard->other++;
	link_close(link);
	return NULL;
}

/* Session upon session with all the queue pairs there are to be had, and none is given back. */
static int take_all(const struct target *target, int start)
{
	struct hoard *hoard = calloc(1, sizeof(*hoard));
	unsigned int number = 0, nr_sessions = 0;
	uint8_t id[16] = { 0xdd };
	struct fsw_hello hello;
	struct link *control;
	uint64_t end;
	int i;

	if (!hoard || !begin(start))
		return 1;
	end = link_now_ms() + target->seconds * 1000ull;
	while (go_on(end, hoard->refused > nr_sessions) &&
	       hoard->nr < MAX_LINKS - 3 * FSW_MAX_SETS) {
		number++;
		memcpy(id + 1, &number, sizeof(number));
		link_init_hello(&hello, FSW_ROLE_CONTROL, 0, FSW_MAX_SETS, id);
		control = take_link(hoard, target, &hello, NULL);
		nr_sessions += control != NULL;
		/* The last one is beyond what it was offered. */
		for (i = 0; control && i < 3 * FSW_MAX_SETS; i++) {
			link_init_hello(&hello, FSW_ROLE_DEMAND + i % 3, i / 3, FSW_MAX_SETS, id);
			if (!take_link(hoard, target, &hello, control))
				break;
		}
	}
	printf("hoard: %u queue pairs in %u sessions, %u refused for a limit, %u other\n",
	       hoard->nr, nr_sessions, hoard->refused, hoard->other);
	fflush(stdout);
	return hoard->refused > nr_sessions ? 0 : 1;
}

/*
 * An attached client beside another process, which has no verbs object yet when it begins and ends
 * with 0 if the server has put it in its place.
 */
static int beside(const struct target *target, int (*child)(const struct target *, int start))
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
		_exit(child(target, start[0]));
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
	      "whoever wanted too much was not refused for it");
	CHECK(slowest <= BOUND_MS, "the attached client had to wait for too long");
	return client_close(&c);
}

int case_storm(const struct target *target)
{
	return beside(target, connect_all_the_time);
}

int case_hoard(const struct target *target)
{
	return beside(target, take_all);
}
