/* SPDX-License-Identifier: GPL-2.0-only */
/* What a user may say about an attachment, as text and as numbers. Pure. */
#ifndef _FSR_PARAMS_H
#define _FSR_PARAMS_H

#include <linux/socket.h>
#include <linux/types.h>

#include <fastswap/proto.h>

#define FSR_ADDR_TEXT_MAX 64 /* "[" IPv6 "%" interface "]", NUL included */
#define FSR_PSK_MAX	64 /* description of a key, NUL included */

/**
 * struct fsr_params - options of one attachment
 * @addr: the server, port included
 * @source: the address of this machine to come from; family AF_UNSPEC: any
 * @peer: @addr as the user wrote it
 * @port: its port
 * @queues: queue sets, 0: as many as this machine has CPUs
 * @hold: seconds that I/O waits for a server that is lost
 * @has_client_id: @client_id was given
 * @client_id: who this machine is
 * @psk: description of the key that is shared with the server; empty: there is none
 * @identity: whose key that is; zero behind its end
 */
struct fsr_params {
	struct sockaddr_storage addr;
	struct sockaddr_storage source;
	char peer[FSR_ADDR_TEXT_MAX];
	u16 port;
	u16 queues;
	u32 hold;
	bool has_client_id;
	u8 client_id[16];
	char psk[FSR_PSK_MAX];
	char identity[FSW_IDENTITY_MAX];
};

int fsr_params_parse(struct fsr_params *params, char *options, char *error, size_t len);
int fsr_size_parse(const char *text, u64 *size);

#endif /* _FSR_PARAMS_H */
