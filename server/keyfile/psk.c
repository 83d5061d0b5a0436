// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "psk.h"

#define BLANKS	" \t\r\f\v"

/* Cuts the line off; NULL at the end of the text. */
static char *take_line(char **text)
{
	char *line = *text, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = '\0';
	*text = end;
	return line;
}

/* Cuts the word off; empty if there is none. */
static char *take_word(char **line)
{
	char *word = *line + strspn(*line, BLANKS), *end = word + strcspn(word, BLANKS);

	*line = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

static bool is_hex(const char *text)
{
	while (*text)
		if (hex_digit(*text++) < 0)
			return false;
	return true;
}

static const char *parse_hex(struct psk *psk, const char *text)
{
	size_t len = strlen(text), i;

	if (len % 2)
		return "the key has an odd number of hexadecimal digits";
	if (len / 2 > FSW_KEY_MAX)
		return NULL;
	for (i = 0; i < len; i++)
		psk->key[i / 2] = psk->key[i / 2] << 4 | hex_digit(text[i]);
	psk->len = len / 2;
	return NULL;
}

static const char *parse_base64(struct psk *psk, const char *text)
{
	static const char wrong[] = "the key is neither hexadecimal nor base64";
	size_t len = strlen(text), pad = 0, i;
	uint32_t bits = 0;

	while (pad < 2 && len && text[len - 1] == '=') {
		len--;
		pad++;
	}
	if ((len + pad) % 4)
		return wrong;
	for (i = 0; i < len; i++)
		if (base64_digit(text[i]) < 0)
			return wrong;
	if (len * 3 / 4 > FSW_KEY_MAX)
		return NULL;
	for (i = 0; i < len; i++) {
		bits = bits << 6 | base64_digit(text[i]);
		/* 6 bits more each time: a byte is complete with all digits but the first of 4. */
		if (i % 4)
			psk->key[psk->len++] = bits >> (6 - 2 * (i % 4));
	}
	/* What is left over of the last digit: two texts for one key are one too many. */
	if (bits & ((1u << (2 * pad)) - 1)) {
		psk->len = 0;
		return wrong;
	}
	return NULL;
}

/* Returns what is wrong, or NULL. */
static const char *parse_line(struct psk_list *list, struct psk *psk, char *line, char *buf,
			      size_t size)
{
	const char *identity = take_word(&line), *key = take_word(&line), *wrong;
	const struct psk *other;

	if (!*key || *take_word(&line))
		return "a line is 'IDENTITY KEY'";
	if (!fsw_identity_set(psk->identity, identity))
		return "an identity is up to 63 letters, digits, '.', '_', '-' and '@'";
	other = psk_find(list, psk->identity);
	if (other) {
		snprintf(buf, size, "%s is in line %u already", psk->identity, other->line);
		return buf;
	}
	wrong = is_hex(key) ? parse_hex(psk, key) : parse_base64(psk, key);
	if (!wrong && (psk->len < FSW_KEY_MIN || psk->len > FSW_KEY_MAX)) {
		snprintf(buf, size, "the key is %s: it must have %d to %d bytes",
			 psk->len ? "too short" : "too long", FSW_KEY_MIN, FSW_KEY_MAX);
		return buf;
	}
	return wrong;
}

unsigned int psk_parse(struct psk_list *list, char *text, psk_complain_fn *complain, void *arg)
{
	unsigned int number = 0, bad = 0;
	const char *wrong;
	char *line, buf[160];
	struct psk *psk;

	list->nr = 0;
	while ((line = take_line(&text))) {
		number++;
		line += strspn(line, BLANKS);
		if (!*line || *line == '#')
			continue;
		if (list->nr == PSK_MAX) {
			snprintf(buf, sizeof(buf), "more than %d keys", PSK_MAX);
			complain(arg, number, buf);
			return bad + 1;
		}
		psk = &list->psk[list->nr];
		memset(psk, 0, sizeof(*psk));
		psk->line = number;
		wrong = parse_line(list, psk, line, buf, sizeof(buf));
		if (wrong) {
			complain(arg, number, wrong);
			bad++;
		} else {
			list->nr++;
		}
	}
	return bad;
}

const struct psk *psk_find(const struct psk_list *list, const char identity[FSW_IDENTITY_MAX])
{
	const struct psk *found = NULL;
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (!memcmp(list->psk[i].identity, identity, FSW_IDENTITY_MAX))
			found = &list->psk[i];
	return found;
}
