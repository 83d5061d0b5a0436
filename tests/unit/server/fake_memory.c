// SPDX-License-Identifier: GPL-2.0-only
/* memory_map() without locking, which ordinary users may not do as they like. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_memory.h"
#include "memory.h"

size_t fake_page_size = 4096;
int fake_map_errno, fake_release_errno;

int memory_map(struct memory *mem, const struct config *cfg, const struct memory_more *more,
	       char *why, size_t why_size)
{
	memset(mem, 0, sizeof(*mem));
	if (more && atomic_load(more->cancel)) {
		snprintf(why, why_size, "told to stop");
		return ECANCELED;
	}
	/* calloc() so that a test can make it fail. */
	if (fake_map_errno) {
		snprintf(why, why_size, "no memory");
		return fake_map_errno;
	}
	mem->size = (cfg->size + fake_page_size - 1) / fake_page_size * fake_page_size;
	mem->base = calloc(1, mem->size);
	if (!mem->base) {
		snprintf(why, why_size, "no memory");
		return ENOMEM;
	}
	mem->page_size = fake_page_size;
	mem->kind = "pages of a test";
	return 0;
}

int memory_release(struct memory *mem, size_t offset, size_t size)
{
	if (fake_release_errno)
		return fake_release_errno;
	assert(offset < mem->size && size <= mem->size - offset);
	assert(!(offset % mem->page_size) && (!(size % mem->page_size)));
	/* Whoever reads this afterwards notices. */
	memset((char *)mem->base + offset, 0xdd, size);
	return 0;
}

void memory_unmap(struct memory *mem)
{
	free(mem->base);
	mem->base = NULL;
}
