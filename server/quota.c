// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "quota.h"

#define BLANKS		" \t,"
#define IDENTITY	"identity:"
#define WORD_MAX	80	/* an identity and what is before it */

static const char *const names[QUOTA_NR] = {
	[QUOTA_SIZE] = "size",
	[QUOTA_RESERVE] = "reserve",
	[QUOTA_QUEUE_PAIRS] = "queue-pairs",
	[QUOTA_SESSIONS] = "sessions",
};

const char *quota_name(enum quota_what what)
{
	return names[what];
}

/* The next word of @text; false at the end. A longer one is cut, so that it is not found. */
static bool take_word(const char **text, char word[WORD_MAX])
{
	size_t len;

	*text += strspn(*text, BLANKS);
	len = strcspn(*text, BLANKS);
	snprintf(word, WORD_MAX, "%.*s", (int)(len < WORD_MAX ? len : WORD_MAX), *text);
	*text += len;
	return len;
}

static bool parse_id(uint8_t id[16], const char *text)
{
	unsigned int i;

	if (strlen(text) != 32)
		return false;
	for (i = 0; i < 32; i++) {
		int c = tolower((unsigned char)text[i]);

		if (!isxdigit(c))
			return false;
		id[i / 2] = id[i / 2] << 4 | (isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	return true;
}

static bool parse_who(struct quota_who *who, const char *text)
{
	const size_t len = strlen(IDENTITY);

	if (strncmp(text, IDENTITY, len))
		return parse_id(who->id, text);
	return fsw_identity_set(who->identity, text + len);
}

static bool is_size(enum quota_what what)
{
	return what == QUOTA_SIZE || what == QUOTA_RESERVE;
}

static bool parse_limit(uint64_t *limit, enum quota_what what, const char *text)
{
	char *end;

	if (!strcmp(text, "unlimited") && what != QUOTA_RESERVE) {
		*limit = QUOTA_NONE;
		return true;
	}
	if (is_size(what))
		return !config_parse_size(text, limit) && *limit && *limit != QUOTA_NONE;
	if (!isdigit((unsigned char)*text) || strlen(text) > 9)
		return false;
	*limit = strtoul(text, &end, 10);
	return !*end && *limit;
}

static bool parse_word(struct quota_rule *rule, char *word, char *why, size_t why_size)
{
	char *sign = strchr(word, '=');
	unsigned int what = 0;

	if (sign)
		*sign = '\0';
	while (what < QUOTA_NR && strcmp(names[what], word))
		what++;
	if (!sign || what == QUOTA_NR) {
		snprintf(why, why_size, ": '%s' is not size=, reserve=, queue-pairs= or sessions=",
			 word);
		return false;
	}
	if (rule->given[what]) {
		snprintf(why, why_size, ": %s is there twice", word);
		return false;
	}
	if (!parse_limit(&rule->quota.limit[what], what, sign + 1)) {
		snprintf(why, why_size,
			 what == QUOTA_RESERVE ? ": %s: '%s' is not %s" :
						 ": %s: '%s' is neither %s nor 'unlimited'",
			 word, sign + 1, is_size(what) ? "a size such as 32G" : "a number from 1");
		return false;
	}
	rule->given[what] = true;
	return true;
}

int quota_add(struct quota_list *list, const char *text, char *why, size_t why_size)
{
	struct quota_rule rule = { 0 };
	bool all, any = false;
	char word[WORD_MAX];
	unsigned int i;

	take_word(&text, word);
	all = !strcmp(word, "default");
	if (!all && !parse_who(&rule.who, word)) {
		snprintf(why, why_size,
			 ": '%s' is neither identity:NAME, 32 hexadecimal digits nor 'default'",
			 word);
		return -1;
	}
	for (i = 0; i < list->nr && !all; i++) {
		if (quota_who_is(&list->rules[i].who, &rule.who)) {
			snprintf(why, why_size, ": %s has a quota already", word);
			return -1;
		}
	}
	for (i = 0; i < QUOTA_NR && all; i++) {
		if (list->all.given[i]) {
			snprintf(why, why_size, ": there is a default already");
			return -1;
		}
	}
	while (take_word(&text, word)) {
		if (!parse_word(&rule, word, why, why_size))
			return -1;
		any = true;
	}
	if (!any) {
		snprintf(why, why_size, ": no limit is named");
		return -1;
	}
	if (rule.given[QUOTA_RESERVE] && rule.given[QUOTA_SIZE] &&
	    rule.quota.limit[QUOTA_RESERVE] > rule.quota.limit[QUOTA_SIZE]) {
		snprintf(why, why_size, ": reserve= is more than size=");
		return -1;
	}
	if (all && rule.given[QUOTA_RESERVE]) {
		snprintf(why, why_size, ": reserve= is for one client, not for everybody");
		return -1;
	}
	if (all) {
		list->all = rule;
		return 0;
	}
	if (list->nr == QUOTA_MAX) {
		snprintf(why, why_size, " is given for more than %d clients", QUOTA_MAX);
		return -1;
	}
	list->rules[list->nr++] = rule;
	return 0;
}

struct quota_who quota_by_id(const uint8_t id[16])
{
	struct quota_who who = { 0 };

	memcpy(who.id, id, sizeof(who.id));
	return who;
}

struct quota_who quota_by_identity(const char identity[FSW_IDENTITY_MAX])
{
	struct quota_who who = { 0 };

	memcpy(who.identity, identity, sizeof(who.identity));
	return who;
}

const struct quota_rule *quota_misfit(const struct quota_list *list, bool keys)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (!list->rules[i].who.identity[0] == keys)
			return &list->rules[i];
	return NULL;
}

struct quota quota_find(const struct quota_list *list, const struct quota_who *who)
{
	const struct quota_rule *rule = &list->all;
	struct quota quota;
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (quota_who_is(&list->rules[i].who, who))
			rule = &list->rules[i];
	for (i = 0; i < QUOTA_NR; i++) {
		quota.limit[i] = i == QUOTA_RESERVE ? 0 : QUOTA_NONE;
		if (rule->given[i])
			quota.limit[i] = rule->quota.limit[i];
		else if (list->all.given[i])
			quota.limit[i] = list->all.quota.limit[i];
	}
	return quota;
}

const struct quota_rule *quota_excess(const struct quota_list *list)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		const struct quota quota = quota_find(list, &list->rules[i].who);

		if (quota.limit[QUOTA_RESERVE] > quota.limit[QUOTA_SIZE])
			return &list->rules[i];
	}
	return NULL;
}

