#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768,cpus=2
# timeout: 400
#
# Keys that client and server share: the right one opens, also once more after
# the connection broke; all others, and servers without, are refused in words.
# What a client may have goes by its key.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

# Two spellings of keys; that of bob here is not the server's.
alice=00112233445566778899aabbccddeeff
bob=QUJDREVGR0hJSktMTU5PUFFSU1RVVldY
install -m 0600 /dev/null /tmp/server.keys
install -m 0600 /dev/null /tmp/alice.keys
install -m 0600 /dev/null /tmp/all.keys
printf '%s\n' '# clients' "alice $alice" "bob $bob" >/tmp/server.keys
printf '%s\n' "alice $alice" >/tmp/alice.keys
printf '%s\n' "alice $alice" "bob ${bob/QUJD/QUJE}" "carol $bob" >/tmp/all.keys

# attach_refused PATTERN OPTION...
attach_refused()
{
	local pattern="$1"

	shift
	fails_with 20 "$pattern" fastswap attach "rdma://$VM_IP:$PORT" --size 16M --queues 1 "$@"
	no_devices_left
}

# badserver_refused WAY PATTERN
badserver_refused()
{
	badserver 50009 "$1" >/tmp/badserver &
	wait_for 20 grep -q ready /tmp/badserver
	fails_with 20 "$2" fastswap attach "rdma://$VM_IP:50009" --size 16M --queues 1 \
		--psk-file /tmp/alice.keys
	kill $!
	wait $! || true
}

no_key_in_kernel()
{
	! grep -q 'logon.*fastswap:' /proc/keys
}

# The key is on its way into the kernel: nowhere else may it be seen.
no_key_is_left()
{
	wait_for 10 no_key_in_kernel || die "a key was left behind: $(</proc/keys)"
	! dmesg | grep -iqE "$alice|$bob" || die "the kernel's log has a key"
	! grep -qE "$alice|$bob" "$SERVER_LOG" || die "the server's log has a key"
}

# alice_cannot PATTERN SIZE
alice_cannot()
{
	fails_with 20 "$1" fastswap attach "rdma://$VM_IP:$PORT" --size "$2" --queues 1 \
		--psk-file /tmp/alice.keys
}

# are_attached N: and those that left are forgotten
are_attached()
{
	within 20 busybox wget -q -O /tmp/clients http://127.0.0.1:9465/clients
	[[ "$(grep -o '"number"' /tmp/clients | wc -l)" -eq "$1" ]]
}

says_twice()
{
	[[ "$(grep -c -- "$1" "$SERVER_LOG")" -eq 2 ]]
}

rdma_up

step "files that are open to others, wrong, or somebody else's"
chmod 0640 /tmp/server.keys
fails_with 20 '/tmp/server.keys .*open to its group.*chmod 0600' \
	fastswap-server --size 64M --psk-file /tmp/server.keys
chmod 0600 /tmp/server.keys
fastswap-server --size 64M --psk-file /tmp/server.keys --check-config
fails_with 20 '/tmp/absent: No such file' fastswap-server --size 64M --psk-file /tmp/absent
attach_refused '/tmp/absent: No such file' --psk-file /tmp/absent
chmod 0604 /tmp/alice.keys
attach_refused '/tmp/alice.keys .*chmod 0600' --psk-file /tmp/alice.keys
chmod 0600 /tmp/alice.keys
attach_refused '3 keys: choose one with --identity' --psk-file /tmp/all.keys
attach_refused "no key of 'dave'" --psk-file /tmp/all.keys --identity dave

step "the right key"
start_server --size 64M --chunk-size 4M --keepalive 1 --psk-file /tmp/server.keys \
	--admin 127.0.0.1:9465
! server_says 'everybody who reaches' || die "a server with keys says that it is open"
attach "rdma://$VM_IP:$PORT" --size 32M --queues 1 --psk-file /tmp/alice.keys --swapon
server_says 'connected as alice, id '
no_key_is_left
start_walk 4 --size 8 --walk seq,random --write

step "and once more, when the connection broke"
# The client finds it silent, and comes back when it goes on.
kill -STOP "$SERVER"
rm "$GATE"
wait_for 20 is_in_state recovering
kill -CONT "$SERVER"
wait_for 20 is_in_state live
server_says 'back as alice, id '
wait_for 60 test -e "$GATE"
rm "$GATE"
wait "$job" || die "pagewalk: exit status $?: $(<"$OUT")"
check "wrong pages" "$(walk_result wrong)" -eq 0
check "lost bytes" "$(attribute lost)" -eq 0
check "pages were swapped" "$(counter writeback_pages)" -gt 500
within 20 busybox wget -q -O /tmp/status http://127.0.0.1:9465/status
grep -q '"authentication":true' /tmp/status
grep -q '"identity":"alice"' /tmp/status
detach "$DEVICE"

