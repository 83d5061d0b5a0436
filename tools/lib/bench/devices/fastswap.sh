# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fastswap's own devices, for rig.sh.
# shellcheck disable=SC2004,SC2034,SC2154 # settings, disk and more are rig.sh's

# attach NAME URL [OPTION...]
attach()
{
	local name="$1"

	shift
	disk[$name]=$(timeout "$patience" fastswap attach "$@" --size "${size_mib}M") || return 1
	[[ -b "${disk[$name]}" ]] || return 1
	local folder=/sys/block/${disk[$name]##*/}/fastswap

	settings+=", poll_us=$(<"$folder/poll_us")"
	options[$name]="--counters core=$folder/stats"
	[[ -z "$(<"$folder/backend_stats")" ]] ||
		options[$name]+=" --counters backend=$folder/backend_stats"
}

server_listens()
{
	grep -q 'listening on ' /tmp/server.log
}

set_up_rdma()
{
	local server

	rdma_up || return 1
	fastswap-server --port "$PORT" --size "$((size_mib + 64))M" >/tmp/server.log 2>&1 &
	server=$!
	if ! wait_for 60 server_listens; then
		tail -n 1 /tmp/server.log >&2
		return 1
	fi
	settings=", soft-RoCE to a fastswap-server in the same VM, one queue set per CPU"
	attach rdma "rdma://$VM_IP:$PORT" || return 1
	options[rdma]+=" --cpu server=$server"
}

set_up_dram()
{
	settings=', local memory behind the same block device'
	attach dram dram://
}
