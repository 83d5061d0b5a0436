#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The part of tools/experiments that runs in the virtual machine. Sets up the
# devices that $SHARED/plan names and does what its lines say, in their order:
#	device NAME SIZE_MIB	set it up
#	program NAME SIZE_MIB	find out how much memory it takes
#	local REPETITION NAME	run it with all of its memory local
#	run REPETITION NAME RATIO DEVICE OFFLOAD WINDOW CLUSTER
#				run it with RATIO % of that, what is beyond on DEVICE;
#				OFFLOAD: yes or no, CLUSTER: vm.page-cluster for a
#				window of WINDOW pages
# Results are lines of JSON in $SHARED/results. What fails is recorded as such
# with its reason, and the rest goes on.

set -uo pipefail

HERE=$(dirname "${BASH_SOURCE[0]}")
readonly HERE
# shellcheck source=tools/lib/bench/rig.sh
. "$HERE/../bench/rig.sh"
# shellcheck source=tools/lib/experiments/programs.sh
. "$HERE/programs.sh"

PATH=$FASTSWAP_BUILD/tests/bin:$PATH

readonly OUT=/tmp/out		# lines NAME=VALUE of the program that has run last
readonly REPORT=/tmp/report	# lines NAME=VALUE of its fastswap-run
readonly WARM_UP_MIB=4

declare -A size=()		# by program: MiB of its data
declare -A ideal=()		# by program: bytes that it takes
declare -a scope=()		# what a command line begins with, for a run
declare -a reclaim_place=()	# options for where to reclaim

# lines_as_json FILE: lines NAME=VALUE as an object
lines_as_json()
{
	local line
	local -a words=()

	while IFS= read -r line; do
		[[ "$line" != [a-z]*=* ]] || words+=("${line%%=*}" "${line#*=}")
	done <"$1"
	json "${words[@]}"
}

# value_of NAME FILE: of such a line
value_of()
{
	sed -n "s/^$1=//p" "$2" | tail -n 1
}

# In an emulator an interrupt from one CPU to another takes longer than anything else that
# reclaim does, and on the program's own CPU it takes none: tools/cgroup/RECLAIM.md.
place()
{
	local emulated=no text

	! grep -q '^model name.*TCG' /proc/cpuinfo || emulated=yes
	text="programs on CPU 0, offloaded reclaim on another"
	if [[ "$emulated" == yes ]] || (($(nproc) == 1)); then
		reclaim_place=(--reclaim-cpus 0)
		text="programs and offloaded reclaim on CPU 0"
	fi
	json setting emulated value "$emulated" >>"$RESULTS"
	json setting placement value "$text" >>"$RESULTS"
}

# Only for programs that ask for huge pages: with and without them, a program takes more or less.
no_huge_pages()
{
	local file=/sys/kernel/mm/transparent_hugepage/enabled

	[[ ! -w "$file" ]] || echo madvise >"$file"
}

# Linux 6.12 asks counts that may be seconds old whether a group has too few inactive pages. In a
# small group without file pages they say no for so long after the last inactive page has gone
# that reclaim finds nothing, and a program is killed. Who reads memory.stat brings them up to date.
# fastswap-run does so when it reclaims, but not for those that reclaim themselves.
keep_counts_fresh()
{
	local file

	taskset -cp "$(($(nproc) - 1))" "$BASHPID" >/dev/null
	# Nothing ever comes: a way to wait that starts no process.
	exec 7<> <(:)
	while :; do
		read -rt 0.1 -u 7
		for file in /sys/fs/cgroup/fastswap-run/fastswap-job-*/memory.stat; do
			mapfile -t <"$file"
		done
	done 2>/dev/null
}

# attempt NAME SIZE_MIB OPTION...: run the program once, with these options of fastswap-run.
# Returns the program's exit status: 1 is for a wrong result.
attempt()
{
	local name="$1" mib="$2" status=0

	shift 2
	: >"$ERRORS"
	rm -f "$OUT" "$REPORT"
	scope=(timeout -k 10 "$patience" fastswap-run --quiet --report "$REPORT" --cpus 0 "$@" --)
	"run_$name" "$mib" 2>"$ERRORS" || status=$?
	((status == 0)) || return "$status"
	if [[ -z "$(value_of seconds "$OUT")" || -z "$(value_of checksum "$OUT")" ||
		! -s "$REPORT" ]]; then
		echo "it has not said what it did" >"$ERRORS"
		return 3
	fi
}

