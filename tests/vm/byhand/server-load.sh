#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: server,mem=3072
# timeout: 3000
#
# How many clients the server bears, and whether it leaks: 64 clients with 24 queue
# pairs each that come at once, ask for chunks and go; 10000 that come and go. By hand,
# as it takes a quarter of an hour:
#	tests/vm/run-case --build build tests/vm/byhand/server-load.sh 6.12

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly CLIENTS=64 SETS=8 CYCLES=10000

# What the server holds besides the pool, in KiB: it is to be the same after every round.
heap_kib()
{
	sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$SERVER/status"
}

cpu_ticks()
{
	cut -d ' ' -f 14,15 "/proc/$SERVER/stat" | tr ' ' '+'
}

nobody_is_attached()
{
	[[ "$(rdma resource show qp link "$GUEST_RDMA" | grep -c 'comm fastswap-server')" -eq 0 ]]
}

# round NAME COMMAND...
round()
{
	local before

	step "$1"
	before=$(heap_kib)
	fsw-probe "${@:2}"
	wait_for 120 nobody_is_attached
	echo "heap: $before KiB before, $(heap_kib) KiB after; objects: $(rdma resource show)"
}

rdma_up
start_server --size 512M --chunk-size 1M --connect-rate 0 --max-per-address 0 \
	--max-sessions 256 --max-sets 8 --threads 2
round "$CLIENTS clients at once" --clients "$CLIENTS" --sets "$SETS" --chunks 4 --seconds 20 \
	"$VM_IP" load
round "and once more" --clients "$CLIENTS" --sets "$SETS" --chunks 4 --seconds 20 "$VM_IP" load
round "$CYCLES sessions" --cycles "$CYCLES" "$VM_IP" cycles

step "nobody is there"
before=$(($(cpu_ticks)))
sleep 20
echo "idle: $(($(cpu_ticks) - before)) clock ticks of CPU time in 20 s"
stop_server TERM
