# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Ways to swap, each with every page verified: for the cases that swap to a
# device of some backend. The machine has no other swap.

readonly WORKING_SET=20	# MiB
readonly LOCAL=8	# MiB
readonly TRACING=/sys/kernel/tracing
readonly THP=/sys/kernel/mm/transparent_hugepage

limited_pagewalk()
{
	with_memory_limit "$LOCAL" pagewalk --size "$WORKING_SET" "$@"
}

swap_in_all_orders()
{
	step "one thread: sequential, backward, random, strided"
	limited_pagewalk --write --walk seq,backward,random,stride
	step "four threads, neighbours at the same time"
	limited_pagewalk --threads 4 --walk seq
	step "four threads that write"
	limited_pagewalk --threads 4 --walk random --write
}

swap_with_copy_on_write()
{
	step "fork and copy on write"
	with_memory_limit "$LOCAL" pagewalk --size 12 --fork 3 --walk random --write
	step "shared memory"
	limited_pagewalk --shm --walk seq,random --write --threads 2
	with_memory_limit "$LOCAL" pagewalk --size 12 --shm --fork 2 --walk backward
}

# swap_out_large FILE WHAT: the counter in FILE must grow while huge pages are swapped
swap_out_large()
{
	local file="$1" before after

	before=$(large_swapouts "$file")
	limited_pagewalk --thp --walk seq,random --write
	after=$(large_swapouts "$file")
	check "large folios of $2 were swapped out in one piece" "$after" -gt "$before"
}

large_swapouts()
{
	if [[ "$1" == /proc/vmstat ]]; then
		sed -n 's/^thp_swpout //p' /proc/vmstat
	else
		cat "$1"
	fi
}

swap_large_folios()
{
	step "huge pages"
	swap_out_large /proc/vmstat 2M
	if [[ -e $THP/hugepages-64kB/stats/swpout ]]; then
		step "folios of 64 KiB"
		echo never >$THP/hugepages-2048kB/enabled
		echo always >$THP/hugepages-64kB/enabled
		swap_out_large $THP/hugepages-64kB/stats/swpout 64K
		echo never >$THP/hugepages-64kB/enabled
		echo inherit >$THP/hugepages-2048kB/enabled
	fi
}

statistics_make_sense()
{
	local name

	step "statistics"
	for name in demand prefetch writeback; do
		check "$name pages were counted" "$(counter ${name}_pages)" -gt 1000
		check "$name errors" "$(counter ${name}_errors)" -eq 0
		check "$name batches are not more than bios" "$(counter ${name}_batches)" -le \
			"$(counter ${name}_bios)"
	done
	# A backend that ends them at once gets each as it comes, and has nothing to read ahead.
	if [[ "$(attribute backend)" == dram ]]; then
		check "pages read ahead" "$(counter ahead_pages)" -eq 0
	else
		check "write-backs come in batches" $(($(counter writeback_batches) * 8)) -lt \
			"$(counter writeback_pages)"
		check "pages read ahead were used" "$(counter ahead_hits)" -gt 1000
	fi
	check "nothing was lost" "$(attribute lost)" -eq 0
	check "freed slots were seen" "$(counter freed_slots)" -gt 1000
	# Nobody swaps any more. CPUs keep some freed slots in their caches.
	wait_for 10 used_at_most $((2 << 20))
}

# traced EVENT PATTERN: how many lines of that event fit
traced()
{
	grep -cE -- " $1: $2" $TRACING/trace || true
}

# histogram FILE: how many are in it, all in all
histogram()
{
	awk '{ sum += $2 } END { print sum + 0 }' "$1"
}

# What people look at when they want to know where the time goes.
what_is_seen_makes_sense()
{
	local name=${DEVICE##*/} before pages class table

	step "tracepoints"
	before=$(counter demand_pages)
	echo 8192 >$TRACING/buffer_size_kb
	echo 1 >$TRACING/events/fastswap/enable
	[[ "$(attribute backend)" != rdma ]] || echo 1 >$TRACING/events/fastswap_rdma/enable
	with_memory_limit 4 pagewalk --size 6 --walk random --write
	echo 0 >$TRACING/tracing_on
	echo 0 >$TRACING/events/fastswap/enable
	pages=$(sed -nE "s/.* fastswap_complete: $name demand .* pages=([0-9]+) error=0 .*/\1/p" \
		$TRACING/trace | awk '{ sum += $1 } END { print sum + 0 }')
	check "demand pages in the trace" "$pages" -gt 100
	# Those that had been read ahead were in no batch.
	check "not more than were counted" "$pages" -le $(($(counter demand_pages) - before))
	check "batches of write-backs" "$(traced fastswap_submit "$name writeback bios=")" -gt 0
	if [[ "$(attribute backend)" == rdma ]]; then
		echo 0 >$TRACING/events/fastswap_rdma/enable
		check "posts" "$(traced fastswap_rdma_post "$name set=[0-9]* demand seq=")" -gt 100
		check "completions" "$(traced fastswap_rdma_complete \
			"$name set=[0-9]* writeback seq=[0-9]* status=0")" -gt 0
		check "faults that spin" "$(traced fastswap_poll "$name expected_ns=")" -gt 100
	fi
	echo >$TRACING/trace
	echo 1 >$TRACING/tracing_on

	step "histograms"
	for class in demand prefetch writeback; do
		check "$class requests in the histogram" \
			"$(histogram "/sys/block/$name/fastswap/${class}_latency")" -gt 0
		check "$class requests, not more than there were" \
			"$(histogram "/sys/block/$name/fastswap/${class}_latency")" -le \
			"$(counter "${class}_bios")"
	done
	# Of all classes in one table; the second column is that of the first class.
	table=/sys/kernel/debug/fastswap/$name/latency
	head -n 1 "$table" | grep -q demand
	check "requests in the table" "$(histogram "$table")" -gt 0
}

swap_off_under_use()
{
	local gate=/run/gate other job

	step "swapoff with pages in use, into memory"
	limited_pagewalk --walk random --gate "$gate" &
	job=$!
	wait_for 60 test -e "$gate"
	check "there is something to bring back" "$(attribute used)" -gt $((6 << 20))
	lift_memory_limits
	detach "$DEVICE"
	rm "$gate"
	wait "$job"

	step "swapoff with pages in use, into another device"
	attach "$1" --size 256M --swapon --priority 10
	other=$DEVICE
	limited_pagewalk --walk random,seq --gate "$gate" &
	job=$!
	wait_for 60 test -e "$gate"
	attach "$1" --size 256M --swapon --priority 5
	# Its pages have only the other device to go to.
	detach "$other"
	check "the other device took over" "$(attribute used)" -gt $((6 << 20))
	rm "$gate"
	wait_for 60 test -e "$gate"
	rm "$gate"
	wait "$job"
	detach "$DEVICE"
}
