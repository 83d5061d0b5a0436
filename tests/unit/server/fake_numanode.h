/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine with two NUMA nodes, for tests of what asks for memory from one. */
#ifndef FAKE_NUMANODE_H
#define FAKE_NUMANODE_H

#include <stdbool.h>
#include <stdint.h>

extern uint64_t node_free_small, node_free_2m, node_free_1g;	/* of the node asked for */
extern int node_place_errno;
extern int placed_node;		/* by the last numanode_place(); -1: none */
extern bool placed_strict;

#endif /* FAKE_NUMANODE_H */
