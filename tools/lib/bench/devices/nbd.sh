# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The network block device over TCP, to an nbd-server in the same machine.
# shellcheck disable=SC2034,SC2154 # settings, disk and more are rig.sh's

nbd_listens()
{
	port_listens 10809
}

set_up_nbd()
{
	local file=/dev/shm/nbd

	need nbd-server nbd-client || return 1
	modprobe nbd nbds_max=1 max_part=0 || return 1
	fill_disk "$file" || return 1
	cat >/tmp/nbd.conf <<-END
		[generic]
		listenaddr = $VM_IP
		port = 10809
		[swap]
		exportname = $file
	END
	# It goes to the background by itself: with -d it would serve one connection.
	nbd-server -C /tmp/nbd.conf >/tmp/nbd.log 2>&1 || {
		tail -n 1 /tmp/nbd.log >&2
		return 1
	}
	wait_for 30 nbd_listens || return 1
	timeout 30 nbd-client "$VM_IP" 10809 /dev/nbd0 -N swap \
		-connections "$(nproc)" -swap -b 4096 >/tmp/nbd-client.log 2>&1 || {
		tail -n 1 /tmp/nbd-client.log >&2
		return 1
	}
	disk[nbd]=/dev/nbd0
	options[nbd]=$(nbd_servers)
	settings=", nbd-server on a file in tmpfs in the same VM, TCP, $(nproc) connections"
	queue_setting scheduler none &&
		queue_setting rotational 0 &&
		queue_setting wbt_lat_usec 0
}

# Every connection has a process of its own.
nbd_servers()
{
	local pid nr=0

	for pid in $(pgrep -x nbd-server); do
		nr=$((nr + 1))
		printf -- '--cpu server%s=%s ' "$nr" "$pid"
	done
}

finish_nbd()
{
	nbd-client -d /dev/nbd0 >/dev/null 2>&1 || note "nbd0 does not let go"
}
