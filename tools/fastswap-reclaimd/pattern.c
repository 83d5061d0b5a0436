// SPDX-License-Identifier: GPL-2.0-only
#include "pattern.h"

#include <fnmatch.h>
#include <limits.h>
#include <string.h>

/* Names of systemd's units have backslashes in them. */
#define FLAGS	(FNM_PATHNAME | FNM_NOESCAPE)

/**
 * pattern_check - can it be the pattern of a group
 * @pattern: what the user wrote
 *
 * Return: NULL, or what is wrong, in words.
 */
const char *pattern_check(const char *pattern)
{
	size_t len = strlen(pattern);
	const char *p;

	if (pattern[0] != '/')
		return "does not begin with a slash (the root of the hierarchy)";
	if (len == 1)
		return "is the root, which has no limit";
	if (len >= PATH_MAX / 2)
		return "is too long";
	if (pattern[len - 1] == '/')
		return "ends with a slash";
	for (p = pattern; *p; p++) {
		if (*p != '/')
			continue;
		if (p[1] == '/')
			return "has two slashes in a row";
		if (p[1] == '.' && (!p[2] || p[2] == '/' ||
				    (p[2] == '.' && (!p[3] || p[3] == '/'))))
			return "has a folder '.' or '..' in it";
	}
	return NULL;
}

/**
 * pattern_matches - does it mean this group
 * @pattern: of which pattern_check() thinks well
 * @path: of the group, below the mount point, with a slash in front
 */
bool pattern_matches(const char *pattern, const char *path)
{
	return fnmatch(pattern, path, FLAGS) == 0;
}

/**
 * pattern_leads_to - may there be a group inside this one that it means
 * @pattern: of which pattern_check() thinks well
 * @path: as for pattern_matches(); "/" is the root
 */
bool pattern_leads_to(const char *pattern, const char *path)
{
	char begin[PATH_MAX];
	const char *end = pattern, *p;

	if (!strcmp(path, "/"))
		return true;
	/* As many folders of the pattern as there are in the path. */
	for (p = path; p; p = strchr(p + 1, '/')) {
		end = strchr(end + 1, '/');
		if (!end)
			return false;
	}
	memcpy(begin, pattern, end - pattern);
	begin[end - pattern] = '\0';
	return fnmatch(begin, path, FLAGS) == 0;
}
