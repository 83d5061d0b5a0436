// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fill a Redis server with values that can be told from any other, then read
 * every one of them back and compare it in full.
 *
 * The content of a value follows from its key's number, so nothing has to be
 * remembered and a stale, torn, foreign or zeroed value cannot pass.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <hiredis/hiredis.h>

#define PIPELINE	16
#define VALUE_MAX	(1 << 20)
#define REPLY_TIMEOUT_S	120

struct options {
	const char *socket;	/* of the Redis server */
	const char *device;	/* "fastswap0", whose counters the progress shows; may be NULL */
	uint64_t keys;
	size_t value_size;	/* bytes */
};

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "redis-verify: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* splitmix64: every number of a sequence of keys gives an unrelated stream. */
static uint64_t mix(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void make_value(uint64_t key, char *value, size_t size)
{
	uint64_t state = key * 0xd1342543de82ef95ULL + 1;
	size_t at;

	for (at = 0; at < size; at += sizeof(uint64_t)) {
		uint64_t word = mix(&state);
		size_t n = size - at < sizeof(word) ? size - at : sizeof(word);

		memcpy(value + at, &word, n);
	}
}

static int make_key(uint64_t key, char *name, size_t size)
{
	return snprintf(name, size, "fastswap:%012" PRIu64, key);
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* A step that visits every key once, each far from the one before. */
static uint64_t scattering_step(uint64_t keys)
{
	uint64_t step = keys * 618 / 1000 | 1;

	while (gcd(step, keys) != 1)
		step++;
	return step;
}

static uint64_t read_attribute(const char *device, const char *file, const char *name)
{
	uint64_t value = 0;
	char path[256], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/block/%s/fastswap/%s", device, file);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (!name) {
			value = strtoull(line, NULL, 10);
			break;
		}
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ' ') {
			value = strtoull(line + strlen(name), NULL, 10);
			break;
		}
	}
	fclose(f);
	return value;
}

static void show_progress(const struct options *o, const char *what, uint64_t done, bool last)
{
	static time_t shown;
	time_t now = time(NULL);

	if (now - shown < 2 && !last)
		return;
	shown = now;

	printf("  %-7s %8" PRIu64 " of %" PRIu64 " keys (%3" PRIu64 "%%)", what, done, o->keys,
	       done * 100 / o->keys);
	if (o->device) {
		const char *d = o->device;

		printf(" | far memory %4" PRIu64 " MiB | pages out %7" PRIu64 " in %7" PRIu64,
		       read_attribute(d, "used", NULL) >> 20,
		       read_attribute(d, "stats", "writeback_pages"),
		       read_attribute(d, "stats", "demand_pages") +
			       read_attribute(d, "stats", "prefetch_pages"));
	}
	putchar('\n');
	fflush(stdout);
}

static redisReply *get_reply(redisContext *redis)
{
	redisReply *reply;

	if (redisGetReply(redis, (void **)&reply) != REDIS_OK)
		die("lost the server: %s", redis->errstr);
	if (reply->type == REDIS_REPLY_ERROR)
		die("the server says: %s", reply->str);
	return reply;
}

static void load(redisContext *redis, const struct options *o, char *value)
{
	uint64_t sent = 0, done = 0;

	while (done < o->keys) {
		for (; sent < o->keys && sent < done + PIPELINE; sent++) {
			char name[32];
			int len = make_key(sent, name, sizeof(name));

			make_value(sent, value, o->value_size);
			redisAppendCommand(redis, "SET %b %b", name, (size_t)len, value,
					   o->value_size);
		}
		for (; done < sent; done++)
			freeReplyObject(get_reply(redis));
		show_progress(o, "loaded", done, done == o->keys);
	}
}

static bool is_right(const redisReply *reply, uint64_t key, char *value, size_t size)
{
	if (reply->type != REDIS_REPLY_STRING || reply->len != size)
		return false;
	make_value(key, value, size);
	return !memcmp(reply->str, value, size);
}

static uint64_t check(redisContext *redis, const struct options *o, char *value)
{
	uint64_t sent = 0, done = 0, wrong = 0;
	uint64_t step = scattering_step(o->keys);

	while (done < o->keys) {
		for (; sent < o->keys && sent < done + PIPELINE; sent++) {
			char name[32];
			int len = make_key(sent * step % o->keys, name, sizeof(name));

			redisAppendCommand(redis, "GET %b", name, (size_t)len);
		}
		for (; done < sent; done++) {
			redisReply *reply = get_reply(redis);

			if (!is_right(reply, done * step % o->keys, value, o->value_size)) {
				fprintf(stderr, "redis-verify: key %" PRIu64 " is wrong\n",
					done * step % o->keys);
				wrong++;
			}
			freeReplyObject(reply);
		}
		show_progress(o, "checked", done, done == o->keys);
	}
	return wrong;
}

static uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || number < min || number > max)
		die("%s must be a number from %" PRIu64 " to %" PRIu64, option, min, max);
	return number;
}

static void usage(FILE *to)
{
	fputs("usage: redis-verify --socket PATH --keys N [--value-size BYTES]\n"
	      "                    [--device fastswapN] load|check\n"
	      "\n"
	      "load   store N values in the Redis server that listens on PATH\n"
	      "check  read them all back, in a scattered order, and compare every byte\n"
	      "\n"
	      "Exit status: 0 all is right, 1 a value is wrong or the server failed, 2 usage.\n",
	      to);
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "keys", required_argument, NULL, 'k' },
		{ "value-size", required_argument, NULL, 'v' },
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const struct timeval connect_timeout = { .tv_sec = 10 };
	const struct timeval reply_timeout = { .tv_sec = REPLY_TIMEOUT_S };
	struct options o = { .value_size = 4000 };
	redisContext *redis;
	uint64_t wrong = 0;
	char *value;
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 's':
			o.socket = optarg;
			break;
		case 'k':
			o.keys = parse_number("--keys", optarg, 1, UINT32_MAX);
			break;
		case 'v':
			o.value_size = parse_number("--value-size", optarg, 1, VALUE_MAX);
			break;
		case 'd':
			o.device = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (!o.socket || !o.keys || optind != argc - 1 ||
	    (strcmp(argv[optind], "load") && strcmp(argv[optind], "check"))) {
		usage(stderr);
		return 2;
	}

	value = malloc(o.value_size);
	if (!value)
		die("out of memory");
	redis = redisConnectUnixWithTimeout(o.socket, connect_timeout);
	if (!redis || redis->err)
		die("cannot reach %s: %s", o.socket, redis ? redis->errstr : "out of memory");
	redisSetTimeout(redis, reply_timeout);

	if (!strcmp(argv[optind], "load"))
		load(redis, &o, value);
	else
		wrong = check(redis, &o, value);

	redisFree(redis);
	free(value);
	return wrong ? 1 : 0;
}
