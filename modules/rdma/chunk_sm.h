/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of one chunk as its client sees it. Pure: no locks, no logging, no verbs.
 *
 * Only a chunk that is GRANTED is read or written. It is given back only when nothing of the device
 * is in it, so no I/O has to wait for the way back.
 */
#ifndef _FSR_CHUNK_SM_H
#define _FSR_CHUNK_SM_H

#include <linux/types.h>

/**
 * enum fsr_chunk_state - how a chunk stands
 * @FSR_CHUNK_ABSENT: the server has not granted it
 * @FSR_CHUNK_ASKED: we have asked for it
 * @FSR_CHUNK_GRANTED: address and key are known
 * @FSR_CHUNK_RELEASED: we have given it back, and the server has not said that it knows
 * @FSR_CHUNK_UNSURE: the link broke in one of ASKED and RELEASED: the server may have it granted
 */
enum fsr_chunk_state {
	FSR_CHUNK_ABSENT,
	FSR_CHUNK_ASKED,
	FSR_CHUNK_GRANTED,
	FSR_CHUNK_RELEASED,
	FSR_CHUNK_UNSURE,
	FSR_NR_CHUNK_STATES,
};

/**
 * enum fsr_chunk_event - what happens to a chunk
 * @FSR_CHUNK_EV_ASK: we ask for it
 * @FSR_CHUNK_EV_GRANT: the server grants it
 * @FSR_CHUNK_EV_DENY: the server does not
 * @FSR_CHUNK_EV_RELEASE: we give it back
 * @FSR_CHUNK_EV_TAKEN: the server has taken it back
 * @FSR_CHUNK_EV_BREAK: the link is lost, the session is not
 * @FSR_CHUNK_EV_LOSE: the server has nothing of ours any more
 */
enum fsr_chunk_event {
	FSR_CHUNK_EV_ASK,
	FSR_CHUNK_EV_GRANT,
	FSR_CHUNK_EV_DENY,
	FSR_CHUNK_EV_RELEASE,
	FSR_CHUNK_EV_TAKEN,
	FSR_CHUNK_EV_BREAK,
	FSR_CHUNK_EV_LOSE,
	FSR_NR_CHUNK_EVENTS,
};

bool fsr_chunk_step(enum fsr_chunk_state state, enum fsr_chunk_event event,
		    enum fsr_chunk_state *next);

#endif /* _FSR_CHUNK_SM_H */
