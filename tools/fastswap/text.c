// SPDX-License-Identifier: GPL-2.0-only
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

/* Longest line of /proc/swaps: a path in which every byte is escaped, and four numbers. */
#define LINE_LEN	(4 * PATH_MAX + 128)

enum line {
	LINE_END,
	LINE_OK,
	LINE_TOO_LONG,	/* skipped */
};

/*
 * Only a line with a newline is whole: the kernel cuts a file that outgrows a
 * page, and half a number is a wrong number.
 */
static enum line next_line(const char **cursor, char *line, size_t len)
{
	const char *end = strchr(*cursor, '\n');
	size_t n;

	if (!end)
		return LINE_END;
	n = end - *cursor;
	if (n < len) {
		memcpy(line, *cursor, n);
		line[n] = '\0';
	}
	*cursor = end + 1;
	return n < len ? LINE_OK : LINE_TOO_LONG;
}

/**
 * counter_next - walk over "name value" lines
 * @cursor: where to read, moves on; begin with the start of the text
 * @counter: what was there
 *
 * Lines of any other form are skipped.
 *
 * Return: false at the end.
 */
bool counter_next(const char **cursor, struct counter *counter)
{
	char line[sizeof(counter->name) + sizeof(counter->text)];
	enum line ret;
	char *value;

	while ((ret = next_line(cursor, line, sizeof(line))) != LINE_END) {
		if (ret == LINE_TOO_LONG)
			continue;
		value = strchr(line, ' ');
		if (!value || value == line || !value[1])
			continue;
		*value++ = '\0';
		if (strlen(line) >= sizeof(counter->name) ||
		    strlen(value) >= sizeof(counter->text))
			continue;
		strcpy(counter->name, line);
		strcpy(counter->text, value);
		counter->value = 0;
		counter->is_number = parse_number(value, 0, UINT64_MAX, &counter->value);
		return true;
	}
	return false;
}

/** counter_get - value of a counter; 0 if it is not there, which is what it would say */
uint64_t counter_get(const char *text, const char *name)
{
	struct counter counter;

	while (counter_next(&text, &counter))
		if (!strcmp(counter.name, name))
			return counter.value;
	return 0;
}

/** counter_sum_suffix - sum of all counters whose names end in @suffix */
uint64_t counter_sum_suffix(const char *text, const char *suffix)
{
	struct counter counter;
	uint64_t sum = 0;

	while (counter_next(&text, &counter)) {
		size_t name_len = strlen(counter.name), len = strlen(suffix);

		if (name_len >= len && !strcmp(counter.name + name_len - len, suffix))
			sum += counter.value;
	}
	return sum;
}

/**
 * hist_parse - read the "UPPER COUNT" lines of a latency file
 * @text: content of the file
 * @hist: the result; empty if false is returned
 *
 * Return: false if the text is no such histogram.
 */
bool hist_parse(const char *text, struct hist *hist)
{
	char line[64];
	enum line ret;

	hist->nr = 0;
	hist->total = 0;
	while ((ret = next_line(&text, line, sizeof(line))) != LINE_END) {
		uint64_t upper, count;
		char *space = ret == LINE_OK ? strchr(line, ' ') : NULL;

		if (!space || hist->nr == HIST_MAX)
			goto malformed;
		*space = '\0';
		if (!parse_number(line, 1, UINT64_MAX, &upper) ||
		    !parse_number(space + 1, 0, UINT64_MAX, &count) ||
		    (hist->nr && upper <= hist->upper[hist->nr - 1]) ||
		    __builtin_add_overflow(hist->total, count, &hist->total))
			goto malformed;
		hist->upper[hist->nr] = upper;
		hist->count[hist->nr] = count;
		hist->nr++;
	}
	return true;

malformed:
	hist->nr = 0;
	hist->total = 0;
	return false;
}

/**
 * hist_percentile - a bound that so many per cent stay below
 * @hist: the histogram
 * @percent: 1 to 100
 * @ns: set to the upper bound of the bucket in which the percentile lies
 *
 * Return: false if the histogram is empty.
 */
bool hist_percentile(const struct hist *hist, unsigned int percent, uint64_t *ns)
{
	uint64_t rank, seen = 0;
	size_t i;

	if (!hist->total)
		return false;
	/* ceil(total * percent / 100), in an order that cannot overflow */
	rank = hist->total / 100 * percent + (hist->total % 100 * percent + 99) / 100;
	for (i = 0; i < hist->nr; i++) {
		seen += hist->count[i];
		if (seen >= rank) {
			*ns = hist->upper[i];
			return true;
		}
	}
	return false;
}

/* Undo the kernel's \ooo for blanks and backslashes, in place. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0');
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

static bool parse_swap(char *line, struct swap_entry *entry)
{
	static const char blanks[] = " \t";
	char *save, *path, *type, *size, *used, *priority, *digits;
	uint64_t magnitude;

	path = strtok_r(line, blanks, &save);
	type = strtok_r(NULL, blanks, &save);
	size = strtok_r(NULL, blanks, &save);
	used = strtok_r(NULL, blanks, &save);
	priority = strtok_r(NULL, blanks, &save);
	if (!path || !type || !size || !used || !priority || strtok_r(NULL, blanks, &save))
		return false;

	/* In KiB; the header line fails here. */
	if (!parse_number(size, 0, UINT64_MAX / 1024, &entry->size) ||
	    !parse_number(used, 0, UINT64_MAX / 1024, &entry->used))
		return false;
	entry->size *= 1024;
	entry->used *= 1024;

	digits = *priority == '-' ? priority + 1 : priority;
	if (!parse_number(digits, 0, INT_MAX, &magnitude))
		return false;
	entry->priority = digits == priority ? (int)magnitude : -(int)magnitude;

	unescape(path);
	if (strlen(path) >= sizeof(entry->path))
		return false;
	strcpy(entry->path, path);
	return true;
}

/**
 * swaps_next - walk over /proc/swaps
 * @cursor: where to read, moves on; begin with the start of the text
 * @entry: what was there
 *
 * Lines of any other form, the header among them, are skipped.
 *
 * Return: false at the end.
 */
bool swaps_next(const char **cursor, struct swap_entry *entry)
{
	char line[LINE_LEN];
	enum line ret;

	while ((ret = next_line(cursor, line, sizeof(line))) != LINE_END)
		if (ret == LINE_OK && parse_swap(line, entry))
			return true;
	return false;
}
