#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768
# timeout: 500
#
# A device holds memory of the server for what it stores, and for a little more. It gives back what
# it needs no more, also while others write and the link breaks; and where more is promised than
# there is, a write that finds no memory is an error and nothing else.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/elastic-lib.sh
. "${GUEST_LIB%/*}/elastic-lib.sh"

requires blkdiscard curl

rdma_up
dd if=/dev/urandom of=/tmp/random bs=1M count=64 status=none

step "what is stored, and two chunks more"
start_server --size 64M --chunk-size 4M --admin "$ADMIN"
attach "rdma://$VM_IP:$PORT" --size 48M --queues 2
check "chunks that were promised" "$(backend chunks_promised)" -eq 12
check "chunks at first" "$(backend chunks_granted)" -eq 2
check "bytes that are lent" "$(metric 'pool_bytes{state="lent"}')" -eq $((8 * MIB))
check "bytes that are promised" "$(metric promised_bytes)" -eq $((48 * MIB))
write_at 0 8
wait_for 10 has chunks_granted 4
check "extents" "$(backend extents_used)" -eq 4
# Far apart, as the swap core writes: extents of the same chunk all the same.
write_at 20 1
write_at 40 1
check "extents" "$(backend extents_used)" -eq 6
wait_for 10 has chunks_granted 5
right_at 0 8
right_at 20 1
right_at 40 1
# What was never written needs no memory to be read.
dd if="$DEVICE" bs=1M skip=30 count=4 iflag=direct status=none | cmp -n $((4 * MIB)) - /dev/zero
check "extents" "$(backend extents_used)" -eq 6

step "what others are promised is not there"
fails_with 20 'only 16 MiB left' fastswap attach "rdma://$VM_IP:$PORT" --size 20M
detach "$(fastswap attach "rdma://$VM_IP:$PORT" --size 16M)"

step "given back when nothing is in it"
echo 1 >$PARAMETERS/return_s
drop 0 4
drop 20 1
wait_for 20 has extents_used 3
wait_for 20 has chunks_granted 4
right_at 4 4
right_at 40 1
drop 0 48
wait_for 20 has chunks_granted 2
check "extents" "$(backend extents_used)" -eq 0
wait_for 20 lent_is $((8 * MIB))

step "never given back"
echo 0 >$PARAMETERS/return_s
write_at 0 48
check "chunks" "$(backend chunks_granted)" -eq 12
right_at 0 48
drop 0 48
wait_for 20 has extents_used 0
sleep 3
check "chunks" "$(backend chunks_granted)" -eq 12
echo 1 >$PARAMETERS/return_s
wait_for 20 has chunks_granted 2

step "without any ahead of need"
echo 0 >$PARAMETERS/spare_chunks
wait_for 20 has chunks_granted 0
write_at 10 20
check "writes that waited" "$(backend chunk_waits)" -gt 0
check "writes that got nothing" "$(backend chunk_refusals)" -eq 0
right_at 10 20
drop 0 48
wait_for 20 has chunks_granted 0
echo 2 >$PARAMETERS/spare_chunks
wait_for 20 has chunks_granted 2
detach "$DEVICE"
wait_for 20 lent_is 0
check "bytes that are promised" "$(metric promised_bytes)" -eq 0

step "swap, while chunks come and go"
attach "rdma://$VM_IP:$PORT" --size 48M --queues 2 --swapon
for round in 1 2 3; do
	start_walk 8 --seed "$round" --size 24 --write --walk random
	used=$(backend extents_used)
	granted=$(backend chunks_granted)
	check "extents of round $round" "$used" -ge 8
	rm "$GATE"
	wait "$job" || die "pagewalk: exit status $?: $(<"$OUT")"
	check "wrong pages" "$(walk_result wrong)" -eq 0
	check "lost pages" "$(walk_result lost)" -eq 0
	# How many are left is for the swap core to say, which keeps freed slots for a while, of
	# whatever extents.
	sleep 3
	note "$used extents, $(backend extents_used) are left, of $granted chunks" \
		"$(backend chunks_granted)"
