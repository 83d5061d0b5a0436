/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of the server at one time as numbers, and what is made of them. Pure: reads its
 * arguments, nothing else.
 */
#ifndef FASTSWAP_SERVER_SNAPSHOT_H
#define FASTSWAP_SERVER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resize_plan.h"
#include "stats.h"

enum snapshot_chunks {
	CHUNKS_FREE,
	CHUNKS_LENT,		/* granted, or about to be */
	CHUNKS_CLEARING,
	CHUNKS_LOST,
	CHUNKS_NR_STATES,
};

enum snapshot_sessions {
	SESSIONS_OPENING,
	SESSIONS_ATTACHED,
	SESSIONS_KEPT,
	SESSIONS_ENDING,
	SESSIONS_NR_STATES,
};

struct snapshot {
	uint64_t chunk_bytes;
	uint64_t chunks[CHUNKS_NR_STATES];
	uint64_t promised, reserved, promisable;	/* chunks */
	uint64_t wanted;		/* chunks that the pool is to have */
	uint64_t beyond;		/* that it has beyond that */
	enum resize_phase resizing;
	uint64_t sessions[SESSIONS_NR_STATES];
	uint64_t queue_pairs;
	bool draining;
	bool authentication;
	uint64_t counts[STAT_NR];
};

/* Samples of the last ten minutes. */
#define HISTORY_INTERVAL_S	5
#define HISTORY_SAMPLES		121

struct history {
	unsigned int nr, next;
	struct {
		uint64_t time_s, lent, sessions;
		uint64_t counts[STAT_NR];
	} samples[HISTORY_SAMPLES];
};

/** snapshot_chunk_state - the name of a state */
const char *snapshot_chunk_state(enum snapshot_chunks state);
/** snapshot_session_state - the name of a state */
const char *snapshot_session_state(enum snapshot_sessions state);
/** snapshot_count_name - the name of a counter */
const char *snapshot_count_name(enum stat_what what);

/**
 * snapshot_metrics - in the text format of Prometheus
 * @buf: gets the text
 * @size: bytes of @buf; SNAPSHOT_METRICS_MAX is enough
 * @s: the numbers
 *
 * Return: the length of the text, as snprintf().
 */
size_t snapshot_metrics(char *buf, size_t size, const struct snapshot *s);

#define SNAPSHOT_METRICS_MAX	12288

/** history_add - one more sample, which takes the place of the oldest when there are enough */
void history_add(struct history *h, const struct snapshot *s, uint64_t time_s);

/** history_at - the index of the nth sample, the oldest is the 0th */
unsigned int history_at(const struct history *h, unsigned int nth);

#endif /* FASTSWAP_SERVER_SNAPSHOT_H */
