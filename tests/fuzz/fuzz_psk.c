// SPDX-License-Identifier: GPL-2.0-only
/* Files of keys: any text is taken rightly, or complained about. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "psk.h"

static void complain(void *arg, unsigned int line, const char *what)
{
	unsigned int *nr = arg;

	assert(line && *what && !strchr(what, '\n'));
	++*nr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct psk_list list;
	char *text = malloc(size + 1);
	unsigned int i, bad, nr = 0;

	assert(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	bad = psk_parse(&list, text, complain, &nr);
	assert(bad == nr);
	assert(list.nr <= PSK_MAX);
	for (i = 0; i < list.nr; i++) {
		const struct psk *psk = &list.psk[i];

		assert(fsw_identity_check(psk->identity, sizeof(psk->identity)));
		assert(psk->len >= FSW_KEY_MIN && psk->len <= FSW_KEY_MAX);
		assert(psk->line && (!i || psk->line > psk[-1].line));
		assert(psk_find(&list, psk->identity) == psk);
	}
	free(text);
	return 0;
}
