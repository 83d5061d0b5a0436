// SPDX-License-Identifier: GPL-2.0-only
#include "secret.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"
#include "keyfile.h"

static void pass_on(void *arg, const char *what)
{
	complain("%s", what);
}

/**
 * secret_load - read a key from a file; complains
 * @secret: filled in; secret_drop() is due whatever is returned
 * @path: of the file
 * @identity: whose key; NULL: the only one that there is
 */
bool secret_load(struct secret *secret, const char *path, const char *identity)
{
	const struct psk_list *keys;

	memset(secret, 0, sizeof(*secret));
	secret->keys = keyfile_load(path, pass_on, NULL);
	keys = secret->keys;
	if (!keys)
		return false;
	if (!identity && keys->nr > 1) {
		complain("%s has %u keys: choose one with --identity", path, keys->nr);
		return false;
	}
	snprintf(secret->identity, sizeof(secret->identity), "%s",
		 identity ? identity : keys->psk[0].identity);
	if (!psk_find(keys, secret->identity)) {
		complain("%s has no key of '%s'", path, secret->identity);
		return false;
	}
	return true;
}

/**
 * secret_lend - let the kernel see the key until secret_drop(); complains
 * @secret: loaded
 *
 * It gets into a keyring that ends with this process, as a key of the type "logon", which no
 * program can read back, not even this one.
 */
bool secret_lend(struct secret *secret)
{
	const struct psk *psk = psk_find(secret->keys, secret->identity);
	long serial;

	snprintf(secret->name, sizeof(secret->name), "fastswap:%d", (int)getpid());
	serial = syscall(SYS_add_key, "logon", secret->name, psk->key, (size_t)psk->len,
			 KEY_SPEC_PROCESS_KEYRING);
	if (serial < 0) {
		complain("cannot give the key to the kernel: %s", strerror(errno));
		return false;
	}
	secret->serial = serial;
	return true;
}

/** secret_drop - take the key back from the kernel, and forget it; safe on one filled with zeros */
void secret_drop(struct secret *secret)
{
	/*
	 * Revoking wipes it at once. The keyring lives longer than this process if it opens what
	 * stays open, as a swap area does: without the key then.
	 */
	if (secret->serial && (syscall(SYS_keyctl, KEYCTL_REVOKE, secret->serial) ||
			       syscall(SYS_keyctl, KEYCTL_UNLINK, secret->serial,
				       KEY_SPEC_PROCESS_KEYRING)))
		tell("cannot take the key back from the kernel: %s", strerror(errno));
	secret->serial = 0;
	keyfile_drop(secret->keys);
	secret->keys = NULL;
}
