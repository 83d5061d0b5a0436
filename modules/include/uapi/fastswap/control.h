/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/fastswap-control: make and remove devices.
 *
 * Needs CAP_SYS_ADMIN. Everything about a device that exists is in sysfs
 * (/sys/block/fastswapN/fastswap/), see modules/ABI.md.
 */
#ifndef _UAPI_FASTSWAP_CONTROL_H
#define _UAPI_FASTSWAP_CONTROL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FASTSWAP_CONTROL_PATH	"/dev/fastswap-control"
#define FASTSWAP_CTL_BACKEND_MAX	16
/* Room for four replicas, each with every option as long as it may be. */
#define FASTSWAP_CTL_OPTIONS_MAX	2048
#define FASTSWAP_CTL_ERROR_MAX		256

/**
 * struct fastswap_ctl_attach - argument of FASTSWAP_CTL_ATTACH
 * @size: in: bytes, a multiple of 4096; 0: as much as the backend gives
 * @flags: in: zero
 * @index: out: the N of /dev/fastswapN
 * @backend: in: "rdma", "dram", NUL-terminated
 * @options: in: "key=value,key=value" for the backend, NUL-terminated
 * @error: out, on failure: the reason in words, NUL-terminated
 */
struct fastswap_ctl_attach {
	__u64 size;
	__u32 flags;
	__s32 index;
	char backend[FASTSWAP_CTL_BACKEND_MAX];
	char options[FASTSWAP_CTL_OPTIONS_MAX];
	char error[FASTSWAP_CTL_ERROR_MAX];
};

/**
 * struct fastswap_ctl_detach - argument of FASTSWAP_CTL_DETACH
 * @index: the N of /dev/fastswapN
 * @flags: zero
 *
 * EBUSY while the device is open: swap is on, a file system is mounted.
 */
struct fastswap_ctl_detach {
	__s32 index;
	__u32 flags;
};

#define FASTSWAP_CTL_ATTACH	_IOWR('f', 0xf0, struct fastswap_ctl_attach)
#define FASTSWAP_CTL_DETACH	_IOW('f', 0xf1, struct fastswap_ctl_detach)

#endif /* _UAPI_FASTSWAP_CONTROL_H */
