/* SPDX-License-Identifier: GPL-2.0-only */
/* A whole client: a session with its links and the chunks that it was granted. */
#ifndef FSW_PROBE_CLIENT_H
#define FSW_PROBE_CLIENT_H

#include <stdio.h>

#include "cases.h"
#include "link.h"

/* In functions that return 0, or 1 after saying what is wrong; the cases are such functions. */
#define CHECK(condition, ...) do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: ", __func__, __LINE__); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			return 1; \
		} \
	} while (0)

struct client {
	const struct target *target;
	uint8_t id[16];
	struct link control, data[FSW_NR_ROLES];	/* data[0] is not used */
	struct fsw_grant *grants;			/* by chunk; rkey 0: not granted */
	uint32_t seq;
	uint64_t chunk_size;
	uint32_t max_chunks;
	bool has_left;					/* the goodbye is said */
};

/* client_connect - the control link of a new session only */
int client_connect(struct client *c, const struct target *target);

/* client_connect_data - one data link */
int client_connect_data(struct client *c, enum fsw_role role);

/* client_open - the control link and one data link of each role */
int client_open(struct client *c, const struct target *target);

/* client_goodbye - say that nothing more comes; client_close() does so if it was not done */
void client_goodbye(struct client *c);

/* client_close - end the session as a well-behaved client does; 0 */
int client_close(struct client *c);

/* client_request - ask for chunks; *deny gets the reason, NONE if all were granted */
int client_request(struct client *c, uint32_t first, uint32_t count, enum fsw_reason *deny);

/* client_release - give chunks back */
int client_release(struct client *c, uint32_t first, uint32_t count);

/* client_write_chunk - write what only this chunk with this salt holds */
int client_write_chunk(struct client *c, uint32_t chunk, uint32_t salt);

/* client_verify_chunk - read it back; salt 0: it must read as zeros */
int client_verify_chunk(struct client *c, enum fsw_role role, uint32_t chunk, uint32_t salt);

/* client_hello - connect with any private data; see link_open() */
int client_hello(struct link *link, const struct target *target, const void *hello, size_t len,
		 struct link *control);

#endif /* FSW_PROBE_CLIENT_H */
