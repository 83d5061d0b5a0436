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

step "no hibernation"
grep -qw disk /sys/power/state
mark_log
ends_with_an_error 20 bash -c 'echo disk >/sys/power/state'
log_since_mark | grep -q 'no hibernation while a device is attached'

swap_in_all_orders
swap_with_copy_on_write
swap_large_folios
statistics_make_sense
what_is_seen_makes_sense
swap_off_under_use dram://

step "hibernation again, as far as freezing all tasks"
echo freezer >/sys/power/pm_test
within 60 bash -c 'echo disk >/sys/power/state'

step "unload"
unload
