/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Has the data of an RDMA READ come?
 *
 * A successful completion says so, but soft-RoCE reports success for a READ that
 * it has given up when a response comes that it did not expect (rxe_comp.c,
 * check_ack() goes to COMPST_ERROR without a status), and for one whose last
 * response comes late, after a NAK has confirmed it (check_psn()). The page would
 * be handed to a program with whatever was in it. So a mark goes where the last
 * bytes of each segment will be, other ones every time. READ responses come in
 * order: where the mark still stands, the data has not come.
 */
#ifndef _FSR_MARK_H
#define _FSR_MARK_H

#include <linux/bvec.h>
#include <linux/highmem.h>
#include <linux/mm.h>

/* Before the segment is mapped for DMA. Segments are slots: never shorter than a mark. */
static inline void fsr_mark_set(const struct bio_vec *bv, u64 mark)
{
	size_t at = bv->bv_offset + bv->bv_len - sizeof(mark);

	memcpy_to_page(bv->bv_page + at / PAGE_SIZE, offset_in_page(at), (char *)&mark,
		       sizeof(mark));
}

/* After it is unmapped. */
static inline bool fsr_mark_stands(const struct bio_vec *bv, u64 mark)
{
	size_t at = bv->bv_offset + bv->bv_len - sizeof(mark);
	u64 found;

	memcpy_from_page((char *)&found, bv->bv_page + at / PAGE_SIZE, offset_in_page(at),
			 sizeof(found));
	return found == mark;
}

#endif /* _FSR_MARK_H */
