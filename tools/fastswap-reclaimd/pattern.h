/* SPDX-License-Identifier: GPL-2.0-only */
/* Patterns of paths of groups: shell patterns for each folder of the path. Pure. */
#ifndef FASTSWAP_RECLAIMD_PATTERN_H
#define FASTSWAP_RECLAIMD_PATTERN_H

#include <stdbool.h>

const char *pattern_check(const char *pattern);
bool pattern_matches(const char *pattern, const char *path);
bool pattern_leads_to(const char *pattern, const char *path);

#endif /* FASTSWAP_RECLAIMD_PATTERN_H */
