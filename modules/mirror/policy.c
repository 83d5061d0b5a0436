// SPDX-License-Identifier: GPL-2.0-only
#include "policy.h"

#include <linux/bitops.h>

/**
 * fsm_read_way - where a read goes
 * @view: the replicas
 * @to: set to those that can serve it; one is to be chosen
 *
 * Return: what becomes of the read. It waits only for a replica that has the data:
 * another one will never have it without that.
 */
enum fsm_way fsm_read_way(const struct fsm_view *view, u8 *to)
{
	*to = view->has & view->live & ~view->refused;
	if (*to)
		return FSM_GO;
	return view->has & view->holding & ~view->refused ? FSM_WAIT : FSM_FAIL;
}

/**
 * fsm_write_way - where a write goes
 * @view: the replicas; @has does not matter
 * @to: set to those that it goes to, all of them
 *
 * Return: what becomes of the write.
 */
enum fsm_way fsm_write_way(const struct fsm_view *view, u8 *to)
{
	*to = view->live & ~view->refused;
	if (*to)
		return FSM_GO;
	return view->holding & ~view->refused ? FSM_WAIT : FSM_FAIL;
}

/**
 * fsm_fastest - choose who serves a read
 * @among: those that can, at least one
 * @read_ns: what a read usually takes, by replica; 0: not known yet, to be found out
 * @turn: number of the read
 *
 * Return: the index of the replica.
 */
unsigned int fsm_fastest(u8 among, const u32 *read_ns, u32 turn)
{
	unsigned int best = __ffs(among), i;

	if (turn % FSM_PROBE == 0) {
		unsigned int skip = turn / FSM_PROBE % hweight8(among);

		while (skip--)
			among &= among - 1;
		return __ffs(among);
	}
	for (i = best + 1; i < FSM_REPLICAS_MAX; i++)
		if (among & 1u << i && read_ns[i] < read_ns[best])
			best = i;
	return best;
}

/**
 * fsm_health - how the whole is doing
 * @all: all replicas
 * @live: do I/O
 * @holding: do not, but are waited for
 * @complete: miss nothing of what is stored
 */
enum fsm_health fsm_health(u8 all, u8 live, u8 holding, u8 complete)
{
	if (live)
		return (live & complete) == all ? FSM_ALL : FSM_SOME;
	return holding ? FSM_NONE_YET : FSM_NONE;
}
