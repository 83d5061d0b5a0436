#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a script finds in a node that is alone.
set -euo pipefail
# shellcheck source=tests/vm/guest-lib.sh
. "$GUEST_LIB"

[[ "$NODE" == solo && "$(hostname)" == solo ]] || die "the node's name"
[[ "$IP_SOLO" == 10.77.0.1 && "$(id -u)" == 0 ]] || die "the address, or not root"
[[ "$PATH" == "$FASTSWAP_BUILD/bin:"* ]] || die "PATH is $PATH"
[[ "$KERNEL" != 6.* || "$(uname -r)" == "$KERNEL".* ]] || die "$(uname -r) is not $KERNEL"
[[ "$(</sys/class/net/eth0/mtu)" == 9000 ]] || die "the MTU"
(($(date +%Y) >= 2024)) || die "the clock"
ping -c 1 -q localhost >/dev/null || die "no loopback"
ping -c 1 -q "$IP6_SOLO" >/dev/null || die "no IPv6"

note "writable, and gone afterwards"
for dir in /tmp /run /var/tmp /var/lib /var/log /etc /dev/shm "$SHARED"; do
	echo x >"$dir/vm-meta" || die "$dir is not writable"
done
echo "through /dev/stderr" >/dev/stderr

note "modules load by name and by the kernel's own wish"
modprobe zram
[[ -b /dev/zram0 ]] || die "no /dev/zram0"
grep -qw netem /proc/modules && die "netem is loaded already"
tc qdisc add dev lo root netem delay 1ms
tc qdisc del dev lo root
[[ -d /sys/module/sch_netem ]] || die "the kernel did not load sch_netem"

note "helpers"
! wait_for 1 false 2>"$SHARED/wait_for" || die "wait_for succeeds after the time"
grep -q "not within 1 s: false" "$SHARED/wait_for" || die "wait_for says nothing"
(requires bash no-such-program) 2>/dev/null && die "requires succeeds"
(requires bash no-such-program) 2>/dev/null || (($? == EXIT_SKIPPED)) || die "requires: $?"

note "a memory limit"
answer=$(
	# shellcheck disable=SC2317 # called by with_memory_limit
	limited()
	{
		cat "/sys/fs/cgroup/$(cut -d : -f 3 /proc/self/cgroup)/memory.max"
		read -r line
		echo "$line"
		return 7
	}
	with_memory_limit 40 limited <<<"input" || echo "status $?"
)
[[ "$answer" == $'41943040\ninput\nstatus 7' ]] || die "with_memory_limit: $answer"
# tail keeps what it may have to print.
# shellcheck disable=SC2317 # called by with_memory_limit
hog()
{
	head -c 100M /dev/zero | tail -c 100M | wc -c
}
status=0
with_memory_limit 40 hog || status=$?
((status == 137)) || die "100 MiB in 40 MiB: status $status"
[[ -z "$(ls -d /sys/fs/cgroup/limit.* 2>/dev/null)" ]] || die "cgroups are left"

note "rping with itself"
rdma_up
rdma_up
rping -s -a "$IP_SOLO" -C 10 >/dev/null &
wait_for 30 rping -c -a "$IP_SOLO" -C 10 >/dev/null
wait "$!"

# Something that outlives the script must not keep the run from ending.
sleep 1000 &
echo "all is well"
