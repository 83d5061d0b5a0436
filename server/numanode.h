/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which NUMA node the pool shall be on, and on which ones it is. An adapter reaches
 * the memory of its own node without the link between the sockets.
 */
#ifndef FASTSWAP_SERVER_NUMANODE_H
#define FASTSWAP_SERVER_NUMANODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What --numa says besides the number of a node. */
#define NUMANODE_AUTO	(-1)	/* the node of the RDMA device, and others when it is full */
#define NUMANODE_OFF	(-2)	/* wherever the kernel likes */

#define NUMANODE_MAX	1023

/**
 * numanode_of_device - the node that an RDMA device is attached to
 * @sysfs: where sysfs is mounted
 * @name: of the device; one in software is where its network interface is
 *
 * Return: the node, or -1 if the kernel knows none.
 */
int numanode_of_device(const char *sysfs, const char *name);

/** numanode_common - the node that all of @nr numbers name; -1: they name none, or several */
int numanode_common(const int *nodes, size_t nr);

/** numanode_is_there - does this machine have the node? */
bool numanode_is_there(int node);

/**
 * numanode_free_huge - reserved huge pages that nobody has yet
 * @sysfs: where sysfs is mounted
 * @node: the node; -1: all of them
 * @page_size: of the pages
 *
 * Return: bytes, 0 if that cannot be found out.
 */
uint64_t numanode_free_huge(const char *sysfs, int node, size_t page_size);

/**
 * numanode_free_bytes - what a node can give
 * @sysfs: where sysfs is mounted
 * @node: the node
 * @page_size: of reserved huge pages, or 4096
 *
 * Return: bytes, 0 if that cannot be found out.
 */
uint64_t numanode_free_bytes(const char *sysfs, int node, size_t page_size);

/**
 * numanode_place - have memory that was not touched yet come from a node
 * @base: the memory
 * @size: bytes
 * @node: the node
 * @strict: from no other
 *
 * Return: 0 or an errno value.
 */
int numanode_place(void *base, size_t size, int node, bool strict);

/**
 * numanode_where - on which nodes memory is, for people
 * @buf: gets for example "node 1" or "nodes 0 (25 %), 1 (75 %)"; empty on one node
 * @buf_size: bytes of @buf
 * @base: memory that has been touched
 * @size: bytes
 *
 * Looks at a sample of the pages.
 *
 * Return: @buf.
 */
const char *numanode_where(char *buf, size_t buf_size, void *base, size_t size);

#endif /* FASTSWAP_SERVER_NUMANODE_H */
