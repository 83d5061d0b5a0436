/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_MEMORY_H
#define FAKE_MEMORY_H

#include <stddef.h>

/* Of memory that is mapped from now on. */
extern size_t fake_page_size;
/* Not 0: memory cannot be had, or given back. */
extern int fake_map_errno, fake_release_errno;

#endif /* FAKE_MEMORY_H */
