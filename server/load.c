// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "conffile.h"
#include "keyfile.h"
#include "load.h"
#include "log.h"

/* The whole of a file as a text, or NULL after saying why not. */
static char *read_text(const char *path)
{
	/* A FIFO that nobody writes to would make us wait for ever. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	struct stat st;
	ssize_t n = -1;
	char *text;

	if (fd < 0 || fstat(fd, &st)) {
		log_err("%s: %s", path, strerror(errno));
		goto err_close;
	}
	if (!S_ISREG(st.st_mode)) {
		log_err("%s is not a file", path);
		goto err_close;
	}
	text = malloc(CONFFILE_MAX + 1);
	if (!text) {
		log_err("%s: %s", path, strerror(ENOMEM));
		goto err_close;
	}
	while (len <= CONFFILE_MAX) {
		n = read(fd, text + len, CONFFILE_MAX + 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	if (n < 0)
		log_err("%s: %s", path, strerror(errno));
	else if (len > CONFFILE_MAX)
		log_err("%s: more than %u KiB: is it a configuration file?", path,
			CONFFILE_MAX >> 10);
	else if (memchr(text, '\0', len))
		log_err("%s: it has NUL bytes: is it a configuration file?", path);
	else
		goto done;
	free(text);
err_close:
	if (fd >= 0)
		close(fd);
	return NULL;

done:
	close(fd);
	text[len] = '\0';
	return text;
}

static void complain(void *arg, const char *what)
{
	log_err("%s", what);
}

/* Of whom there is a quota: can there be such a client? */
static bool quotas_fit(const struct loaded *loaded)
{
	const struct quota_list *list = &loaded->cfg.quota;
	const struct quota_rule *rule = quota_misfit(list, loaded->keys);
	unsigned int i;
	char id[33];

	if (rule && loaded->keys)
		log_err("--quota: %s: with --psk-file a client is known by its identity, not by "
			"this id",
			quota_id_text(id, rule->who.id));
	else if (rule)
		log_err("--quota: identity:%s: without --psk-file no client has an identity",
			rule->who.identity);
	if (!rule) {
		rule = quota_excess(list);
		if (rule)
			log_err("--quota: %s%s: reserve= is more than the size= of 'default'",
				rule->who.identity[0] ? "identity:" : "",
				rule->who.identity[0] ? rule->who.identity :
							quota_id_text(id, rule->who.id));
	}
	/* No error, or a key could not be taken out as long as there is a quota for it. */
	for (i = 0; i < list->nr && !rule; i++)
		if (loaded->keys && !psk_find(loaded->keys, list->rules[i].who.identity))
			log_warn("--quota: identity:%s: there is no key of that name",
				 list->rules[i].who.identity);
	return !rule;
}

enum config_verdict load_config(struct loaded *loaded, int argc, char **argv)
{
	struct sockaddr_storage addr;
	enum config_verdict verdict;
	char why[256];

	memset(loaded, 0, sizeof(*loaded));
	verdict = config_parse(&loaded->cfg, argc, argv, why, sizeof(why));
	if (verdict == CONFIG_ERROR)
		log_err("%s (--help shows the options)", why);
	if (verdict == CONFIG_READ_FILE) {
		loaded->text = read_text(loaded->cfg.file);
		if (!loaded->text)
			return CONFIG_ERROR;
		verdict = config_merge(&loaded->cfg, argc, argv, loaded->text, complain, NULL);
	}
	if ((verdict == CONFIG_RUN || verdict == CONFIG_CHECK) &&
	    address_parse(&loaded->cfg, &addr)) {
		log_err("--address: '%s' is not an IPv4 or IPv6 address", loaded->cfg.address);
		return CONFIG_ERROR;
	}
	if ((verdict == CONFIG_RUN || verdict == CONFIG_CHECK) && loaded->cfg.psk_file) {
		loaded->keys = keyfile_load(loaded->cfg.psk_file, complain, NULL);
		if (!loaded->keys)
			return CONFIG_ERROR;
	}
	if ((verdict == CONFIG_RUN || verdict == CONFIG_CHECK) && !quotas_fit(loaded))
		return CONFIG_ERROR;
	return verdict;
}

void load_free(struct loaded *loaded)
{
	free(loaded->text);
	loaded->text = NULL;
	keyfile_drop(loaded->keys);
	loaded->keys = NULL;
}
