/* SPDX-License-Identifier: GPL-2.0-only */
/* Who has a device open? */
#ifndef FASTSWAP_HOLDERS_H
#define FASTSWAP_HOLDERS_H

#include <stdbool.h>

#include "sysfs.h"

#define HOLDER_MAX	512	/* bytes of the answer, NUL included */

bool find_lasting_holder(const struct device *dev, char *words);
bool find_opener(const struct device *dev, char *words);

#endif /* FASTSWAP_HOLDERS_H */
