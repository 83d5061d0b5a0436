#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The second client of two-clients.sh.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/two-clients-lib.sh
. "${GUEST_LIB%/*}/two-clients-lib.sh"

rdma_up
wait_for_server
swap_against_the_other b a
leave b a
wait_for 200 test -e "$SHARED/a-probed"
swap_against_the_other b a 2 random
leave b a 2
unload
