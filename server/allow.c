// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "allow.h"

/* Sets @max to the longest prefix that the family has. */
static bool parse_address(struct netaddr *addr, const char *text, unsigned int *max)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		*max = 32;
		return netaddr_from(addr, (struct sockaddr *)&in);
	}
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
		*max = 128;
		return netaddr_from(addr, (struct sockaddr *)&in6);
	}
	return false;
}

static bool parse_bits(const char *text, unsigned int max, unsigned int *bits)
{
	char *end;

	if (!isdigit((unsigned char)*text) || strlen(text) > 3)
		return false;
	*bits = strtoul(text, &end, 10);
	return !*end && *bits <= max;
}

int allow_add(struct allow_list *list, const char *text, char *why, size_t why_size)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct allow_rule rule;
	struct netaddr given;
	unsigned int max, bits;

	snprintf(address, sizeof(address), "%.*s", (int)len, text);
	if (len >= sizeof(address) || !parse_address(&given, address, &max)) {
		snprintf(why, why_size,
			 ": '%s' is not an IPv4 or IPv6 network such as 10.1.0.0/16", text);
		return -1;
	}
	bits = max;
	if (slash && !parse_bits(slash + 1, max, &bits)) {
		snprintf(why, why_size, ": '%s': the length of the prefix is from 0 to %u", text,
			 max);
		return -1;
	}
	if (max == 32)
		bits += NETADDR_MAPPED_BITS;
	rule.net = given;
	rule.bits = bits;
	netaddr_mask(&rule.net, bits);
	/* One machine or all of its network? Better asked than guessed. */
	if (memcmp(&rule.net, &given, sizeof(given))) {
		snprintf(why, why_size, ": '%s' has bits set behind its prefix", text);
		return -1;
	}
	if (list->nr == ALLOW_MAX) {
		snprintf(why, why_size, " is given more than %d times", ALLOW_MAX);
		return -1;
	}
	list->rules[list->nr++] = rule;
	return 0;
}

bool allow_differs(const struct allow_list *a, const struct allow_list *b)
{
	return a->nr != b->nr || memcmp(a->rules, b->rules, a->nr * sizeof(a->rules[0]));
}

bool allow_match(const struct allow_list *list, const struct netaddr *addr)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		const struct allow_rule *rule = &list->rules[i];
		struct netaddr net = *addr;

		if (rule->bits < NETADDR_MAPPED_BITS && netaddr_is_ipv4(addr))
			continue;
		netaddr_mask(&net, rule->bits);
		if (!memcmp(&net, &rule->net, sizeof(net)))
			return true;
	}
	return !list->nr;
}
