/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel modules. */
#ifndef FASTSWAP_MODULES_H
#define FASTSWAP_MODULES_H

#include <stdbool.h>

bool load_backend(const char *backend);

#endif /* FASTSWAP_MODULES_H */
