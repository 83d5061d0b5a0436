// SPDX-License-Identifier: GPL-2.0-only
/*
 * textgen: writes text to standard output that compresses about as text does: words
 * of a vocabulary, some of them far more often than others.
 */
#include "experiment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VOCABULARY	4096u
#define LONGEST		10u	/* letters of a word */
#define SHORTEST	2u
#define COLUMNS		80u

static char words[VOCABULARY][LONGEST];
static unsigned int letters[VOCABULARY];

static void make_words(uint64_t *state)
{
	/* The most frequent ones of English. */
	static const char alphabet[] = "etaoinshrdlu";
	unsigned int i, k;

	for (i = 0; i < VOCABULARY; i++) {
		letters[i] = SHORTEST + (unsigned int)random_below(state, LONGEST - SHORTEST + 1);
		for (k = 0; k < letters[i]; k++)
			words[i][k] = alphabet[random_below(state, sizeof(alphabet) - 1)];
	}
}

/* The smallest of three: the first words of the vocabulary are used most. */
static unsigned int choose(uint64_t *state)
{
	uint64_t least = VOCABULARY, other;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		other = random_below(state, VOCABULARY);
		if (other < least)
			least = other;
	}
	return (unsigned int)least;
}

int main(int argc, char **argv)
{
	struct experiment e;
	size_t written = 0;
	uint64_t state;

	experiment_parse(&e, argc, argv, "Write that much text to standard output.");
	state = mix(e.seed + 3);
	make_words(&state);
	while (written < e.bytes) {
		char line[COLUMNS];
		size_t len = 0, rest = e.bytes - written;

		for (;;) {
			unsigned int word = choose(&state);

			if (len + letters[word] + 1 > sizeof(line))
				break;
			memcpy(line + len, words[word], letters[word]);
			len += letters[word];
			line[len++] = ' ';
		}
		line[len - 1] = '\n';
		if (len > rest)
			len = rest;
		if (fwrite(line, 1, len, stdout) != len)
			die(EXIT_TROUBLE, "cannot write: %s", strerror(errno));
		written += len;
	}
	if (fflush(stdout))
		die(EXIT_TROUBLE, "cannot write: %s", strerror(errno));
	return EXIT_GOOD;
}
