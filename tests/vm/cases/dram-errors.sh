#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768,cpus=1
# processors: 1
#
# A backend that fails: a page that cannot be read is a SIGBUS for whoever
# needs it, one that cannot be written stays in memory, and neither is ever
# taken for the other or for success.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly PARAMETERS=/sys/module/fastswap_dram/parameters

reclaim()
{
	local group

	for group in /sys/fs/cgroup/limit.*; do
		# Fails when it gets less than it was told to.
		echo "$1" 2>/dev/null >"$group/memory.reclaim" || true
	done
}

attach dram:// --size 128M --swapon

step "reads fail: pages are lost, none is wrong"
start_walk 8 --size 20 --walk random,seq --lost-ok
echo 1 >$PARAMETERS/fail_reads
rm $GATE
wait_for 60 test -e $GATE
check "errors were counted" "$(counter demand_errors)" -gt 100
echo 0 >$PARAMETERS/fail_reads
rm $GATE
wait "$job"
check "wrong pages" "$(walk_result wrong)" -eq 0
check "pages that ended in SIGBUS" "$(walk_result sigbus)" -gt 100

step "reads fail: a task that does not expect it dies"
start_walk 8 --size 20
echo 1 >$PARAMETERS/fail_reads
rm $GATE
status=0
wait "$job" || status=$?
check "exit status" "$status" -eq 3
grep -q 'SIGBUS' $OUT
echo 0 >$PARAMETERS/fail_reads

step "writes fail: pages stay where they are"
start_walk 200 --size 16 --walk seq,random --write
errors=$(counter writeback_errors)
echo 1 >$PARAMETERS/fail_writes
reclaim 8M
check "errors were counted" "$(counter writeback_errors)" -gt "$errors"
rm $GATE
wait_for 60 test -e $GATE
step "writes work again"
echo 0 >$PARAMETERS/fail_writes
pages=$(counter writeback_pages)
reclaim 8M
check "pages were written again" "$(counter writeback_pages)" -gt $((pages + 1000))
rm $GATE
wait "$job"
check "wrong pages" "$(walk_result wrong)" -eq 0
check "lost pages" "$(walk_result lost)" -eq 0

step "swapoff of what cannot be read ends"
start_walk 8 --size 20 --lost-ok
echo 1 >$PARAMETERS/fail_reads
lift_memory_limits
begin=$SECONDS
detach "$DEVICE"
check "seconds" $((SECONDS - begin)) -lt $((60 * SLOWNESS))
rm $GATE
wait "$job"
check "wrong pages" "$(walk_result wrong)" -eq 0
check "lost pages" "$(walk_result lost)" -gt 100

step "the same with shared memory"
echo 0 >$PARAMETERS/fail_reads
attach dram:// --size 128M --swapon
start_walk 8 --size 20 --shm --lost-ok
echo 1 >$PARAMETERS/fail_reads
lift_memory_limits
detach "$DEVICE"
rm $GATE
wait "$job"
check "wrong pages" "$(walk_result wrong)" -eq 0
check "lost pages" "$(walk_result lost)" -gt 100

unload
