// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_files.h"

const struct file *files;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	const struct file *file;
	size_t len;
	int fd;

	if (!files)
		return __real_open(path, flags);
	for (file = files; file->path; file++) {
		if (strcmp(file->path, path))
			continue;
		len = strlen(file->text);
		fd = memfd_create("file", 0);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, file->text, len), len);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		return fd;
	}
	errno = ENOENT;
	return -1;
}
