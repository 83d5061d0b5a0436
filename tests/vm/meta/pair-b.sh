#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The second of two nodes: serves the first.
set -euo pipefail
# shellcheck source=tests/vm/guest-lib.sh
. "$GUEST_LIB"

cat /etc/machine-id >"$SHARED/machine-id-b"
rdma_up
echo "a kernel message of $NODE" >/dev/kmsg
rping -s -P -a :: >/dev/null &
ib_read_lat -d rxe0 -x 1 -s 4096 -n 200 -F >/dev/null &
# shellcheck disable=SC2317 # called by wait_for
listening()
{
	ss -Hltn "sport = 18515" | grep -q .
}
wait_for 30 listening
touch "$SHARED/b-is-ready"
wait_for 200 test -e "$SHARED/b-may-end"
printf "no newline at the end"
touch "$SHARED/b-ends"
exit 3
