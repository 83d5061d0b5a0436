/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How large the pool is to be, and which of its chunks go when it gets smaller. Pure: no locks, no
 * memory, no I/O.
 *
 * Memory goes back to the system in units: a chunk or, where the pages of the pool are larger
 * than that, all chunks of a page. The last unit of a piece may have fewer.
 */
#ifndef FASTSWAP_SERVER_RESIZE_PLAN_H
#define FASTSWAP_SERVER_RESIZE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct region;

enum resize_phase {
	RESIZE_NONE,		/* the pool is as large as it is to be */
	RESIZE_GROWING,		/* more memory is being prepared */
	RESIZE_SHRINKING,	/* there is more than there is to be */
	RESIZE_STUCK,		/* the system gave no memory, or did not take it back */
};

/** resize_phase_name - for people and programs */
const char *resize_phase_name(enum resize_phase phase);

/** resize_unit - chunks that go back to the system together */
uint32_t resize_unit(size_t page_size, unsigned int chunk_shift);

/**
 * resize_look - how it stands
 * @nr: chunks that there are
 * @target: that there are to be
 * @unit: of the pool; what is less than that does not go
 * @stuck: the last attempt failed, and nobody has asked for another one
 */
enum resize_phase resize_look(uint32_t nr, uint32_t target, uint32_t unit, bool stuck);

/**
 * resize_usable - chunks that may be held: the total of the ledger
 * @nr: chunks that there are
 * @target: that there are to be
 * @lost: of @nr, those that nobody can have
 */
uint32_t resize_usable(uint32_t nr, uint32_t target, uint32_t lost);

/**
 * resize_coming - chunks that are there for clients, or will be without anybody's doing
 * @nr: chunks that there are
 * @target: that there are to be
 * @free: chunks that are free
 * @dirty: chunks that will be so
 */
uint32_t resize_coming(uint32_t nr, uint32_t target, uint32_t free, uint32_t dirty);

/**
 * resize_recall - how many chunks a session is to be asked for
 * @lent: chunks that all sessions hold
 * @usable: that may be held, see resize_usable()
 * @held: by the session
 *
 * Each is asked for its part of what is too much, in proportion to what it holds; rounded up, as
 * nobody need give anything.
 */
uint32_t resize_recall(uint32_t lent, uint32_t usable, uint32_t held);

/* Neighbours in a piece of the pool. */
struct resize_run {
	uint32_t first, count;
};

/**
 * resize_choose - choose chunks that go
 * @regions: of a piece
 * @nr: how many; up to the end of a unit
 * @unit: chunks that go together
 * @most: how many may go
 * @run: set to some that are all on the free list: whole units, with the highest numbers
 *
 * Return: false if there are none.
 */
bool resize_choose(const struct region *regions, uint32_t nr, uint32_t unit, uint32_t most,
		   struct resize_run *run);

#endif /* FASTSWAP_SERVER_RESIZE_PLAN_H */
