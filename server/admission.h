/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may connect: looks at a hello and answers with a welcome or a refusal. */
#ifndef FASTSWAP_SERVER_ADMISSION_H
#define FASTSWAP_SERVER_ADMISSION_H

#include <stddef.h>

#include "listener.h"

struct rdma_cm_id;

/**
 * admission_request - answer a connect request
 * @l: the listener
 * @id: the new connection; it is the callee's from here on, whatever happens
 * @hello: private data of the request
 * @len: its length
 * @reads: RDMA reads in flight that the client asks for
 */
void admission_request(struct listener *l, struct rdma_cm_id *id, const void *hello, size_t len,
		       unsigned int reads);

#endif /* FASTSWAP_SERVER_ADMISSION_H */
