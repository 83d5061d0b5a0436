#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768,cpus=1
# processors: 1
#
# Attachments that cannot work fail within seconds, say why, and leave nothing
# behind; then a good one works. Through modprobe and through fastswap.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly ABSENT=10.77.0.99
readonly LIMIT=15	# seconds; emulated

# modprobe_fails PATTERN PARAMETER...: the reason is in the kernel's log
modprobe_fails()
{
	local pattern="$1" begin=$SECONDS status=0 log

	shift
	mark_log
	within 60 modprobe fastswap_rdma "$@" 2>/dev/null || status=$?
	check "status of modprobe $*" "$status" -eq 1
	check "seconds that modprobe $* took" $((SECONDS - begin)) -le $((LIMIT * SLOWNESS))
	log=$(log_since_mark | grep 'fastswap')
	[[ "$log" =~ $pattern ]] || die "modprobe $*: no '$pattern' in: $log"
	echo "$* -> ${log##*\] }"
	[[ ! -d /sys/module/fastswap_rdma ]] || die "the module is still there"
}

attach_fails()
{
	local pattern="$1"

	shift
	fails_with $LIMIT "$pattern" fastswap attach "$@"
}

with_bad_server()
{
	local way="$1" pattern="$2"

	badserver 50009 "$way" >/tmp/badserver &
	wait_for 20 grep -q ready /tmp/badserver
	modprobe_fails "$pattern" "sip=$VM_IP" sport=50009 nq=1
	kill $!
	# Told by the shell, which waits for it in vain otherwise.
	wait $! || true
}

rdma_up
step "a server that does not admit us"
start_server --size 16M --allow 192.0.2.0/24
modprobe_fails "$VM_IP:$PORT refuses: the server does not admit this address" "sip=$VM_IP"
attach_fails 'the server does not admit this address' "rdma://$VM_IP" --size 4M
attach_fails 'the server does not admit this address' "rdma://[$VM_IP6]" --size 4M
server_says "$VM_IP: connection refused: no --allow has this address"
unload
stop_server TERM
start_server --size 64M --chunk-size 4M --max-sessions 2

step "parameters"
modprobe_fails "'nonsense' is not an IPv4 or IPv6 address" sip=nonsense
modprobe_fails "'' is not an IPv4" sip=
modprobe_fails "source '1.2.3' is not an IPv4" "sip=$VM_IP" cip=1.2.3
modprobe_fails 'IPv4, the other IPv6' "sip=$VM_IP" "cip=$VM_IP6"
modprobe_fails "'0' queue sets" "sip=$VM_IP" nq=0
modprobe_fails "'100000' queue sets" "sip=$VM_IP" nq=100000
modprobe_fails "port '65536'" "sip=$VM_IP" sport=65536
modprobe_fails "size '1X'" "sip=$VM_IP" size=1X
modprobe_fails "size '4097'" "sip=$VM_IP" size=4097
modprobe_fails 'mean nothing without sip' nq=4
modprobe_fails 'without a comma' "sip=$VM_IP,port=1"

no_devices_left
step "addresses where no server is"
modprobe_fails 'nothing listens on port 50001' "sip=$VM_IP" sport=50001
modprobe_fails "$ABSENT does not answer" sip=$ABSENT
modprobe_fails 'no RDMA device has the source address 192.0.2.7' "sip=$VM_IP" cip=192.0.2.7
modprobe_fails 'no route to 2001:db8::1' sip=2001:db8::1

no_devices_left
step "servers that refuse"
modprobe_fails 'the server gives at most 64 MiB to one client' "sip=$VM_IP" size=1G
no_devices_left
attach "rdma://$VM_IP" --size 32M --queues 1
attach_fails 'only 32 MiB left, 48 MiB were asked for' "rdma://$VM_IP" --size 48M
attach "rdma://$VM_IP" --size 4M --queues 1
attach_fails 'a limit of the server is reached: 2' "rdma://$VM_IP" --size 4M
within 60 fastswap detach --all
unload

step "servers that are none of ours"
with_bad_server version 'no common protocol version: the server speaks 7 to 9, this module 1 to 4'
with_bad_server reason 'refuses: unknown reason 999'
with_bad_server stranger 'is no fastswap server'
with_bad_server silent 'does not answer on port 50009'
with_bad_server garbage 'is no fastswap server'
with_bad_server mute 'promises no memory: no answer'
with_bad_server babble 'broke the protocol'
with_bad_server liar 'broke the protocol'

no_devices_left
step "the command line"
modprobe fastswap_rdma
attach_fails "'banana' is not a size" "rdma://$VM_IP" --size banana
attach_fails 'not a number from 1 to 1024' "rdma://$VM_IP" --queues 100000
attach_fails "'nowhere' is not an IP address" "rdma://$VM_IP" --source nowhere
attach_fails 'of another kind' "rdma://$VM_IP" --source "$VM_IP6"
attach_fails "$ABSENT does not answer" rdma://$ABSENT
attach_fails 'nothing listens on port 50001' "rdma://$VM_IP:50001"
attach_fails 'cannot find the address of no.such.host.invalid' rdma://no.such.host.invalid
attach_fails 'the server gives at most' "rdma://$VM_IP" --size 1G
attach_fails "nfs" "nfs://$VM_IP"
attach_fails 'needs --size' dram://
attach_fails 'do not fit|no .* of memory to be had' dram:// --size 64G
fails_with $LIMIT 'fastswap7' fastswap detach /dev/fastswap7
unload

step "and then a good one"
modprobe fastswap_rdma sport=$PORT sip="$VM_IP" cip="$VM_IP" nq=2 size=16M
check "size" "$(blockdev --getsize64 /dev/fastswap0)" -eq $((16 << 20))
dd if=/dev/urandom of=/dev/fastswap0 bs=1M count=4 oflag=direct status=none
rmmod fastswap_rdma
attach "rdma://[$VM_IP6]:$PORT" --size 16M --source "$VM_IP6" --queues 1
cmp -n $((4 << 20)) /dev/zero "$DEVICE"
detach "$DEVICE"
unload
stop_server TERM
