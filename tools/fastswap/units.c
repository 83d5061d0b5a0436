// SPDX-License-Identifier: GPL-2.0-only
#include "units.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* strtoull() is too kind: it takes signs, blanks and 0x. */
static const char *take_digits(const char *text, uint64_t *value)
{
	uint64_t n = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
			return NULL;
	if (p == text)
		return NULL;
	*value = n;
	return p;
}

/**
 * parse_number - decimal digits and nothing else
 * @text: what the user wrote
 * @min: smallest number that is accepted
 * @max: largest
 * @value: set on success only
 */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t n;
	const char *end = take_digits(text, &n);

	if (!end || *end || n < min || n > max)
		return false;
	*value = n;
	return true;
}

/**
 * parse_size - bytes, or with a K, M, G or T behind them (powers of 1024)
 * @text: what the user wrote; the server takes the same, KiB for K among it
 * @bytes: set on success only; never 0, a multiple of SLOT_SIZE
 *
 * Return: NULL, or what is wrong, in words.
 */
const char *parse_size(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "KMGT";
	uint64_t n;
	const char *end = take_digits(text, &n);

	if (!end)
		return "is not a size (a number, or one with K, M, G or T behind it)";
	if (*end) {
		const char *suffix = strchr(suffixes, toupper((unsigned char)*end));

		if (!suffix || (end[1] && strcasecmp(end + 1, "iB")))
			return "is not a size (a number, or one with K, M, G or T behind it)";
		if (__builtin_mul_overflow(n, UINT64_C(1) << (10 * (suffix - suffixes + 1)), &n))
			return "is too large";
	}
	if (!n)
		return "is no size at all";
	if (n % SLOT_SIZE)
		return "is not a multiple of 4096";
	*bytes = n;
	return NULL;
}

/**
 * parse_seconds - seconds, with up to three digits after a point
 * @text: what the user wrote
 * @max_s: largest number of seconds that is accepted
 * @ms: set on success only, to milliseconds; never 0
 */
bool parse_seconds(const char *text, unsigned int max_s, unsigned int *ms)
{
	unsigned int unit = 100;
	uint64_t n;
	const char *end = take_digits(text, &n);

	if (!end || n > max_s)
		return false;
	n *= 1000;
	if (*end == '.') {
		const char *digits = ++end;

		for (; *end >= '0' && *end <= '9' && unit; end++, unit /= 10)
			n += (*end - '0') * unit;
		if (end == digits)
			return false;
	}
	if (*end || !n || n > max_s * UINT64_C(1000))
		return false;
	*ms = n;
	return true;
}

/**
 * format_size - the shortest way to say it: "0", "512K", "1.5G"
 * @bytes: the size
 * @buf: where to; 8 bytes suffice
 * @len: bytes of @buf
 *
 * Return: @buf.
 */
const char *format_size(uint64_t bytes, char *buf, size_t len)
{
	static const char suffixes[] = "KMGTPE";
	unsigned int shift = 0, tenth;
	uint64_t whole;

	if (bytes < 1024) {
		snprintf(buf, len, "%" PRIu64, bytes);
		return buf;
	}
	while (bytes >> shift >= 1024)
		shift += 10;

	whole = bytes >> shift;
	tenth = (bytes >> (shift - 10) & 1023) * 10 / 1024;
	if (whole < 10 && tenth)
		snprintf(buf, len, "%" PRIu64 ".%u%c", whole, tenth, suffixes[shift / 10 - 1]);
	else
		snprintf(buf, len, "%" PRIu64 "%c", whole, suffixes[shift / 10 - 1]);
	return buf;
}

/**
 * format_ns - a duration to three digits or so: "320ns", "12.5us", "4ms"
 * @ns: nanoseconds; UINT64_MAX: longer than can be said
 * @buf: where to; 16 bytes suffice
 * @len: bytes of @buf
 *
 * Return: @buf.
 */
const char *format_ns(uint64_t ns, char *buf, size_t len)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	uint64_t unit = 1, whole;
	unsigned int i = 0, tenth;

	if (ns == UINT64_MAX) {
		snprintf(buf, len, ">17s");
		return buf;
	}
	for (; i < 3 && ns / unit >= 1000; i++)
		unit *= 1000;

	whole = ns / unit;
	tenth = ns % unit * 10 / unit;
	if (whole < 100 && tenth)
		snprintf(buf, len, "%" PRIu64 ".%u%s", whole, tenth, units[i]);
	else
		snprintf(buf, len, "%" PRIu64 "%s", whole, units[i]);
	return buf;
}
