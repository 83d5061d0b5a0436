/* SPDX-License-Identifier: GPL-2.0-only */
/* The fault points of the RDMA backend; see <fastswap/fault.h>, and ABI.md for what each does. */
#ifndef _FSR_FAULT_H
#define _FSR_FAULT_H

#include <linux/delay.h>

#include <fastswap/fault.h>

#include "rdma.h"

#define FSR_FAULTS(X)      \
	X(ALLOC, "alloc")  \
	X(CLOSE, "close")  \
	X(DELAY, "delay")  \
	X(DROP, "drop")    \
	X(KILL, "kill")    \
	X(MAP, "map")      \
	X(MUTE, "mute")    \
	X(POISON, "poison") \
	X(POST, "post")    \
	X(SHORT, "short")  \
	X(STALL, "stall")  \
	X(STATUS, "status")

enum fsr_fault {
#define X(name, text) FSR_FAULT_##name,
	FSR_FAULTS(X)
#undef X
	FSR_NR_FAULTS,
};

extern struct fastswap_fault fsr_faults[FSR_NR_FAULTS + 1];

/* Does it strike? */
#define fsr_fault(name) fastswap_fault(&fsr_faults[FSR_FAULT_##name])

bool fsr_fault_is_late(struct fsr_queue *q);
void fsr_fault_poison(struct fsr_queue *q, struct ib_wc *wc);
void fsr_fault_kill(struct fsr_session *s);

/* Shall the completions of this queue not be seen yet? Under FSR_REAPING. */
#define fsr_fault_delays(q) \
	(static_branch_unlikely(&fsr_faults[FSR_FAULT_DELAY].armed) && fsr_fault_is_late(q))

/* Shall requests fail? */
#define fsr_fault_poisons() static_branch_unlikely(&fsr_faults[FSR_FAULT_POISON].armed)

/* A step of a recovery takes long. May sleep. */
static inline void fsr_fault_stall(void)
{
	if (fsr_fault(STALL))
		msleep(fsr_faults[FSR_FAULT_STALL].rule.arg);
}

#endif /* _FSR_FAULT_H */
