// SPDX-License-Identifier: GPL-2.0-only
/* The server's command line, sizes and addresses: any text is taken rightly or turned away. */
#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <fastswap/proto.h>

#include "address.h"
#include "config.h"
#include "input.h"

#define MAX_ARGS	16

static void check_run(const struct config *cfg)
{
	struct sockaddr_storage addr;

	assert(cfg->port && cfg->size && cfg->size <= cfg->asked_size);
	assert(cfg->chunk_shift >= FSW_CHUNK_SHIFT_MIN && cfg->chunk_shift <= FSW_CHUNK_SHIFT_MAX);
	assert(!(cfg->size & ((1ull << cfg->chunk_shift) - 1)));
	assert(cfg->size >> cfg->chunk_shift <= FSW_MAX_CHUNKS);
	assert(cfg->threads <= 256);
	assert(cfg->max_sessions - 1 < 65536 && cfg->max_sets - 1 < FSW_MAX_SETS);
	assert(cfg->keepalive_ms - 1 < 3600000 && cfg->lease_ms <= 86400000);
	if (!address_parse(cfg, &addr))
		assert(addr.ss_family == AF_INET || addr.ss_family == AF_INET6);
}

static void check_size(const char *text)
{
	uint64_t bytes = 0;
	char buf[32];

	if (config_parse_size(text, &bytes))
		return;
	assert(*text >= '0' && *text <= '9');
	assert(config_size_text(buf, sizeof(buf), bytes) == buf);
	assert(*buf && strlen(buf) < sizeof(buf));
}

static void complain(void *arg, const char *what)
{
	unsigned int *nr = arg;

	assert(*what && !strchr(what, '\n'));
	++*nr;
}

static void check_file(int argc, char **argv, const uint8_t *data, size_t size)
{
	const uint8_t *begin = size ? memchr(data, '\n', size) : NULL;
	size_t len = begin ? data + size - begin : 0;
	char *text = malloc(len + 1);
	enum config_verdict verdict;
	struct config cfg;
	unsigned int nr = 0;

	assert(text);
	if (len)
		memcpy(text, begin, len);
	text[len] = 0;
	verdict = config_merge(&cfg, argc, argv, text, complain, &nr);
	assert(verdict == CONFIG_RUN || verdict == CONFIG_CHECK || verdict == CONFIG_ERROR);
	assert(!nr == (verdict != CONFIG_ERROR));
	if (!nr)
		check_run(&cfg);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *argv[MAX_ARGS + 1] = { NULL };
	struct config cfg;
	char why[256] = "";
	size_t at = 0;
	int argc = 0;

	assert(text);
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	argv[argc++] = (char *)"fastswap-server";
	while (at < size && argc < MAX_ARGS) {
		argv[argc++] = text + at;
		at += strlen(text + at) + 1;
	}
	switch (config_parse(&cfg, argc, argv, why, sizeof(why))) {
	case CONFIG_RUN:
	case CONFIG_CHECK:
		check_run(&cfg);
		break;
	case CONFIG_READ_FILE:
		/* What follows the first newline is taken for what is in the file. */
		check_file(argc, argv, data, size);
		break;
	case CONFIG_ERROR:
		assert(*why && strlen(why) < sizeof(why));
		break;
	case CONFIG_HELP:
	case CONFIG_VERSION:
		break;
	}
	check_size(text);
	free(text);
	return 0;
}
