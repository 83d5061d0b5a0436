#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=1024,cpus=1
# processors: 1
#
# A device of local memory as a disk.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/block-lib.sh
. "${GUEST_LIB%/*}/block-lib.sh"

attach dram:// --size 64M
block_contract $((64 * MIB))
detach "$DEVICE"
unload
