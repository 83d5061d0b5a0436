/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock of the keep-alive: when to send a ping, when the server is dead. Pure.
 *
 * Silence is counted in ticks of a clock of this machine, not in time: on one
 * that is starved of CPU messages wait just as the ticks do.
 */
#ifndef _FSR_KEEPALIVE_H
#define _FSR_KEEPALIVE_H

#include <linux/types.h>

#include <fastswap/proto.h>

/* Bounds of the interval, whatever the server asks for. */
#define FSR_KEEPALIVE_MIN_MS	200u
#define FSR_KEEPALIVE_MAX_MS	3600000u

/*
 * The first tick comes at any time after a message: of one tick more than a limit,
 * the limit itself has passed for sure.
 */
#define FSR_SILENT_TICKS	(FSW_SILENT_PARTS + 1)

/**
 * struct fsr_keepalive - what happened since when
 * @unsaid: ticks in a row in which nothing was sent
 * @unheard: ticks in a row in which nothing was received
 */
struct fsr_keepalive {
	u8 unsaid;
	u8 unheard;
};

enum fsr_keepalive_verdict {
	FSR_KEEPALIVE_FINE,
	FSR_KEEPALIVE_PING,	/* it is time to send something */
	FSR_KEEPALIVE_DEAD,	/* the server has been silent for too long */
};

/* fsr_keepalive_tick_ms - from one tick to the next, for an interval as the server gave it */
static inline u32 fsr_keepalive_tick_ms(u32 interval_ms)
{
	if (interval_ms < FSR_KEEPALIVE_MIN_MS)
		interval_ms = FSR_KEEPALIVE_MIN_MS;
	if (interval_ms > FSR_KEEPALIVE_MAX_MS)
		interval_ms = FSR_KEEPALIVE_MAX_MS;
	return interval_ms / FSW_KEEPALIVE_PARTS;
}

/* fsr_keepalive_said, fsr_keepalive_heard - a message was sent, one was received */
static inline void fsr_keepalive_said(struct fsr_keepalive *k)
{
	k->unsaid = 0;
}

static inline void fsr_keepalive_heard(struct fsr_keepalive *k)
{
	k->unheard = 0;
}

/**
 * fsr_keepalive_tick - one more tick has passed
 * @k: the state; not to be asked again once the server is dead
 *
 * Return: what to do now. A ping that cannot be sent is due at the next tick still.
 */
static inline enum fsr_keepalive_verdict fsr_keepalive_tick(struct fsr_keepalive *k)
{
	if (++k->unheard >= FSR_SILENT_TICKS)
		return FSR_KEEPALIVE_DEAD;
	if (k->unsaid < FSW_PING_PARTS)
		k->unsaid++;
	return k->unsaid == FSW_PING_PARTS ? FSR_KEEPALIVE_PING : FSR_KEEPALIVE_FINE;
}

#endif /* _FSR_KEEPALIVE_H */
