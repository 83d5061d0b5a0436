// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiles on every kernel that has what fastswap is built on at all.
 * If it does not, the headers are broken and the other probes mean nothing.
 *
 * Expect: 6.1 yes, 6.12 yes
 */
#include <linux/blkdev.h>
#include <linux/module.h>
#include <rdma/rdma_cm.h>

MODULE_LICENSE("GPL");
