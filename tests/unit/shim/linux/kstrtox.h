/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_KSTRTOX_H
#define SHIM_LINUX_KSTRTOX_H

/*
 * Strict number parsing: the whole string, at most one trailing newline, no leading white space,
 * -EINVAL for anything else and -ERANGE for what does not fit.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include <linux/types.h>

static inline int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	unsigned long long val;
	char *end;

	if (*s == '+')
		s++;
	if (!isxdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	val = strtoull(s, &end, base);
	if (end == s || (*end && (*end != '\n' || end[1])))
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*res = val;
	return 0;
}

#define SHIM_KSTRTO(name, type)                                             \
	static inline int name(const char *s, unsigned int base, type *res) \
	{                                                                   \
		unsigned long long val;                                     \
		int err = kstrtoull(s, base, &val);                         \
                                                                            \
		if (err)                                                    \
			return err;                                         \
		if (val != (unsigned long long)(type)val)                   \
			return -ERANGE;                                     \
		*res = val;                                                 \
		return 0;                                                   \
	}

SHIM_KSTRTO(kstrtoul, unsigned long)
SHIM_KSTRTO(kstrtouint, unsigned int)
SHIM_KSTRTO(kstrtou64, u64)
SHIM_KSTRTO(kstrtou32, u32)
SHIM_KSTRTO(kstrtou16, u16)
SHIM_KSTRTO(kstrtou8, u8)

static inline int kstrtoint(const char *s, unsigned int base, int *res)
{
	unsigned long long val;
	bool negative = *s == '-';
	int err = kstrtoull(negative ? s + 1 : s, base, &val);

	if (err)
		return err;
	if (val > 0x7fffffffULL + negative)
		return -ERANGE;
	*res = negative ? -(long long)val : (long long)val;
	return 0;
}

#endif /* SHIM_LINUX_KSTRTOX_H */
