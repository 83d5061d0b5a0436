#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The client of systemd.sh: swaps by fastswap@far.service, and reboots with pages far away.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/systemd-lib.sh
. "${GUEST_LIB%/*}/systemd-lib.sh"

rdma_up
use_unit "$FASTSWAP_BUILD/tools/fastswap@.service" fastswap
mkdir -p /etc/fastswap
wait_for 200 test -e "$SHARED/server-ready"
# shellcheck disable=SC2153 # of tools/vm
echo "FASTSWAP_ATTACH=rdma://$IP_SERVER:$PORT --size 64M --queues 1" >/etc/fastswap/far.conf

# Of a device that was detached by hand another one may have the name: it is not the unit's.
systemctl start fastswap@far
read -r DEVICE </run/fastswap/far/device
fastswap detach "$DEVICE"
other=$(fastswap attach "rdma://$IP_SERVER:$PORT" --size 1M --queues 1)
[[ "$other" == "$DEVICE" ]] || die "$other is not where $DEVICE was"
systemctl stop fastswap@far
[[ -b "$other" ]] || die "the unit has detached a device that it did not attach"
fastswap detach "$other"

systemctl start fastswap@far
read -r DEVICE </run/fastswap/far/device
grep -q "^$DEVICE " /proc/swaps || die "the unit is up, and nothing swaps to $DEVICE"

# What is far away when the machine goes down: a file in memory, and a program.
cat >/run/systemd/system/file.service <<-END
	[Service]
	Type=oneshot
	MemoryMax=8M
	ExecStart=/bin/dd if=/dev/urandom of=/dev/shm/file bs=64k count=384 status=none
END
cat >/run/systemd/system/load.service <<-END
	[Service]
	MemoryMax=8M
	TimeoutStopSec=5
	ExecStart=$FASTSWAP_BUILD/tests/bin/pagewalk --size 24 --write --seconds 3600
END
systemctl daemon-reload
systemctl start file load
has_pages_far_away()
{
	(($(counter writeback_pages) > 2000))
}
wait_for 100 has_pages_far_away
touch "$SHARED/rebooting"
systemctl reboot