# record KEY VALUE...: a line of results about the last attempt, which these words name
record()
{
	local head

	head=$(json "$@")
	printf '%s, "result": %s, "usage": %s}\n' "${head%\}}" "$(lines_as_json "$OUT")" \
		"$(lines_as_json "$REPORT")" >>"$RESULTS"
}

# conclude STATUS WHAT FAILURE KEY VALUE...: the same, or how it failed; FAILURE: what to call that
conclude()
{
	local status="$1" what="$2" failure="$3"

	shift 3
	if ((status == 0)); then
		record "$@"
		note "[$SECONDS s] $what: $(value_of seconds "$OUT") s"
		return
	fi
	((status != 1)) || failure=wrong
	note "[$SECONDS s] $what FAILED: $(reason_of "$status")"
	json "$@" "$failure" "$(reason_of "$status")" >>"$RESULTS"
	return 1
}

# program NAME SIZE_MIB. First a small run, so that no file of it is charged to the others.
program()
{
	local name="$1" mib="$2" status=0

	if ! declare -F "run_$name" >/dev/null; then
		json program "$name" skipped "nobody knows such a program" >>"$RESULTS"
		return
	fi
	if ! "needs_$name" 2>"$ERRORS"; then
		note "$name cannot run: $(reason)"
		json program "$name" skipped "$(reason)" >>"$RESULTS"
		return
	fi
	attempt "$name" "$WARM_UP_MIB" --local max || status=$?
	if ((status == 0)); then
		attempt "$name" "$mib" --local max || status=$?
	fi
	if ((status == 0)) && [[ -z "$(value_of peak_local "$REPORT")" ]]; then
		echo "this kernel does not tell how much memory it takes" >"$ERRORS"
		status=3
	fi
	conclude "$status" "$name" skipped program "$name" size_mib "$mib" || return 0
	size[$name]=$mib
	ideal[$name]=$(value_of peak_local "$REPORT")
	note "$name takes $((${ideal[$name]} >> 10)) KiB"
}

# run_local REPETITION NAME
run_local()
{
	local repetition="$1" name="$2" status=0

	# It has been reported as skipped.
	[[ -v ideal[$name] ]] || return 0
	attempt "$name" "${size[$name]}" --local max || status=$?
	conclude "$status" "$repetition $name, all local" failed \
		repetition "$repetition" program "$name" || return 0
}

# run_far REPETITION NAME RATIO DEVICE OFFLOAD WINDOW CLUSTER
run_far()
{
	local repetition="$1" name="$2" ratio="$3" device="$4" offload="$5" window="$6" status=0
	local -a more=("${reclaim_place[@]}")

	# It has been reported as skipped.
	[[ -v ideal[$name] && -v disk[$device] ]] || return 0
	[[ "$offload" == yes ]] || more=(--no-offload)
	: >"$ERRORS"
	if swap_to "$device" 2>"$ERRORS" && sysctl -q vm.page-cluster="$7" 2>"$ERRORS"; then
		attempt "$name" "${size[$name]}" --local "$ratio%" --ideal "${ideal[$name]}" \
			"${more[@]}" || status=$?
	else
		status=3
	fi
	conclude "$status" "$repetition $name, $ratio % local, $device, offload $offload, $window" \
		failed repetition "$repetition" program "$name" ratio "$ratio" device "$device" \
		offload "$offload" window "$window" || return 0
}

main()
{
	local what rest freshener
	local -a words

	begin_results
	place
	keep_counts_fresh &
	freshener=$!
	no_huge_pages
	set_up_programs || die "cannot set the programs up"
	while read -r what rest <&3; do
		read -ra words <<<"$rest"
		case "$what" in
		device) set_up "${words[@]}" ;;
		program) program "${words[@]}" ;;
		local) run_local "${words[@]}" ;;
		run) run_far "${words[@]}" ;;
		*) die "the plan says '$what $rest'" ;;
		esac
	done 3<"$SHARED/plan"
	kill "$freshener"
	end_results
}

main
