/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of a cgroup say. Pure. */
#ifndef FASTSWAP_CGFILE_H
#define FASTSWAP_CGFILE_H

#include <stdbool.h>
#include <stdint.h>

#define CG_NO_LIMIT	UINT64_MAX	/* what "max" stands for */

bool cgfile_value(const char *text, uint64_t *value);
bool cgfile_key(const char *text, const char *key, uint64_t *value);
bool cgfile_stall(const char *text, const char *kind, uint64_t *us);
void cgfile_histogram(const char *text, uint64_t *count, uint64_t *total);
bool cgfile_word(const char *text, const char *word);

#endif /* FASTSWAP_CGFILE_H */
