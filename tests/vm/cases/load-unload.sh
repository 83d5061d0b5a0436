#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768,cpus=1
# processors: 1
# timeout: 900
#
# Load, use and unload a hundred times: nothing stays behind, in the kernel nor
# in the server.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly ROUNDS=100

# In KiB, without what the kernel would give back by itself.
memory_in_use()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	# Free pages that CPUs keep in lists of their own do not count as free.
	awk '/^MemTotal:/ { kib += $2 }
		/^(MemFree|Buffers|Cached):/ { kib -= $2 }
		/^ +count:/ { kib -= 4 * $2 }
		END { print kib }' /proc/meminfo /proc/zoneinfo
}

server_memory()
{
	awk '/^VmRSS:/ { print $2 }' "/proc/$SERVER/status"
}

have_left()
{
	(($(grep -c ': left$' "$SERVER_LOG") == $1))
}

# use DEVICE: write, read back, as a disk and as swap
use()
{
	blockcheck "$1"
	if ((round % 10 == 0)); then
		mkswap -q "$1"
		swapon "$1"
		with_memory_limit 4 pagewalk --size 6 --walk random >/dev/null
		swapoff "$1"
	fi
}

rdma_up
start_server --size 64M --chunk-size 4M

for ((round = 1; round <= ROUNDS; round++)); do
	# Every third time with a device of the other backend before it.
	device=/dev/fastswap0
	modules=(fastswap_rdma fastswap)
	if ((round % 3 == 0)); then
		modules=(fastswap_dram "${modules[@]}")
		modprobe fastswap_dram size=16M
		use $device
		device=/dev/fastswap1
	fi
	if ((round % 5 == 0)); then
		attach "rdma://$VM_IP:$PORT" --size 16M --queues 1
		use "$DEVICE"
		detach "$DEVICE"
	else
		modprobe fastswap_rdma sport=$PORT sip="$VM_IP" cip="$VM_IP" nq=1 size=16M
		use $device
	fi
	rmmod "${modules[@]}"
	! compgen -G '/sys/block/fastswap*' || die "round $round: a device was left behind"
	if ((round == 20)); then
		no_devices_left
		before=$(memory_in_use)
		server_before=$(server_memory)
	elif ((round == 60)); then
		middle=$(memory_in_use)
		server_middle=$(server_memory)
	fi
	((round % 20)) || step "$round rounds"
done

unload
wait_for 10 have_left $ROUNDS
# A leak shows in both halves; what else is done with memory, like a page that
# becomes a huge one, does not.
least()
{
	echo $(($1 < $2 ? $1 : $2))
}

after=$(memory_in_use)
server_after=$(server_memory)
step "in the first half of $((ROUNDS - 20)) rounds the kernel's memory grew by" \
	"$((middle - before)) KiB, the server's by $((server_middle - server_before))," \
	"in the second by $((after - middle)) and $((server_after - server_middle))"
# Less than what one leaked queue pair with its rings a round would come to.
check "KiB that the kernel's memory grew by in either half" \
	"$(least $((middle - before)) $((after - middle)))" -lt 8192
check "KiB that the server's memory grew by in either half" \
	"$(least $((server_middle - server_before)) $((server_after - server_middle)))" -lt 512
stop_server TERM
