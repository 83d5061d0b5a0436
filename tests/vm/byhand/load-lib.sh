# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The server under many clients: what server-load.sh and server-sanitized.sh share.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly SETS=8	# of three queue pairs each, beside the one of control
readonly IDLE_S=20
readonly SAID=/tmp/said

# What the server holds besides the pool, in KiB: it is to be the same after every round.
heap_kib()
{
	sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$SERVER/status"
}

# Hundredths of a second of CPU time that the server has used.
cpu_ticks()
{
	local -a fields

	read -ra fields <"/proc/$SERVER/stat"
	echo $((fields[13] + fields[14]))
}

# idle SECONDS WHO: the server's CPU time when nobody wants anything
idle()
{
	local before

	before=$(cpu_ticks)
	sleep "$1"
	echo "idle, $2: $(($(cpu_ticks) - before)) hundredths of a second of CPU time in $1 s"
}

nobody_is_attached()
{
	[[ "$(rdma resource show qp link "$GUEST_RDMA" | grep -c 'comm fastswap-server')" -eq 0 ]]
}

clients_rest()
{
	grep -q '^idle for' "$SAID" || ! kill -0 "$1" 2>/dev/null
}

# round NAME OPTION...: of fsw-probe
round()
{
	local before probe

	step "$1"
	before=$(heap_kib)
	fsw-probe "${@:2}" >"$SAID" 2>&1 &
	probe=$!
	if [[ "${*: -1}" == load ]]; then
		wait_for 900 clients_rest "$probe"
		! kill -0 "$probe" 2>/dev/null || idle $((IDLE_S - 5)) "all are attached"
	fi
	wait "$probe" || die "fsw-probe: exit status $?: $(<"$SAID")"
	cat "$SAID"
	wait_for 120 nobody_is_attached
	heap=$(heap_kib)
	echo "heap: $before KiB before, $heap KiB after; $(rdma resource show | tail -n 1)"
}

# load CLIENTS CYCLES OPTION...: of the server
#	Sets grown, the KiB that the last sessions have added to what the server holds.
load()
{
	local nr="$1" cycles="$2" heap first
	local -a many=(--clients "$nr" --sets "$SETS" --chunks 4 --seconds "$IDLE_S" "$VM_IP" load)

	start_server --chunk-size 1M --connect-rate 0 --max-per-address 0 --max-sessions 256 \
		--max-sets "$SETS" --threads 2 --lease 1 "${@:3}"
	idle "$IDLE_S" "nobody was there yet"
	round "$nr clients at once" "${many[@]}"
	round "and once more" "${many[@]}"
	round "$cycles sessions" --cycles "$cycles" "$VM_IP" cycles
	first=$heap
	round "$((cycles / 5)) more" --cycles $((cycles / 5)) "$VM_IP" cycles
	# shellcheck disable=SC2034 # for the case
	grown=$((heap - first))
	step "nobody is there"
	idle "$IDLE_S" "all have left"
	# It counts its own verbs objects, and fails if one is left.
	stop_server TERM || die "the server ended with status $?: $(tail -n 30 "$SERVER_LOG")"
}
