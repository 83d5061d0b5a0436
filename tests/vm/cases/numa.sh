#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768,numa=2,cpus=2
# kernels: 6.12
#
# A machine with two NUMA nodes, and the adapter at the second: that is where the pool
# comes from, unless the operator says otherwise.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

# MiB of the largest mapping of the server that are on a node.
pool_on_node()
{
	awk -v node="N$1" '
		{ pages = 0; all = 0
		  for (i = 1; i <= NF; i++)
			if (split($i, part, "=") == 2 && part[1] ~ /^N[0-9]+$/) {
				all += part[2]
				if (part[1] == node)
					pages = part[2]
			}
		  if (all > most) { most = all; found = pages } }
		END { print found * 4 / 1024 }' "/proc/$SERVER/numa_maps"
}

# serve_on NODE WHERE OPTION...
serve_on()
{
	start_server --size 64M --hugepages no "${@:3}"
	server_says "$2" || die "the server does not say '$2'"
	check "MiB of the pool on node $1" "$(pool_on_node "$1")" -eq 64
	stop_server TERM
}

rdma_up
check "node of the adapter" "$(<"/sys/class/net/$GUEST_NETDEV/device/../numa_node")" -eq 1

step "auto"
serve_on 1 '4 KiB pages, node 1\)'
serve_on 1 '4 KiB pages, node 1\)' --address "$VM_IP"
step "another one by choice"
serve_on 0 '4 KiB pages, node 0\)' --numa 0
step "a node that has too little, and one that is not there"
fails_with 20 'are available on that node; try --size' \
	fastswap-server --port $PORT --size 500M --hugepages no --numa 1
fails_with 20 'this machine has no node 2' fastswap-server --port $PORT --size 64M --numa 2
step "more than the node has: others help out"
start_server --size 420M --hugepages no
server_says 'nodes 0 \([0-9]+ %\), 1 \([0-9]+ %\)' || die "the server does not say where it is"
stop_server TERM
