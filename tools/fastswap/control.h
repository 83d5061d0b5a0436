/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/fastswap-control: the calls that make and remove devices. */
#ifndef FASTSWAP_CONTROL_H
#define FASTSWAP_CONTROL_H

#include <fastswap/control.h>

int control_attach(struct fastswap_ctl_attach *args);
int control_detach(int index);
int control_detach_retry(int index, unsigned int timeout_ms);

#endif /* FASTSWAP_CONTROL_H */
