#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=1280
# timeout: 500
#
# Swap over RDMA to a server, in every way and with every page verified.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/swap-lib.sh
. "${GUEST_LIB%/*}/swap-lib.sh"

step "attach"
rdma_up
start_server --size 512M --chunk-size 16M
attach "rdma://$VM_IP:$PORT" --size 256M --swapon
grep -q "^$DEVICE " /proc/swaps

swap_in_all_orders
swap_with_copy_on_write
swap_large_folios
statistics_make_sense
what_is_seen_makes_sense
swap_off_under_use "rdma://$VM_IP:$PORT"

step "unload"
unload
stop_server TERM
