#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768
# timeout: 700
#
# The pool of a running server gets larger and smaller. What clients hold stays as it is; they are
# asked for what they can spare.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/elastic-lib.sh
. "${GUEST_LIB%/*}/elastic-lib.sh"

requires blkdiscard curl

readonly CONFIG=/tmp/server.conf
readonly SCATTERED='2 6 10 14 18 22 26 30 34 38 42 46'	# MiB
readonly CHANGED='26 34 42' REPEATED='30 38 46'	# of these, what is written meanwhile
readonly FAULTS=/sys/kernel/debug/fastswap/fault/rdma
readonly WRITING=/run/writing

configure()
{
	printf '%s\n' "size = $1" 'chunk-size = 4M' 'hugepages = no' 'overcommit = 4' \
		"admin = $ADMIN" >$CONFIG
}

# resize SIZE: what the operator does
resize()
{
	configure "$1"
	kill -HUP "$SERVER"
	wait_for 20 metric_is pool_wanted_bytes $((${1%M} * MIB))
}

metric_is()
{
	[[ $(metric "$1") == "$2" ]]
}

# pool_is MIB: the pool has that size, and is done
pool_is()
{
	local bytes=0 state

	for state in free lent clearing lost; do
		((bytes += $(metric "pool_bytes{state=\"$state\"}")))
	done
	((bytes == $1 * MIB)) && [[ $(health) == ok ]]
}

health()
{
	curl -sS --max-time 10 "http://$ADMIN/healthz"
}

lent_at_most()
{
	(($(metric 'pool_bytes{state="lent"}') <= $1 * MIB))
}

# locked: MiB that the server keeps in memory
locked()
{
	sed -n 's/^VmLck:\s*\([0-9]*\) kB$/\1/p' "/proc/$SERVER/status" | grep . |
		awk '{ print int($1 / 1024) }'
}

locked_is()
{
	(($(locked) == $1))
}

# scatter: twelve extents, each in a chunk that has room for two
scatter()
{
	local at

	resize 64M
	wait_for 20 pool_is 64
	drop 0 48
	wait_for 20 has extents_used 0
	# The server may have said no a moment ago.
	wait_for 30 write_at 0 48
	for at in $SCATTERED; do
		drop $((at - 2)) 2
	done
	wait_for 20 has extents_used 12
}

scattered_is_right()
{
	local at

	for at in $SCATTERED; do
		right_at "$at" 2
	done
}

# keep_writing, keep_repeating: other bytes than before, or the same, as long as $WRITING is there
keep_writing()
{
	local at

	while [[ -e $WRITING ]]; do
		for at in $CHANGED; do
			dd if=/dev/urandom of=/tmp/random bs=1M seek="$at" count=2 conv=notrunc \
				status=none
			write_at "$at" 2
			right_at "$at" 2
		done
	done
}

keep_repeating()
{
	local at="$1"

	while [[ -e $WRITING ]]; do
		dd if=/tmp/random of="$DEVICE" bs=4k skip=$((at * 256)) seek=$((at * 256)) \
			count=512 oflag=direct conv=notrunc status=none
	done
}

rdma_up
dd if=/dev/urandom of=/tmp/random bs=1M count=64 status=none
configure 64M
start_server --config $CONFIG

step "nobody is there"
before=$(locked)
resize 16M
wait_for 20 pool_is 16
wait_for 10 locked_is $((before - 48))
resize 40M
wait_for 20 pool_is 40
wait_for 10 locked_is $((before - 24))
resize 24M
wait_for 20 pool_is 24
wait_for 10 locked_is $((before - 40))
# As often as one likes, also in between.
for size in 64M 8M 48M 12M 16M; do
	resize "$size"
done
wait_for 20 pool_is 16
server_says 'the pool has 16 MiB now'

step "more than the machine has"
resize 900000M
wait_for 20 server_says 'the pool cannot grow, it stays at 16 MiB: .* more do not fit'
check "health" "$(health)" = 'ok, the pool is stuck'
check "stuck" "$(metric 'pool_resizing{how="stuck"}')" -eq 1
resize 16M
wait_for 20 pool_is 16

step "a client needs more than there is"
resize 48M
wait_for 20 pool_is 48
attach "rdma://$VM_IP:$PORT" --size 48M --queues 2
resize 16M
wait_for 20 pool_is 16
write_at 0 16
ends_with_an_error 30 dd if=/tmp/random of="$DEVICE" bs=1M skip=16 seek=16 count=2 oflag=direct
resize 64M
wait_for 20 pool_is 64
wait_for 20 write_at 16 32
right_at 0 48
check "chunks" "$(backend chunks_granted)" -eq 12

