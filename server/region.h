/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A chunk of the pool: its memory, its state, its registration. A region
 * belongs to one thread at a time: to whoever holds the lock of the pool while
 * it is FREE, else to the worker of the session that it was claimed for.
 */
#ifndef FASTSWAP_SERVER_REGION_H
#define FASTSWAP_SERVER_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "region_sm.h"

struct ibv_mr;
struct ibv_pd;
struct piece;

struct region {
	enum region_state state;
	uint32_t index;		/* in the pool */
	unsigned char *addr;
	size_t size;
	size_t zeroed;		/* bytes done while ZEROING */
	struct ibv_mr *mr;	/* not NULL exactly where region_sm_has_mr() */
	STAILQ_ENTRY(region) link;	/* request, or list of dirty ones */
	/* Under the lock of the pool. */
	TAILQ_ENTRY(region) free_link;
	bool listed;		/* it is on the free list */
	struct piece *piece;	/* constant: of the pool */
};

STAILQ_HEAD(region_list, region);
TAILQ_HEAD(free_list, region);

/* What a worker has to clear, in the order in which it does. */
struct backlog {
	struct region_list regions;
	uint64_t nr_added, nr_cleared;	/* ever */
};

/**
 * region_event - the one place that changes the state of a region
 * @region: the region
 * @event: what happened to it
 *
 * An event that the state machine does not allow is a bug of the server that
 * could hand one client's bytes to another, so it aborts.
 */
void region_event(struct region *region, enum region_event event);

/**
 * region_register - make a CLAIMED region accessible to the queue pairs of a PD
 * @region: becomes GRANTED, or stays CLAIMED on an error
 * @pd: protection domain of the client
 *
 * Return: 0 or an errno value.
 */
int region_register(struct region *region, struct ibv_pd *pd);

/**
 * region_deregister - end all remote access to a GRANTED region
 * @region: becomes DIRTY, also when its device was removed, which ends all access as
 * well; or LOST on an error, then it must not be used again
 *
 * Return: 0 or an errno value.
 */
int region_deregister(struct region *region);

/** backlog_add - a DIRTY region is to be cleared after all others */
void backlog_add(struct backlog *backlog, struct region *region);

/** backlog_take - take out the first region, which is FREE */
struct region *backlog_take(struct backlog *backlog);

/**
 * region_zero - clear a part of a DIRTY or ZEROING region
 * @region: becomes FREE with the last part
 * @slice: how many bytes to clear at most, not 0
 *
 * Return: true when all of it is cleared.
 */
bool region_zero(struct region *region, size_t slice);

#endif /* FASTSWAP_SERVER_REGION_H */
