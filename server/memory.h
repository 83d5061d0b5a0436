/* SPDX-License-Identifier: GPL-2.0-only */
/* What memory the machine can give, and a large mapping that is really there. */
#ifndef FASTSWAP_SERVER_MEMORY_H
#define FASTSWAP_SERVER_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

struct memory {
	void *base;		/* NULL: nothing is mapped */
	size_t size;		/* bytes mapped, a multiple of the page size */
	size_t page_size;	/* of the mapping: 4 KiB, 2 MiB or 1 GiB */
	const char *kind;	/* for people: what pages these are */
	char where[64];		/* likewise: on which nodes; empty where there is one */
};

/**
 * memory_map - map, lock and touch memory
 * @mem: filled in
 * @cfg: size, kind of pages, node, and the chunk size if that is not ours to choose
 * @why: on an error one line that says what is wrong and what would fit
 * @why_size: bytes of @why
 *
 * The memory reads as zeros. It is excluded from core dumps (it holds other
 * machines' data) and from children.
 *
 * Return: 0 or an errno value; ECANCELED when stop_wanted().
 */
int memory_map(struct memory *mem, const struct config *cfg, char *why, size_t why_size);

/** memory_unmap - give it back; safe on a zeroed one */
void memory_unmap(struct memory *mem);

/**
 * memory_parse_available - read MemAvailable
 * @meminfo: text as in /proc/meminfo
 *
 * Return: bytes, or UINT64_MAX if the text does not say.
 */
uint64_t memory_parse_available(const char *meminfo);

#endif /* FASTSWAP_SERVER_MEMORY_H */
