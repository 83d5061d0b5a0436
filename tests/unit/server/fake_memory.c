// SPDX-License-Identifier: GPL-2.0-only
/* memory_map() without locking, which ordinary users may not do as they like. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

int memory_map(struct memory *mem, const struct config *cfg, char *why, size_t why_size)
{
	memset(mem, 0, sizeof(*mem));
	/* calloc() so that a test can make it fail. */
	mem->base = calloc(1, cfg->size);
	if (!mem->base) {
		snprintf(why, why_size, "no memory");
		return ENOMEM;
	}
	mem->size = cfg->size;
	mem->page_size = 4096;
	mem->kind = "pages of a test";
	return 0;
}

void memory_unmap(struct memory *mem)
{
	free(mem->base);
	mem->base = NULL;
}
