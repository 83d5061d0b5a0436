/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration file as lines "name = value". Pure: reads its arguments, nothing else. */
#ifndef FASTSWAP_SERVER_CONFFILE_H
#define FASTSWAP_SERVER_CONFFILE_H

#include <stddef.h>

/* More than any sensible file has; whoever reads one need not read on. */
#define CONFFILE_MAX	(1u << 20)

struct conffile {
	char *next;			/* where the next line begins; NULL: at the end */
	unsigned int line;		/* number of the line that was taken last, from 1 */
	const char *name, *value;	/* of that line */
};

/**
 * conffile_begin - read a text from its beginning
 * @file: filled in
 * @text: ends with a NUL; is cut into names and values in place
 */
void conffile_begin(struct conffile *file, char *text);

/**
 * conffile_next - the next line that says something
 * @file: @line, @name and @value are set; the latter two point into the text
 * @why: if the line is wrong, what is wrong with it
 *
 * Blank lines, and lines whose first character is '#', say nothing. White space around names and
 * values does not count.
 *
 * Return: 1; 0 at the end; -1 when a line is wrong, and the next call goes on behind it.
 */
int conffile_next(struct conffile *file, const char **why);

#endif /* FASTSWAP_SERVER_CONFFILE_H */
