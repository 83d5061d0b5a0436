// SPDX-License-Identifier: GPL-2.0-only
/* Phases as the command line names them. */
#include "swapload.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const operation_names[NR_OPERATIONS] = {
	[FILL] = "fill",
	[READ] = "read",
	[WRITE] = "write",
	[VERIFY] = "verify",
	[HOLD] = "hold",
};

static const char *const order_names[NR_ORDERS] = {
	[SEQUENTIAL] = "seq",
	[BACKWARD] = "backward",
	[RANDOM] = "random",
	[STRIDED] = "strided",
	[ZIPF] = "zipf",
};

const char *operation_name(enum operation operation)
{
	return operation_names[operation];
}

const char *order_name(enum order order)
{
	return order_names[order];
}

static unsigned int one_of(const char *what, const char *text, const char *const *names,
			   unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(text, names[i]))
			return i;
	die(EXIT_USAGE, "'%s' is no %s", text, what);
}

/* It goes into the output as it is. */
static void set_label(struct phase *phase, const char *text)
{
	const char *p;

	for (p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			break;
	if (!*text || *p || strlen(text) >= sizeof(phase->label))
		die(EXIT_USAGE, "'%s' is no label: up to %zu letters, digits, -, _ and .", text,
		    sizeof(phase->label) - 1);
	snprintf(phase->label, sizeof(phase->label), "%s", text);
}

static void set_key(struct phase *phase, const char *key, const char *value,
		    unsigned int max_threads)
{
	if (!strcmp(key, "order"))
		phase->order = one_of("order", value, order_names, NR_ORDERS);
	else if (!strcmp(key, "count"))
		phase->count = (uint32_t)number(key, value, 1, UINT32_MAX);
	else if (!strcmp(key, "threads"))
		phase->threads = (unsigned int)number(key, value, 1, max_threads);
	else if (!strcmp(key, "cluster"))
		phase->cluster = (int)number(key, value, 0, 10);
	else if (!strcmp(key, "quiet"))
		phase->quiet = number(key, value, 0, 1);
	else if (!strcmp(key, "label"))
		set_label(phase, value);
	else
		die(EXIT_USAGE, "a phase has no key '%s'", key);
}

void parse_phase(const char *text, struct phase *phase, unsigned int max_threads)
{
	char *copy = strdup(text), *save, *word, *value;

	if (!copy)
		die(EXIT_TROUBLE, "no memory");
	*phase = (struct phase){ .threads = 1, .cluster = -1 };
	word = strtok_r(copy, ",", &save);
	phase->operation = one_of("operation", word ? word : "", operation_names, NR_OPERATIONS);
	set_label(phase, operation_names[phase->operation]);
	while ((word = strtok_r(NULL, ",", &save))) {
		value = strchr(word, '=');
		if (!value)
			die(EXIT_USAGE, "'%s' is not KEY=VALUE", word);
		*value = '\0';
		set_key(phase, word, value + 1, max_threads);
	}
	free(copy);
}
