# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own devices in local memory: a RAM disk, and a compressed one.
# shellcheck disable=SC2034,SC2154 # settings, disk and more are rig.sh's

set_up_brd()
{
	load_brd || return 1
	fill_disk "$BRD_SWAP" || return 1
	disk[brd]=$BRD_SWAP
	settings=", RAM disk, written in full beforehand"
}

set_up_zram()
{
	local device=/sys/block/zram0 algorithm chosen

	modprobe zram num_devices=1 || return 1
	# The fastest of those that this kernel has.
	for algorithm in lz4 lzo-rle; do
		if grep -qw -- "$algorithm" $device/comp_algorithm &&
			echo "$algorithm" >$device/comp_algorithm; then
			chosen=$algorithm
			break
		fi
	done
	[[ -n "${chosen:-}" ]] || {
		echo "neither lz4 nor lzo-rle" >&2
		return 1
	}
	echo "${size_mib}M" >$device/disksize || return 1
	disk[zram]=/dev/zram0
	settings=", $chosen"
}
