// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "fake_numanode.h"
#include "numanode.h"

uint64_t node_free_small, node_free_2m, node_free_1g;
int node_place_errno, placed_node;
bool placed_strict;

uint64_t numanode_free_huge(const char *sysfs, int node, size_t page_size)
{
	return page_size == 2 << 20 ? node_free_2m : node_free_1g;
}

uint64_t numanode_free_bytes(const char *sysfs, int node, size_t page_size)
{
	return page_size == 4096 ? node_free_small : numanode_free_huge(sysfs, node, page_size);
}

int numanode_place(void *base, size_t size, int node, bool strict)
{
	placed_node = node;
	placed_strict = strict;
	return node_place_errno;
}

const char *numanode_where(char *buf, size_t buf_size, void *base, size_t size)
{
	if (placed_node < 0)
		*buf = '\0';
	else
		snprintf(buf, buf_size, "node 1");
	return buf;
}