step "no key, a wrong key, a name that nobody has"
attach_refused "$VM_IP wants a key, and none was given"
attach_refused 'no such identity, or not with this key' --psk-file /tmp/all.keys --identity bob
attach_refused 'no such identity, or not with this key' --psk-file /tmp/all.keys --identity carol
server_says 'says it is bob: no such identity'
server_says 'says it is carol: no such identity'

step "other keys, while the server runs"
printf '%s\n' "alice $alice" 'bob' >/tmp/server.keys
kill -HUP "$SERVER"
wait_for 20 server_says 'not reloaded: .*with the keys that it has'
server_says '/tmp/server.keys:2: a line is'
attach "rdma://$VM_IP:$PORT" --size 16M --queues 1 --psk-file /tmp/alice.keys
printf '%s\n' "bob $bob" >/tmp/server.keys
kill -HUP "$SERVER"
wait_for 20 server_says '1 keys were read'
server_says '1 clients are attached that have no key any more'
dd if=/dev/urandom of="$DEVICE" bs=1M count=1 oflag=direct status=none
detach "$DEVICE"
attach_refused 'no such identity, or not with this key' --psk-file /tmp/alice.keys
within 20 busybox wget -q -O /tmp/metrics http://127.0.0.1:9465/metrics
grep -q '^fastswap_server_authentication 1$' /tmp/metrics
check "failures that were counted" \
	"$(sed -n 's/^fastswap_server_authentication_failures_total //p' /tmp/metrics)" -eq 3
no_key_is_left
stop_server TERM

step "what alice may have, in all her sessions"
printf '%s\n' "alice $alice" "bob $bob" >/tmp/server.keys
printf '%s\n' 'size = 64M' 'chunk-size = 4M' 'psk-file = /tmp/server.keys' \
	'admin = 127.0.0.1:9465' 'quota = identity:alice size=24M sessions=2 queue-pairs=8' \
	>/tmp/server.conf
start_server --config /tmp/server.conf
alice_cannot 'gives at most 24 MiB to one client' 32M
wait_for 20 are_attached 0
attach "rdma://$VM_IP:$PORT" --queues 2 --size 16M --psk-file /tmp/alice.keys
first=$DEVICE
server_says 'connected as alice, id .*, at most 2 queue sets and 24 MiB'
# One queue pair is left, a session takes four.
alice_cannot 'a limit of the server is reached' 4M
server_says 'alice is refused: .*: --quota, queue pairs of this client'
sed -i 's/queue-pairs=8/queue-pairs=12/' /tmp/server.conf
kill -HUP "$SERVER"
wait_for 20 server_says 'quota has changed'
alice_cannot 'has only 8 MiB left' 12M
wait_for 20 are_attached 1
# All that is left, and as many queue sets as there may be.
attach "rdma://$VM_IP:$PORT" --queues 2 --psk-file /tmp/alice.keys
check "size of what is left" "$(blockdev --getsize64 "$DEVICE")" -eq $((8 << 20))
server_says 'connected as alice, id .*, at most 1 queue sets and 24 MiB'
alice_cannot 'a limit of the server is reached' 4M
server_says 'alice is refused: .*: --quota, sessions of this client'
within 20 busybox wget -q -O /tmp/clients http://127.0.0.1:9465/clients
grep -q '"size":{"used":[0-9]*,"limit":25165824}' /tmp/clients
grep -q '"queue-pairs":{"used":11,"limit":12},"sessions":{"used":2,"limit":2}' /tmp/clients
# Less than she has: nothing is taken away.
sed -i 's/size=24M/size=4M/' /tmp/server.conf
kill -HUP "$SERVER"
wait_for 20 says_twice 'quota has changed'
dd if=/dev/urandom of="$first" bs=1M count=4 oflag=direct status=none
dd if=/dev/urandom of="$DEVICE" bs=1M count=4 oflag=direct status=none
detach "$DEVICE"
detach "$first"
printf '%s\n' "quota = $(printf '%032d' 1) size=4M" >>/tmp/server.conf
kill -HUP "$SERVER"
wait_for 20 server_says 'with --psk-file a client is known by its identity'
server_says 'not reloaded'
stop_server TERM

step "servers that do not have our key"
start_server --size 64M --chunk-size 4M
server_says 'everybody who reaches .* may have memory'
attach_refused "$VM_IP asks for no key, .*refused" --psk-file /tmp/alice.keys
attach "rdma://$VM_IP:$PORT" --size 16M --queues 1
detach "$DEVICE"
badserver_refused open "$VM_IP asks for no key, .*refused"
badserver_refused impostor "$VM_IP does not prove that it has the key"
badserver_refused generous 'the server broke the protocol'
badserver_refused hasty 'the server (broke the protocol|ends the session)'
no_key_is_left
stop_server TERM
unload
