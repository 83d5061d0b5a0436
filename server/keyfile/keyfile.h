/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file of pre-shared keys: who may read it, and where its keys are in memory. They are locked
 * there, left out of core dumps, and overwritten before the memory is given back.
 */
#ifndef FASTSWAP_KEYFILE_H
#define FASTSWAP_KEYFILE_H

#include "psk.h"

/* More than PSK_MAX lines of the longest kind; whoever reads a file need not read on. */
#define KEYFILE_MAX	(1u << 19)

/**
 * keyfile_complain_fn - something is wrong
 * @arg: as given with the function
 * @what: one line, with the path and, if it is about one, the number of a line
 */
typedef void keyfile_complain_fn(void *arg, const char *what);

/**
 * keyfile_load - read a file of keys
 * @path: of the file; it belongs to root or to the user, and nobody else may read or write it
 * @complain: called for all that is wrong
 * @arg: handed to @complain
 *
 * Return: at least one key, to be given back with keyfile_drop(); NULL after a complaint.
 */
struct psk_list *keyfile_load(const char *path, keyfile_complain_fn *complain, void *arg);

/** keyfile_drop - overwrite the keys and free them; safe on NULL */
void keyfile_drop(struct psk_list *list);

#endif /* FASTSWAP_KEYFILE_H */
