/* SPDX-License-Identifier: GPL-2.0-only */
/* Where cgroups are mounted and in which a process is. Pure. */
#ifndef FASTSWAP_HIERARCHY_H
#define FASTSWAP_HIERARCHY_H

#include <stdbool.h>
#include <stddef.h>

bool hierarchy_mount(const char *mountinfo, char *path, size_t len);
bool hierarchy_memory_is_v1(const char *mountinfo);
bool hierarchy_own(const char *cgroups, char *path, size_t len);

#endif /* FASTSWAP_HIERARCHY_H */
