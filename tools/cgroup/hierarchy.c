// SPDX-License-Identifier: GPL-2.0-only
#include "hierarchy.h"

#include <string.h>

/* Fields of a line of /proc/PID/mountinfo, before and after its " - ". */
enum {
	FIELD_MOUNT_POINT = 4,
	FIELD_TYPE = 0,
	FIELD_SUPER_OPTIONS = 2,
};

struct field {
	const char *at;
	size_t len;
};

/* The field number @nr of what lies between @p and @end. */
static struct field nth_field(const char *p, const char *end, unsigned int nr)
{
	struct field f;

	for (;;) {
		f.at = p;
		while (p < end && *p != ' ')
			p++;
		f.len = p - f.at;
		if (!nr-- || p == end)
			break;
		p++;
	}
	return f;
}

static bool field_is(struct field f, const char *text)
{
	return f.len == strlen(text) && !memcmp(f.at, text, f.len);
}

/* One of the words with commas in between. */
static bool field_has(struct field f, const char *word)
{
	const char *p = f.at, *end = f.at + f.len;
	size_t len = strlen(word);

	while (p < end) {
		const char *comma = memchr(p, ',', end - p);
		size_t n = (comma ? comma : end) - p;

		if (n == len && !memcmp(p, word, len))
			return true;
		p += n + 1;
	}
	return false;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Blanks and the like are written as \040. */
static bool unescape(struct field f, char *path, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < f.len; i++) {
		char c = f.at[i];

		if (c == '\\' && i + 3 < f.len && is_octal(f.at[i + 1]) &&
		    is_octal(f.at[i + 2]) && is_octal(f.at[i + 3])) {
			c = (f.at[i + 1] - '0') << 6 | (f.at[i + 2] - '0') << 3 |
			    (f.at[i + 3] - '0');
			i += 3;
		}
		if (n + 1 >= len)
			return false;
		path[n++] = c;
	}
	path[n] = '\0';
	return n > 0;
}

/* The next line with its two halves; false at the end. */
static bool next_line(const char **text, const char **end, const char **second)
{
	static const char separator[] = " - ";

	*text = *end ? *end + (**end == '\n') : *text;
	if (!**text)
		return false;
	*end = strchr(*text, '\n');
	if (!*end)
		*end = *text + strlen(*text);
	*second = memmem(*text, *end - *text, separator, strlen(separator));
	return true;
}

/**
 * hierarchy_mount - where cgroup v2 is mounted
 * @mountinfo: what /proc/self/mountinfo holds
 * @path: gets the mount point
 * @len: bytes of @path
 */
bool hierarchy_mount(const char *mountinfo, char *path, size_t len)
{
	const char *line = mountinfo, *end = NULL, *second;

	while (next_line(&line, &end, &second)) {
		if (second && field_is(nth_field(second + 3, end, FIELD_TYPE), "cgroup2"))
			return unescape(nth_field(line, second, FIELD_MOUNT_POINT), path, len);
	}
	return false;
}

/** hierarchy_memory_is_v1 - does a hierarchy of cgroup v1 have the memory controller */
bool hierarchy_memory_is_v1(const char *mountinfo)
{
	const char *line = mountinfo, *end = NULL, *second;

	while (next_line(&line, &end, &second)) {
		if (second && field_is(nth_field(second + 3, end, FIELD_TYPE), "cgroup") &&
		    field_has(nth_field(second + 3, end, FIELD_SUPER_OPTIONS), "memory"))
			return true;
	}
	return false;
}

/**
 * hierarchy_own - the group of cgroup v2 that a process is in
 * @cgroups: what /proc/PID/cgroup holds
 * @path: gets the path below the mount point, with a slash in front
 * @len: bytes of @path
 */
bool hierarchy_own(const char *cgroups, char *path, size_t len)
{
	const char *line;

	for (line = cgroups; line && *line; line = strchr(line, '\n')) {
		size_t n;

		line += *line == '\n';
		if (strncmp(line, "0::/", 4))
			continue;
		line += 3;
		n = strcspn(line, "\n");
		if (n >= len)
			return false;
		memcpy(path, line, n);
		path[n] = '\0';
		return true;
	}
	return false;
}
