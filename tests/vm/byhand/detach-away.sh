#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=512,cpus=1 server,mem=512,cpus=1
# script server: ../cases/restarting-server.sh
# timeout: 900
# processors: 1
#
# A device is detached at any moment after its port went down, again and again: neither
# a detach nor a later connection may get stuck on what the CM could not send.
#	tests/vm/run-case --build build tests/vm/byhand/detach-away.sh 6.12

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly ROUNDS=60

rdma_up
wait_for_server
for ((round = 0; round < ROUNDS; round++)); do
	step "round $round"
	# Small: the server keeps what each had for as long as its lease.
	attach "rdma://$IP_SERVER:$PORT" --size 4M --queues 1
	((round % 3 == 0)) || sleep "0.$((RANDOM % 10))"
	fault_net down
	((round % 4 == 0)) || wait_for 30 is_in_state recovering
	((round % 2 == 0)) || sleep "0.$((RANDOM % 10))"
	detach "$DEVICE"
	fault_net up
	wait_for 30 is_closed
	wait_for 30 rdma_is_usable
done
unload
let_server_end
