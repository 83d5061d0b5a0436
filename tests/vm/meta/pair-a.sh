#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The first of two nodes: talks to the other one.
set -euo pipefail
# shellcheck source=tests/vm/guest-lib.sh
. "$GUEST_LIB"

echo "from a" >"$SHARED/from-a"
rdma_up
wait_for 60 test -e "$SHARED/b-is-ready"
ping -c 1 -q -M "do" -s 8900 "$IP_B_2" >/dev/null
ping -c 1 -q "$IP6_B_2" >/dev/null
ping -c 1 -q b-2 >/dev/null
[[ "$(</etc/machine-id)" != "$(<"$SHARED/machine-id-b")" ]] || die "both are the same machine"

rping -c -a "$IP_B_2" -C 10 >/dev/null || die "rping"
rping -c -a "$IP6_B_2" -C 10 >/dev/null || die "rping over IPv6"
ib_read_lat -d rxe0 -x 1 -s 4096 -n 200 -F "$IP_B_2" | grep -A 1 t_typical

lost()
{
	! ping -c 1 -q -W 1 "$IP_B_2" >/dev/null
}
fault_net loss 100
lost || die "a loss of 100 % loses nothing"
fault_net down
lost || die "traffic while the link is down"
fault_net clear
wait_for 10 ping -c 1 -q -W 1 "$IP_B_2" >/dev/null
wait_for 10 ping -c 1 -q -W 1 "$IP6_B_2" >/dev/null
rping -c -a "$IP_B_2" -C 10 >/dev/null || die "rping after the faults"

touch "$SHARED/b-may-end"
wait_for 30 test -e "$SHARED/b-ends"
sleep 1
echo "talked to b-2"
exit 42
