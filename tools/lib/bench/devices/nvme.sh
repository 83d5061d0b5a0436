# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own NVMe over RDMA, to a RAM disk that nvmet-rdma of the same
# machine exports over the same soft-RoCE device.
# shellcheck disable=SC2034,SC2154 # settings, disk and more are rig.sh's

nvme_disk()
{
	compgen -G '/dev/nvme*n1' >/dev/null
}

set_up_nvme()
{
	local target=/sys/kernel/config/nvmet subsystem port connect

	rdma_up || return 1
	# Native multipathing puts a layer in between that takes requests one by one.
	modprobe nvme_core multipath=N || return 1
	modprobe -a configfs nvmet nvmet-rdma nvme-rdma || return 1
	load_brd || return 1
	fill_disk "$BRD_NVME" || return 1
	mountpoint -q /sys/kernel/config ||
		mount -t configfs configfs /sys/kernel/config || return 1

	subsystem=$target/subsystems/bench
	mkdir "$subsystem" || return 1
	echo 1 >"$subsystem/attr_allow_any_host" || return 1
	mkdir "$subsystem/namespaces/1" || return 1
	echo -n "$BRD_NVME" >"$subsystem/namespaces/1/device_path" || return 1
	echo 1 >"$subsystem/namespaces/1/enable" || return 1
	port=$target/ports/1
	mkdir "$port" || return 1
	echo rdma >"$port/addr_trtype" || return 1
	echo ipv4 >"$port/addr_adrfam" || return 1
	echo "$VM_IP" >"$port/addr_traddr" || return 1
	echo 4420 >"$port/addr_trsvcid" || return 1
	# Small writes travel in the command itself: as much of them as the host can send.
	echo 16384 >"$port/param_inline_data_size" || return 1
	ln -s "$subsystem" "$port/subsystems/bench" || return 1

	connect="transport=rdma,traddr=$VM_IP,trsvcid=4420,nqn=bench,nr_io_queues=$(nproc)"
	echo "$connect,queue_size=128" >/dev/nvme-fabrics || return 1
	wait_for 30 nvme_disk || return 1
	disk[nvme]=$(compgen -G '/dev/nvme*n1')
	settings=", nvmet-rdma on a RAM disk in the same VM over the same soft-RoCE device"
	settings+=", nr_io_queues=$(nproc), queue_size=128, inline data 16 KiB, multipath off"
	settings+=", no poll queues (swap I/O is never polled)"
	queue_setting scheduler none &&
		queue_setting wbt_lat_usec 0 &&
		queue_setting nomerges 0
}
