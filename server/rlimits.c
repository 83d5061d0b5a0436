// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "rlimits.h"
#include "log.h"

/* Standard streams, libraries, devices (two each), the connection manager, the main loop. */
#define FILES_OF_SERVER		64
/* Of the admin endpoint, which takes no others while clients may need them. */
#define FILES_OF_VISITORS	64
/* Mailbox and event base, with some to spare. */
#define FILES_OF_THREAD		4

uint64_t rlimits_files_needed(unsigned int max_sessions, unsigned int threads)
{
	return FILES_OF_SERVER + FILES_OF_VISITORS + (uint64_t)FILES_OF_THREAD * threads +
	       max_sessions + CONFIG_MAX_ENDING((uint64_t)max_sessions);
}

uint64_t rlimits_raise(int resource, uint64_t wanted)
{
	struct rlimit limit;
	rlim_t old;

	if (getrlimit(resource, &limit))
		return UINT64_MAX;
	if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < wanted &&
	    limit.rlim_cur < limit.rlim_max) {
		old = limit.rlim_cur;
		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		if (setrlimit(resource, &limit)) {
			log_dbg("cannot raise a limit: %s", strerror(errno));
			limit.rlim_cur = old;
		}
	}
	return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

uint64_t rlimits_files_left(void)
{
	struct rlimit limit;
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	close(fd);
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur > (rlim_t)fd ? limit.rlim_cur - fd : 0;
}

void rlimits_check_files(unsigned int max_sessions, unsigned int threads)
{
	uint64_t needed = rlimits_files_needed(max_sessions, threads);
	uint64_t limit = rlimits_raise(RLIMIT_NOFILE, needed);

	if (limit < needed)
		log_warn("RLIMIT_NOFILE is %" PRIu64 ", but %u clients may need %" PRIu64
			 "; raise it with ulimit -Hn or LimitNOFILE= in the unit",
			 limit, max_sessions, needed);
}
