// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include <fastswap/hold.h>

#include "params.h"

static int parse_address(const char *text, struct sockaddr_storage *addr)
{
	char plain[FSR_ADDR_TEXT_MAX];
	size_t len = strlen(text);

	/* As in a URL: [fe80::1%eth0] */
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (!len || len >= sizeof(plain))
		return -EINVAL;
	memcpy(plain, text, len);
	plain[len] = '\0';
	return inet_pton_with_scope(&init_net, AF_UNSPEC, plain, NULL, addr);
}

static int parse_number(const char *text, unsigned int max, u16 *number)
{
	/* kstrtou16() would take a sign, a newline and other bases. */
	if (!isdigit((unsigned char)text[0]) || strlen(text) > 5 ||
	    strspn(text, "0123456789") != strlen(text) || kstrtou16(text, 10, number))
		return -EINVAL;
	return *number && *number <= max ? 0 : -ERANGE;
}

static int parse_id(const char *text, u8 *id)
{
	unsigned int i;

	if (strlen(text) != 32)
		return -EINVAL;
	for (i = 0; i < 16; i++) {
		char byte[3] = { text[2 * i], text[2 * i + 1], '\0' };

		if (!isxdigit((unsigned char)byte[0]) || !isxdigit((unsigned char)byte[1]) ||
		    kstrtou8(byte, 16, &id[i]))
			return -EINVAL;
	}
	return 0;
}

/* As it is called in a keyring of whoever attaches; the key itself is never in the options. */
static int parse_psk(const char *text, char *psk)
{
	const char *colon = strchr(text, ':');

	/* As the kernel wants it of the type: "service:name". */
	if (strlen(text) >= FSR_PSK_MAX || !colon || colon == text || !colon[1])
		return -EINVAL;
	strscpy(psk, text, FSR_PSK_MAX);
	return 0;
}

static int parse_option(struct fsr_params *p, const char *key, const char *value,
			char *error, size_t len)
{
	if (!strcmp(key, "addr")) {
		if (parse_address(value, &p->addr)) {
			snprintf(error, len, "'%s' is not an IPv4 or IPv6 address", value);
			return -EINVAL;
		}
		/* Fits: parse_address() has bounded it. */
		snprintf(p->peer, sizeof(p->peer), "%s", value);
	} else if (!strcmp(key, "source")) {
		if (parse_address(value, &p->source)) {
			snprintf(error, len, "source '%s' is not an IPv4 or IPv6 address", value);
			return -EINVAL;
		}
	} else if (!strcmp(key, "port")) {
		if (parse_number(value, U16_MAX, &p->port)) {
			snprintf(error, len, "port '%s' is not a number from 1 to 65535", value);
			return -EINVAL;
		}
	} else if (!strcmp(key, "queues")) {
		if (parse_number(value, FSW_MAX_SETS, &p->queues)) {
			snprintf(error, len, "'%s' queue sets: must be a number from 1 to %d",
				 value, FSW_MAX_SETS);
			return -EINVAL;
		}
	} else if (!strcmp(key, "hold")) {
		return fastswap_hold_parse(value, &p->hold, error, len);
	} else if (!strcmp(key, "client_id")) {
		if (parse_id(value, p->client_id)) {
			snprintf(error, len, "client_id '%s' is not 32 hexadecimal digits", value);
			return -EINVAL;
		}
		p->has_client_id = true;
	} else if (!strcmp(key, "psk")) {
		if (parse_psk(value, p->psk)) {
			snprintf(error, len, "psk '%s' is not the description of a logon key",
				 value);
			return -EINVAL;
		}
	} else if (!strcmp(key, "identity")) {
		if (!fsw_identity_set(p->identity, value)) {
			snprintf(error, len, "identity '%s' is not up to %d of [A-Za-z0-9._@-]",
				 value, FSW_IDENTITY_MAX - 1);
			return -EINVAL;
		}
	} else {
		snprintf(error, len, "unknown option '%s'", key);
		return -EINVAL;
	}
	return 0;
}

static void set_port(struct sockaddr_storage *addr, u16 port)
{
	if (addr->ss_family == AF_INET)
		((struct sockaddr_in *)addr)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
}

/**
 * fsr_params_parse - understand the options of an attachment
 * @p: filled in
 * @options: "key=value" separated by commas; cut up on the way
 * @error: gets the reason of a failure in words
 * @len: bytes of @error
 *
 * Keys: addr (must be there), port, source, queues, hold, client_id, psk and identity (both or
 * none).
 *
 * Return: 0 or -EINVAL.
 */
int fsr_params_parse(struct fsr_params *p, char *options, char *error, size_t len)
{
	char *option, *value;
	int err;

	memset(p, 0, sizeof(*p));
	p->port = FSW_DEFAULT_PORT;
	p->hold = FASTSWAP_HOLD_DEFAULT;

	while ((option = strsep(&options, ","))) {
		if (!*option)
			continue;
		value = strchr(option, '=');
		if (!value) {
			snprintf(error, len, "option '%s' lacks a value", option);
			return -EINVAL;
		}
		*value++ = '\0';
		err = parse_option(p, option, value, error, len);
		if (err)
			return err;
	}

	if (p->addr.ss_family == AF_UNSPEC) {
		snprintf(error, len, "no server: addr= is missing");
		return -EINVAL;
	}
	if (p->source.ss_family != AF_UNSPEC && p->source.ss_family != p->addr.ss_family) {
		snprintf(error, len, "one of source and server is IPv4, the other IPv6");
		return -EINVAL;
	}
	if (!p->psk[0] != !p->identity[0]) {
		snprintf(error, len, "psk= and identity= go together");
		return -EINVAL;
	}
	set_port(&p->addr, p->port);
	return 0;
}

/**
 * fsr_size_parse - understand a size
 * @text: digits and an optional K, M, G or T
 * @size: set to the number of bytes
 *
 * Return: 0, -EINVAL if it is no size, -ERANGE if it is 0, too large, or no
 * multiple of 4 KiB.
 */
int fsr_size_parse(const char *text, u64 *size)
{
	static const char suffixes[] = "KMGT";
	size_t digits = strspn(text, "0123456789");
	const char *suffix;
	u64 bytes = 0;
	size_t i;

	if (!digits)
		return -EINVAL;
	for (i = 0; i < digits; i++)
		if (check_mul_overflow(bytes, (u64)10, &bytes) ||
		    check_add_overflow(bytes, (u64)(text[i] - '0'), &bytes))
			return -ERANGE;

	if (text[digits]) {
		suffix = strchr(suffixes, toupper((unsigned char)text[digits]));
		if (!suffix || text[digits + 1])
			return -EINVAL;
		if (check_mul_overflow(bytes, 1ULL << 10 * (suffix - suffixes + 1), &bytes))
			return -ERANGE;
	}
	if (!bytes || bytes & 4095)
		return -ERANGE;
	*size = bytes;
	return 0;
}
