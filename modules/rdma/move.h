/* SPDX-License-Identifier: GPL-2.0-only */
/* An extent on its way to another frame; see move.c. */
#ifndef _FSR_MOVE_H
#define _FSR_MOVE_H

#include <linux/bio.h>
#include <linux/types.h>

#include <fastswap/backend.h>

#include "move_sm.h"

/**
 * struct fsr_move - the one extent that is being moved
 * @state: how far it is; of the tending, like all down to @retry_at
 * @extent: the extent
 * @old: its frame
 * @frame: that it is to have
 * @done: bytes that are copied
 * @len: bytes that are being copied
 * @cursor: extent at which the search for the next one begins
 * @losses: of the session when it began
 * @retry_at: no other begins before, in jiffies
 * @pages: of the piece; there since attach; NULL: nothing is ever moved
 * @bytes: that they hold
 * @bio: brings the piece
 * @bvec: of @bio
 * @addr: where that is at the server
 * @rkey: its key
 * @busy: @bio has not ended
 * @status: how it has
 * @held: writes that wait for the end of the move, by class; under map_lock, like what follows
 * @waits: writes that had to wait for that, ever
 * @stale: what was waited for may have seemed to end too early
 * @moved: extents that have been moved, ever
 */
struct fsr_move {
	enum fsr_move_state state;
	u32 extent;
	u32 old;
	u32 frame;
	u32 done;
	u32 len;
	u32 cursor;
	u32 losses;
	unsigned long retry_at;

	struct page *pages;
	u32 bytes;
	struct bio bio;
	struct bio_vec bvec;
	u64 addr;
	u32 rkey;
	bool busy;
	blk_status_t status;

	struct bio_list held[FASTSWAP_NR_CLASSES];
	u64 waits;
	bool stale;
	u64 moved;
};

#endif /* _FSR_MOVE_H */
