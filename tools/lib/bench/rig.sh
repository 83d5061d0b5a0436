# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the guests of tools/bench and tools/experiments share: devices to swap to,
# one in use at a time, and lines of JSON in $SHARED/results.

# shellcheck source=tests/vm/guest-lib.sh
. "$GUEST_LIB"

readonly RESULTS=$SHARED/results
readonly ERRORS=/tmp/errors
# Of these the files in devices/ make use.
# shellcheck disable=SC2034
readonly PORT=50000 BRD_SWAP=/dev/ram0 BRD_NVME=/dev/ram1

declare -A disk=()	# by device: what to swap to
# shellcheck disable=SC2034
declare -A options=()	# by device: what swapload is to read besides
patience=300		# seconds after which a run or a swapoff hangs
size_mib=0		# of the device that is being set up
settings=''		# of it, for the report
swap_on=''		# the device that is swapped to

# json KEY VALUE...: an object of strings
json()
{
	local separator='' value

	printf '{'
	while (($#)); do
		value=${2//\\/\\\\}
		value=${value//\"/\\\"}
		value=${value//[[:cntrl:]]/ }
		printf '%s"%s": "%s"' "$separator" "$1" "$value"
		separator=', '
		shift 2
	done
	printf '}\n'
}

# The last thing that the commands said that failed.
reason()
{
	local text

	text=$(grep . "$ERRORS" 2>/dev/null | tail -n 1)
	echo "${text:-no reason was given}"
}

# reason_of STATUS: the same of a run with that exit status
reason_of()
{
	case "$1" in
	124) echo "no end within $patience s" ;;
	137) echo "killed, as by the kernel when its group is out of memory" ;;
	*) reason ;;
	esac
}

# queue_setting FILE VALUE: of the device that is being set up, if it has such a file
queue_setting()
{
	local file=/sys/block/${disk[$name]##*/}/queue/$1

	[[ -w "$file" ]] || return 0
	echo "$2" >"$file" || return 1
	settings+=", $1=$2"
}

# RAM disks have no pages until they are written: not while it is timed.
fill_disk()
{
	dd if=/dev/zero of="$1" bs=1M count="$size_mib" status=none conv=fsync
}

need()
{
	local program

	for program; do
		type -P "$program" >/dev/null || {
			echo "there is no program '$program': run tools/setup" >&2
			return 1
		}
	done
}

load_brd()
{
	[[ -b "$BRD_SWAP" ]] ||
		modprobe brd rd_nr=2 rd_size=$((size_mib * 1024)) max_part=0
}

set_up()
{
	local name="$1"

	size_mib=$2
	settings=''
	if ! declare -F "set_up_$name" >/dev/null; then
		json device "$name" skipped "nobody knows such a device" >>"$RESULTS"
		return
	fi
	note "[$SECONDS s] set up $name"
	: >"$ERRORS"
	if "set_up_$name" 2>"$ERRORS" && mkswap "${disk[$name]}" >/dev/null 2>"$ERRORS"; then
		json device "$name" disk "${disk[$name]}" settings "${settings#, }" >>"$RESULTS"
	else
		unset "disk[$name]"
		note "$name cannot be set up: $(reason)"
		json device "$name" skipped "cannot be set up: $(reason)" >>"$RESULTS"
	fi
}

swap_off()
{
	[[ -n "$swap_on" ]] || return 0
	timeout "$patience" swapoff "${disk[$swap_on]}" || return 1
	swap_on=''
}

# swap_to NAME: only one device is in use at a time. A short run on it warms it up.
swap_to()
{
	[[ "$swap_on" != "$1" ]] || return 0
	swap_off || return 1
	swapon "${disk[$1]}" || return 1
	swap_on=$1
	load 32 --size 48 --phase fill --phase read,order=random,count=2048 >/dev/null 2>&1 ||
		note "[$SECONDS s] the warm-up of $1 failed"
}

# load LIMIT_MIB OPTION...: swapload
load()
{
	local limit="$1"

	shift
	with_memory_limit "$limit" timeout -k 5 "$patience" swapload "$@"
}

port_listens()
{
	local hex

	printf -v hex ':%04X' "$1"
	grep -qs " [0-9A-F]*$hex [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6
}

# The same rules of reclaim on all kernels: the classic ones.
pin_reclaim()
{
	local file=/sys/kernel/mm/lru_gen/enabled readahead=/sys/kernel/mm/swap/vma_ra_enabled

	[[ ! -w "$file" ]] || echo 0 >"$file"
	sysctl -q vm.swappiness=100
	{
		json setting kernel value "$(uname -r)"
		json setting cpus value "$(nproc)"
		json setting memory value "$(($(getconf _PHYS_PAGES) * 4 >> 10)) MiB"
		json setting lru_gen value "$(cat "$file" 2>/dev/null)"
		json setting vm.swappiness value "$(sysctl -n vm.swappiness)"
		json setting vma_readahead value "$(cat "$readahead" 2>/dev/null)"
	} >>"$RESULTS"
}

begin_results()
{
	: >"$RESULTS" || die "cannot write $RESULTS"
	type -P swapload >/dev/null || die "no swapload in $FASTSWAP_BUILD/bin: build first"
	pin_reclaim
}

# Take the devices down, and say that nothing is missing.
end_results()
{
	local name

	swap_off || die "cannot swap off"
	for name in "${!disk[@]}"; do
		! declare -F "finish_$name" >/dev/null || "finish_$name"
	done
	json end complete >>"$RESULTS"
}

# Files with the devices' set_up_NAME functions.
for file in "${BASH_SOURCE[0]%/*}"/devices/*.sh; do
	# shellcheck source=/dev/null
	. "$file"
done
