/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The rule by which a fault point of the modules or the server strikes. Pure.
 *
 * In words: 1/N[xTIMES][:ARG][@SEED], or "off". One visit in N strikes, at most
 * TIMES in all; ARG is the point's own, mostly a time; with the same SEED the same
 * visits strike.
 */
#ifndef _UAPI_FASTSWAP_FAULT_RULE_H
#define _UAPI_FASTSWAP_FAULT_RULE_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stddef.h>
#endif

#define FSW_FAULT_ALWAYS	0xffffffffu	/* TIMES that is not given: no bound */

/**
 * struct fsw_fault_rule - when a point strikes
 * @one_in: one visit in so many; 0: never
 * @times: in all, at most
 * @arg: of the point
 * @seed: of the choice
 */
struct fsw_fault_rule {
	__u32 one_in;
	__u32 times;
	__u32 arg;
	__u32 seed;
};

/**
 * fsw_fault_strikes - is this visit one of those?
 * @rule: the rule
 * @visit: its number
 *
 * Whether @times is used up is for the caller to know.
 */
static inline int fsw_fault_strikes(const struct fsw_fault_rule *rule, __u32 visit)
{
	__u64 x = ((__u64)rule->seed << 32 | visit) + 0x9e3779b97f4a7c15ull;

	if (!rule->one_in)
		return 0;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	/* The upper half, scaled: no division, which 64 bits do not have everywhere. */
	return (__u64)(__u32)(x >> 32) * rule->one_in >> 32 == 0;
}

/* A number in digits at @text; NULL if there is none, or one of more than 32 bits. */
static inline const char *fsw_fault_number(const char *text, __u32 *value)
{
	__u64 n = 0;

	if (!text || *text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		n = n * 10 + (*text - '0');
		if (n > 0xffffffffu)
			return NULL;
	}
	*value = n;
	return text;
}

/**
 * fsw_fault_parse - a rule from its words
 * @rule: filled in
 * @text: what begins with a rule
 *
 * Return: what follows the rule; NULL, and @rule is undefined, if there is none.
 */
static inline const char *fsw_fault_parse(struct fsw_fault_rule *rule, const char *text)
{
	rule->one_in = 0;
	rule->times = FSW_FAULT_ALWAYS;
	rule->arg = 0;
	rule->seed = 0;
	if (text[0] == 'o' && text[1] == 'f' && text[2] == 'f')
		return text + 3;
	if (text[0] != '1' || text[1] != '/')
		return NULL;
	text = fsw_fault_number(text + 2, &rule->one_in);
	if (!text || !rule->one_in)
		return NULL;
	if (*text == 'x')
		text = fsw_fault_number(text + 1, &rule->times);
	if (text && *text == ':')
		text = fsw_fault_number(text + 1, &rule->arg);
	if (text && *text == '@')
		text = fsw_fault_number(text + 1, &rule->seed);
	return text;
}

#endif /* _UAPI_FASTSWAP_FAULT_RULE_H */
