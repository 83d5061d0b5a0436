# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What chunks a device holds, and what the server says about it: for cases with chunks of 4 MiB,
# and 64 MiB of random bytes in /tmp/random.

readonly MIB=$((1 << 20))
# shellcheck disable=SC2034 # for the case
readonly PARAMETERS=/sys/module/fastswap_rdma/parameters
readonly ADMIN=127.0.0.1:9465

# backend NAME [DEVICE]: a number of backend_stats
backend()
{
	local device="${2:-$DEVICE}"

	sed -n "s/^$1 //p" "/sys/block/${device##*/}/fastswap/backend_stats" | grep .
}

has()
{
	[[ $(backend "$1" "${3:-$DEVICE}") == "$2" ]]
}

# metric NAME: of the server
metric()
{
	curl -sS --max-time 10 "http://$ADMIN/metrics" |
		sed -n "s/^fastswap_server_$1 //p" | grep .
}

lent_is()
{
	[[ $(metric 'pool_bytes{state="lent"}') == "$1" ]]
}

extents_at_most()
{
	(($(backend extents_used) <= $1))
}

both_sides_agree()
{
	lent_is $(($(backend chunks_granted) * 4 * MIB))
}

log_says()
{
	log_since_mark | grep -q "$1"
}

# write_at MIB COUNT: what /tmp/random has from there on
write_at()
{
	dd if=/tmp/random of="${3:-$DEVICE}" bs=1M skip="$1" seek="$1" count="$2" oflag=direct \
		conv=notrunc status=none
}

# right_at MIB COUNT
right_at()
{
	local device="${3:-$DEVICE}"

	dd if="$device" bs=1M skip="$1" count="$2" iflag=direct status=none |
		cmp - <(dd if=/tmp/random bs=1M skip="$1" count="$2" status=none) ||
		die "what is at $1 MiB is not what was written"
}

drop()
{
	blkdiscard -o $(($1 * MIB)) -l $(($2 * MIB)) "${3:-$DEVICE}"
}
