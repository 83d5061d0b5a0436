#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=1280
# kernels: 6.12-patched 6.1-patched
# timeout: 500
#
# What each patch of kernel/patches is for happens: with it, and not without.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly LIMIT=24	# MiB
readonly PARAMETERS=/sys/module/fastswap/parameters

hooks()
{
	attribute kernel_hooks
}

# walks OPTION...: as long as it takes to be sure, in little memory
walks()
{
	with_memory_limit 8 pagewalk --size 20 "$@"
}

# grows COUNTER COMMAND...: by how much
grows()
{
	local name="$1" before

	before=$(counter "$name")
	shift
	"$@" >&2
	echo $(($(counter "$name") - before))
}

step "attach"
rdma_up
start_server --size 512M --chunk-size 16M
attach "rdma://$VM_IP:$PORT" --size 256M --swapon
check "hooks before the first window" "$(hooks)" = poll_swap

step "the page that faulted comes first, and the others are marked"
walks --walk backward
check "hooks" "$(hooks)" = poll_swap,demand_first
before=$(counter demand_bios)
hurried=$(grows hurried walks --walk backward)
# If the page were the last of its window there would be one in eight.
check "demanded pages that came first" $((hurried * 10)) -gt \
	$((($(counter demand_bios) - before) * 9))
walks --walk seq,random --write
echo N >$PARAMETERS/hurry_demand
check "hooks" "$(hooks)" = poll_swap
walks --walk seq,random,backward
echo Y >$PARAMETERS/hurry_demand

step "tasks poll for pages that others have asked for"
asked=$(grows lock_polls walks --threads 4 --walk seq,random --write)
check "polls instead of sleeps" "$asked" -gt 0
echo N >$PARAMETERS/poll_locked
check "hooks" "$(hooks)" = demand_first
check "polls when that is off" "$(grows lock_polls walks --threads 4 --walk seq)" -eq 0
echo Y >$PARAMETERS/poll_locked
# The spin that belongs to the submission ends early: the hook goes on for every page.
echo N >$PARAMETERS/poll_window
asked=$(grows lock_polls walks --walk seq)
check "polls for prefetched pages" "$asked" -gt 100
echo Y >$PARAMETERS/poll_window

# make_group HIGH [CPU]: sets GROUP
make_group()
{
	GROUP=$(mktemp -d /sys/fs/cgroup/offload.XXXXXX)
	echo "${LIMIT}M" >"$GROUP/memory.max"
	echo "$1" >"$GROUP/memory.high"
	echo "${2:-none}" >"$GROUP/memory.reclaim_cpu"
}

# in_group COMMAND...
in_group()
{
	(
		echo "$BASHPID" >"$GROUP/cgroup.procs"
		"$@"
	)
}

event()
{
	sed -n "s/^$1 //p" "$GROUP/memory.events"
}

end_group()
{
	echo 1 >"$GROUP/cgroup.kill"
	wait_for 30 grep -qx 'populated 0' "$GROUP/cgroup.events"
	rmdir "$GROUP"
}

step "memory.reclaim_cpu: what it takes"
make_group 12M
check "default" "$(<"$GROUP/memory.reclaim_cpu")" = none
for value in 1000000 -1 x ''; do
	# shellcheck disable=SC2016 # expanded by that shell
	ends_with_an_error 5 bash -c 'echo "$1" >"$2"' sh "$value" "$GROUP/memory.reclaim_cpu"
done
check "after bad values" "$(<"$GROUP/memory.reclaim_cpu")" = none
echo 1 >"$GROUP/memory.reclaim_cpu"
check "a CPU" "$(<"$GROUP/memory.reclaim_cpu")" = 1
# shellcheck disable=SC2016 # likewise
ends_with_an_error 5 setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice \
	bash -c 'echo none >"$1"' sh "$GROUP/memory.reclaim_cpu"
check "a CPU" "$(<"$GROUP/memory.reclaim_cpu")" = 1
end_group

step "memory.reclaim_cpu: tasks reclaim themselves without"
make_group 12M
in_group pagewalk --size 20 --walk random --write
themselves=$(event high)
check "events" "$themselves" -gt 100
end_group

step "memory.reclaim_cpu: and hardly with it"
make_group 12M 1
in_group pagewalk --size 20 --walk random --write
check "events" "$(($(event high) * 2))" -lt "$themselves"
echo "events high: $themselves without, $(event high) with; max: $(event max)"

step "memory.reclaim_cpu: goes below the limit by itself"
in_group pagewalk --size 20 --gate "$GATE" --walk seq &
job=$!
wait_for 60 test -e "$GATE"
is_below_high()
{
	(($(<"$GROUP/memory.current") <= 12 << 20))
}
wait_for 20 is_below_high
rm "$GATE"
wait "$job"
end_group

step "memory.reclaim_cpu: a limit it remains"
make_group 12M 1
echo 0 >"$GROUP/memory.swap.max"
in_group timeout -s KILL 5 pagewalk --size 18 --no-lock --walk seq || true
check "events of one that cannot be reclaimed" "$(event high)" -gt 0
end_group

step "memory.reclaim_cpu: groups that go while their work runs"
for ((i = 0; i < 10; i++)); do
	make_group 4M 0
	in_group timeout -s KILL 1 pagewalk --size 20 --no-lock --walk random --write || true
	end_group
done

step "unload"
swapoff "$DEVICE"
detach "$DEVICE"
unload
stop_server TERM
