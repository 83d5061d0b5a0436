/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An extent on its way to another frame. Pure: no locks, no logging, no verbs.
 *
 * The new frame is in use only when all of the extent has been copied, and nothing was written
 * meanwhile; the old one is free only when nobody uses it any more.
 */
#ifndef _FSR_MOVE_SM_H
#define _FSR_MOVE_SM_H

#include <linux/types.h>

/**
 * enum fsr_move_state - how far it is
 * @FSR_MOVE_NONE: nothing is being moved
 * @FSR_MOVE_SETTLING: no write begins any more, those that are under way end
 * @FSR_MOVE_READING: a piece comes from the old frame
 * @FSR_MOVE_WRITING: it goes to the new one
 * @FSR_MOVE_LEAVING: the new frame is in use, what is under way to the old one ends
 */
enum fsr_move_state {
	FSR_MOVE_NONE,
	FSR_MOVE_SETTLING,
	FSR_MOVE_READING,
	FSR_MOVE_WRITING,
	FSR_MOVE_LEAVING,
	FSR_NR_MOVE_STATES,
};

/**
 * enum fsr_move_event - what happens to it
 * @FSR_MOVE_EV_BEGIN: an extent is to be moved
 * @FSR_MOVE_EV_SETTLED: all writes of before have ended
 * @FSR_MOVE_EV_READ: the piece is here
 * @FSR_MOVE_EV_WRITTEN: it is there, and was not the last one
 * @FSR_MOVE_EV_COPIED: it was, and the extent has its new frame
 * @FSR_MOVE_EV_LEFT: all I/O of before has ended, or the old frame is lost
 * @FSR_MOVE_EV_FAIL: the extent stays where it is, or is lost
 */
enum fsr_move_event {
	FSR_MOVE_EV_BEGIN,
	FSR_MOVE_EV_SETTLED,
	FSR_MOVE_EV_READ,
	FSR_MOVE_EV_WRITTEN,
	FSR_MOVE_EV_COPIED,
	FSR_MOVE_EV_LEFT,
	FSR_MOVE_EV_FAIL,
	FSR_NR_MOVE_EVENTS,
};

bool fsr_move_step(enum fsr_move_state state, enum fsr_move_event event,
		   enum fsr_move_state *next);

#endif /* _FSR_MOVE_SM_H */
