// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many clients at once. Each is a process of its own, as they are on different machines; they
 * connect in the same moment with all their queue pairs, then ask for chunks and give them
 * back as fast as the server answers, and leave in the same moment.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "load.h"

#define MAX_CLIENTS	1024
#define MAX_SAMPLES	4096	/* of each client; later ones do not count */

/* How long something took, each time. */
struct samples {
	uint32_t nr;
	uint32_t us[MAX_SAMPLES];
};

/* What a client tells; only it writes to it. */
struct told {
	uint64_t connect_ms;		/* all its queue pairs */
	uint64_t grants;		/* chunks that it was granted */
	struct samples requests;	/* until the last grant of it */
	struct samples pings;		/* until the pong, with requests of others being served */
	int failed;
};

/* Shared by all processes. */
struct load {
	atomic_uint phase;		/* what the clients shall do now */
	atomic_uint ready;		/* how many have done it */
	struct told told[];
};

enum {
	PHASE_CONNECT = 1,
	PHASE_ASK,
	PHASE_REST,
	PHASE_LEAVE
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void nap(void)
{
	const struct timespec ts = { .tv_nsec = 1000000 };

	nanosleep(&ts, NULL);
}

static void add_sample(struct samples *samples, uint64_t begin_us)
{
	if (samples->nr < MAX_SAMPLES)
		samples->us[samples->nr++] = now_us() - begin_us;
}

static void wait_for_phase(struct load *load, unsigned int phase)
{
	while (atomic_load(&load->phase) < phase)
		nap();
}

/* Answers pings, so that the server does not take it for dead. */
static int live(struct client *c)
{
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	size_t len;
	int err = link_receive(&c->control, (struct fsw_msg *)bytes, &len, 0, true);

	CHECK(err == ETIMEDOUT, "while nothing was to be done: %s",
	      err ? strerror(err) : "a message");
	return 0;
}

/* Until the phase begins. Rarely enough that many of them leave the machine to the server. */
static int rest(struct client *c, struct load *load, unsigned int phase)
{
	const struct timespec ts = { .tv_nsec = 50000000 };

	while (atomic_load(&load->phase) < phase) {
		if (live(c))
			return 1;
		nanosleep(&ts, NULL);
	}
	return 0;
}

/* The data links of every set; @links has room for them. */
static int connect_sets(struct client *c, const struct target *target, struct link *links)
{
	struct fsw_hello hello;
	unsigned int set;
	int role, err;

	for (set = 0; set < target->sets; set++) {
		for (role = FSW_ROLE_DEMAND; role < FSW_NR_ROLES; role++, links++) {
			link_init_hello(&hello, role, set, target->sets, c->id);
			err = client_hello(links, target, &hello, sizeof(hello), &c->control);
			CHECK(!err, "queue pair %d of set %u: %s (%s)", role, set, strerror(err),
			      fsw_reason_text(links->refused));
			if (live(c))
				return 1;
		}
	}
	return 0;
}

static int ping(struct client *c, struct samples *samples)
{
	unsigned char bytes[FSW_MSG_MAX] __attribute__((aligned(8)));
	struct fsw_msg *msg = (struct fsw_msg *)bytes;
	uint64_t begin = now_us();
	uint32_t seq = ++c->seq;
	size_t len;
	int err;

	CHECK(!link_send(&c->control, FSW_MSG_PING, seq, NULL, 0), "send failed");
	err = link_receive(&c->control, msg, &len, PATIENCE_MS, true);
	CHECK(!err, "waiting for a pong: %s", strerror(err));
	CHECK(fsw_letoh16(msg->type) == FSW_MSG_PONG && fsw_letoh32(msg->seq) == seq,
	      "no pong to a ping");
	add_sample(samples, begin);
	return 0;
}

/* Ask and give back until the phase is over. */
static int ask(struct client *c, struct load *load, struct told *told)
{
	uint32_t chunks = c->target->chunks;
	enum fsw_reason deny;
	uint64_t begin;

	while (atomic_load(&load->phase) == PHASE_ASK) {
		begin = now_us();
		if (client_request(c, 0, chunks, &deny))
			return 1;
		/* Chunks of others may still be on their way back. */
		if (deny == FSW_REASON_BUSY || deny == FSW_REASON_NO_MEMORY)
			continue;
		CHECK(!deny, "denied: %s", fsw_reason_text(deny));
		add_sample(&told->requests, begin);
		told->grants += chunks;
		if (client_release(c, 0, chunks) || ping(c, &told->pings))
			return 1;
	}
	return 0;
}

/* A client, in a process that has no verbs object yet. */
static int be_client(const struct target *target, struct load *load, struct told *told)
{
	unsigned int nr = target->sets * (FSW_NR_ROLES - 1), i;
	struct link *links = calloc(nr, sizeof(*links));
	struct client c;
	uint64_t begin;

	CHECK(links, "out of memory");
	wait_for_phase(load, PHASE_CONNECT);
	begin = link_now_ms();
	if (client_connect(&c, target) || connect_sets(&c, target, links))
		return 1;
	told->connect_ms = link_now_ms() - begin;
	atomic_fetch_add(&load->ready, 1);

	if (rest(&c, load, PHASE_ASK))
		return 1;
	if (ask(&c, load, told))
		return 1;
	atomic_fetch_add(&load->ready, 1);

	if (rest(&c, load, PHASE_LEAVE))
		return 1;
	client_goodbye(&c);
	for (i = 0; i < nr; i++)
		link_close(&links[i]);
	free(links);
	return client_close(&c);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Wait until all clients have done what the phase asks for; false if one ended before. */
static bool all_ready(struct load *load, unsigned int nr, uint64_t *took_ms)
{
	uint64_t begin = link_now_ms();

	while (atomic_load(&load->ready) < nr) {
		unsigned int i;

		for (i = 0; i < nr; i++)
			if (load->told[i].failed)
				return false;
		nap();
	}
	atomic_store(&load->ready, 0);
	*took_ms = link_now_ms() - begin;
	return true;
}

static void report_connects(const struct load *load, const struct target *target, uint64_t ms)
{
	unsigned int each = 1 + target->sets * (FSW_NR_ROLES - 1), i;
	uint64_t slowest = 0;

	for (i = 0; i < target->clients; i++)
		if (load->told[i].connect_ms > slowest)
			slowest = load->told[i].connect_ms;
	printf("connected: %u clients with %u queue pairs each in %" PRIu64 " ms, %" PRIu64
	       " per second; the slowest client took %" PRIu64 " ms\n",
	       target->clients, each, ms,
	       (uint64_t)target->clients * each * 1000 / (ms ? ms : 1), slowest);
}

static int report_latency(const struct load *load, const struct target *target, const char *what,
			  bool pings)
{
	uint32_t *all = calloc(target->clients, sizeof(load->told->requests.us)), nr = 0, i;

	CHECK(all, "out of memory");
	for (i = 0; i < target->clients; i++) {
		const struct told *told = &load->told[i];
		const struct samples *samples = pings ? &told->pings : &told->requests;

		memcpy(all + nr, samples->us, samples->nr * sizeof(*all));
		nr += samples->nr;
	}
	CHECK(nr, "nobody was answered");
	qsort(all, nr, sizeof(*all), compare);
	printf("%s: %u us at the median, %u us at the 99th percentile, %u us at most (%u times)\n",
	       what, all[nr / 2], all[(uint64_t)nr * 99 / 100], all[nr - 1], nr);
	free(all);
	return 0;
}

static int report_grants(const struct load *load, const struct target *target, uint64_t ms)
{
	uint64_t sum = 0, least = UINT64_MAX, most = 0;
	uint32_t i;

	for (i = 0; i < target->clients; i++) {
		uint64_t grants = load->told[i].grants;

		sum += grants;
		least = grants < least ? grants : least;
		most = grants > most ? grants : most;
	}
	printf("granted: %" PRIu64 " chunks in %" PRIu64 " ms, %" PRIu64
	       " per second, %u by each request; of a client at least %" PRIu64
	       ", at most %" PRIu64 "\n",
	       sum, ms, sum * 1000 / (ms ? ms : 1), target->chunks, least, most);
	CHECK(least, "one client was granted nothing at all");
	return report_latency(load, target, "request to grant", false) ||
	       report_latency(load, target, "ping to pong", true);
}

static int lead(struct load *load, const struct target *target)
{
	uint64_t ms;

	atomic_store(&load->phase, PHASE_CONNECT);
	CHECK(all_ready(load, target->clients, &ms), "not all clients could connect");
	report_connects(load, target, ms);

	atomic_store(&load->phase, PHASE_ASK);
	sleep(target->seconds);
	atomic_store(&load->phase, PHASE_REST);
	CHECK(all_ready(load, target->clients, &ms), "a client failed while it asked for chunks");
	if (report_grants(load, target, target->seconds * 1000ull + ms))
		return 1;
	/* For whoever looks at what the server takes when nobody wants anything. */
	printf("idle for %u s\n", target->seconds);
	fflush(stdout);
	sleep(target->seconds);
	return 0;
}

int case_load(const struct target *target)
{
	size_t size = sizeof(struct load) + target->clients * sizeof(struct told);
	unsigned int i, failed = 0;
	struct load *load;
	uint64_t begin;
	int status, ret;

	CHECK(target->clients && target->clients <= MAX_CLIENTS, "--clients: 1 to %d", MAX_CLIENTS);
	CHECK(target->sets, "--sets: at least 1");
	load = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(load != MAP_FAILED, "mmap: %s", strerror(errno));
	fflush(stdout);
	for (i = 0; i < target->clients; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0, "fork: %s", strerror(errno));
		if (!pid) {
			status = be_client(target, load, &load->told[i]);
			load->told[i].failed = status;
			_exit(status);
		}
	}

	ret = lead(load, target);
	begin = link_now_ms();
	atomic_store(&load->phase, PHASE_LEAVE);
	while (wait(&status) > 0)
		failed += !WIFEXITED(status) || WEXITSTATUS(status);
	printf("left: all in %" PRIu64 " ms\n", link_now_ms() - begin);
	munmap(load, size);
	CHECK(!failed, "%u clients failed", failed);
	return ret;
}

int case_cycles(const struct target *target)
{
	uint64_t begin = link_now_ms(), ms;
	enum fsw_reason deny;
	struct client c;
	unsigned int i;

	for (i = 0; i < target->cycles; i++) {
		if (client_connect(&c, target))
			return 1;
		/* Some of them are in the middle of something when they go. */
		if (i % 4 == 1 && client_request(&c, 0, 1, &deny))
			return 1;
		if (i % 8 == 7)
			link_drop(&c.control);
		client_close(&c);
	}
	ms = link_now_ms() - begin;
	printf("cycles: %u in %" PRIu64 " ms, %" PRIu64 " per second\n", target->cycles, ms,
	       (uint64_t)target->cycles * 1000 / (ms ? ms : 1));
	return 0;
}
