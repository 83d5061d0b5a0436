// SPDX-License-Identifier: GPL-2.0-only
#include "amounts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

/* "12", "12.5", "12.25", with a percent sign behind it. */
static const char *parse_percent(const char *text, uint64_t *value)
{
	static const char wrong[] = "is not a percentage from 0.01% to 100%";
	unsigned int unit = SHARE_WHOLE / 1000;
	uint64_t n = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9' && n <= 100; p++)
		n = n * 10 + (*p - '0');
	if (p == text || n > 100)
		return wrong;
	n *= SHARE_WHOLE / 100;
	if (*p == '.') {
		const char *digits = ++p;

		for (; *p >= '0' && *p <= '9' && unit; p++, unit /= 10)
			n += (*p - '0') * unit;
		if (p == digits)
			return wrong;
	}
	if (strcmp(p, "%") || !n || n > SHARE_WHOLE)
		return wrong;
	*value = n;
	return NULL;
}

/**
 * share_parse - "256M" or "12.5%"
 * @text: what the user wrote
 * @share: set on success only; never 0
 *
 * Return: NULL, or what is wrong, in words.
 */
const char *share_parse(const char *text, struct share *share)
{
	bool is_part = strchr(text, '%') != NULL;
	uint64_t value;
	const char *wrong = is_part ? parse_percent(text, &value) : parse_size(text, &value);

	if (!wrong)
		*share = (struct share) { is_part, value };
	return wrong;
}

/** share_of - the amount in bytes, in whole pages; @whole may be up to 2^50 */
uint64_t share_of(struct share share, uint64_t whole)
{
	if (!share.is_part)
		return share.value;
	return whole * share.value / SHARE_WHOLE / SLOT_SIZE * SLOT_SIZE;
}

/** share_text - what share_parse() takes; 24 bytes suffice */
const char *share_text(struct share share, char *buf, size_t len)
{
	static const char suffixes[] = "KMGT";
	unsigned int shift = 0;

	if (share.is_part) {
		unsigned int cents = share.value % 100;

		snprintf(buf, len, "%" PRIu64, share.value / 100);
		if (cents % 10)
			snprintf(buf + strlen(buf), len - strlen(buf), ".%02u", cents);
		else if (cents)
			snprintf(buf + strlen(buf), len - strlen(buf), ".%u", cents / 10);
		snprintf(buf + strlen(buf), len - strlen(buf), "%%");
		return buf;
	}
	/* Not rounded, unlike format_size(): it may be read again. */
	while (shift < 40 && share.value && !(share.value >> shift & 1023))
		shift += 10;
	if (shift)
		snprintf(buf, len, "%" PRIu64 "%c", share.value >> shift, suffixes[shift / 10 - 1]);
	else
		snprintf(buf, len, "%" PRIu64, share.value);
	return buf;
}

static const char *take_cpu(const char *p, unsigned int *cpu)
{
	unsigned int n = 0;
	const char *begin = p;

	for (; *p >= '0' && *p <= '9' && n < CPU_SETSIZE; p++)
		n = n * 10 + (*p - '0');
	*cpu = n;
	return p == begin || n >= CPU_SETSIZE ? NULL : p;
}

/**
 * cpus_parse - "0,2-5", the kernel's way to list CPUs
 * @text: what the user wrote
 * @cpus: set on success only; never empty
 *
 * Return: NULL, or what is wrong, in words.
 */
const char *cpus_parse(const char *text, cpu_set_t *cpus)
{
	static const char wrong[] = "is not a list of CPUs such as 0,2-5";
	unsigned int first, last;
	const char *p = text;
	cpu_set_t set;

	CPU_ZERO(&set);
	for (;;) {
		p = take_cpu(p, &first);
		if (!p)
			return wrong;
		last = first;
		if (*p == '-') {
			p = take_cpu(p + 1, &last);
			if (!p || last < first)
				return wrong;
		}
		for (; first <= last; first++)
			CPU_SET(first, &set);
		if (!*p)
			break;
		if (*p++ != ',')
			return wrong;
	}
	*cpus = set;
	return NULL;
}

/** cpus_text - what cpus_parse() takes, as far as it fits */
const char *cpus_text(const cpu_set_t *cpus, char *buf, size_t len)
{
	unsigned int first, last;
	size_t at = 0;

	buf[0] = '\0';
	for (first = 0; first < CPU_SETSIZE && at < len; first = last + 1) {
		last = first;
		if (!CPU_ISSET(first, cpus))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
			last++;
		at += snprintf(buf + at, len - at, "%s%u", at ? "," : "", first);
		if (last > first && at < len)
			at += snprintf(buf + at, len - at, "-%u", last);
	}
	return buf;
}
