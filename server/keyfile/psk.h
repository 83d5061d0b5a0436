/* SPDX-License-Identifier: GPL-2.0-only */
/* Pre-shared keys and the text that they stand in. Pure: reads its arguments, nothing else. */
#ifndef FASTSWAP_PSK_H
#define FASTSWAP_PSK_H

#include <stddef.h>
#include <stdint.h>

#include <fastswap/proto.h>

#define PSK_MAX	1024	/* keys of one file */

struct psk {
	char identity[FSW_IDENTITY_MAX];	/* zero behind its end, as on the wire */
	uint8_t key[FSW_KEY_MAX];
	unsigned int len;			/* bytes of @key */
	unsigned int line;			/* of the file */
};

struct psk_list {
	unsigned int nr;
	struct psk psk[PSK_MAX];
};

/**
 * psk_complain_fn - a line is wrong
 * @arg: as given with the function
 * @line: its number, from 1
 * @what: what is wrong with it; holds no part of a key
 */
typedef void psk_complain_fn(void *arg, unsigned int line, const char *what);

/**
 * psk_parse - read keys from a text
 * @list: gets them
 * @text: lines "IDENTITY KEY", and blank ones, and those that begin with '#'; ends with a NUL; is
 *	cut into pieces in place
 * @complain: called for each line that is wrong
 * @arg: handed to @complain
 *
 * A key of nothing but hexadecimal digits is hexadecimal, any other one base64.
 *
 * Return: how many lines are wrong; @list is of no use then, but may hold keys all the same.
 */
unsigned int psk_parse(struct psk_list *list, char *text, psk_complain_fn *complain, void *arg);

/**
 * psk_find - the key of somebody
 * @list: all keys
 * @identity: as fsw_identity_check() likes it
 *
 * Looks at every one, whether it finds it or not.
 *
 * Return: the key, or NULL.
 */
const struct psk *psk_find(const struct psk_list *list, const char identity[FSW_IDENTITY_MAX]);

#endif /* FASTSWAP_PSK_H */
