/* SPDX-License-Identifier: GPL-2.0-only */
/* What the other side said, for people. Pure. */
#ifndef _FSR_WORDS_H
#define _FSR_WORDS_H

#include <linux/types.h>

int fsr_words_reason(char *buf, size_t len, unsigned int reason, u64 detail);

#endif /* _FSR_WORDS_H */
