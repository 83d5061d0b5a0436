/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

/* Atomic rather than volatile, so that TSan knows that a race is meant. */
#define READ_ONCE(x)	 __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define fallthrough __attribute__((__fallthrough__))

#ifndef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#endif
#define __must_check	    __attribute__((__warn_unused_result__))
#define __maybe_unused	    __attribute__((__unused__))
#define __packed	    __attribute__((__packed__))
#define __aligned(n)	    __attribute__((__aligned__(n)))
#define __printf(fmt, args) __attribute__((__format__(printf, fmt, args)))
#define __force
#define __init
#define __exit
#define __user

#endif /* SHIM_LINUX_COMPILER_H */
