/* SPDX-License-Identifier: GPL-2.0-only */
/* One file in a temporary folder, for tests of what reads it. After cmocka.h. */
#ifndef ONEFILE_H
#define ONEFILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/fastswap-unit-XXXXXX";
static char path[64];	/* of the file, which is not there before it is written */

/* Return: 0, or -1 as a setup function does. */
static inline int folder_make(const char *name)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return 0;
}

static inline void folder_remove(void)
{
	unlink(path);
	rmdir(folder);
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
}

static inline void write_file(const char *bytes, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* As a file of keys has to be. */
static inline void write_text(const char *text)
{
	write_file(text, strlen(text), 0600);
}

#endif /* ONEFILE_H */
