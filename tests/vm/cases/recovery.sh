#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=512,cpus=1 server,mem=512,cpus=1
# script server: restarting-server.sh
# timeout: 600
# processors: 1
#
# The connection to the server breaks, in all ways, while pages are under way:
# what is back in time costs time and nothing else; what takes longer than
# hold is an error until it is back; what a new server never had is an error for
# good, and never zeros.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly FAULTS=/sys/kernel/debug/fastswap/fault/rdma
readonly STALL=$FAULTS/stall
readonly CLOSE=$FAULTS/close

# ask_server WHAT: and wait until it did it
ask_server()
{
	touch "$SHARED/$1"
	wait_for 60 test ! -e "$SHARED/$1"
}

# A process in the middle of its pages, most of which are far away.
begin()
{
	step "$1"
	start_walk 5 --size 12 --walk seq,random "${@:2}"
}

# The rest of it, with every page right.
finish()
{
	wait_for 60 test -e "$GATE" || die "pagewalk: $(<"$OUT")"
	rm "$GATE"
	wait "$job" || die "pagewalk: exit status $?: $(<"$OUT")"
	check "wrong pages" "$(walk_result wrong)" -eq 0
}

is_connected_again()
{
	log_since_mark | grep -q 'connected again'
}

# Pages beside the one that cannot be read, all the time, and right.
others_are_read()
{
	local i

	for ((i = 0; i < 50; i++)); do
		dd if="$DEVICE" bs=64k skip=$((1 + i % 15)) count=1 iflag=direct status=none |
			cmp -n 65536 -i "0:$(((1 + i % 15) * 65536))" - /tmp/data
		sleep 0.1
	done
}

rdma_up
wait_for_server
attach "rdma://$IP_SERVER:$PORT" --size 64M --queues 2 --swapon
check "hold by default" "$(attribute hold)" -eq 30

begin "the network is away for a while" --write
fault_net down
rm "$GATE"
wait_for 30 is_in_state recovering
sleep 2
fault_net up
wait_for 30 is_in_state live
finish
check "lost pages" "$(walk_result lost)" -eq 0
check "lost bytes" "$(attribute lost)" -eq 0

begin "the server stands still" --write
mark_log
ask_server stop
rm "$GATE"
wait_for 60 is_in_state recovering
# As many ticks of the keep-alive, so on a slow machine the figure is the same.
silence=$(log_since_mark | sed -n 's/.*silent for \([0-9]*\) ms.*/\1/p')
check "two late messages are no death, ms" "$silence" -gt 1500
check "found within two intervals, ms" "$silence" -lt 2000
ask_server continue
wait_for 60 is_in_state live
finish
check "lost pages" "$(walk_result lost)" -eq 0

begin "longer than I/O may wait" --lost-ok
echo 1 >"/sys/block/${DEVICE##*/}/fastswap/hold"
fault_net down
wait_for 60 is_in_state failed
ends_with_an_error 20 dd if="$DEVICE" of=/dev/null bs=1M iflag=direct
fault_net up
wait_for 30 is_in_state live
echo 30 >"/sys/block/${DEVICE##*/}/fastswap/hold"
rm "$GATE"
finish
check "lost pages" "$(walk_result lost)" -eq 0

begin "longer than I/O may wait, and the recovery gets stuck" --lost-ok
# Or it would be killed: nothing can be written for long.
lift_memory_limits
echo 4 >"/sys/block/${DEVICE##*/}/fastswap/hold"
# Before it has let go of the queue pairs, and for longer than all that follows.
echo 1/1x1:20000 >$STALL
fault_net down
wait_for 60 is_in_state recovering
# One that waits, and one that comes when the time is up.
ends_with_an_error 10 dd if="$DEVICE" of=/dev/null bs=1M iflag=direct
check "state" "$(attribute state)" = failed
ends_with_an_error 4 dd if="$DEVICE" of=/dev/null bs=1M iflag=direct
check "the recovery is stuck" "$(<$STALL)" = '1/1, 1 strikes in 1 visits'
fault_net up
wait_for 60 is_in_state live
echo off >$STALL
echo 30 >"/sys/block/${DEVICE##*/}/fastswap/hold"
rm "$GATE"
finish
check "lost pages" "$(walk_result lost)" -eq 0

begin "another server, which has nothing" --lost-ok
before=$(attribute used)
ask_server restart
wait_for 60 is_in_state live
check "what was there is lost" "$(attribute lost)" -ge $((before - (1 << 20)))
rm "$GATE"
finish
check "lost pages" "$(walk_result lost)" -gt 100

step "and all is well again"
with_memory_limit 5 pagewalk --size 10 --walk random --write
detach "$DEVICE"

step "connections that are made and do nothing"
attach "rdma://$IP_SERVER:$PORT" --size 16M --queues 1 --hold 4
head -c 1M /dev/urandom >/tmp/data
dd if=/tmp/data of="$DEVICE" bs=1M oflag=direct status=none
mark_log
echo 1/1 >"$FAULTS/status"
# Each is as good as none, however often it is made: the time that I/O waits goes on.
ends_with_an_error 25 dd if="$DEVICE" of=/dev/null bs=1M count=1 iflag=direct
check "connections" "$(log_since_mark | grep -c 'connected again')" -ge 2
echo off >"$FAULTS/status"
wait_for 30 is_in_state live
dd if="$DEVICE" bs=1M count=1 iflag=direct status=none | cmp - /tmp/data

step "a request that breaks each connection"
echo 12 >"/sys/block/${DEVICE##*/}/fastswap/hold"
echo 1/1:5 >"$FAULTS/poison"
mark_log
others_are_read &
others=$!
ends_with_an_error 40 dd if="$DEVICE" of=/dev/null bs=4k skip=5 count=1 iflag=direct
check "connections" "$(log_since_mark | grep -c 'connected again')" -ge 2
wait "$others"
echo off >"$FAULTS/poison"
wait_for 30 is_in_state live
dd if="$DEVICE" bs=1M count=1 iflag=direct status=none | cmp - /tmp/data

step "unload while a device is being detached"
ask_server stop
within 60 fastswap detach "$DEVICE" &
job=$!
wait_for 10 test ! -e "/sys/block/${DEVICE##*/}"
! rmmod fastswap_rdma || die "unloaded under a device"
wait "$job"
ask_server continue

step "detach while there is no connection"
attach "rdma://$IP_SERVER:$PORT" --size 16M --queues 1
fault_net down
wait_for 30 is_in_state recovering
detach "$DEVICE"
# Nothing can be said to the server: connections stay, and with them what handles their events.
! is_closed || die "connections were closed while the port is down"
! rmmod fastswap_rdma || die "unloaded with connections"
fault_net up
wait_for 30 is_closed

step "the CM does not get done with connections"
echo 1/1:15000 >$CLOSE
attach "rdma://$IP_SERVER:$PORT" --size 16M --queues 1
mark_log
ask_server restart
wait_for 30 is_connected_again
detach "$DEVICE"
! rmmod fastswap_rdma || die "unloaded with connections"
echo off >$CLOSE
wait_for 30 is_closed
unload
let_server_end
