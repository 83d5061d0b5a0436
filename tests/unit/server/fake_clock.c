// SPDX-License-Identifier: GPL-2.0-only
#include <stdatomic.h>
#include <time.h>

#include "fake_clock.h"

static atomic_uint skew_ms;

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	unsigned int ms = atomic_load(&skew_ms);
	int ret = __real_clock_gettime(clock, ts);

	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000;
	}
	return ret;
}

void fake_clock_advance(unsigned int ms)
{
	atomic_fetch_add(&skew_ms, ms);
}
