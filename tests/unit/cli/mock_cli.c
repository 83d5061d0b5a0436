// SPDX-License-Identifier: GPL-2.0-only
#include "mock_cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli.h"

char mock_message[1024];
bool mock_root;
bool mock_interrupted;

void mock_reset(void)
{
	mock_message[0] = '\0';
	mock_root = true;
	mock_interrupted = false;
}

/* Run a command with the words of @line as arguments, the first being its name. */
int mock_run(int (*run)(int argc, char **argv), const char *line)
{
	char copy[1024], *argv[32], *save, *word;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	optind = 0;
	return run(argc, argv);
}

void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(mock_message, sizeof(mock_message), fmt, ap);
	va_end(ap);
}

void tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(mock_message, sizeof(mock_message), fmt, ap);
	va_end(ap);
}

int usage_error(const struct command *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(mock_message, sizeof(mock_message), fmt, ap);
	va_end(ap);
	return EXIT_USAGE;
}

int bad_option(const struct command *command, int c, char **argv, const struct option *options)
{
	snprintf(mock_message, sizeof(mock_message), "bad option %s", argv[optind - 1]);
	return EXIT_USAGE;
}

bool is_root(const struct command *command)
{
	return mock_root;
}

void catch_interrupts(void)
{
}

bool interrupted(void)
{
	return mock_interrupted;
}

void forget_interrupts(void)
{
	mock_interrupted = false;
}

void sleep_ms(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

unsigned long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}
