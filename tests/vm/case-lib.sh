# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the cases share, beyond guest-lib.sh: . "${GUEST_LIB%/*}/case-lib.sh"

set -Eeuo pipefail

# shellcheck source=tests/vm/guest-lib.sh
. "$GUEST_LIB"

PATH=$FASTSWAP_BUILD/tests/bin:$PATH

readonly PORT=50000
readonly GATE=/run/gate	# of start_walk; /run is the guest's own, /tmp shows what the host has
readonly OUT=/tmp/out	# what it said
SERVER=''	# process of the server that start_server started last
SERVER_LOG=''
DEVICE=''	# device that attach made last
marks=0

trap 'failed_at "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND"' ERR
trap 'explain $?' EXIT

failed_at()
{
	echo "FAILED: $1:$2: $3" >&2
}

# After a failure: what a person would ask next.
explain()
{
	(($1 && $1 != EXIT_SKIPPED)) || return 0
	trap - ERR
	set +e
	if [[ -n "$SERVER_LOG" ]]; then
		echo "-- the server said:"
		tail -n 20 "$SERVER_LOG"
	fi
	echo "-- devices:"
	timeout 10 fastswap status
	cat /proc/swaps
	echo "-- the kernel's log:"
	dmesg | tail -n 25
} >&2

# step TEXT: what comes next, and when
step()
{
	note "[${SECONDS} s] $*"
}

# check WHAT A OPERATOR B
#	The case fails unless test(1) agrees.
check()
{
	test "$2" "$3" "$4" || die "$1: '$2 $3 $4' does not hold"
}

# start_server [OPTION...]
#	A fastswap-server that listens when this returns.
start_server()
{
	SERVER_LOG=$(mktemp /tmp/server.XXXXXX)
	fastswap-server --port "$PORT" "$@" >"$SERVER_LOG" 2>&1 &
	SERVER=$!
	wait_for 60 server_answered
	server_is_ready || die "the server did not start: $(tail -n 1 "$SERVER_LOG")"
}

server_is_ready()
{
	grep -q 'listening on ' "$SERVER_LOG"
}

server_is_gone()
{
	! kill -0 "$SERVER" 2>/dev/null
}

server_answered()
{
	server_is_ready || server_is_gone
}

# stop_server SIGNAL
#	Returns its exit status. It has to be gone in bounded time.
stop_server()
{
	kill -s "$1" "$SERVER"
	wait_for 15 server_is_gone || die "the server is still there"
	wait "$SERVER"
}

# wait_for_server, let_server_end: with lending-server.sh on another node
wait_for_server()
{
	wait_for 60 test -e "$SHARED/server-ready"
}

let_server_end()
{
	touch "$SHARED/over"
	wait_for 60 test -e "$SHARED/server-ended"
}

# server_says PATTERN: a line of its log
server_says()
{
	grep -qE -- "$1" "$SERVER_LOG"
}

# within SECONDS COMMAND [ARGUMENT...]: it is killed when these are over, see wait_for
within()
{
	local limit="$1"

	shift
	timeout -k 1 $((limit * ${SLOWNESS:-1})) "$@"
}

# attach URL [OPTION...]: sets DEVICE
attach()
{
	DEVICE=$(within 60 fastswap attach "$@")
	[[ -b "$DEVICE" ]] || die "attach $*: '$DEVICE' is no block device"
}

# detach DEVICE
detach()
{
	within 120 fastswap detach "$1"
}

# attribute NAME [DEVICE]: a file of the device's folder in sysfs
attribute()
{
	local device="${2:-$DEVICE}"

	echo "$(<"/sys/block/${device##*/}/fastswap/$1")"
}

# counter NAME [DEVICE]
counter()
{
	local device="${2:-$DEVICE}" name value

	while read -r name value; do
		if [[ "$name" == "$1" ]]; then
			echo "$value"
			return
		fi
	done <"/sys/block/${device##*/}/fastswap/stats"
	die "$device has no counter '$1'"
}

is_in_state()
{
	[[ "$(attribute state)" == "$1" ]]
}

used_at_most()
{
	(($(attribute used) <= $1))
}

# lift_memory_limits: for what with_memory_limit runs now
lift_memory_limits()
{
	local file

	for file in /sys/fs/cgroup/limit.*/memory.max; do
		echo max >"$file"
	done
}

# In place of the shell, whose own pages would be swapped out and lost as well.
replace_by_pagewalk()
{
	exec pagewalk --gate "$GATE" "$@"
}

# start_walk MIB OPTION...
#	pagewalk in the background with at most MIB of memory, up to its first
#	gate, which is removed to let it go on. Sets job.
start_walk()
{
	local limit="$1"

	shift
	with_memory_limit "$limit" replace_by_pagewalk "$@" >"$OUT" 2>&1 &
	# shellcheck disable=SC2034 # for the case
	job=$!
	wait_for 60 test -e "$GATE"
}

# walk_result NAME: a number of the last line of what start_walk started
walk_result()
{
	grep -o "\b$1=[0-9]*" "$OUT" | cut -d= -f2 | grep .
}

# mark_log, log_since_mark: the kernel's log from here on
mark_log()
{
	marks=$((marks + 1))
	echo "case: mark $marks" >/dev/kmsg
}

log_since_mark()
{
	dmesg | sed "1,/case: mark $marks\$/d"
}

# ends_with STATUS COMMAND [ARGUMENT...]
ends_with()
{
	local want="$1" status=0

	shift
	within 60 "$@" || status=$?
	check "exit status of $*" "$status" -eq "$want"
}

# fails_with SECONDS PATTERN COMMAND [ARGUMENT...]
#	COMMAND fails by itself, in time, with one line that matches PATTERN.
fails_with()
{
	local limit="$1" pattern="$2" status=0 text

	shift 2
	text=$(within "$limit" "$@" 2>&1 >/dev/null) || status=$?
	((status)) || die "did not fail: $*"
	((status < 124)) || die "no answer within $limit s, or killed ($status): $*"
	[[ "$text" =~ $pattern ]] || die "$*: '$text' does not match '$pattern'"
	[[ "$text" != *$'\n'* ]] || die "$*: more than one line: $text"
	echo "$text"
}

# ends_with_an_error SECONDS COMMAND [ARGUMENT...]: by itself, in time
ends_with_an_error()
{
	local limit="$1" status=0

	shift
	within "$limit" "$@" >/dev/null 2>&1 || status=$?
	check "exit status of $*" "$status" -eq 1
}

# no_devices_left: neither devices nor, of the modules, RDMA resources
no_devices_left()
{
	local what left

	! compgen -G '/sys/block/fastswap*' || die "a device was left behind"
	if [[ -e /sys/class/infiniband/$GUEST_RDMA ]]; then
		for what in qp cq pd mr cm_id; do
			left=$(rdma resource show "$what" | grep '\[fastswap' || true)
			[[ -z "$left" ]] || die "left behind: $left"
		done
	fi
}

# unload: takes the modules out, which nobody may be using any more
# is_closed: there are no devices, and the CM is done with all connections that they had
is_closed()
{
	[[ "$(</sys/module/fastswap_rdma/refcnt)" -eq 0 ]]
}

unload()
{
	local module

	no_devices_left
	for module in fastswap_mirror fastswap_rdma fastswap_dram fastswap; do
		[[ ! -d /sys/module/$module ]] || rmmod "$module"
	done
}