done
check "writes that got nothing" "$(backend chunk_refusals)" -eq 0

step "and links break meanwhile"
# Some at every moment, whatever is being asked just then.
echo 0 >$PARAMETERS/spare_chunks
echo '1/6x12@3' >/sys/kernel/debug/fastswap/fault/rdma/kill
for round in 4 5 6; do
	with_memory_limit 8 pagewalk --seed "$round" --size 20 --write --walk seq,random,backward
done
echo off >/sys/kernel/debug/fastswap/fault/rdma/kill
wait_for 30 is_in_state live
check "lost bytes" "$(attribute lost)" -eq 0
check "writes that got nothing" "$(backend chunk_refusals)" -eq 0
echo 2 >$PARAMETERS/spare_chunks
# Nothing was forgotten on either side.
wait_for 40 both_sides_agree
swapoff "$DEVICE"
# The header of the swap area.
wait_for 30 extents_at_most 1
wait_for 30 has chunks_granted 3
wait_for 20 both_sides_agree
detach "$DEVICE"
wait_for 20 lent_is 0
stop_server TERM

step "a question that is never answered"
# So that no ping takes the place of the question that is not sent.
start_server --size 16M --chunk-size 4M --keepalive 3600
attach "rdma://$VM_IP:$PORT" --size 16M --queues 1
mark_log
echo 1/1x1 >/sys/kernel/debug/fastswap/fault/rdma/mute
ends_with_an_error 30 dd if=/tmp/random of="$DEVICE" bs=1M count=16 oflag=direct
wait_for 40 log_says 'left a question without an answer'
wait_for 30 log_says 'connected again'
write_at 0 16
right_at 0 16
detach "$DEVICE"
stop_server TERM

step "more is promised than there is"
start_server --size 16M --chunk-size 4M --overcommit 2.5 --admin "$ADMIN"
attach "rdma://$VM_IP:$PORT" --size 16M --queues 1
first=$DEVICE
attach "rdma://$VM_IP:$PORT" --size 16M --queues 1
fails_with 20 'only 8 MiB left' fastswap attach "rdma://$VM_IP:$PORT" --size 16M
write_at 0 8 "$first"
write_at 0 8
mark_log
ends_with_an_error 30 dd if=/tmp/random of="$DEVICE" bs=1M skip=8 seek=8 count=2 oflag=direct
check "writes that got nothing" "$(backend chunk_refusals)" -gt 0
wait_for 10 log_says 'no memory for what is to be written'
# What is there stays so, what was refused is no data, and what has room can be written.
right_at 0 8
right_at 0 8 "$first"
ends_with_an_error 20 dd if="$DEVICE" of=/dev/null bs=4k skip=2048 count=1 iflag=direct
write_at 0 8
# The other one has something left.
echo 0 >$PARAMETERS/spare_chunks
drop 0 4 "$first"
wait_for 20 has chunks_granted 1 "$first"
wait_for 20 write_at 8 2
right_at 8 2
detach "$DEVICE"
detach "$first"
echo 2 >$PARAMETERS/spare_chunks
stop_server TERM

step "what is reserved for somebody else"
start_server --size 16M --chunk-size 4M --overcommit 2 --admin "$ADMIN" \
	--quota '00112233445566778899aabbccddeeff reserve=8M'
check "bytes that are reserved" "$(metric reserved_bytes)" -eq $((8 * MIB))
attach "rdma://$VM_IP:$PORT" --size 16M --queues 1
write_at 0 8
ends_with_an_error 30 dd if=/tmp/random of="$DEVICE" bs=1M skip=8 seek=8 count=2 oflag=direct
right_at 0 8
curl -sS --max-time 10 "http://$ADMIN/clients" | grep -q '"promised_bytes":16777216' ||
	die "/clients does not say what is promised"
detach "$DEVICE"
unload
stop_server TERM
