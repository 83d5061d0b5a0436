#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: server,mem=512,init=systemd a,mem=512,init=systemd
# script a: systemd-client.sh
# kernels: 6.12
# timeout: 400
#
# The units under a real systemd: the server is ready when the start returns, is
# watched, reloads, and leaves its clients a bounded time; a client that reboots
# while it swaps takes its pages back before its network goes.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"
# shellcheck source=tests/vm/systemd-lib.sh
. "${GUEST_LIB%/*}/systemd-lib.sh"

UNIT=fastswap-server

journal_says()
{
	journalctl --sync
	journalctl --quiet --no-pager --output cat --unit "$UNIT" | grep -qE -- "$1"
}

property()
{
	systemctl show --property "$1" --value "$UNIT"
}

has_result()
{
	[[ "$(property Result)" == "$1" ]]
}

explain_unit()
{
	systemctl --no-pager --full status "$UNIT"
	journalctl --no-pager --output cat | tail -n 40
} >&2
trap 'status=$?; ((!status)) || explain_unit; explain $status' EXIT

rdma_up
use_unit "$FASTSWAP_BUILD/server/$UNIT.service" fastswap-server
cat >/etc/fastswap-server.conf <<-END
	size = 96M
	chunk-size = 4M
	port = $PORT
	keepalive = 1
END
echo 'FASTSWAP_SERVER_OPTIONS=--config /etc/fastswap-server.conf' >/etc/default/fastswap-server

step "a start returns when the server listens"
systemctl start "$UNIT"
journal_says 'listening on ' || die "started, but not listening"
[[ "$(property StatusText)" == lending* ]] || die "status: $(property StatusText)"
check "watchdog" "$(property WatchdogUSec)" = 2min

step "a client that reboots while it swaps"
touch "$SHARED/server-ready"
wait_for 200 test -e "$SHARED/rebooting"
# It said goodbye when it had taken everything back: neither silence nor a broken connection.
wait_for 200 journal_says 'client 1 .*: closing: detached'
wait_for 30 journal_says 'client 1 .*: left'

step "a reload reads the configuration"
echo 'connect-rate = 50' >>/etc/fastswap-server.conf
systemctl reload "$UNIT"
wait_for 30 journal_says 'connect-rate has changed'

step "a stop with a client attached is bounded"
attach "rdma://$VM_IP:$PORT" --size 16M --queues 1 --hold 1
dd if=/dev/urandom of="$DEVICE" bs=64k count=16 oflag=direct status=none
systemctl stop "$UNIT"
has_result success || die "stopped with the result $(property Result)"
wait_for 30 is_in_state failed
detach "$DEVICE"

step "a server that hangs is ended"
dropins=/run/systemd/system/$UNIT.service.d
mkdir -p "$dropins"
printf '[Service]\nWatchdogSec=3\nTimeoutAbortSec=5\n' >"$dropins/test.conf"
systemctl daemon-reload
systemctl start "$UNIT"
# It is not ended while it is well.
sleep 7
systemctl is-active --quiet "$UNIT" || die "the watchdog ended a server that is well"
kill -s STOP "$(property MainPID)"
wait_for 60 has_result watchdog

step "a bad configuration fails the start, and says why"
systemctl reset-failed "$UNIT"
echo 'size = lots' >>/etc/fastswap-server.conf
if systemctl start "$UNIT"; then
	die "started with a bad configuration"
fi
wait_for 10 journal_says 'fastswap-server.conf:.*size'
unload
