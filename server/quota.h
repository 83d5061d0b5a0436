/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much each client may have. Where clients prove who they are they are known by their identity,
 * else by the id that they say. Pure: reads its arguments, nothing else.
 */
#ifndef FASTSWAP_SERVER_QUOTA_H
#define FASTSWAP_SERVER_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <fastswap/proto.h>

#define QUOTA_MAX	256

/* Of all sessions of one client together. QUOTA_NONE: no limit. */
#define QUOTA_NONE	UINT64_MAX

enum quota_what {
	QUOTA_SIZE,		/* bytes */
	QUOTA_RESERVE,		/* bytes that are kept for it; 0 instead of QUOTA_NONE */
	QUOTA_QUEUE_PAIRS,	/* those that its sessions may make, made or not */
	QUOTA_SESSIONS,
	QUOTA_NR,
};

struct quota {
	uint64_t limit[QUOTA_NR];
};

/* A client by the name that counts, one of the two; the other one is zero. */
struct quota_who {
	char identity[FSW_IDENTITY_MAX];	/* that it has proved, zero behind its end */
	uint8_t id[16];				/* that it says in its hello */
};

struct quota_rule {
	struct quota_who who;
	bool given[QUOTA_NR];		/* the others are as for everybody */
	struct quota quota;
};

struct quota_list {
	struct quota_rule all;		/* for whoever has no rule of its own; not given: none */
	unsigned int nr;
	struct quota_rule rules[QUOTA_MAX];
};

/**
 * quota_add - limits of one more client, or of all
 * @list: gets them
 * @text: "WHO NAME=LIMIT...", WHO is "identity:" and an identity, 32 hexadecimal digits, or
 *	"default", and NAME one of size, reserve (not of "default"), queue-pairs, sessions; commas
 *	are as good as blanks
 * @why: on an error what is wrong, to stand right behind the name of the option
 * @why_size: bytes of @why
 *
 * Return: 0 or -1, then @list is as it was.
 */
int quota_add(struct quota_list *list, const char *text, char *why, size_t why_size);

/** quota_find - the limits of a client */
struct quota quota_find(const struct quota_list *list, const struct quota_who *who);

/** quota_who_is - are these two the same client? */
static inline bool quota_who_is(const struct quota_who *a, const struct quota_who *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/** quota_by_id - a client by its id */
struct quota_who quota_by_id(const uint8_t id[16]);

/** quota_by_identity - a client by its identity */
struct quota_who quota_by_identity(const char identity[FSW_IDENTITY_MAX]);

/** quota_misfit - a rule that can be about nobody, as clients have keys or have none; or NULL */
const struct quota_rule *quota_misfit(const struct quota_list *list, bool keys);

/** quota_excess - a rule that reserves more than the one for all lets its client have; or NULL */
const struct quota_rule *quota_excess(const struct quota_list *list);

/** quota_name - how a limit is called */
const char *quota_name(enum quota_what what);

/**
 * quota_reserved - what all clients together have reserved
 * @list: the quotas
 * @shift: log2 of the size of a chunk
 *
 * Return: chunks; of each client as many as hold what it has reserved.
 */
uint64_t quota_reserved(const struct quota_list *list, unsigned int shift);

/** quota_chunks - as many chunks as hold so many bytes */
uint64_t quota_chunks(uint64_t bytes, unsigned int shift);

/** quota_differs - are these two lists not the same? */
bool quota_differs(const struct quota_list *a, const struct quota_list *b);

/**
 * quota_id_text - how the id of a client is written
 * @buf: gets 32 digits
 * @id: the id
 *
 * Return: @buf.
 */
const char *quota_id_text(char buf[33], const uint8_t id[16]);

#endif /* FASTSWAP_SERVER_QUOTA_H */
