/* SPDX-License-Identifier: GPL-2.0-only */
/* What memory the machine can give, and a large mapping that is really there. */
#ifndef FASTSWAP_SERVER_MEMORY_H
#define FASTSWAP_SERVER_MEMORY_H

#include <stdatomic.h>
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

/* What is different about memory that joins other that is in use already. */
struct memory_more {
	size_t page_size;		/* that it has to have */
	uint64_t locked;		/* bytes that are there already */
	const atomic_bool *cancel;	/* set when it is not wanted any more */
};

/**
 * memory_map - map, lock and touch memory
 * @mem: filled in
 * @cfg: size, kind of pages, node, and the chunk size if that is not ours to choose
 * @more: NULL: it is the first
 * @why: on an error one line that says what is wrong and what would fit
 * @why_size: bytes of @why
 *
 * The memory reads as zeros. It is excluded from core dumps (it holds other
 * machines' data) and from children.
 *
 * Return: 0 or an errno value; ECANCELED when stop_wanted(), or @more says so.
 */
int memory_map(struct memory *mem, const struct config *cfg, const struct memory_more *more,
	       char *why, size_t why_size);

/**
 * memory_release - give a part of it back to the system
 * @mem: mapped
 * @offset: of the part, a multiple of the page size
 * @size: of the part, likewise
 *
 * The addresses stay ours until memory_unmap(), so that nothing else can come to be there.
 *
 * Return: 0 or an errno value; then the part is as it was.
 */
int memory_release(struct memory *mem, size_t offset, size_t size);

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
