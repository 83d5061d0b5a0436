/* SPDX-License-Identifier: GPL-2.0-only */
/* Which addresses may connect. Pure: reads its arguments, nothing else. */
#ifndef FASTSWAP_SERVER_ALLOW_H
#define FASTSWAP_SERVER_ALLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "netaddr.h"

#define ALLOW_MAX	256

struct allow_rule {
	struct netaddr net;	/* zero beyond @bits */
	uint8_t bits;		/* as an IPv6 prefix; of IPv4 that is 96 more */
};

struct allow_list {
	unsigned int nr;	/* 0: everybody may */
	struct allow_rule rules[ALLOW_MAX];
};

/**
 * allow_add - one more network that may connect
 * @list: gets it
 * @text: an IPv4 or IPv6 address, perhaps with a prefix length: "10.1.0.0/16"
 * @why: on an error what is wrong, to stand right behind the name of the option
 * @why_size: bytes of @why
 *
 * Return: 0 or -1.
 */
int allow_add(struct allow_list *list, const char *text, char *why, size_t why_size);

/** allow_differs - are these two lists not the same? */
bool allow_differs(const struct allow_list *a, const struct allow_list *b);

/**
 * allow_match - may this address connect?
 * @list: the networks
 * @addr: an IPv4 address is looked for in IPv4 networks only, though ::/0 has it in
 */
bool allow_match(const struct allow_list *list, const struct netaddr *addr);

#endif /* FASTSWAP_SERVER_ALLOW_H */
