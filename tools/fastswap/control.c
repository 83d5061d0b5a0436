// SPDX-License-Identifier: GPL-2.0-only
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

#define NODE_TIMEOUT_MS	2000	/* for /dev to show what a module just made */

static int control_open(void)
{
	unsigned long long deadline = now_ms() + NODE_TIMEOUT_MS;
	int fd;

	for (;;) {
		fd = open(FASTSWAP_CONTROL_PATH, O_RDWR | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno != ENOENT || now_ms() >= deadline || interrupted())
			return -errno;
		sleep_ms(10);
	}
}

static int control_call(unsigned long request, void *args)
{
	int fd = control_open(), err = 0;

	if (fd < 0)
		return fd;
	if (ioctl(fd, request, args) < 0)
		err = -errno;
	close(fd);
	return err;
}

/**
 * control_attach - make a device
 * @args: as the kernel wants them; on return its index, or the error in words, maybe empty
 *
 * Return: 0 or a negative errno.
 */
int control_attach(struct fastswap_ctl_attach *args)
{
	int err = control_call(FASTSWAP_CTL_ATTACH, args);

	args->error[sizeof(args->error) - 1] = '\0';
	return err;
}

/** control_detach - remove a device; -EBUSY while it is open */
int control_detach(int index)
{
	struct fastswap_ctl_detach args = { .index = index };

	return control_call(FASTSWAP_CTL_DETACH, &args);
}

/**
 * control_detach_retry - the same, with patience for those who only take a look
 * @index: of the device
 * @timeout_ms: how long to try
 *
 * Whenever a device is closed that was open for writing, udev opens it to see
 * what is on it now.
 */
int control_detach_retry(int index, unsigned int timeout_ms)
{
	unsigned long long deadline = now_ms() + timeout_ms;
	int err;

	while ((err = control_detach(index)) == -EBUSY && now_ms() < deadline)
		sleep_ms(20);
	return err;
}
