/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which window a slot is being read with: for a kernel that asks, when a task is about to
 * sleep for a page, whether it may poll for it (->poll_swap).
 */
#ifndef _FASTSWAP_FLIGHT_H
#define _FASTSWAP_FLIGHT_H

#include <fastswap/kcompat.h>

#include "core.h"

int fastswap_flights_alloc(struct fastswap_device *dev);
void fastswap_flights_free(struct fastswap_device *dev);
u32 __fastswap_flight_begin(struct fastswap_device *dev);
void __fastswap_flight_add(struct fastswap_device *dev, u32 id, u64 first, u32 count);
void __fastswap_flight_go(struct fastswap_device *dev, u32 id, enum fastswap_class class,
			  const struct fastswap_ticket *ticket);
bool fastswap_polls_locked(const struct fastswap_device *dev);
bool fastswap_poll_swap(struct block_device *bdev, sector_t sector, u64 waited_ns);

/**
 * fastswap_flight_begin - a window begins
 * @dev: the device
 *
 * Return: its id; 0 if nobody will ask.
 */
static inline u32 fastswap_flight_begin(struct fastswap_device *dev)
{
	return fsw_has_poll_swap && dev->flights ? __fastswap_flight_begin(dev) : 0;
}

/**
 * fastswap_flight_add - these slots are read with a window
 * @dev: the device
 * @id: of fastswap_flight_begin()
 * @first: lowest slot
 * @count: how many
 */
static inline void fastswap_flight_add(struct fastswap_device *dev, u32 id, u64 first, u32 count)
{
	if (fsw_has_poll_swap && id)
		__fastswap_flight_add(dev, id, first, count);
}

/**
 * fastswap_flight_go - reads of a window were handed to the backend
 * @dev: the device
 * @id: of the window
 * @class: of the reads
 * @ticket: to poll for; without a queue: they have ended
 */
static inline void fastswap_flight_go(struct fastswap_device *dev, u32 id,
				      enum fastswap_class class,
				      const struct fastswap_ticket *ticket)
{
	if (fsw_has_poll_swap && id && ticket->queue)
		__fastswap_flight_go(dev, id, class, ticket);
}

#endif /* _FASTSWAP_FLIGHT_H */
