#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=2048
# timeout: 2400
#
# What each patch of kernel/patches buys, on one kernel that has them all: with each
# turned off in turn. By hand, as it takes long:
#	tests/vm/run-case --build build tests/vm/byhand/patches.sh 6.12-patched
# A line per phase. "sleeps" are voluntary context switches per 1000 faults.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly REPETITIONS=3 SIZE=48 LOCAL=24
readonly PARAMETERS=/sys/module/fastswap/parameters

readonly PHASES=(
	--phase "fill,label=fill"
	--phase "read,label=seq"
	--phase "read,order=backward,label=backward"
	--phase "read,order=random,count=3000,label=random"
	--phase "read,order=random,count=3000,threads=2,label=random-2"
	--phase "write,order=random,count=3000,label=write"
)

# report VARIANT: what swapload says, in lines
report()
{
	python3 -c '
import json, sys

for phase in json.loads(sys.stdin.read())["phases"]:
    faults = max(1, phase["major_faults"] + phase["minor_faults"])
    total = sum(count for _, count in phase["histogram"])
    seen, marks = 0, {}
    for below, count in phase["histogram"]:
        seen += count
        for percent in (50, 99):
            if seen * 100 >= total * percent:
                marks.setdefault(percent, below / 1000)
    print("RESULT %-28s %-9s pages/s %7.0f p50 %7.1f p99 %8.1f sleeps %7.1f system %6.0f ms"
          % (sys.argv[1], phase["label"], phase["accesses"] / phase["seconds"], marks[50],
             marks[99], 1000 * phase["voluntary_switches"] / faults, phase["system_us"] / 1000))
' "$1"
}

# variant NAME [PARAMETER=VALUE...]
variant()
{
	local name="$1" word

	shift
	for word; do
		echo "${word#*=}" >"$PARAMETERS/${word%%=*}"
	done
	with_memory_limit "$LOCAL" swapload --size "$SIZE" "${PHASES[@]}" >/tmp/swapload.json
	report "$name" </tmp/swapload.json
}

# offload NAME CPU: limits with room in between, and who reclaims
offload()
{
	local name="$1" group

	group=$(mktemp -d /sys/fs/cgroup/offload.XXXXXX)
	echo "$((LOCAL + 8))M" >"$group/memory.max"
	echo "${LOCAL}M" >"$group/memory.high"
	echo "$2" >"$group/memory.reclaim_cpu"
	(
		echo "$BASHPID" >"$group/cgroup.procs"
		exec swapload --size "$SIZE" "${PHASES[@]}"
	) >/tmp/swapload.json
	report "$name" </tmp/swapload.json
	echo "RESULT $name events: $(tr '\n' ' ' <"$group/memory.events")"
	wait_for 30 grep -qx 'populated 0' "$group/cgroup.events"
	rmdir "$group"
}

rdma_up
start_server --size 1G --chunk-size 16M
attach "rdma://$VM_IP:$PORT" --size 256M --swapon
for ((i = 0; i < REPETITIONS; i++)); do
	step "repetition $i"
	variant neither poll_locked=N hurry_demand=N poll_window=Y
	variant poll poll_locked=Y hurry_demand=N
	variant demand_first poll_locked=N hurry_demand=Y
	variant both poll_locked=Y hurry_demand=Y
	variant both,poll_window=N poll_window=N
	echo Y >$PARAMETERS/poll_window
	offload high,tasks none
	offload high,reclaim_cpu 1
done
grep . "/sys/block/${DEVICE##*/}/fastswap/stats" "/sys/block/${DEVICE##*/}/fastswap/backend_stats"
swapoff "$DEVICE"
detach "$DEVICE"
unload
stop_server TERM
