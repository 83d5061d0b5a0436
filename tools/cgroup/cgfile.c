// SPDX-License-Identifier: GPL-2.0-only
#include "cgfile.h"

#include <string.h>

/* Digits up to a blank, a newline or the end. */
static bool take_number(const char *p, uint64_t *value)
{
	uint64_t n = 0;
	const char *begin = p;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
			return false;
	if (p == begin || (*p && *p != '\n' && *p != ' '))
		return false;
	*value = n;
	return true;
}

/* The line that begins with @word and a blank: what follows, or NULL. */
static const char *find_line(const char *text, const char *word)
{
	size_t len = strlen(word);

	while (text && *text) {
		if (!strncmp(text, word, len) && text[len] == ' ')
			return text + len + 1;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

/**
 * cgfile_value - a file that holds one number: memory.current, memory.max
 * @text: what the file holds
 * @value: set on success only; CG_NO_LIMIT for "max"
 */
bool cgfile_value(const char *text, uint64_t *value)
{
	if (!strncmp(text, "max", 3) && (!text[3] || text[3] == '\n')) {
		*value = CG_NO_LIMIT;
		return true;
	}
	return take_number(text, value);
}

/**
 * cgfile_key - a file of lines NAME VALUE: memory.events, memory.stat, /proc/vmstat
 * @text: what the file holds
 * @key: the name
 * @value: set on success only
 */
bool cgfile_key(const char *text, const char *key, uint64_t *value)
{
	const char *rest = find_line(text, key);

	return rest && take_number(rest, value);
}

/**
 * cgfile_stall - the total of a line of memory.pressure
 * @text: what the file holds
 * @kind: "some" or "full"
 * @us: set on success only, to microseconds
 */
bool cgfile_stall(const char *text, const char *kind, uint64_t *us)
{
	const char *line = find_line(text, kind), *total, *end;

	if (!line)
		return false;
	total = strstr(line, "total=");
	end = strchr(line, '\n');
	return total && (!end || total < end) && take_number(total + strlen("total="), us);
}

/**
 * cgfile_histogram - add up a histogram of a device: lines BELOW COUNT
 * @text: what the file holds; a last line without its newline is a rest, and skipped
 * @count: how many there are is added to it
 * @total: the sum of all values is added to it, taking each for the middle of its bucket
 */
void cgfile_histogram(const char *text, uint64_t *count, uint64_t *total)
{
	uint64_t below, n;

	for (; strchr(text, '\n'); text = strchr(text, '\n') + 1) {
		const char *blank = strchr(text, ' ');

		if (!blank || !take_number(text, &below) || !take_number(blank + 1, &n))
			continue;
		/* A bucket is an eighth of a power of two wide; the last has no end. */
		if (below == UINT64_MAX)
			below = UINT64_C(1) << 34;
		*count += n;
		*total += n * (below - below / 16);
	}
}

/** cgfile_word - is @word among those of @text, as in cgroup.controllers */
bool cgfile_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (; *text; text += strspn(text, " \n")) {
		size_t n = strcspn(text, " \n");

		if (n == len && !memcmp(text, word, len))
			return true;
		text += n;
	}
	return false;
}
