// SPDX-License-Identifier: GPL-2.0-only
#include "modules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli.h"
#include "run.h"

#define MODPROBE_TIMEOUT_S	60

/* modprobe says it in English whatever the locale. */
static void explain(const char *module, int status, const char *message)
{
	struct utsname uts;

	if (status == -ENOENT) {
		complain("cannot load the module %s: modprobe is not installed", module);
	} else if (strstr(message, "not found")) {
		uname(&uts);
		complain("the module %s is not installed for kernel %s", module, uts.release);
	} else if (strstr(message, "Key was rejected")) {
		complain("cannot load the module %s: this kernel takes signed modules only",
			 module);
	} else {
		complain("cannot load the module %s: %s (the kernel's log may say more)", module,
			 message);
	}
}

/**
 * load_backend - see to it that a backend's module is loaded; complains if it cannot be
 * @backend: "rdma", "dram" or "mirror"
 *
 * Loading it loads the core too.
 */
bool load_backend(const char *backend)
{
	char module[64], path[128], message[RUN_MESSAGE_MAX];
	char *const argv[] = { (char *)"modprobe", module, NULL };
	int status;

	snprintf(module, sizeof(module), "fastswap_%s", backend);
	snprintf(path, sizeof(path), "/sys/module/%s", module);
	if (access(path, F_OK) == 0)
		return true;

	status = run_tool(argv, MODPROBE_TIMEOUT_S, message);
	if (status) {
		explain(module, status, message);
		return false;
	}
	return true;
}
