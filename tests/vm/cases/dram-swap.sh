#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=1024,cpus=1
# processors: 1
# timeout: 400
#
# Swap to local memory, in every way and with every page verified.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/swap-lib.sh
. "${GUEST_LIB%/*}/swap-lib.sh"

step "attach"
attach dram:// --size 256M --swapon
grep -q "^$DEVICE " /proc/swaps

swap_in_all_orders
swap_with_copy_on_write
swap_large_folios
statistics_make_sense
swap_off_under_use dram://

step "unload"
unload
