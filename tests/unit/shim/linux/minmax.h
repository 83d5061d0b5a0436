/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

/* As in the kernel, both arguments must have one type; use the _t form to choose it. */
#define SHIM_CMP(x, y, op)          \
	({                          \
		typeof(x) x_ = (x); \
		typeof(y) y_ = (y); \
		(void)(&x_ == &y_); \
		x_ op y_ ? x_ : y_; \
	})
#define min(x, y)		   SHIM_CMP(x, y, <)
#define max(x, y)		   SHIM_CMP(x, y, >)
#define min_t(type, x, y)	   min((type)(x), (type)(y))
#define max_t(type, x, y)	   max((type)(x), (type)(y))
#define min3(x, y, z)		   min(min(x, y), z)
#define max3(x, y, z)		   max(max(x, y), z)
#define clamp(val, lo, hi)	   min(max(val, lo), hi)
#define clamp_t(type, val, lo, hi) clamp((type)(val), (type)(lo), (type)(hi))
#define swap(a, b)                    \
	do {                          \
		typeof(a) tmp_ = (a); \
		(a) = (b);            \
		(b) = tmp_;           \
	} while (0)

#endif /* SHIM_LINUX_MINMAX_H */
