// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "conffile.h"

#define BLANKS	" \t\r\f\v"

void conffile_begin(struct conffile *file, char *text)
{
	*file = (struct conffile) { .next = text };
}

/* Cuts the line off; NULL at the end of the text. */
static char *take_line(struct conffile *file)
{
	char *line = file->next, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = '\0';
	file->next = end;
	file->line++;
	return line;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

int conffile_next(struct conffile *file, const char **why)
{
	char *line, *sign;

	do {
		line = take_line(file);
		if (!line)
			return 0;
		line = trim(line);
	} while (!*line || *line == '#');

	sign = strchr(line, '=');
	if (!sign) {
		*why = "a line is 'name = value'";
		return -1;
	}
	*sign = '\0';
	file->name = trim(line);
	file->value = trim(sign + 1);
	if (!*file->name) {
		*why = "no name stands before the '='";
		return -1;
	}
	if (!*file->value) {
		*why = "no value stands behind the '='";
		return -1;
	}
	return 1;
}
