#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: server,mem=3072
# timeout: 3000
#
# How many clients the server bears, and whether it leaks: 64 clients with 24 queue
# pairs each that come at once, ask for chunks and go; 10000 that come and go. By hand,
# as it takes a quarter of an hour:
#	tests/vm/run-case --build build tests/vm/byhand/server-load.sh 6.12

# shellcheck source=tests/vm/byhand/load-lib.sh
. "${GUEST_LIB%/*}/byhand/load-lib.sh"

rdma_up
load 64 10000 --size 512M
check "KiB by which it has grown" "$grown" -le 256
