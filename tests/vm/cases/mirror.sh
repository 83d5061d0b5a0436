#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=640,cpus=1
# timeout: 600
# processors: 1
#
# A device that is kept by two servers: the loss of one loses nothing, in the
# middle of anything, and who comes back is given what it misses. Every page is
# verified throughout.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

declare -A server=()	# process, by name
declare -rA PORTS=([a]=50000 [b]=50001)

# serve a|b
serve()
{
	local log=/tmp/server-$1

	fastswap-server --port "${PORTS[$1]}" --size 80M --chunk-size 4M --keepalive 1 \
		>"$log" 2>&1 &
	server[$1]=$!
	wait_for 60 grep -q 'listening on ' "$log"
}

# lose a|b: with all that it has
lose()
{
	kill -s KILL "${server[$1]}"
	# The shell says that it was killed.
	wait "${server[$1]}" 2>/dev/null || true
}

# replica INDEX WHAT: a number of the backend's statistics
replica()
{
	sed -n "s/^replica$1_$2 //p" "/sys/block/${DEVICE##*/}/fastswap/backend_stats"
}

# begin WHAT OPTION...: a process in the middle of its pages, most of which are far away
begin()
{
	step "$1"
	start_walk 5 --size 12 --walk seq,random "${@:2}"
}

go_on()
{
	rm "$GATE"
}

# Up to the second walk, and the rest of it, with every page right.
finish()
{
	wait_for 90 test -e "$GATE" || die "pagewalk: $(<"$OUT")"
	rm "$GATE"
	wait "$job" || die "pagewalk: exit status $?: $(<"$OUT")"
	check "wrong pages" "$(walk_result wrong)" -eq 0
}

finish_with_everything()
{
	finish
	check "lost pages" "$(walk_result lost)" -eq 0
	check "lost bytes" "$(attribute lost)" -eq 0
}

rdma_up
serve a
serve b
fails_with 20 'is there already' fastswap attach "rdma://$VM_IP:50000" \
	--mirror "rdma://$VM_IP:50000"
fails_with 60 'nothing listens' fastswap attach "rdma://$VM_IP:50000" \
	--mirror "rdma://$VM_IP:50007" --size 16M
attach "rdma://$VM_IP:50000" --mirror "rdma://$VM_IP:50001" --size 64M --queues 1 --swapon
is_in_state live
check "hold by default" "$(attribute hold)" -eq 30
fails_with 20 'in use' rmmod fastswap_rdma

begin "one is lost" --write
lose a
go_on
wait_for 30 is_in_state degraded
finish_with_everything
check "reads of the other" "$(replica 1 reads)" -gt 1000

begin "and comes back with nothing" --write
serve a
go_on
wait_for 90 is_in_state live
finish_with_everything
check "pages that were copied to it" "$(replica 0 refilled_pages)" -gt 100
check "pages that it misses" "$(replica 0 missing_pages)" -eq 0

begin "now the other is lost" --write
lose b
go_on
finish_with_everything

begin "lost again in the middle of the refill"
echo 1 >/sys/module/fastswap_mirror/parameters/refill_mibps
serve b
wait_for 60 grep -q '^replica1_live 1' "/sys/block/${DEVICE##*/}/fastswap/backend_stats"
go_on
lose b
finish_with_everything
is_in_state degraded
serve b
echo 256 >/sys/module/fastswap_mirror/parameters/refill_mibps
wait_for 90 is_in_state live

begin "one stands still" --write
kill -s STOP "${server[a]}"
go_on
wait_for 60 is_in_state degraded
finish_with_everything
begin "and goes on: what it has is what it had" --write
kill -s CONT "${server[a]}"
go_on
wait_for 90 is_in_state live
finish_with_everything
check "times that it lost everything" "$(replica 0 losses)" -eq 1

begin "both stand still, for less than hold" --write
kill -s STOP "${server[a]}" "${server[b]}"
go_on
wait_for 60 is_in_state recovering
sleep 1
kill -s CONT "${server[a]}" "${server[b]}"
wait_for 90 is_in_state live
finish_with_everything

begin "both are lost" --lost-ok
lose a
lose b
wait_for 60 is_in_state recovering
serve a
serve b
wait_for 90 is_in_state live
check "what was there is lost" "$(attribute lost)" -gt $((4 << 20))
go_on
finish
check "lost pages" "$(walk_result lost)" -gt 100

step "and all is well again"
with_memory_limit 5 pagewalk --size 10 --walk random --write
lose a
wait_for 60 is_in_state degraded
detach "$DEVICE"
unload
