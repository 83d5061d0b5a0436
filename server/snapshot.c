// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "snapshot.h"

#define PREFIX	"fastswap_server_"

#define STATS_NAME(name, metric, help)	[STAT_##name] = metric,
#define STATS_HELP(name, metric, help)	[STAT_##name] = help,

static const char *const stat_names[] = { STATS(STATS_NAME) };
static const char *const stat_help[] = { STATS(STATS_HELP) };

const char *snapshot_chunk_state(enum snapshot_chunks state)
{
	static const char *const names[] = {
		[CHUNKS_FREE] = "free",
		[CHUNKS_LENT] = "lent",
		[CHUNKS_CLEARING] = "clearing",
		[CHUNKS_LOST] = "lost",
	};

	return names[state];
}

const char *snapshot_session_state(enum snapshot_sessions state)
{
	static const char *const names[] = {
		[SESSIONS_OPENING] = "opening",
		[SESSIONS_ATTACHED] = "attached",
		[SESSIONS_KEPT] = "kept",
		[SESSIONS_ENDING] = "ending",
	};

	return names[state];
}

const char *snapshot_count_name(enum stat_what what)
{
	return stat_names[what];
}

struct text {
	char *buf;
	size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *fmt, ...)
{
	size_t left = t->len < t->size ? t->size - t->len : 0;
	va_list args;

	va_start(args, fmt);
	t->len += vsnprintf(left ? t->buf + t->len : NULL, left, fmt, args);
	va_end(args);
}

static void head(struct text *t, const char *name, const char *type, const char *help)
{
	put(t, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void gauge(struct text *t, const char *name, const char *help, uint64_t value)
{
	head(t, name, "gauge", help);
	put(t, PREFIX "%s %" PRIu64 "\n", name, value);
}

size_t snapshot_metrics(char *buf, size_t size, const struct snapshot *s)
{
	struct text t = { .buf = buf, .size = size };
	char name[64];
	unsigned int i;

	head(&t, "pool_bytes", "gauge", "Memory of the pool by state");
	for (i = 0; i < CHUNKS_NR_STATES; i++)
		put(&t, PREFIX "pool_bytes{state=\"%s\"} %" PRIu64 "\n", snapshot_chunk_state(i),
		    s->chunks[i] * s->chunk_bytes);
	gauge(&t, "pool_wanted_bytes", "Size that the pool is to have",
	      s->wanted * s->chunk_bytes);
	gauge(&t, "pool_excess_bytes", "Memory beyond that, which clients hold yet",
	      s->beyond * s->chunk_bytes);
	head(&t, "pool_resizing", "gauge", "Whether the pool is growing, shrinking, or stuck");
	for (i = RESIZE_NONE + 1; i <= RESIZE_STUCK; i++)
		put(&t, PREFIX "pool_resizing{how=\"%s\"} %d\n", resize_phase_name(i),
		    s->resizing == i);
	gauge(&t, "promised_bytes", "Memory that clients may come to hold",
	      s->promised * s->chunk_bytes);
	gauge(&t, "promisable_bytes", "Memory that may be promised to all clients together",
	      s->promisable * s->chunk_bytes);
	gauge(&t, "reserved_bytes", "Memory that is kept for some clients",
	      s->reserved * s->chunk_bytes);
	gauge(&t, "chunk_bytes", "Size of a chunk", s->chunk_bytes);
	head(&t, "sessions", "gauge", "Sessions by state");
	for (i = 0; i < SESSIONS_NR_STATES; i++)
		put(&t, PREFIX "sessions{state=\"%s\"} %" PRIu64 "\n", snapshot_session_state(i),
		    s->sessions[i]);
	gauge(&t, "queue_pairs", "Queue pairs that exist", s->queue_pairs);
	gauge(&t, "draining", "Whether new clients are refused", s->draining);
	gauge(&t, "authentication", "Whether clients have to prove who they are",
	      s->authentication);
	for (i = 0; i < STAT_NR; i++) {
		snprintf(name, sizeof(name), "%s_total", stat_names[i]);
		head(&t, name, "counter", stat_help[i]);
		put(&t, PREFIX "%s %" PRIu64 "\n", name, s->counts[i]);
	}
	return t.len;
}

void history_add(struct history *h, const struct snapshot *s, uint64_t time_s)
{
	unsigned int i = h->next;

	h->samples[i].time_s = time_s;
	h->samples[i].lent = s->chunks[CHUNKS_LENT] * s->chunk_bytes;
	h->samples[i].sessions = s->sessions[SESSIONS_ATTACHED];
	memcpy(h->samples[i].counts, s->counts, sizeof(s->counts));
	h->next = (i + 1) % HISTORY_SAMPLES;
	if (h->nr < HISTORY_SAMPLES)
		h->nr++;
}

unsigned int history_at(const struct history *h, unsigned int nth)
{
	return (h->next + HISTORY_SAMPLES - h->nr + nth) % HISTORY_SAMPLES;
}
