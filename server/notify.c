// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"

void notify(const char *fmt, ...)
{
	const struct timeval patience = { .tv_sec = 1 };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int flags = MSG_NOSIGNAL;
	char text[256];
	va_list args;
	size_t len;
	int fd;

	if (!path)
		return;
	len = strlen(path);
	if ((*path != '/' && *path != '@') || len < 2 || len >= sizeof(to.sun_path)) {
		log_dbg("NOTIFY_SOCKET is not an address: %s", path);
		return;
	}
	memcpy(to.sun_path, path, len);
	/* An abstract name. */
	if (*path == '@')
		to.sun_path[0] = '\0';
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	/*
	 * Whoever does not read has no need to know, and must not make us wait. But a lost
	 * READY=1 leaves the unit starting for ever, so for that a manager has a moment.
	 */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (strncmp(text, "READY=1", strlen("READY=1")))
		flags |= MSG_DONTWAIT;
	if (fd < 0 || sendto(fd, text, strlen(text), flags, (struct sockaddr *)&to,
			     offsetof(struct sockaddr_un, sun_path) + len) < 0)
		log_dbg("cannot notify the service manager: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

uint64_t notify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t us;
	char *end;

	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	us = strtoull(usec, &end, 10);
	return *end ? 0 : us / 1000;
}
