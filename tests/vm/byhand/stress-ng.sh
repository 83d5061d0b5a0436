#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=512 server,mem=384
# script server: ../cases/lending-server.sh
# timeout: 3000
#
# Every method of stress-ng's memory stressor, each verified by itself, in half of
# the memory that it takes and with a fastswap device as the only swap. By hand, as it
# takes a quarter of an hour:
#	tests/vm/run-case --build build tests/vm/byhand/stress-ng.sh 6.12

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly SIZE_MIB=16
readonly LIMIT_MIB=8

# Names of the methods: stress-ng lists them when it does not know one.
methods()
{
	{ stress-ng --vm 1 --vm-method no-such-method 2>&1 || true; } |
		sed -n 's/^vm-method must be one of: *//p' | tr ' ' '\n' | grep -vx all
}

# stress METHOD
stress()
{
	local before after

	before=$(counter writeback_pages)/$(swapped_in)
	with_memory_limit "$LIMIT_MIB" stress-ng --vm 1 --vm-bytes "${SIZE_MIB}M" --vm-keep \
		--vm-method "$1" --vm-ops 2000 --timeout 20 --verify \
		--temp-path /tmp >"$OUT" 2>&1 || die "$1: $(<"$OUT")"
	! grep -qi 'fail\|detected [1-9]' "$OUT" || die "$1: $(<"$OUT")"
	after=$(counter writeback_pages)/$(swapped_in)
	echo "$1: $((${after%/*} - ${before%/*})) pages out," \
		"$((${after#*/} - ${before#*/})) pages in"
}

swapped_in()
{
	echo "$(($(counter demand_pages) + $(counter prefetch_pages)))"
}

requires stress-ng
rdma_up
wait_for_server
# shellcheck disable=SC2153 # of tools/vm
attach "rdma://$IP_SERVER:$PORT" --size 48M --queues 2 --swapon
check "swap devices" "$(wc -l </proc/swaps)" -eq 2
list=$(methods)
check "methods" "$(wc -l <<<"$list")" -gt 20
for method in $list; do
	stress "$method"
done
check "errors" "$(($(counter demand_errors) + $(counter prefetch_errors) +
	$(counter writeback_errors)))" -eq 0
echo "$(wc -l <<<"$list") methods, $(counter writeback_pages) pages out, $(swapped_in) in"
detach "$DEVICE"
let_server_end
unload
