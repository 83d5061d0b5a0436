#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The part of tools/bench that runs in the virtual machine. Sets up the devices
# that $SHARED/plan names and does what its lines say, in their order:
#	patience SECONDS				after so many a run hangs
#	device NAME SIZE_MIB				set it up
#	run REPETITION NAME WORKLOAD LIMIT_MIB OPTION...	swapload, with swap on NAME
#	with NAME PARAMETER=VALUE...			from here on; the others as they were
#	idle NAME TENTHS				CPU time of its idle server
#	raw REPETITION ITERATIONS			the RDMA device without any of this
# Results are lines of JSON in $SHARED/results. What fails is recorded as such
# with its reason, and the rest goes on.

set -uo pipefail
# shellcheck source=tools/lib/bench/rig.sh
. "$(dirname "${BASH_SOURCE[0]}")/rig.sh"

variant=''		# what is not as by default
declare -A defaults=()	# by file: of the parameters that were changed

# idle NAME TENTHS: CPU time that the server of a device takes while nobody swaps
idle()
{
	local name="$1" before after
	local -i tenths=$2
	local -a servers

	mapfile -t servers < <(grep -oE -- '--cpu [^ ]+' <<<"${options[$name]:-}" | cut -d= -f2)
	((${#servers[@]})) || return 0
	before=$(ticks "${servers[@]}")
	sleep "$((tenths / 10)).$((tenths % 10))"
	after=$(ticks "${servers[@]}")
	# A tick is 10 ms, and 10 of them a tenth of a second.
	awk -v name="$name" -v ticks=$((after - before)) -v tenths="$tenths" 'BEGIN {
		printf "{\"device\": \"%s\", \"idle\": %.4f}\n", name, ticks / 10 / tenths
	}' >>"$RESULTS"
}

# ticks PID...: user and system time so far, in clock ticks
ticks()
{
	local pid

	for pid; do
		cat "/proc/$pid/stat"
	done | sed 's/.*) //' | awk '{ sum += $12 + $13 } END { print sum + 0 }'
}

# parameter_file NAME PARAMETER: of the device or of one of its modules
parameter_file()
{
	local file

	for file in "/sys/block/${disk[$1]##*/}/fastswap/$2" \
		/sys/module/fastswap*/parameters/"$2"; do
		if [[ -w "$file" ]]; then
			echo "$file"
			return
		fi
	done
	echo "$1 has no parameter '$2'" >&2
	return 1
}

# with NAME PARAMETER=VALUE...
with()
{
	local name="$1" file word

	shift
	for file in "${!defaults[@]}"; do
		echo "${defaults[$file]}" >"$file" || return 1
	done
	variant="$*"
	[[ -v disk[$name] ]] || return 0
	for word; do
		file=$(parameter_file "$name" "${word%%=*}") || return 1
		[[ -v defaults[$file] ]] || defaults[$file]=$(<"$file")
		echo "${word#*=}" >"$file" || return 1
	done
}

run()
{
	local repetition="$1" name="$2" workload="$3" limit="$4" out=/tmp/out status=0
	local from=$SECONDS what="$2${variant:+ $variant}"
	local -a more

	shift 4
	# It has been reported as skipped.
	[[ -v disk[$name] ]] || return 0
	read -ra more <<<"${options[$name]:-}"
	: >"$ERRORS"
	if swap_to "$name" 2>"$ERRORS"; then
		load "$limit" "${more[@]}" "$@" >"$out" 2>"$ERRORS" || status=$?
	else
		status=1
	fi
	if ((status)); then
		note "[$SECONDS s] $repetition $what $workload FAILED: $(reason_of "$status")"
		json repetition "$repetition" device "$what" workload "$workload" \
			failed "$(reason_of "$status")" >>"$RESULTS"
		return
	fi
	{
		printf '{"repetition": "%s", "device": "%s", "workload": "%s", "limit_mib": %s, ' \
			"$repetition" "$what" "$workload" "$limit"
		printf '"result": %s}\n' "$(tr '\n' ' ' <"$out")"
	} >>"$RESULTS"
	note "[$SECONDS s] $repetition $what $workload: $((SECONDS - from)) s"
}

# perftest PROGRAM OPTION...: both ends of it, on this machine; prints the line of numbers
perftest()
{
	local program="$1" server
	local -a common

	shift
	# A port of its own: the one of before may still be in use.
	raw_port=$((raw_port + 1))
	common=(-d "$GUEST_RDMA" -s 4096 -F -p "$raw_port" "$@")
	timeout 120 "$program" "${common[@]}" >/dev/null 2>&1 &
	server=$!
	if ! wait_for 20 port_listens "$raw_port"; then
		kill "$server"
		return 1
	fi
	timeout 120 "$program" "${common[@]}" "$VM_IP" >/tmp/perftest 2>&1 || {
		tail -n 3 /tmp/perftest | tr '\n' ' ' >&2
		kill "$server"
		return 1
	}
	wait "$server"
	grep -E '^ *4096 ' /tmp/perftest
}
raw_port=18600

# raw REPETITION ITERATIONS
raw()
{
	local repetition="$1" n="$2" latency read_bw write_bw
	local -a l r w

	: >"$ERRORS"
	if need ib_read_lat ib_read_bw ib_write_bw 2>"$ERRORS" && rdma_up 2>"$ERRORS" &&
		latency=$(perftest ib_read_lat -n "$n" 2>"$ERRORS") &&
		read_bw=$(perftest ib_read_bw -n "$n" 2>"$ERRORS") &&
		write_bw=$(perftest ib_write_bw -n "$n" 2>"$ERRORS"); then
		read -ra l <<<"$latency"
		read -ra r <<<"$read_bw"
		read -ra w <<<"$write_bw"
		# bytes n min max typical average deviation 99% 99.9%; bytes n peak average rate
		printf '{"repetition": "%s", "raw": {"read_p50_us": %s, "read_p99_us": %s, ' \
			"$repetition" "${l[4]}" "${l[7]}" >>"$RESULTS"
		printf '"read_mib_s": %s, "write_mib_s": %s}}\n' "${r[3]}" "${w[3]}" >>"$RESULTS"
		note "[$SECONDS s] $repetition raw: READ of 4 KiB in ${l[4]} us"
	else
		note "[$SECONDS s] $repetition raw FAILED: $(reason)"
		json repetition "$repetition" device raw workload raw failed "$(reason)" \
			>>"$RESULTS"
	fi
}

main()
{
	local what rest
	local -a words

	begin_results
	while read -r what rest <&3; do
		read -ra words <<<"$rest"
		case "$what" in
		patience) patience=${words[0]} ;;
		device) set_up "${words[@]}" ;;
		run) run "${words[@]}" ;;
		with) with "${words[@]}" || die "cannot set ${words[*]}" ;;
		idle) idle "${words[@]}" ;;
		raw) raw "${words[@]}" ;;
		*) die "the plan says '$what $rest'" ;;
		esac
	done 3<"$SHARED/plan"
	end_results
}

main
