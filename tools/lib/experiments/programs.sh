# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The programs, for guest.sh. Of each:
#	needs_NAME		fails with a reason if it cannot run
#	run_NAME SIZE_MIB	runs it once: what is to have little memory begins with
#				"${scope[@]}"; lines NAME=VALUE go to $OUT, seconds and
#				checksum among them. Fails with 1 if the result is wrong,
#				with more for any other reason.
# shellcheck disable=SC2154 # scope and patience are guest.sh's

readonly FAR_FILES=/run/far-files	# a tmpfs
readonly REDIS_SOCKET=/run/redis.sock
readonly REDIS_VALUE=4000		# bytes; with its header it takes a page
readonly REDIS_CLIENTS=16
readonly SALES_PER_MIB=3400		# rows

set_up_programs()
{
	mkdir -p "$FAR_FILES" && mount -t tmpfs -o mode=0755 far "$FAR_FILES"
}

needs_quicksort()
{
	need quicksort
}

run_quicksort()
{
	"${scope[@]}" quicksort --size "$1" >"$OUT"
}

needs_kmeans()
{
	need kmeans
}

run_kmeans()
{
	"${scope[@]}" kmeans --size "$1" >"$OUT"
}

needs_stream()
{
	need stream
}

run_stream()
{
	"${scope[@]}" stream --size "$1" >"$OUT"
}

needs_zstd()
{
	need textgen zstd cmp cksum
}

run_zstd()
{
	"${scope[@]}" bash "$HERE/compress.sh" "$1" "$FAR_FILES" >"$OUT"
}

needs_sqlite()
{
	need sqlite3 cksum
}

# What it prints is rows, which are the result, and the times of what is timed.
run_sqlite()
{
	local rows=$(($1 * SALES_PER_MIB)) out=/tmp/sqlite.out

	"${scope[@]}" sqlite3 -batch -bail -init /dev/null \
		-cmd "CREATE TABLE wanted AS SELECT $rows AS rows" :memory: \
		<"$HERE/analytics.sql" >"$out" || return 3
	awk '/^Run Time: real / { sum += $4; nr++ }
		END { if (nr) printf "seconds=%.6f\n", sum }' "$out" >"$OUT"
	echo "checksum=$(grep -v '^Run Time: ' "$out" | cksum | tr ' ' -)" >>"$OUT"
}

needs_redis()
{
	need redis-server redis-cli redis-benchmark redis-verify taskset
}

redis()
{
	timeout 60 redis-cli -s "$REDIS_SOCKET" "$@"
}

redis_verify()
{
	timeout -k 5 "$patience" redis-verify --socket "$REDIS_SOCKET" --keys "$1" \
		--value-size "$REDIS_VALUE" "$2" >/dev/null
}

redis_answers()
{
	[[ "$(redis ping 2>/dev/null)" == PONG ]]
}

# The server alone has little memory. Values are those of redis-verify, which knows each of them.
run_redis()
{
	local keys=$(($1 * 256)) server status=0

	rm -f "$REDIS_SOCKET"
	"${scope[@]}" redis-server --unixsocket "$REDIS_SOCKET" --port 0 --save '' \
		--appendonly no --dir /tmp --daemonize no --logfile /tmp/redis.log >/dev/null &
	server=$!
	redis_session "$keys" || status=$?
	redis shutdown nosave >/dev/null 2>&1 || kill "$server" 2>/dev/null
	wait "$server" || ((status)) || status=3
	return "$status"
}

# What becomes of the server is run_redis's.
redis_session()
{
	local keys="$1" requests=$((2 * $1)) csv status=0

	if ! wait_for 60 redis_answers; then
		grep -s . /tmp/redis.log | tail -n 1 >&2
		return 3
	fi
	redis_verify "$keys" load || return 3
	csv=$(timeout -k 5 "$patience" taskset -c "$(($(nproc) - 1))" redis-benchmark \
		-s "$REDIS_SOCKET" -c "$REDIS_CLIENTS" -n "$requests" -r "$keys" --csv \
		GET fastswap:__rand_int__) || return 3
	# test rps average min p50 p95 p99 max, each in quotes
	tail -n 1 <<<"$csv" | tr -d '"' | awk -F, -v requests="$requests" '
		NF >= 8 && $(NF - 6) > 0 {
			printf "seconds=%.6f\nrps=%s\n", requests / $(NF - 6), $(NF - 6)
			printf "p50_ms=%s\np99_ms=%s\n", $(NF - 3), $(NF - 1)
		}' >"$OUT"
	redis_verify "$keys" check || status=$?
	# It says the same of a server that has gone.
	((status != 1)) || redis_answers || status=3
	echo "checksum=$keys-values-verified" >>"$OUT"
	return "$status"
}
