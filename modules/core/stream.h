/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which slots will be read next: recognise readers that go through a device in
 * order, several at a time, up or down.
 *
 * Pure: no locks, no allocation, no block layer; also compiled into user-space
 * unit tests.
 */
#ifndef _FASTSWAP_STREAM_H
#define _FASTSWAP_STREAM_H

#include <linux/types.h>

#define FASTSWAP_STREAMS	4	/* that are remembered at the same time */
/* Windows in sequence before anything is asked for, the first one included. */
#define FASTSWAP_STREAM_RUN	3

/**
 * struct fastswap_stream - a reader that goes through the device
 * @first: lowest slot of its latest window
 * @last: and the highest
 * @asked: where the next range starts that is asked for ahead; lies beyond the
 *	window in the direction of the stream
 * @run: windows in sequence, 0: unused; stops at FASTSWAP_STREAM_RUN
 * @down: it goes towards lower slots
 * @used: clock of the latest window
 */
struct fastswap_stream {
	u64 first;
	u64 last;
	u64 asked;
	u8 run;
	bool down;
	u32 used;
};

/**
 * struct fastswap_streams - the readers of one CPU
 * @stream: in no order
 * @clock: windows so far
 */
struct fastswap_streams {
	struct fastswap_stream stream[FASTSWAP_STREAMS];
	u32 clock;
};

/**
 * struct fastswap_range - slots that follow each other
 * @first: the lowest
 * @count: how many, maybe none
 */
struct fastswap_range {
	u64 first;
	u32 count;
};

struct fastswap_range fastswap_streams_next(struct fastswap_streams *streams, u64 first, u64 last,
					    u32 depth, u64 nr_slots);

#endif /* _FASTSWAP_STREAM_H */
