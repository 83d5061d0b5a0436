#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=1024 server,mem=384
# script server: ../cases/lending-server.sh
# timeout: 3000
#
# The kernel's own tests that swap (copy on write, user faults, huge pages, soft-dirty
# bits, memory control groups), with a RAM disk as the only swap, then with a fastswap
# device: what they find must be the same. By hand, as it takes the kernel's source, and
# half an hour of a machine that has nothing else to do:
#	tests/vm/byhand/build-selftests LINUX build/selftests
#	tests/vm/run-case --build build tests/vm/byhand/selftests.sh 6.12

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly TESTS=$FASTSWAP_BUILD/selftests
readonly RAM_DISK=/dev/ram0
readonly RAM_RESULTS=/tmp/results-ram
readonly FAR_RESULTS=/tmp/results-fastswap
# Their verdicts depend on nothing but what they test. Those of the others differ from
# run to run with a RAM disk as well: they go by the clock, or by what else was reclaimed.
readonly STEADY="cow soft-dirty pagemap_ioctl madv_populate mkdirty mremap_dontunmap"

# run NAME ARGUMENT...: its results go to $results
run()
{
	local name="$1" status=0 log

	log=$results/${1}${2:+-$2}
	cd "$TESTS"
	timeout -k 5 600 "./$name" "${@:2}" >"$log" 2>&1 </dev/null || status=$?
	echo "exit status $status" >>"$log"
	echo "$(basename "$log"): $(lines '^ok|done$|OK$' "$log") well," \
		"$(lines '^not ok|failed|Fail$' "$log") not, status $status"
}

lines()
{
	grep -cE "$1" "$2" || true
}

# verdicts LOG: without the programs' own numbers and addresses
verdicts()
{
	grep -hE '^(ok|not ok|exit status|Bail out)|\.\.\.|^# Totals' "$1" |
		sed 's/0x[0-9a-f]*//g; s/[0-9]\+ times//g; s/ Extra pages .*//'
}

# compare TEST...: both results must be there, and say the same
compare()
{
	local name

	for name; do
		diff <(verdicts "$RAM_RESULTS/$name") <(verdicts "$FAR_RESULTS/$name") ||
			die "$name: with fastswap (>) it is not as with a RAM disk (<)"
	done
}

run_all()
{
	local name

	mkdir -p "$results"
	for name in $STEADY; do
		run "$name"
	done
	run khugepaged all:anon
	run uffd-unit-tests
	with_memory_limit 16 run uffd-stress anon 32 4
	run test_memcontrol
}

[[ -x "$TESTS/cow" ]] || skip "no tests in $TESTS: see the head of this file"
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled

step "with a RAM disk"
modprobe brd rd_nr=1 rd_size=262144
mkswap "$RAM_DISK" >/dev/null
swapon "$RAM_DISK"
results=$RAM_RESULTS
run_all
swapoff "$RAM_DISK"

step "with fastswap"
rdma_up
wait_for_server
# shellcheck disable=SC2153 # of tools/vm
attach "rdma://$IP_SERVER:$PORT" --size 64M --queues 2 --swapon
check "swap devices" "$(wc -l </proc/swaps)" -eq 2
results=$FAR_RESULTS
run_all
echo "$(counter writeback_pages) pages out," \
	"$(($(counter demand_pages) + $(counter prefetch_pages))) pages in"
check "pages out" "$(counter writeback_pages)" -gt 1000
check "errors" "$(($(counter demand_errors) + $(counter prefetch_errors) +
	$(counter writeback_errors)))" -eq 0
detach "$DEVICE"
let_server_end
unload

step "compare"
# For whoever wants to look at the others.
cp -r "$RAM_RESULTS" "$FAR_RESULTS" "$SHARED"
# shellcheck disable=SC2086 # a list
compare $STEADY
