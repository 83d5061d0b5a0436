/* SPDX-License-Identifier: GPL-2.0-only */
/* What has happened since the start. Counted by any thread, without a lock. */
#ifndef FASTSWAP_SERVER_STATS_H
#define FASTSWAP_SERVER_STATS_H

#include <stdint.h>

#define STATS(X) \
	X(REQUESTS, "connect_requests", "Connect requests that arrived") \
	X(REFUSALS, "refusals", "Connect requests that were refused") \
	X(SESSIONS, "sessions_admitted", "Sessions that were admitted") \
	X(RESUMED, "sessions_resumed", "Sessions whose client came back") \
	X(BROKEN, "sessions_kept", "Sessions that were kept as their connection broke") \
	X(MESSAGES, "messages_received", "Control messages that arrived") \
	X(GRANTED, "chunks_granted", "Chunks that were granted") \
	X(RETURNED, "chunks_returned", "Chunks that were taken back") \
	X(DENIALS, "denials", "Requests for chunks that were denied") \
	X(RECALLS, "recalls", "Times that clients were asked to give chunks back") \
	X(REG_ERRORS, "registration_errors", "Chunks that could not be registered") \
	X(MALFORMED, "malformed_messages", "Sessions that broke the protocol") \
	X(TIMEOUTS, "silent_clients", "Sessions that were silent for too long") \
	X(AUTH_FAILURES, "authentication_failures", "Clients that did not prove who they are")

#define STATS_ENUM(name, metric, help)	STAT_##name,
enum stat_what {
	STATS(STATS_ENUM)
	STAT_NR
};

/** stats_add - it happened, so often; any thread */
void stats_add(enum stat_what what, uint64_t nr);

/** stats_get - how often it happened; any thread */
uint64_t stats_get(enum stat_what what);

#endif /* FASTSWAP_SERVER_STATS_H */
