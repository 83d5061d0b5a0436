#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=1024,cpus=1
# processors: 1
#
# A device over RDMA as a disk. Its chunks are smaller than its largest requests.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/block-lib.sh
. "${GUEST_LIB%/*}/block-lib.sh"

rdma_up
start_server --size 128M --chunk-size 1M
attach "rdma://$VM_IP:$PORT" --size 64M
block_contract $((64 * MIB))
detach "$DEVICE"
unload
stop_server TERM
