#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: a,mem=768,cpus=1,init=systemd
# processors: 1
# timeout: 600
#
# fastswap-run without privileges, in groups that were handed over: by a unit of the
# system, by a user's own service manager, and by chown. What it swaps is verified, and
# the group is left as it was found, also when it is killed. Errors say what is missing.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

readonly CGROUPS=/sys/fs/cgroup
readonly HANDED=$CGROUPS/handed
readonly OTHER=$CGROUPS/other
readonly WALKER=4242		# a user of this guest
readonly AS_WALKER=/run/as-walker
readonly WALKS=/run/walks	# its folder
readonly BIN=/usr/local/bin	# programs that anybody may run, wherever the build lies
readonly WALK="$BIN/pagewalk --size 24 --walk random --write"
readonly RUN="$BIN/fastswap-run"

explain_units()
{
	tail -n 20 $WALKS/* </dev/null
	find $CGROUPS -name 'fastswap-job-*' -o -name 'fastswap-run-*'
	journalctl --no-pager --output cat | tail -n 30
} >&2
trap 'status=$?; ((!status)) || explain_units; explain $status' EXIT

# walk_was_far: what the last run has reported, and the device has seen since far_before
walk_was_far()
{
	check "status" "$(sed -n 's/^status=//p' $WALKS/report)" -eq 0
	check "limit" "$(sed -n 's/^limit=//p' $WALKS/report)" -eq $((12 << 20))
	check "peak of far memory" "$(sed -n 's/^peak_far=//p' $WALKS/report)" -ge $((8 << 20))
	check "pages that went to the device" $(($(counter writeback_pages) - far_before)) -gt 2000
	check "pages that came back" $(($(counter demand_pages) - back_before)) -gt 1000
	rm $WALKS/report
}

before_walk()
{
	far_before=$(counter writeback_pages)
	back_before=$(counter demand_pages)
}

# add_unit NAME LINE...: a unit whose group is handed over to the user without privileges. When
# its processes are gone it tells which groups it was left with, and which controllers.
add_unit()
{
	local name="$1" group=$CGROUPS/system.slice/$1.service

	shift
	{
		cat <<-END
			[Service]
			User=walker
			Delegate=memory cpu
			LimitMEMLOCK=64M
			TimeoutStopSec=20
			StandardOutput=append:$WALKS/out
			ExecStopPost=+$BIN/what-is-left $group
		END
		printf '%s\n' "$@"
	} >"/run/systemd/system/$name.service"
	rm -f $WALKS/{left,out}
	systemctl daemon-reload
}

# was_left_clean NAME: its group, which is gone together with it
was_left_clean()
{
	wait_for 30 test -e $WALKS/left
	[[ ! -s $WALKS/left ]] || die "left in the group of $1: $(<$WALKS/left)"
	wait_for 30 test ! -e "$CGROUPS/system.slice/$1.service"
	! journalctl --quiet --no-pager --output cat | grep -E "$1.*(Failed to|busy)" ||
		die "trouble for the service manager"
}

has_state()
{
	[[ "$(systemctl show --property ActiveState --value "$1")" == "$2" ]]
}

# hand_over FOLDER: as the kernel's documentation has it
hand_over()
{
	chown $WALKER "$1" "$1"/cgroup.{procs,threads,subtree_control}
}

is_as_found()
{
	[[ -z "$(find $HANDED -mindepth 1 -type d)" && -z "$(<$HANDED/cgroup.procs)" &&
	   -z "$(<$HANDED/cgroup.subtree_control)" ]]
}

is_dead()
{
	! grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status"
}

# start_sleeper [OPTION...]: in $HANDED, in the background. Sets supervisor, and sleeper.
start_sleeper()
{
	rm -f $WALKS/sleeper
	$AS_WALKER $HANDED $RUN --local 16M "$@" \
		bash -c "echo \$\$ >$WALKS/sleeper; exec sleep 100" &
	supervisor=$!
	wait_for 30 test -s $WALKS/sleeper
	sleeper=$(<$WALKS/sleeper)
}

# refuses PATTERN COMMAND [ARGUMENT...]: with one line that matches
refuses()
{
	local pattern="$1" status=0 text

	shift
	text=$(within 30 "$@" 2>&1) || status=$?
	check "exit status of $*" "$status" -eq 125
	[[ "$text" =~ $pattern && "$text" != *$'\n'* ]] ||
		die "$*: '$text' does not match '$pattern'"
	echo "$text"
}

echo "walker:x:$WALKER:$WALKER::$WALKS:/bin/bash" >>/etc/passwd
echo "walker:x:$WALKER:" >>/etc/group
install -d -o $WALKER -g $WALKER $WALKS
install -m 0755 "$FASTSWAP_BUILD/bin/fastswap-run" "$FASTSWAP_BUILD/tests/bin/pagewalk" $BIN
cat >$BIN/what-is-left <<-END
	#!/bin/bash
	cd "\$1" || exit
	{
		find . -mindepth 1 -type d ! -name .control
		! grep memory cgroup.subtree_control
	} >$WALKS/left
END
chmod 0755 $BIN/what-is-left
ulimit -l 65536		# pagewalk keeps what it judges by in memory

step "attach"
attach dram:// --size 256M --swapon

step "a unit of the system"
add_unit walk Type=oneshot "ExecStart=$RUN --local 12M --report $WALKS/report $WALK"
before_walk
systemctl start walk
cat $WALKS/out
walk_was_far
was_left_clean walk

step "its status is that of the command"
add_unit fails Type=oneshot "ExecStart=$RUN --local 16M --quiet /bin/sh -c 'exit 7'"
! systemctl start fails 2>/dev/null || die "started a unit that fails"
check "status" "$(systemctl show --property ExecMainStatus --value fails)" -eq 7
was_left_clean fails

step "stopped in the middle"
add_unit sleeps "ExecStart=$RUN --local 16M --report $WALKS/report \
	/bin/sh -c 'echo here; exec sleep 100'"
systemctl start sleeps
wait_for 30 grep -q here $WALKS/out
systemctl stop sleeps
grep -qx 'status=143' $WALKS/report
was_left_clean sleeps

step "killed in the middle"
systemctl reset-failed sleeps || true
rm $WALKS/{left,out}
systemctl start sleeps
wait_for 30 grep -q here $WALKS/out
systemctl kill --kill-whom=main --signal=KILL sleeps
wait_for 30 has_state sleeps failed
was_left_clean sleeps

step "beside another process of the unit"
add_unit script "ExecStart=/bin/sh -c '$RUN --local 16M true; echo status \$\$?'"
systemctl start script
wait_for 30 grep -q status $WALKS/out
cat $WALKS/out
grep -q 'other processes in it ([0-9]* sh)' $WALKS/out
grep -q 'status 125' $WALKS/out
was_left_clean script

step "a user's own service manager"
cat >/run/systemd/system/manager.service <<-END
	[Service]
	Type=notify
	User=walker
	Delegate=pids memory cpu
	RuntimeDirectory=walker
	RuntimeDirectoryMode=0700
	Environment=XDG_RUNTIME_DIR=/run/walker
	LimitMEMLOCK=64M
	KillMode=mixed
	TimeoutStopSec=20
	ExecStart=/lib/systemd/systemd --user --unit=walker.target
END
mkdir -p /run/systemd/user
printf '[Unit]\nDefaultDependencies=no\n' >/run/systemd/user/walker.target
cat >/run/systemd/user/walk.service <<-END
	[Unit]
	DefaultDependencies=no
	[Service]
	Type=oneshot
	LimitMEMLOCK=64M
	StandardOutput=append:$WALKS/out
	ExecStart=systemd-run --user --scope -p Delegate=yes \
		$RUN --local 12M --report $WALKS/report $WALK
END
systemctl daemon-reload
systemctl start manager
rm -f $WALKS/out
before_walk
setpriv --reuid=$WALKER --regid=$WALKER --clear-groups \
	env XDG_RUNTIME_DIR=/run/walker systemctl --user start walk
cat $WALKS/out
walk_was_far
left=$(find $CGROUPS/system.slice/manager.service -name 'fastswap-job-*' -o -name 'fastswap-run-*')
[[ -z "$left" ]] || die "left: $left"
systemctl stop manager

cat >$AS_WALKER <<-'END'
	#!/bin/bash
	# as-walker GROUP COMMAND [ARGUMENT...]: in the group, without privileges
	echo $$ >"$1/cgroup.procs" || exit 99
	shift
	exec setpriv --reuid=4242 --regid=4242 --clear-groups "$@"
END
chmod 0755 $AS_WALKER
mkdir $HANDED $OTHER
grep -qw memory $HANDED/cgroup.controllers

step "a group that was handed over by chown"
hand_over $HANDED
before_walk
# shellcheck disable=SC2086 # a command with its arguments
ends_with 0 $AS_WALKER $HANDED $RUN --local 12M --report $WALKS/report $WALK
walk_was_far
is_as_found || die "the group is not as it was"

step "killed there"
start_sleeper --quiet
kill -KILL "$supervisor"
wait_for 30 is_as_found
wait_for 5 is_dead "$sleeper"
ends_with 5 $AS_WALKER $HANDED $RUN --local 16M --quiet sh -c 'exit 5'
is_as_found || die "the group is not as it was"

step "a signal to both, of which the command is gone before we look"
start_sleeper --report $WALKS/report
kill -STOP "$supervisor"
kill -TERM "$supervisor" "$sleeper"
wait_for 5 is_dead "$sleeper"
kill -CONT "$supervisor"
status=0
wait "$supervisor" || status=$?
check "status" "$status" -eq 143
grep -qx 'status=143' $WALKS/report
is_as_found || die "the group is not as it was"

step "errors"
refuses 'other was not handed over to us: no write access to its folder.*Delegate=yes' \
	$AS_WALKER $OTHER $RUN --local 16M true
chown 0 $HANDED/cgroup.subtree_control
refuses 'no write access to cgroup.subtree_control;' \
	$AS_WALKER $HANDED $RUN --local 16M true
chown $WALKER $HANDED/cgroup.subtree_control
refuses 'other processes in it \([0-9]* bash\)' \
	$AS_WALKER $HANDED bash -c "$RUN --local 16M true; exit \$?"
mkdir $HANDED/inside
hand_over $HANDED/inside
refuses 'handed/inside has no memory controller.*Delegate=memory' \
	$AS_WALKER $HANDED/inside $RUN --local 16M true
rmdir $HANDED/inside
is_as_found || die "the group is not as it was"

step "killed together with its guard"
start_sleeper --quiet
# No newline at the end.
read -ra children <"/proc/$supervisor/task/$supervisor/children" || true
check "its command, and the guard" "${#children[@]}" -eq 2
for child in "${children[@]}"; do
	[[ "$child" == "$sleeper" ]] || kill -STOP "$child"
	[[ "$child" == "$sleeper" ]] || kill -KILL "$child"
done
kill -KILL "$supervisor"
wait "$supervisor" || true
check "groups that are still there" "$(find $HANDED -mindepth 1 -type d | wc -l)" -eq 2

step "from a group inside, by name; what was left is removed"
mkdir $HANDED/shell
hand_over $HANDED/shell
ends_with 6 $AS_WALKER $HANDED/shell \
	bash -c "$RUN --parent handed --local 16M --quiet sh -c 'exit 6'; exit \$?"
wait_for 5 is_dead "$sleeper"
rmdir $HANDED/shell
check "groups left" "$(find $HANDED -mindepth 1 -type d | wc -l)" -eq 0

step "from outside"
refuses 'inside one group that was handed over to us' \
	$AS_WALKER $OTHER $RUN --parent handed --local 16M --quiet true
check "groups left" "$(find $HANDED -mindepth 1 -type d | wc -l)" -eq 0
rmdir $HANDED $OTHER

step "unload"
detach "$DEVICE"
unload
