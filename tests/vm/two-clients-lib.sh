# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What both clients of the case two-clients do.

# meet ME OTHER POINT: go on when both have come here
meet()
{
	touch "$SHARED/$1-$3"
	wait_for 200 test -e "$SHARED/$2-$3"
}

# swap_against_the_other ME OTHER [ROUND [WALKS]]
#	The seeds differ, so that a page of the other would be a wrong page.
swap_against_the_other()
{
	local me="$1" other="$2" round="${3:-1}" walks="${4:-seq,random,backward}" seed

	printf -v seed '%d' "'$me"
	step "round $round: swap while $other does"
	# shellcheck disable=SC2153 # set by tools/vm
	attach "rdma://$IP_SERVER:$PORT" --size 32M --queues 1 --swapon
	meet "$me" "$other" "attached-$round"
	with_memory_limit 6 pagewalk --seed $((seed * 100 + round)) --size 14 --write \
		--walk "$walks"
	check "pages were swapped" "$(counter writeback_pages)" -gt 2000
	meet "$me" "$other" "walked-$round"
}

# leave ME OTHER [ROUND]
leave()
{
	local round="${3:-1}"

	detach "$DEVICE"
	meet "$1" "$2" "left-$round"
}
