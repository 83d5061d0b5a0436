// SPDX-License-Identifier: GPL-2.0-only
#include "params.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <fastswap/hold.h>

static int add_replica(struct fsm_params *p, char *part, char *error, size_t len)
{
	char *options = strchr(part, ':');

	if (!options || options == part) {
		snprintf(error, len, "replica '%s' is not of the form BACKEND:OPTIONS", part);
		return -EINVAL;
	}
	if (p->nr == FSM_REPLICAS_MAX) {
		snprintf(error, len, "more than %d replicas", FSM_REPLICAS_MAX);
		return -EINVAL;
	}
	*options++ = '\0';
	if (!strcmp(part, "mirror")) {
		snprintf(error, len, "a mirror is not made of mirrors");
		return -EINVAL;
	}
	p->backend[p->nr] = part;
	p->options[p->nr] = options;
	p->nr++;
	return 0;
}

/**
 * fsm_params_parse - understand the options of an attachment
 * @p: filled in; points into @options
 * @options: the options; cut up on the way
 * @error: gets the reason of a failure in words
 * @len: bytes of @error
 *
 * Return: 0 or a negative errno.
 */
int fsm_params_parse(struct fsm_params *p, char *options, char *error, size_t len)
{
	bool first = true;
	char *part;
	int err;

	memset(p, 0, sizeof(*p));
	p->hold = FASTSWAP_HOLD_DEFAULT;
	while ((part = strsep(&options, ";"))) {
		if (first && !strncmp(part, "hold=", 5))
			err = fastswap_hold_parse(part + 5, &p->hold, error, len);
		else
			err = add_replica(p, part, error, len);
		if (err)
			return err;
		first = false;
	}
	if (p->nr < FSM_REPLICAS_MIN) {
		snprintf(error, len, "a mirror needs at least %d replicas", FSM_REPLICAS_MIN);
		return -EINVAL;
	}
	return 0;
}
