/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

/* A warning in the kernel's log is a failed test here. */
#include <stdio.h>
#include <stdlib.h>

#include <linux/build_bug.h>
#include <linux/compiler.h>

#define WARN_ON(cond)                                                                       \
	({                                                                                  \
		bool warned_ = !!(cond);                                                    \
		if (unlikely(warned_)) {                                                    \
			fprintf(stderr, "%s:%d: WARN_ON(%s)\n", __FILE__, __LINE__, #cond); \
			abort();                                                            \
		}                                                                           \
		warned_;                                                                    \
	})
#define WARN_ON_ONCE(cond)   WARN_ON(cond)
#define WARN_ONCE(cond, ...) WARN_ON(cond)
#define BUG_ON(cond)	     ((void)WARN_ON(cond))

#endif /* SHIM_LINUX_BUG_H */
