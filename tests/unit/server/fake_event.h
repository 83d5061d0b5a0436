/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lets a test run libevent out of memory; link with --wrap of event_new, event_add,
 * event_config_new and event_base_new_with_config.
 */
#ifndef FAKE_EVENT_H
#define FAKE_EVENT_H

/* The nth such call from now (1: the next) of this thread fails. 0: none does. */
void fake_event_fail(unsigned int nth);
/* The same for a call of any other thread. */
void fake_event_fail_elsewhere(unsigned int nth);

#endif /* FAKE_EVENT_H */
