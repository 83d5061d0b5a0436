#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=1024,cpus=1
# processors: 1
# timeout: 600
#
# fastswap-run and fastswap-reclaimd on real cgroups: what a run reports and leaves
# behind, signals, that hardly any task has to reclaim when it is done for it, that a
# small group is not out of memory for want of inactive pages, that a daemon with nothing
# to do hardly wakes up, and the policy adaptive.
# One CPU, as to interrupt another takes very long in an emulator.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly GROUPS_OF_RUNS=/sys/fs/cgroup/fastswap-run
readonly REPORT=/tmp/report
readonly SOCKET=/run/reclaimd.sock
readonly METRICS_PORT=9470
readonly METRICS=/tmp/metrics
readonly LRU_GEN=/sys/kernel/mm/lru_gen/enabled
readonly IDLE_SECONDS=20
readonly IDLE_WAKES=15		# of all threads of an idle daemon, in these seconds

# waits_for STATUS PROCESS: of this shell
waits_for()
{
	local status=0

	wait_for 30 is_dead "$2"
	wait "$2" || status=$?
	check "exit status" "$status" -eq "$1"
}

# reported NAME: of the last report
reported()
{
	sed -n "s/^$1=//p" "$REPORT"
}

# works_and_may_have_more LEVEL: one more walk of the idle job
works_and_may_have_more()
{
	rm "$GATE"
	wait_for 100 test -e "$GATE"
	read_metrics
	(($(metric level_bytes /late/idle) > $1))
}

no_groups_left()
{
	! compgen -G "$GROUPS_OF_RUNS/fastswap-job-*" >/dev/null
}

is_dead()
{
	! grep -qs '^State:[[:space:]]*[^Z]' "/proc/$1/status"
}

# start_sleeper COMMAND: in a run, in the background. Sets RUN, its process, and SLEEPER.
start_sleeper()
{
	rm -f /tmp/sleeper
	# shellcheck disable=SC2016 # expanded by that shell
	fastswap-run --local 16M --quiet bash -c 'echo $$ >/tmp/sleeper; '"$1" &
	RUN=$!
	wait_for 30 test -s /tmp/sleeper
	SLEEPER=$(</tmp/sleeper)
}

# read_metrics: of the daemon at $METRICS_PORT
read_metrics()
{
	exec 7<>/dev/tcp/127.0.0.1/$METRICS_PORT
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&7
	within 20 cat <&7 >$METRICS
	exec 7>&-
}

# metric NAME GROUP: of the last read_metrics, a whole number
metric()
{
	sed -n "s|^fastswap_reclaimd_group_$1{group=\"$2\"} \\([0-9]*\\).*|\\1|p" $METRICS
}

