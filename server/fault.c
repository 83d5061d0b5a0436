// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <fastswap/fault_rule.h>

#include "fault.h"

bool faults_armed;

static struct {
	struct fsw_fault_rule rule;
	atomic_uint visits;
	atomic_uint strikes;
} points[FAULT_NR_POINTS];

static const char *const names[] = {
#define NAME(name, text) [FAULT_##name] = text,
	FAULT_POINTS(NAME)
#undef NAME
};

/* The point whose name @text begins with, and what follows the name; NULL: there is none. */
static const char *find(const char *text, unsigned int *point)
{
	for (*point = 0; *point < FAULT_NR_POINTS; ++*point) {
		size_t len = strlen(names[*point]);

		if (!strncmp(text, names[*point], len) && text[len] == '=')
			return text + len + 1;
	}
	return NULL;
}

static int parse(const char *text, char *why, size_t why_size)
{
	while (*text) {
		const char *begin = text, *words;
		unsigned int i;

		words = find(text, &i);
		text = words ? fsw_fault_parse(&points[i].rule, words) : NULL;
		if (!text || (*text && *text != ',')) {
			snprintf(why, why_size, "%s: '%.*s' is not POINT=1/N[xTIMES][:ARG][@SEED]",
				 FAULT_ENVIRONMENT, (int)strcspn(begin, ","), begin);
			return EINVAL;
		}
		if (points[i].rule.one_in)
			faults_armed = true;
		if (*text)
			text++;
	}
	return 0;
}

int faults_arm(const char *text, char *why, size_t why_size)
{
	int err;

	faults_armed = false;
	memset(points, 0, sizeof(points));
	err = text ? parse(text, why, why_size) : 0;
	if (err) {
		faults_armed = false;
		memset(points, 0, sizeof(points));
	}
	return err;
}

bool fault_visit(enum fault_point point)
{
	const struct fsw_fault_rule *rule = &points[point].rule;

	if (!rule->one_in ||
	    !fsw_fault_strikes(rule, atomic_fetch_add(&points[point].visits, 1) + 1))
		return false;
	/* It runs over after 2^32 strikes, which no test lives to see. */
	return atomic_fetch_add(&points[point].strikes, 1) < rule->times;
}

uint32_t fault_arg(enum fault_point point)
{
	return points[point].rule.arg;
}
