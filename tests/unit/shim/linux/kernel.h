/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_KERNEL_H
#define SHIM_LINUX_KERNEL_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/types.h>

#define ARRAY_SIZE(a)	 (sizeof(a) / sizeof((a)[0]))
#define ALIGN(x, a)	 round_up(x, a)
#define ALIGN_DOWN(x, a) round_down(x, a)
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a)-1)) == 0)
#define upper_32_bits(n) ((u32)((u64)(n) >> 32))
#define lower_32_bits(n) ((u32)(n))

/* A number with an optional K, M, G, T, P or E; like the kernel's, it wraps without a word. */
static inline unsigned long long memparse(const char *ptr, char **retptr)
{
	static const char suffixes[] = "KMGTPE";
	char *end;
	unsigned long long val = strtoull(ptr, &end, 0);
	const char *hit = *end ? strchr(suffixes, toupper((unsigned char)*end)) : NULL;

	if (hit) {
		val <<= 10 * (hit - suffixes + 1);
		end++;
	}
	if (retptr)
		*retptr = end;
	return val;
}

#endif /* SHIM_LINUX_KERNEL_H */
