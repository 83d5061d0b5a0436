/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for libevent, the clock and the threads, so that the same input always gives the same
 * run: time stands still until it is moved, threads run one turn when they are told to. Link with
 * --wrap of clock_gettime, pthread_create and pthread_join.
 */
#ifndef FUZZ_LOOP_H
#define FUZZ_LOOP_H

/* Between these two, a thread that is started is not, but kept for loop_turn(). */
void loop_keep_threads(void);
void loop_release_threads(void);

/* Moves the clock. */
void loop_advance_us(unsigned long us);

/* One turn of the nth thread that was kept: what its loop does up to the next wait. */
void loop_turn(unsigned int nr);

#endif /* FUZZ_LOOP_H */
