/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who reads, who writes, who waits, and what to say of it. Pure; also compiled
 * into user-space unit tests. Sets of replicas are masks, a bit for each.
 */
#ifndef _FASTSWAP_MIRROR_POLICY_H
#define _FASTSWAP_MIRROR_POLICY_H

#include <linux/types.h>

#define FSM_REPLICAS_MIN	2
#define FSM_REPLICAS_MAX	4

/* One read in so many goes to each replica in turn: the slow one may be so no more. */
#define FSM_PROBE		64

/**
 * struct fsm_view - the replicas as one bio sees them
 * @live: do I/O now
 * @holding: do not, but I/O waits for them
 * @has: have what is in the bio's slots
 * @refused: have failed this very bio for good
 */
struct fsm_view {
	u8 live;
	u8 holding;
	u8 has;
	u8 refused;
};

enum fsm_way {
	FSM_GO,
	FSM_WAIT,
	FSM_FAIL,
};

enum fsm_health {
	FSM_ALL,	/* every replica has everything */
	FSM_SOME,
	FSM_NONE_YET,	/* I/O waits */
	FSM_NONE,
};

enum fsm_way fsm_read_way(const struct fsm_view *view, u8 *to);
enum fsm_way fsm_write_way(const struct fsm_view *view, u8 *to);
unsigned int fsm_fastest(u8 among, const u32 *read_ns, u32 turn);
enum fsm_health fsm_health(u8 all, u8 live, u8 holding, u8 complete);

#endif /* _FASTSWAP_MIRROR_POLICY_H */
