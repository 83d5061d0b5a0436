// SPDX-License-Identifier: GPL-2.0-only
#include "client_id.h"

#ifdef FASTSWAP_HAS_LIBSYSTEMD

#include <systemd/sd-id128.h>

/* Of fastswap: drawn once, the same for ever. */
#define APPLICATION_ID \
	SD_ID128_MAKE(ca, 61, 4d, 1f, e2, c7, 42, 53, \
		      b8, c2, 6b, c2, ba, 64, 8c, 16)

/**
 * client_id - what this machine calls itself, the same after every reboot
 * @text: CLIENT_ID_MAX bytes: 32 hexadecimal digits, set on success only
 *
 * The machine id itself is confidential, so what leaves the machine is a hash
 * of it that no other application comes to.
 *
 * Return: false if the machine has no id.
 */
bool client_id(char *text)
{
	sd_id128_t id;

	if (sd_id128_get_machine_app_specific(APPLICATION_ID, &id) < 0)
		return false;
	sd_id128_to_string(id, text);
	return true;
}

#else

bool client_id(char *text)
{
	return false;
}

#endif
