// SPDX-License-Identifier: GPL-2.0-only
/*
 * blockcheck: write random data to the beginning of a block device, past the page cache,
 * and read it back. In one process, as starting two takes longer in an emulated guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define LENGTH		(1024 * 1024)
#define REQUEST		(64 * 1024)
#define ALIGNMENT	4096

static int fail(const char *device, const char *what)
{
	fprintf(stderr, "blockcheck: %s: %s: %s\n", device, what, strerror(errno));
	return 2;
}

int main(int argc, char **argv)
{
	unsigned char *wanted, *found;
	size_t at, got = 0;
	ssize_t n;
	int fd;

	if (argc != 2) {
		fputs("Usage: blockcheck DEVICE\n", stderr);
		return 2;
	}
	wanted = aligned_alloc(ALIGNMENT, LENGTH);
	found = aligned_alloc(ALIGNMENT, LENGTH);
	if (!wanted || !found)
		return fail(argv[1], "memory");
	while (got < LENGTH) {
		n = getrandom(wanted + got, LENGTH - got, 0);
		if (n < 0)
			return fail(argv[1], "getrandom");
		got += n;
	}

	fd = open(argv[1], O_RDWR | O_DIRECT);
	if (fd < 0)
		return fail(argv[1], "open");
	for (at = 0; at < LENGTH; at += REQUEST)
		if (pwrite(fd, wanted + at, REQUEST, at) != REQUEST)
			return fail(argv[1], "write");
	for (at = 0; at < LENGTH; at += REQUEST)
		if (pread(fd, found + at, REQUEST, at) != REQUEST)
			return fail(argv[1], "read");
	if (close(fd))
		return fail(argv[1], "close");
	if (memcmp(wanted, found, LENGTH)) {
		fprintf(stderr, "blockcheck: %s: not what was written\n", argv[1]);
		return 1;
	}
	free(wanted);
	free(found);
	return 0;
}
