/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What systemd is told. The protocol is one datagram and promised to stay; libsystemd for it would
 * bring compressors and ciphers into a process that holds other machines' memory.
 */
#ifndef FASTSWAP_SERVER_NOTIFY_H
#define FASTSWAP_SERVER_NOTIFY_H

#include <stdint.h>

/**
 * notify - tell the service manager, if there is one that asked for it
 * @fmt: assignments such as "READY=1", with newlines between them
 */
void notify(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** notify_watchdog_ms - how often "WATCHDOG=1" is to come at the least; 0: need not */
uint64_t notify_watchdog_ms(void);

#endif /* FASTSWAP_SERVER_NOTIFY_H */
