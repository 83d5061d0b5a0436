#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768
# timeout: 400
#
# The server ends while its clients do nothing, and while pages are with it:
# what was stored is an error, never zeros and never stale; nothing hangs, and
# the next attachment works.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

# The rest of the walk ends, in time, and tells lost pages from good ones. It
# needs more memory: what cannot be written stays.
finish_walk()
{
	lift_memory_limits
	rm $GATE
	wait "$job" || die "pagewalk: exit status $?: $(<$OUT)"
	check "wrong pages" "$(walk_result wrong)" -eq 0
	check "lost pages" "$(walk_result lost)" -gt 100
}

# server_ends_idle SIGNAL
server_ends_idle()
{
	step "idle, $1"
	start_server --size 64M --chunk-size 4M --keepalive 1
	attach "rdma://$VM_IP:$PORT" --size 32M --queues 1 --hold 1
	dd if=/dev/urandom of="$DEVICE" bs=64k count=16 oflag=direct status=none
	mark_log
	kill -s "$1" "$SERVER"
	wait "$SERVER" || true
	wait_for 30 is_in_state failed
	fastswap status "$DEVICE" | grep -q failed || die "fastswap status does not say so"
	log_since_mark | grep -q 'ends with an error' || die "the log does not say so"
	# Data that is gone, and slots that never held any.
	ends_with_an_error 20 dd if="$DEVICE" of=/dev/null bs=4k count=1 iflag=direct
	ends_with_an_error 20 dd if=/dev/zero of="$DEVICE" bs=4k count=1 oflag=direct
	fails_with 20 '.' fastswap attach "rdma://$VM_IP:$PORT" --size 4M
	within 30 fastswap detach "$DEVICE"
}

# server_ends_with_pages SIGNAL
server_ends_with_pages()
{
	step "with pages of a process, $1"
	start_server --size 64M --chunk-size 4M --keepalive 1
	attach "rdma://$VM_IP:$PORT" --size 32M --queues 1 --hold 1 --swapon
	start_walk 8 --size 20 --lost-ok --walk random
	kill -s "$1" "$SERVER"
	wait "$SERVER" || true
	wait_for 30 is_in_state failed
	finish_walk
	# What is lost is not brought back by swapoff either; but it ends.
	within 60 fastswap detach "$DEVICE"
}

rdma_up
server_ends_idle TERM
server_ends_idle KILL
server_ends_with_pages TERM
server_ends_with_pages KILL

step "the server stops answering"
start_server --size 64M --chunk-size 4M --keepalive 1
attach "rdma://$VM_IP:$PORT" --size 32M --queues 1 --hold 1
kill -s STOP "$SERVER"
wait_for 60 is_in_state failed
within 30 fastswap detach "$DEVICE"
kill -s CONT "$SERVER"
stop_server TERM

step "and all is well again"
start_server --size 64M --chunk-size 4M
attach "rdma://$VM_IP:$PORT" --size 32M --queues 1 --hold 1 --swapon
with_memory_limit 8 pagewalk --size 16 --walk random --write
detach "$DEVICE"
unload
stop_server TERM
