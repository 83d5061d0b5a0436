/* SPDX-License-Identifier: GPL-2.0-only */
/* Turn swapping to a device on and off. */
#ifndef FASTSWAP_SWAP_H
#define FASTSWAP_SWAP_H

#include <stdbool.h>

#include "sysfs.h"

#define SWAP_PRIORITY_MAX	32767	/* SWAP_FLAG_PRIO_MASK */
#define SWAP_PRIORITY_AUTO	(-1)	/* let the kernel choose */

bool swap_on(const struct device *dev, int priority);
bool swap_off(const struct device *dev, unsigned int timeout_ms);

#endif /* FASTSWAP_SWAP_H */
