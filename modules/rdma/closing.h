/* SPDX-License-Identifier: GPL-2.0-only */
/* The ends of connections that the CM has, and how to be rid of them. */
#ifndef _FSR_CLOSING_H
#define _FSR_CLOSING_H

#include <linux/workqueue.h>
#include <rdma/rdma_cm.h>

struct fsr_conn;

/**
 * struct fsr_cm - the CM's end of a connection, and what its events are about
 * @id: the end
 * @conn: whose it is; NULL when nobody's. Changes under the id's handler lock, which the
 *	handler runs under
 * @removed: the RDMA device is being removed
 * @waits: until its port is up; of @work
 * @work: destroys @id
 */
struct fsr_cm {
	struct rdma_cm_id *id;
	struct fsr_conn *conn;
	bool removed;
	bool waits;
	struct delayed_work work;
};

struct fsr_cm *fsr_cm_create(struct fsr_conn *conn, rdma_cm_event_handler handler);
void fsr_cm_close(struct fsr_cm *cm);
bool fsr_cm_is_port_down(const struct rdma_cm_id *id);
bool fsr_closing_is_late(void);
void fsr_closing_wait(void);
int fsr_closing_init(void);
void fsr_closing_exit(void);

#endif /* _FSR_CLOSING_H */
