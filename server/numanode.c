// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numanode.h"
#include "util.h"

#define PAGE_4K		(4 * KIB)
#define SAMPLES		1024

static bool read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool ok;

	if (!file)
		return false;
	ok = fgets(line, size, file);
	fclose(file);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

/* The node of a PCI device, or of the one that a virtio device is on; -1: nobody tells. */
static int node_of(const char *sysfs, const char *kind, const char *name)
{
	static const char *const places[] = { "numa_node", "../numa_node" };
	char path[4096], line[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s/class/%s/%s/device/%s", sysfs, kind, name,
			 places[i]);
		if (read_line(path, line, sizeof(line)))
			return atoi(line);
	}
	return -1;
}

int numanode_of_device(const char *sysfs, const char *name)
{
	char path[4096], netdev[64];
	int node = node_of(sysfs, "infiniband", name);

	if (node >= 0)
		return node;
	snprintf(path, sizeof(path), "%s/class/infiniband/%s/parent", sysfs, name);
	return read_line(path, netdev, sizeof(netdev)) ? node_of(sysfs, "net", netdev) : -1;
}

int numanode_common(const int *nodes, size_t nr)
{
	size_t i;

	for (i = 1; i < nr; i++)
		if (nodes[i] != nodes[0])
			return -1;
	return nr ? nodes[0] : -1;
}

bool numanode_is_there(int node)
{
	return numa_available() >= 0 && node >= 0 && node <= numa_max_node() &&
	       numa_bitmask_isbitset(numa_all_nodes_ptr, node);
}

/* "Node 1 MemFree:   123456 kB" */
static uint64_t meminfo_bytes(const char *line, const char *name)
{
	const char *at = strstr(line, name);
	uint64_t kib;

	if (!at || sscanf(at + strlen(name), ": %" SCNu64 " kB", &kib) != 1)
		return 0;
	return kib << 10;
}

uint64_t numanode_free_huge(const char *sysfs, int node, size_t page_size)
{
	char path[4096], of[64] = "kernel/mm", line[256];

	if (node >= 0)
		snprintf(of, sizeof(of), "devices/system/node/node%d", node);
	snprintf(path, sizeof(path), "%s/%s/hugepages/hugepages-%zukB/free_hugepages", sysfs, of,
		 page_size >> 10);
	if (!read_line(path, line, sizeof(line)))
		return 0;
	return strtoull(line, NULL, 10) * page_size;
}

uint64_t numanode_free_bytes(const char *sysfs, int node, size_t page_size)
{
	char path[4096], line[256];
	uint64_t sum = 0;
	FILE *file;

	if (page_size > PAGE_4K)
		return numanode_free_huge(sysfs, node, page_size);
	snprintf(path, sizeof(path), "%s/devices/system/node/node%d/meminfo", sysfs, node);
	file = fopen(path, "re");
	if (!file)
		return 0;
	/* The kernel has no MemAvailable for a node: what is free, and what it drops first. */
	while (fgets(line, sizeof(line), file))
		sum += meminfo_bytes(line, "MemFree") + meminfo_bytes(line, "Inactive(file)");
	fclose(file);
	return sum;
}

int numanode_place(void *base, size_t size, int node, bool strict)
{
	struct bitmask *nodes = numa_allocate_nodemask();
	int mode = strict ? MPOL_BIND : MPOL_PREFERRED;
	int err = 0;

	if (!nodes)
		return ENOMEM;
	numa_bitmask_setbit(nodes, node);
	if (mbind(base, size, mode, nodes->maskp, nodes->size + 1, 0))
		err = errno;
	numa_free_nodemask(nodes);
	return err;
}

const char *numanode_where(char *buf, size_t buf_size, void *base, size_t size)
{
	unsigned int on[NUMANODE_MAX + 1] = { 0 }, all = 0, i;
	static void *pages[SAMPLES];
	static int status[SAMPLES];
	size_t len, step = size / SAMPLES / PAGE_4K * PAGE_4K;
	const char *separator;

	*buf = '\0';
	if (numa_available() < 0 || numa_num_configured_nodes() < 2)
		return buf;
	if (!step)
		step = PAGE_4K;
	for (i = 0; i < SAMPLES && i * step < size; i++)
		pages[i] = (char *)base + i * step;
	/* Without nodes to move to it only tells where they are. */
	if (move_pages(0, i, pages, NULL, status, 0))
		return buf;
	while (i--) {
		if (status[i] >= 0 && status[i] <= NUMANODE_MAX) {
			on[status[i]]++;
			all++;
		}
	}
	for (i = 0; i <= NUMANODE_MAX; i++) {
		if (on[i] && on[i] == all) {
			snprintf(buf, buf_size, "node %u", i);
			return buf;
		}
	}
	separator = "nodes ";
	for (i = 0, len = 0; i <= NUMANODE_MAX && len < buf_size; i++) {
		if (!on[i])
			continue;
		len += snprintf(buf + len, buf_size - len, "%s%u (%u %%)", separator, i,
				on[i] * 100 / all);
		separator = ", ";
	}
	return buf;
}
