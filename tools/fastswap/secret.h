/* SPDX-License-Identifier: GPL-2.0-only */
/* The key that is shared with a server, on its way from a file to the kernel. */
#ifndef FASTSWAP_SECRET_H
#define FASTSWAP_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include <fastswap/proto.h>

#define SECRET_NAME_MAX	32	/* bytes of @name, NUL included */

struct psk_list;

/**
 * struct secret - a key, and where it is
 * @keys: those of the file; NULL: none was loaded
 * @identity: whose key it is; empty: there is none
 * @name: how the kernel finds it, while it is lent
 * @serial: the kernel's number of it; 0: it is not lent
 */
struct secret {
	struct psk_list *keys;
	char identity[FSW_IDENTITY_MAX];
	char name[SECRET_NAME_MAX];
	int32_t serial;
};

bool secret_load(struct secret *secret, const char *path, const char *identity);
bool secret_lend(struct secret *secret);
void secret_drop(struct secret *secret);

#endif /* FASTSWAP_SECRET_H */
