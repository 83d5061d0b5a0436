/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are opened have the content that a test wants. */
#ifndef FAKE_FILES_H
#define FAKE_FILES_H

struct file {
	const char *path, *text;
};

/* All that there are, with an empty one at the end; NULL: the real ones. */
extern const struct file *files;

#endif /* FAKE_FILES_H */
