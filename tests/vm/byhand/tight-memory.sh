#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=512,cpus=1 server,mem=512,cpus=1
# script server: ../cases/restarting-server.sh
# timeout: 500
# processors: 1
#
# The connection breaks while the whole machine has hardly any memory left but what
# it can write to the far one: it has to be made anew, with nothing lost and nobody
# killed. By hand, as soft-RoCE does not always get it back, see README:
#	tests/vm/run-case --build build tests/vm/byhand/tight-memory.sh 6.12

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly LEFT=24	# MiB

# Nothing gives this memory back but umount: neither reclaim nor the OOM killer.
take_all_memory_but()
{
	local available

	available=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
	mkdir -p /tmp/taken
	mount -t ramfs none /tmp/taken
	head -c "$((available - $1 * 1024))K" /dev/zero >/tmp/taken/file
}

rdma_up
wait_for_server
attach "rdma://$IP_SERVER:$PORT" --size 64M --queues 2 --hold 120 --swapon

step "hardly any memory is left"
take_all_memory_but "$LEFT"
mark_log
# No limit but what the machine has: every page that it needs has to be swapped out first. This
# shell may be far away as well, so what happens happens without it.
start_walk 64 --size 40 --walk random --write
step "the server stands still"
touch "$SHARED/nap"
rm "$GATE"
wait "$job" || die "pagewalk: exit status $?: $(<"$OUT")"
check "wrong pages" "$(walk_result wrong)" -eq 0
check "lost pages" "$(walk_result lost)" -eq 0

step "and there is memory again"
umount /tmp/taken
wait_for 60 is_in_state live
log_since_mark | grep 'connected again'
! log_since_mark | grep 'Out of memory: Killed' || die "something was killed"
check "lost bytes" "$(attribute lost)" -eq 0
wait_for 60 test ! -e "$SHARED/nap"
detach "$DEVICE"
unload
let_server_end
