# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Helpers for scripts that tools/vm runs in a guest: . "$GUEST_LIB"

readonly GUEST_NETDEV=eth0
readonly GUEST_RDMA=rxe0
readonly EXIT_SKIPPED=77

note()
{
	echo "== $*"
}

die()
{
	echo "FAILED: $*" >&2
	exit 1
}

skip()
{
	echo "SKIPPED: $*" >&2
	exit "$EXIT_SKIPPED"
}

# requires COMMAND...
#	Skip the case unless all these programs are there.
requires()
{
	local command

	for command; do
		type -P "$command" >/dev/null || skip "there is no program '$command'"
	done
}

# wait_for SECONDS COMMAND [ARGUMENT...]
#	Try COMMAND until it succeeds. Fails, and says so, when SECONDS are over, of a
#	stock kernel: a debug kernel has more.
wait_for()
{
	local limit="$1" now end

	shift
	[[ "$limit" =~ ^[1-9][0-9]*$ ]] || die "wait_for: '$limit' is not a whole number of seconds"
	limit=$((limit * ${SLOWNESS:-1}))
	now=${EPOCHREALTIME/./}
	end=$((now + limit * 1000000))
	until "$@"; do
		now=${EPOCHREALTIME/./}
		if ((now >= end)); then
			echo "wait_for: not within $limit s: $*" >&2
			return 1
		fi
		sleep 0.1
	done
}

# rdma_up
#	Soft-RoCE on the node's interface, ready for use by every address of the
#	node. Does nothing when it is there already.
rdma_up()
{
	# rdma_rxe asks for "crc32" and does not name the module that has it.
	modprobe -a crc32_generic rdma_rxe rdma_cm ib_uverbs rdma_ucm || return 1
	if [[ ! -e /sys/class/infiniband/$GUEST_RDMA ]]; then
		rdma link add "$GUEST_RDMA" type rxe netdev "$GUEST_NETDEV" || return 1
	fi
	wait_for 30 rdma_is_usable
}

rdma_is_usable()
{
	local port=/sys/class/infiniband/$GUEST_RDMA/ports/1
	local gid4

	# Addresses become GIDs in the background..
	# shellcheck disable=SC2046,SC2183 # four numbers
	printf -v gid4 '0000:0000:0000:0000:0000:ffff:%02x%02x:%02x%02x' \
		$(tr . ' ' <<<"$VM_IP")
	[[ $(<"$port/state") == *ACTIVE ]] &&
		grep -qsx "$gid4" "$port"/gids/* &&
		[[ -c /dev/infiniband/rdma_cm && -c /dev/infiniband/uverbs0 ]]
}

# with_memory_limit MIB COMMAND [ARGUMENT...]
#	Run COMMAND, a program or a function, with at most MIB of memory and as
#	much swap as there is. Returns its exit status. What it left running is
#	killed.
with_memory_limit()
{
	local group status=0
	local -i mib="$1"

	shift
	((mib > 0)) || die "with_memory_limit: '$mib' is not a size in MiB"
	group=$(mktemp -d /sys/fs/cgroup/limit.XXXXXX) || return 1
	echo "${mib}M" >"$group/memory.max"
	echo max >"$group/memory.swap.max"
	# In the background, as bash ignores set -e to the left of ||: so it holds
	# in COMMAND where it holds for the caller.
	(
		echo "$BASHPID" >"$group/cgroup.procs"
		"$@"
	) <&0 &
	wait "$!" || status=$?
	echo 1 >"$group/cgroup.kill"
	wait_for 30 grep -qx 'populated 0' "$group/cgroup.events" || return 1
	rmdir "$group"
	return "$status"
}

# fault_net loss PERCENT | delay MS [JITTER_MS] | reorder PERCENT | down | up | clear
#	Spoil what this node sends to others: netem for the first three, each in
#	place of the one before; down and up are the link. clear puts everything
#	right. A node's traffic with itself does not come by here.
fault_net()
{
	local fault="${1:-}" amount="${2:-}"

	case "$fault" in
	loss | delay | reorder)
		[[ "$amount" =~ ^[0-9]+([.][0-9]+)?$ ]] ||
			die "fault_net $fault: '$amount' is not a number"
		;;
	esac
	case "$fault" in
	loss)
		tc qdisc replace dev "$GUEST_NETDEV" root netem limit 10000 loss "$amount%"
		;;
	delay)
		tc qdisc replace dev "$GUEST_NETDEV" root netem limit 10000 \
			delay "${amount}ms" "${3:-0}ms"
		;;
	reorder)
		# The chosen packets overtake the others, which are held back a little.
		tc qdisc replace dev "$GUEST_NETDEV" root netem limit 10000 \
			delay 5ms reorder "$amount%"
		;;
	down | up)
		ip link set "$GUEST_NETDEV" "$fault"
		;;
	clear)
		tc qdisc delete dev "$GUEST_NETDEV" root 2>/dev/null || true
		ip link set "$GUEST_NETDEV" up
		;;
	*)
		die "fault_net: unknown fault '$fault'"
		;;
	esac
}
