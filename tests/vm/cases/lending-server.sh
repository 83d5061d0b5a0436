#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The server of cases with a node for it: lends 64 MiB until let_server_end.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

rdma_up
start_server --size 64M --chunk-size 4M
touch "$SHARED/server-ready"
wait_for 3600 test -e "$SHARED/over"
stop_server TERM
touch "$SHARED/server-ended"
