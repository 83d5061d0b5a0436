// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyfile.h"

#define WHAT_MAX	512

struct reading {
	const char *path;
	keyfile_complain_fn *complain;
	void *arg;
};

static void __attribute__((format(printf, 2, 3)))
complain(const struct reading *r, const char *fmt, ...)
{
	char what[WHAT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	r->complain(r->arg, what);
}

static void wrong_line(void *arg, unsigned int line, const char *what)
{
	const struct reading *r = arg;

	complain(r, "%.256s:%u: %s", r->path, line, what);
}

/* Memory that neither swap nor a core dump gets to see. */
static void *take_memory(size_t size)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	int err;

	if (memory == MAP_FAILED)
		return NULL;
	if (!mlock(memory, size) && !madvise(memory, size, MADV_DONTDUMP))
		return memory;
	err = errno;
	munmap(memory, size);
	errno = err;
	return NULL;
}

static void drop_memory(void *memory, size_t size)
{
	explicit_bzero(memory, size);
	munmap(memory, size);
}

/* A FIFO that nobody writes to would make us wait for ever, hence O_NONBLOCK. */
static int open_private(const struct reading *r)
{
	int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		complain(r, "%.256s: %s", r->path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		complain(r, "%.256s is not a file", r->path);
	} else if (st.st_uid && st.st_uid != geteuid()) {
		complain(r, "%.256s holds keys, but belongs to user %u, neither root nor you",
			 r->path, (unsigned int)st.st_uid);
	} else if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		complain(r,
			 "%.256s holds keys, but is open to its group or to others (mode %04o): "
			 "chmod 0600 it",
			 r->path, (unsigned int)st.st_mode & 07777);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool read_all(const struct reading *r, int fd, char *text)
{
	size_t len = 0;
	ssize_t n = 0;

	while (len <= KEYFILE_MAX) {
		n = read(fd, text + len, KEYFILE_MAX + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += n;
	}
	if (n < 0)
		complain(r, "%.256s: %s", r->path, strerror(errno));
	else if (len > KEYFILE_MAX)
		complain(r, "%.256s: more than %u KiB: is it a file of keys?", r->path,
			 KEYFILE_MAX >> 10);
	else if (memchr(text, '\0', len))
		complain(r, "%.256s: it has NUL bytes: is it a file of keys?", r->path);
	else
		return true;
	return false;
}

static struct psk_list *parse(struct reading *r, char *text)
{
	struct psk_list *list = take_memory(sizeof(*list));

	if (!list) {
		complain(r, "cannot lock memory for keys: %s", strerror(errno));
		return NULL;
	}
	if (psk_parse(list, text, wrong_line, r))
		goto err_drop;
	if (!list->nr) {
		complain(r, "%.256s: there is no key in it", r->path);
		goto err_drop;
	}
	return list;

err_drop:
	keyfile_drop(list);
	return NULL;
}

struct psk_list *keyfile_load(const char *path, keyfile_complain_fn *fn, void *arg)
{
	struct reading r = { .path = path, .complain = fn, .arg = arg };
	struct psk_list *list = NULL;
	int fd = open_private(&r);
	char *text;

	if (fd < 0)
		return NULL;
	/* Filled with zeros, so that the text ends with one. */
	text = take_memory(KEYFILE_MAX + 2);
	if (!text) {
		complain(&r, "cannot lock memory for keys: %s", strerror(errno));
	} else {
		if (read_all(&r, fd, text))
			list = parse(&r, text);
		drop_memory(text, KEYFILE_MAX + 2);
	}
	close(fd);
	return list;
}

void keyfile_drop(struct psk_list *list)
{
	if (list)
		drop_memory(list, sizeof(*list));
}
