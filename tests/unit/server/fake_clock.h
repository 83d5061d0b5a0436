/* SPDX-License-Identifier: GPL-2.0-only */
/* Lets a test move the clock of the server's code forward; link with --wrap=clock_gettime. */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

void fake_clock_advance(unsigned int ms);

#endif /* FAKE_CLOCK_H */
