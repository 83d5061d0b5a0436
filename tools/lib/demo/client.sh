#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo's client: Redis with a data set that does not fit in its memory.

set -euo pipefail
# shellcheck source=/dev/null
. "$GUEST_LIB"
read -r limit_mib keys size <"$SHARED/demo-args"

value_size=4000

sysfs()
{
	cat "/sys/block/$disk/fastswap/$1"
}

stat_of()
{
	sysfs stats | awk -v name="$1" '$1 == name { print $2 }'
}

# Upper bound of the bucket in which the given share of all faults has ended, in microseconds.
latency_us()
{
	sysfs demand_latency | awk -v share="$1" '
		{ upper[NR] = $1; count[NR] = $2; all += $2 }
		END {
			for (i = 1; i <= NR; i++) {
				sum += count[i]
				if (sum >= all * share) {
					printf "%.0f\n", upper[i] / 1000
					exit
				}
			}
			print "-"
		}'
}

# What is far now, once a second, to take the highest from: it goes up and down.
watch_far()
{
	while sysfs used; do
		sleep 1
	done >/tmp/far-used
}

redis()
{
	redis-cli -s /run/redis.sock "$@"
}

rdma_up
wait_for 120 test -e "$SHARED/server-ready"

# shellcheck disable=SC2153 # set by tools/vm
device=$(fastswap attach "rdma://$IP_SERVER:50000" --size "$size" --swapon)
disk=${device##*/}
echo
fastswap status
echo
echo "Redis with $((keys * value_size >> 20)) MiB of values, in $limit_mib MiB of memory:"

mkdir -p /tmp/redis
with_memory_limit "$limit_mib" redis-server --unixsocket /run/redis.sock --port 0 --save '' \
	--appendonly no --dir /tmp/redis --daemonize no --logfile /tmp/redis/log &
wait_for 60 test -S /run/redis.sock
wait_for 60 redis ping >/dev/null

watch_far &
far_watcher=$!
redis-verify --socket /run/redis.sock --keys "$keys" --value-size "$value_size" \
	--device "$disk" load
working_set=$(redis info memory | awk -F: '/^used_memory_rss:/ { rss = $2 }
	/^used_memory:/ { used = $2 } END { printf "%.0f", used / 1048576 }')

status=0
redis-verify --socket /run/redis.sock --keys "$keys" --value-size "$value_size" \
	--device "$disk" check || status=$?
verified=$keys
((status == 0)) || verified="NOT ALL of $keys"
kill "$far_watcher"
far_mib=$(($(sort -n /tmp/far-used | tail -n 1) >> 20))

pages_out=$(stat_of writeback_pages)
demand=$(stat_of demand_pages)
prefetch=$(stat_of prefetch_pages)
errors=$(sysfs stats | awk '/_errors / { sum += $2 } END { print sum }')
p50=$(latency_us 0.50)
p99=$(latency_us 0.99)

redis shutdown nosave || true
wait || true
fastswap detach "$device"

touch "$SHARED/client-done"
wait_for 60 test -e "$SHARED/server-cpu-ms"

row()
{
	printf '  %-38s %s\n' "$1" "$2"
}

echo
echo "Result on kernel $(uname -r)"
row "working set" "$working_set MiB"
row "local memory limit" "$limit_mib MiB"
row "far memory used, at its peak" "$far_mib MiB"
row "pages written to far memory" "$pages_out"
row "pages read back" "$((demand + prefetch)) ($demand on demand, $prefetch prefetched)"
row "fault latency p50 / p99" "$p50 / $p99 us (emulated machines, software RDMA)"
row "I/O errors" "$errors"
row "keys verified, every byte" "$verified"
row "server CPU time meanwhile" "$(<"$SHARED/server-cpu-ms") ms"
((status == 0 && errors == 0))
