#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768,cpus=1
# timeout: 400
# processors: 1
#
# The server's command line: what is wrong is said in one line and by the exit
# status. Then its protocol, spoken by a client in user space, good and bad.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

# refuses STATUS PATTERN OPTION...
refuses()
{
	local want="$1" pattern="$2" status=0 text

	shift 2
	text=$(within 20 "${RUN[@]}" fastswap-server "$@" 2>&1 >/dev/null) || status=$?
	check "exit status of fastswap-server $*" "$status" -eq "$want"
	[[ "$text" =~ $pattern && "$text" != *$'\n'* ]] ||
		die "fastswap-server $*: '$text' is not one line like '$pattern'"
	echo "$text"
}
RUN=()

# pool_has FLAG: of the server's largest mapping, as in smaps
pool_has()
{
	awk -v flag="$1" '
		/^Size:/ { size = $2 }
		/^VmFlags:/ && size > most { most = size; flags = $0 " " }
		END { exit !(most >= 65536 && flags ~ (" " flag " ")) }' "/proc/$SERVER/smaps"
}

step "options"
fastswap-server --help | grep -q -- '--size SIZE'
fastswap-server --version | grep -Eq '^fastswap-server [0-9]'
refuses 2 '--size is missing'
refuses 2 "'12X' is not a size" --size 12X
refuses 2 "'-1' is not a size" --size -1
refuses 2 'less than the smallest chunk' --size 4K
refuses 2 '--port must be' --size 64M --port 0
refuses 2 '--port must be' --size 64M --port 65536
refuses 2 '--port needs a value' --size 64M --port
refuses 2 'power of two' --size 64M --chunk-size 3M
refuses 2 '--threads must be' --size 64M --threads none
refuses 2 '--hugepages must be' --size 64M --hugepages 3M
refuses 2 'no such option' --size 64M --frobnicate
refuses 2 'what is it' --size 64M stray
refuses 2 'not an IPv4 or IPv6 address' --size 64M --address nowhere.example

step "the configuration file"
printf '%s\n' '# a comment' 'size = 64M' 'port = 50001' >/tmp/good.conf
printf '%s\n' 'size = 64M' 'port = none' >/tmp/bad.conf
fastswap-server --config /tmp/good.conf --check-config
refuses 2 '/tmp/bad.conf:2: port must be' --config /tmp/bad.conf --check-config
refuses 2 '/tmp/absent.conf: No such file' --config /tmp/absent.conf

step "no RDMA device"
refuses 3 'no RDMA device' --size 64M
rdma_up
refuses 3 'not an address of this machine' --size 64M --address 192.0.2.1
ip link add dummy0 type dummy
ip address add 10.99.0.1/32 dev dummy0
refuses 3 'not the address of an RDMA device' --size 64M --address 10.99.0.1

step "memory that is not there"
refuses 5 'do not fit.* try --size [0-9]+M' --size 64G
refuses 5 'not enough are free for 64 MiB' --size 64M --hugepages yes
RUN=(setpriv --bounding-set=-ipc_lock)
ulimit -l 1024
refuses 5 'RLIMIT_MEMLOCK is 1 MiB.*ulimit -l' --size 64M
ulimit -l unlimited
RUN=()

step "a port that is taken"
start_server --size 64M --chunk-size 16M --keepalive 2
refuses 4 'port 50000 is taken' --size 64M
pool_has lo || die "the pool is not locked"
pool_has dd || die "the pool would be in a core dump"

step "the protocol"
fsw-probe "$VM_IP" all
fsw-probe --seconds 5 --seed "${FSW_PROBE_SEED:-1}" "$VM_IP" random
! grep -i 'bug of the server' "$SERVER_LOG" || die "the server has found a bug of its own"
stop_server TERM
grep -q stopped "$SERVER_LOG"

step "limits, reloading, draining, and what is to be seen of it"
printf '%s\n' 'size = 64M' 'chunk-size = 4M' 'connect-rate = 1' 'max-sets = 1' \
	'quota = default size=32M' 'log-format = json' 'admin = 127.0.0.1:9465' >/tmp/server.conf
start_server --config /tmp/server.conf
fsw-probe --seconds 5 "$VM_IP" storm
grep -q '"message":".*connection refused: --connect-rate"' "$SERVER_LOG"
printf '%s\n' 'allow = 192.0.2.0/24' 'connect-rate = 0' 'size = 32M' >/tmp/server.conf
kill -HUP "$SERVER"
wait_for 20 grep -q 'allow has changed' "$SERVER_LOG"
grep -q 'chunk-size cannot change' "$SERVER_LOG"
wait_for 20 server_says 'the pool has 32 MiB now'
! fsw-probe "$VM_IP" session 2>/tmp/probe || die "an address that is not allowed was served"
grep -q 'refused: the server does not admit this address' /tmp/probe
grep -q 'no --allow has this address' "$SERVER_LOG"
kill -USR1 "$SERVER"
wait_for 20 grep -q 'drained: no client is left' "$SERVER_LOG"
busybox wget -q -O /tmp/metrics http://127.0.0.1:9465/metrics
grep -q '^fastswap_server_pool_bytes{state="free"} 33554432$' /tmp/metrics
stop_server TERM

step "one client that takes all it can get"
printf '%s\n' 'size = 64M' 'chunk-size = 4M' 'connect-rate = 0' 'max-sets = 8' \
	'max-per-address = 4' >/tmp/server.conf
start_server --config /tmp/server.conf
fsw-probe --seconds 5 "$VM_IP" hoard
server_says 'connection refused: .*: --max-per-address'
# All that it had is there for others.
wait_for 30 fsw-probe "$VM_IP" session
fsw-probe "$VM_IP" exhaust

step "who is attached may stay when his address is excluded"
fsw-probe --seconds 15 "$VM_IP" hold >/tmp/held 2>&1 &
held=$!
wait_for 20 grep -q holding /tmp/held
echo 'allow = 192.0.2.0/24' >>/tmp/server.conf
kill -HUP "$SERVER"
wait_for 10 server_says '1 clients are attached from addresses that are not allowed any more'
wait "$held" || die "who was there before is not served to the end: $(</tmp/held)"
stop_server TERM

step "huge pages, another port, IPv6, SIGINT"
echo 40 >/proc/sys/vm/nr_hugepages
start_server --size 64M --chunk-size 16M --hugepages 2M --port 50001 --address "$VM_IP6"
grep -q 'listening on \[fd77::.*4 chunks of 16 MiB.*huge pages' "$SERVER_LOG"
fsw-probe --port 50001 "$VM_IP6" session
stop_server INT
