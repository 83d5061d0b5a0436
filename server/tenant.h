/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all sessions of one client hold together. Made and freed by the main thread; workers count
 * chunks, without a lock, as the sessions of a client may have several of them.
 */
#ifndef FASTSWAP_SERVER_TENANT_H
#define FASTSWAP_SERVER_TENANT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ledger.h"
#include "quota.h"

TAILQ_HEAD(tenant_list, tenant);

struct tenant {
	/* Main thread only. */
	struct quota_who who;
	unsigned int nr_sessions;	/* that point to it */
	uint64_t used[QUOTA_NR];	/* by sessions that have not ended, see bounds_count() */
	struct tenant_list *list;
	TAILQ_ENTRY(tenant) link;

	/* Any thread. */
	atomic_uint_least64_t max_chunks;
	atomic_uint_least64_t nr_chunks;	/* claimed, granted, or on their way back */
	atomic_uint nr_ending;			/* sessions whose chunks are on their way back */

	struct account account;		/* of the pool's ledger, under its lock */
};

/**
 * tenant_get - the tenant of a client, made if there is none; main thread
 * @list: all of them
 * @who: the client
 * @max_chunks: what it may have from now on
 *
 * Return: the tenant, to be given back with tenant_put(), or NULL when out of memory.
 */
struct tenant *tenant_get(struct tenant_list *list, const struct quota_who *who,
			  uint64_t max_chunks);

/** tenant_put - a session is gone; the last one takes the tenant with it; main thread */
void tenant_put(struct tenant *tenant);

/**
 * tenant_take - count chunks that are about to be claimed
 * @tenant: NULL: nobody counts
 * @nr: how many
 *
 * Return: false if that would be more than it may have; then nothing is counted.
 */
bool tenant_take(struct tenant *tenant, uint32_t nr);

/** tenant_give - chunks are back; safe on NULL */
void tenant_give(struct tenant *tenant, uint32_t nr);

/** tenant_left - chunks that it may still have; those on their way back are not among them */
uint64_t tenant_left(const struct tenant *tenant);

#endif /* FASTSWAP_SERVER_TENANT_H */
