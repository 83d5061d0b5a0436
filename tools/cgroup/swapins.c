// SPDX-License-Identifier: GPL-2.0-only
#include "swapins.h"

#include <fcntl.h>
#include <glob.h>
#include <stddef.h>
#include <unistd.h>

#include "cgfile.h"
#include "group.h"
#include "units.h"

/** swapins_open - it is no error if there is nothing to open */
void swapins_open(struct swapins *s)
{
	s->vmstat = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
}

void swapins_close(struct swapins *s)
{
	if (s->vmstat >= 0)
		close(s->vmstat);
	s->vmstat = -1;
}

/** swapins_bytes - bytes that came in from swap since the machine started; 0 if not known */
uint64_t swapins_bytes(const struct swapins *s)
{
	uint64_t pages;

	if (s->vmstat < 0 || group_key(s->vmstat, "pswpin", &pages))
		return 0;
	return pages * SLOT_SIZE;
}

/**
 * swapins_latency - reads that tasks waited for, of all fastswap devices since they were attached
 * @count: gets how many there were
 * @total_ns: gets how long they took altogether
 */
void swapins_latency(uint64_t *count, uint64_t *total_ns)
{
	char text[4096];
	glob_t found;
	size_t i;

	*count = *total_ns = 0;
	if (glob("/sys/block/fastswap*/fastswap/demand_latency", 0, NULL, &found) == 0) {
		for (i = 0; i < found.gl_pathc; i++)
			if (group_read(AT_FDCWD, found.gl_pathv[i], text, sizeof(text)) > 0)
				cgfile_histogram(text, count, total_ns);
	}
	globfree(&found);
}