step "chunks that are empty are given back when they are asked for"
echo 0 >$PARAMETERS/return_s
drop 0 48
wait_for 20 has extents_used 0
check "chunks" "$(backend chunks_granted)" -eq 12
resize 16M
wait_for 30 pool_is 16
check "times that the client was asked" "$(backend chunk_recalls)" -gt 0
check "chunks" "$(backend chunks_granted)" -le 4
# Nor are they asked for again.
sleep 2
check "bytes that are lent" "$(metric 'pool_bytes{state="lent"}')" -le $((16 * MIB))
both_sides_agree || wait_for 10 both_sides_agree

step "what is stored stays"
resize 64M
wait_for 20 pool_is 64
wait_for 20 write_at 0 32
resize 12M
wait_for 20 lent_at_most 32
check "health" "$(health)" = 'ok, the pool is shrinking'
wait_for 20 server_says 'of what is to go, [0-9]+ chunks are still held by clients'
wait_for 20 metric_is pool_excess_bytes $((20 * MIB))
check "bytes that are free" "$(metric 'pool_bytes{state="free"}')" -eq 0
right_at 0 32
fails_with 20 'no memory left' fastswap attach "rdma://$VM_IP:$PORT" --size 32M
ends_with_an_error 30 dd if=/tmp/random of="$DEVICE" bs=1M skip=40 seek=40 count=2 oflag=direct
sleep 5
right_at 0 32
check "bytes that are lent" "$(metric 'pool_bytes{state="lent"}')" -eq $((32 * MIB))
# When less is stored the rest goes.
drop 0 24
wait_for 30 pool_is 12
right_at 24 8

step "and grow again"
resize 64M
wait_for 20 pool_is 64
wait_for 20 write_at 0 48
right_at 0 48

step "what is scattered is moved together"
scatter
moved=$(backend extents_moved)
resize 24M
wait_for 60 pool_is 24
check "extents that were moved" $(($(backend extents_moved) - moved)) -gt 0
check "chunks" "$(backend chunks_granted)" -le 6
check "extents" "$(backend extents_used)" -eq 12
scattered_is_right

step "also while it is written, and links break"
for round in 1 2 3; do
	scatter
	moved=$(backend extents_moved)
	touch $WRITING
	keep_writing &
	writers=($!)
	for at in $REPEATED; do
		keep_repeating "$at" &
		writers+=($!)
	done
	sleep 1
	echo "1/2x4@$round" >$FAULTS/kill
	resize 24M
	wait_for 120 pool_is 24
	echo off >$FAULTS/kill
	rm $WRITING
	for writer in "${writers[@]}"; do
		wait "$writer"
	done
	wait_for 30 is_in_state live
	scattered_is_right
	note "$(($(backend extents_moved) - moved)) extents were moved, $(backend move_waits)" \
		"writes have waited for that"
	check "extents that were moved" $(($(backend extents_moved) - moved)) -gt 0
done
check "lost bytes" "$(attribute lost)" -eq 0
drop 0 48
detach "$DEVICE"
wait_for 20 lent_is 0
echo 30 >$PARAMETERS/return_s

step "swap, while the pool changes its size"
resize 64M
wait_for 20 pool_is 64
attach "rdma://$VM_IP:$PORT" --size 48M --queues 2 --swapon
start_walk 8 --seed 1 --size 24 --write --walk random
resize 40M
resize 64M
wait_for 20 pool_is 64
# Less than is stored: it moves together.
resize 8M
sleep 6
check "health" "$(health)" = 'ok, the pool is shrinking'
resize 48M
wait_for 20 pool_is 48
rm "$GATE"
# What the device may come to hold is there all the time.
for size in 56M 48M 64M 52M 64M; do
	resize "$size"
	sleep 1
done
wait "$job" || die "pagewalk: exit status $?: $(<"$OUT")"
check "wrong pages" "$(walk_result wrong)" -eq 0
check "lost pages" "$(walk_result lost)" -eq 0
check "lost bytes" "$(attribute lost)" -eq 0
check "writes that got nothing" "$(backend chunk_refusals)" -eq 0
wait_for 20 pool_is 64
detach "$DEVICE"
wait_for 20 lent_is 0
resize 4M
wait_for 20 pool_is 4
unload
stop_server TERM
