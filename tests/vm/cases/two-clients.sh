#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=512,cpus=1 b,mem=512,cpus=1 server,mem=512,cpus=1
# script b: two-clients-b.sh
# script server: lending-server.sh
# timeout: 500
#
# Two machines swap to one server at the same time, and neither ever sees the
# other's data: every page of both is verified, and memory that one had before
# the other is found cleared by a third that reads it raw.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/two-clients-lib.sh
. "${GUEST_LIB%/*}/two-clients-lib.sh"

rdma_up
wait_for_server
swap_against_the_other a b
leave a b

step "what both had is given out cleared"
fsw-probe "$IP_SERVER" cycle isolation

step "each takes what the other had"
touch "$SHARED/a-probed"
swap_against_the_other a b 2 random
leave a b 2
unload
let_server_end