uint64_t quota_chunks(uint64_t bytes, unsigned int shift)
{
	return (bytes >> shift) + !!(bytes & ((1ull << shift) - 1));
}

uint64_t quota_reserved(const struct quota_list *list, unsigned int shift)
{
	uint64_t chunks = 0;
	unsigned int i;

	/* A size has less than 64 bits, a chunk at least 20 and the list 256 rules. */
	for (i = 0; i < list->nr; i++)
		if (list->rules[i].given[QUOTA_RESERVE])
			chunks += quota_chunks(list->rules[i].quota.limit[QUOTA_RESERVE], shift);
	return chunks;
}

static bool rule_differs(const struct quota_rule *a, const struct quota_rule *b)
{
	unsigned int i;

	for (i = 0; i < QUOTA_NR; i++)
		if (a->given[i] != b->given[i] || a->quota.limit[i] != b->quota.limit[i])
			return true;
	return !quota_who_is(&a->who, &b->who);
}

bool quota_differs(const struct quota_list *a, const struct quota_list *b)
{
	unsigned int i;

	if (a->nr != b->nr || rule_differs(&a->all, &b->all))
		return true;
	for (i = 0; i < a->nr; i++)
		if (rule_differs(&a->rules[i], &b->rules[i]))
			return true;
	return false;
}

const char *quota_id_text(char buf[33], const uint8_t id[16])
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		snprintf(buf + 2 * i, 3, "%02x", id[i]);
	return buf;
}
