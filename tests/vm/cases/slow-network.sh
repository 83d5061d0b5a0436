#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=512,cpus=1 server,mem=512,cpus=1
# script server: lending-server.sh
# timeout: 400
# processors: 1
#
# A network that takes its time: write-backs last longer than reclaim has
# patience, and the job has little else that could be freed. It must be slowed
# down, not killed for want of memory; and every page must be right.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

rdma_up
wait_for_server
attach "rdma://$IP_SERVER:$PORT" --size 32M --queues 1 --swapon

step "acknowledgements come after more than a second"
fault_net delay 1200
start_walk 5 --size 8 --walk seq
step "and at once again"
fault_net clear
rm "$GATE"
wait "$job" || die "pagewalk: exit status $?: $(<"$OUT")"
check "wrong pages" "$(walk_result wrong)" -eq 0
check "lost pages" "$(walk_result lost)" -eq 0
check "times that reclaim waited" "$(counter write_waits)" -gt 0
check "pages swapped" "$(counter writeback_pages)" -gt 1000

detach "$DEVICE"
unload
let_server_end