# cpu_ns PROCESS: of all its threads
cpu_ns()
{
	cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# wakes PROCESS: times that its threads have waited for something
wakes()
{
	cat /proc/"$1"/task/*/status |
		awk '/^voluntary_ctxt_switches/ { sum += $2 } END { print sum }'
}

step "attach"
attach dram:// --size 256M --swapon

step "half of the memory, every page verified"
ends_with 0 fastswap-run --local 50% --ideal 24M --report $REPORT \
	pagewalk --size 24 --walk random --write
cat $REPORT
check "status" "$(reported status)" -eq 0
check "limit" "$(reported limit)" -eq $((12 << 20))
check "peak of local memory" "$(reported peak_local)" -le $((12 << 20))
check "peak of far memory" "$(reported peak_far)" -ge $((8 << 20))
check "pages in" "$(reported pages_in)" -gt 1000
check "pages out" "$(reported system_pages_out)" -gt 2000
check "reclaimed" "$(reported reclaim_bytes)" -gt $((4 << 20))
no_groups_left

step "exit statuses"
ends_with 7 fastswap-run --local 16M --quiet bash -c 'exit 7'
ends_with 127 fastswap-run --local 16M /no/such/program
touch /tmp/no-program
ends_with 126 fastswap-run --local 16M /tmp/no-program
ends_with 137 fastswap-run --local 8M --far-limit 4M pagewalk --size 24 --no-lock
ends_with 125 fastswap-run --local 50% true
no_groups_left

step "signals"
start_sleeper 'trap "exit 42" USR1; while :; do sleep 0.1; done'
kill -USR1 "$RUN"
waits_for 42 "$RUN"
start_sleeper 'exec sleep 100'
kill -TERM "$RUN"
waits_for 143 "$RUN"
no_groups_left

step "a run that is killed"
start_sleeper 'exec sleep 100'
kill -KILL "$RUN"
wait_for 20 no_groups_left
wait_for 5 is_dead "$SLEEPER"

step "a run that is killed together with its guard"
start_sleeper 'exec sleep 100'
# No newline at the end.
read -ra children <"/proc/$RUN/task/$RUN/children" || true
check "its command, and the guard" "${#children[@]}" -eq 2
for child in "${children[@]}"; do
	[[ "$child" == "$SLEEPER" ]] || kill -STOP "$child"
	[[ "$child" == "$SLEEPER" ]] || kill -KILL "$child"
done
kill -KILL "$RUN"
check "the group is still there" "$(compgen -G "$GROUPS_OF_RUNS/fastswap-job-*" | wc -l)" -eq 1
ends_with 0 fastswap-run --local 16M --quiet true
no_groups_left
wait_for 5 is_dead "$SLEEPER"

step "as somebody else, in a group that was handed over"
group=/sys/fs/cgroup/handed
mkdir $group
chown -R 1000 $group
# shellcheck disable=SC2016 # expanded by that shell
ends_with 5 bash -c 'echo $$ >/sys/fs/cgroup/handed/cgroup.procs
	exec setpriv --reuid=1000 --regid=1000 --clear-groups \
		fastswap-run --local 16M --quiet sh -c "exit 5"'
check "groups left" "$(find $group -mindepth 1 -type d | wc -l)" -eq 0
rmdir $group
[[ "$(setpriv --reuid=1000 --regid=1000 --clear-groups \
	fastswap-run --local 16M true 2>&1)" == *Delegate=yes* ]] ||
	die "no hint for those who may not"

step "a task at the limit reclaims itself"
ends_with 0 fastswap-run --local 16M --no-offload --report $REPORT \
	pagewalk --size 32 --walk random --write
alone=$(reported max_events)
step "somebody does it for it"
ends_with 0 fastswap-run --local 16M --report $REPORT pagewalk --size 32 --walk random --write
helped=$(reported max_events)
echo "limit hit: $alone times without, $helped with: $((helped * 100 / alone)) %"
check "times that the limit was hit without" "$alone" -gt 100
# It is a few per cent at most; but for how slow an emulator may be, no more than a third.
check "times that it was hit with" $((helped * 3)) -lt "$alone"

step "a small group without file pages, whose inactive list runs empty again and again"
lru_gen=''
if [[ -w $LRU_GEN ]]; then
	lru_gen=$(<$LRU_GEN)
	echo n >$LRU_GEN
fi
# Its files are charged to the first who reads them.
ends_with 0 fastswap-run --local max --quiet quicksort --size 1
for ((i = 0; i < 3; i++)); do
	ends_with 0 fastswap-run --local 8M --report $REPORT quicksort --size 16
	check "killed for lack of memory" "$(reported oom_kills)" -eq 0
done
[[ -z "$lru_gen" ]] || echo "$lru_gen" >$LRU_GEN

step "a sweep"
ends_with 0 fastswap-run --sweep 50% --output /tmp/sweep pagewalk --size 12 --walk random
cat /tmp/sweep.csv
check "lines of the table" "$(wc -l </tmp/sweep.csv)" -eq 3
no_groups_left

step "the daemon, before there is a group"
fastswap-reclaimd --group '/late/job-*' --socket $SOCKET --metrics 127.0.0.1:$METRICS_PORT \
	2>/tmp/reclaimd.log &
daemon=$!
wait_for 30 fastswap-reclaimd --status --socket $SOCKET
fastswap-reclaimd --group /a --policy adaptive --check-config | grep -q 'policy = adaptive'
fails_with 30 'does another fastswap-reclaimd run' \
	fastswap-reclaimd --group /a --socket $SOCKET --log-level error

# appears NAME: a group that the daemon is to find
appears()
{
	mkdir -p /sys/fs/cgroup/late
	echo +memory >/sys/fs/cgroup/late/cgroup.subtree_control
	mkdir "/sys/fs/cgroup/late/$1"
	echo 16M >"/sys/fs/cgroup/late/$1/memory.max"
	wait_for 10 grep -q "/late/$1: attached" /tmp/reclaimd.log
}

# shellcheck disable=SC2016 # expanded by that shell
in_group='echo $$ >/sys/fs/cgroup/late/$0/cgroup.procs; exec "$@"'

step "a group that appears"
appears job-1
bash -c "$in_group" job-1 pagewalk --size 32 --walk random --write
helped=$(sed -n 's/^max //p' /sys/fs/cgroup/late/job-1/memory.events)
fastswap-reclaimd --status --socket $SOCKET
echo "limit hit: $alone times without, $helped with the daemon: $((helped * 100 / alone)) %"
check "times that it was hit with the daemon" $((helped * 3)) -lt "$alone"
read_metrics
check "bytes reclaimed" "$(metric reclaimed_bytes_total /late/job-1)" -gt $((8 << 20))
grep reaction $METRICS
check "reactions" "$(metric reaction_seconds_count /late/job-1)" -gt 10
check "refreshes" "$(metric refreshes_total /late/job-1)" -gt 0

step "a group that goes in the middle of it, and another"
bash -c "$in_group" job-1 pagewalk --size 32 --walk random,random --write --seconds 60 \
	>/dev/null 2>&1 &
job=$!
sleep 2
echo 1 >/sys/fs/cgroup/late/job-1/cgroup.kill
wait "$job" || true
wait_for 20 rmdir /sys/fs/cgroup/late/job-1
wait_for 10 grep -q '/late/job-1: gone' /tmp/reclaimd.log
appears job-2
mkdir /sys/fs/cgroup/late/other
fastswap-reclaimd --status --socket $SOCKET | tee /tmp/status
grep -q '/late/job-2' /tmp/status
[[ "$(</tmp/status)" != *job-1* && "$(</tmp/status)" != *other* ]] || die "wrong groups"

step "an idle daemon"
# It looks at a group that has become idle less and less.
sleep 20
before=$(cpu_ns "$daemon")
wakes=$(wakes "$daemon")
sleep $IDLE_SECONDS
wakes=$(($(wakes "$daemon") - wakes))
# Of the time most is that of others, who have the host's CPU while the guest runs this.
echo "idle: woken up $wakes times, $((($(cpu_ns "$daemon") - before) / 1000)) us of CPU time" \
	"in $IDLE_SECONDS s"
check "times that an idle daemon wakes up" "$wakes" -le $IDLE_WAKES
kill "$daemon"
waits_for 0 "$daemon"
[[ ! -e $SOCKET ]] || die "the socket is still there"
cat /tmp/reclaimd.log

step "the policy adaptive: takes away what is not used, and gives it back when tasks stall"
fastswap-reclaimd --group '/late/idle' --policy adaptive --socket $SOCKET \
	--metrics 127.0.0.1:$METRICS_PORT 2>/tmp/reclaimd.log &
daemon=$!
wait_for 30 fastswap-reclaimd --status --socket $SOCKET
mkdir /sys/fs/cgroup/late/idle
echo 32M >/sys/fs/cgroup/late/idle/memory.max
wait_for 10 grep -q "/late/idle: attached" /tmp/reclaimd.log
bash -c "$in_group" idle pagewalk --size 24 --walk seq,random,random --gate "$GATE" \
	--seconds 100 >/dev/null 2>&1 &
job=$!
wait_for 60 test -e "$GATE"
sleep 30
read_metrics
level=$(metric level_bytes /late/idle)
echo "level after 30 s of doing nothing: $((level >> 10)) KiB"
check "level of an idle group" "$level" -lt $((24 << 20))
check "bytes taken away" "$(metric reclaimed_bytes_total /late/idle)" -gt $((512 << 10))
# It is looked at again within ten seconds: faults that spin are nothing that the kernel tells of.
wait_for 60 works_and_may_have_more "$level"
echo "and after some work: $(($(metric level_bytes /late/idle) >> 10)) KiB; $(
	grep -E 'stall' $METRICS | grep -v '^#')"
kill "$job" "$daemon"
wait "$job" || true
waits_for 0 "$daemon"

step "unload"
detach "$DEVICE"
unload
