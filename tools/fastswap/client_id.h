/* SPDX-License-Identifier: GPL-2.0-only */
/* Who this machine is to a server. */
#ifndef FASTSWAP_CLIENT_ID_H
#define FASTSWAP_CLIENT_ID_H

#include <stdbool.h>

#define CLIENT_ID_MAX	33	/* bytes of a client id as text, NUL included */

bool client_id(char *text);

#endif /* FASTSWAP_CLIENT_ID_H */
