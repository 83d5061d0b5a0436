#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo's memory server: serve until the client is done, then say what it cost.

set -euo pipefail
# shellcheck source=/dev/null
. "$GUEST_LIB"
read -r _ _ size <"$SHARED/demo-args"

cpu_ms()
{
	# Fields 14 and 15 of /proc/PID/stat, behind the name in brackets: user and system ticks.
	local stat
	stat=$(<"/proc/$1/stat")
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	echo $(((${12} + ${13}) * 1000 / $(getconf CLK_TCK)))
}

rdma_up
fastswap-server --port 50000 --size "$size" >/tmp/server.log 2>&1 &
server=$!
if ! wait_for 60 grep -q "listening on" /tmp/server.log; then
	cat /tmp/server.log
	exit 1
fi
sed 's/^/  server: /' /tmp/server.log
start=$(cpu_ms "$server")
touch "$SHARED/server-ready"

wait_for 1800 test -e "$SHARED/client-done"
echo $(($(cpu_ms "$server") - start)) >"$SHARED/server-cpu-ms.new"
mv "$SHARED/server-cpu-ms.new" "$SHARED/server-cpu-ms"
kill -TERM "$server"
wait "$server"
