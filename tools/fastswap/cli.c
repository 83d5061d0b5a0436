// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"

#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t caught_signal;

static void speak(const char *fmt, va_list ap)
{
	fputs("fastswap: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

/** complain - an error, one line, no newline at the end of @fmt */
void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	speak(fmt, ap);
	va_end(ap);
}

/** tell - something worth knowing that is no error; stdout is for results only */
void tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	speak(fmt, ap);
	va_end(ap);
}

/** usage_error - complain about how a command was called; returns EXIT_USAGE */
int usage_error(const struct command *command, const char *fmt, ...)
{
	va_list ap;

	fputs("fastswap: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (see fastswap %s --help)\n", command->name);
	return EXIT_USAGE;
}

/* The long options that begin like @typed, as "--size, --source"; returns how many. */
static int list_candidates(const char *typed, size_t typed_len, const struct option *options,
			   char *list, size_t len)
{
	size_t at = 0;
	int nr = 0;

	list[0] = '\0';
	for (; options->name; options++) {
		if (strncmp(options->name, typed, typed_len))
			continue;
		if (at < len)
			at += snprintf(list + at, len - at, "%s--%s", nr ? ", " : "",
				       options->name);
		nr++;
	}
	return nr;
}

/**
 * bad_option - usage_error() for what getopt_long() did not understand
 * @command: the command
 * @c: its result, '?' or ':'; long options have values beyond UCHAR_MAX
 * @argv: the arguments
 * @options: the long options it knows
 */
int bad_option(const struct command *command, int c, char **argv, const struct option *options)
{
	const char *option = argv[optind - 1];
	char candidates[256];
	size_t len;

	if (c == ':')
		return usage_error(command, "%s needs a value", option);
	if (optopt > UCHAR_MAX)
		return usage_error(command, "%s takes no value", option);
	if (optopt > 0)
		return usage_error(command, "unknown option -%c", optopt);

	/* An abbreviation that fits to several is told from one that fits to none by us only. */
	len = strcspn(option, "=");
	if (len > 2 && list_candidates(option + 2, len - 2, options, candidates,
				       sizeof(candidates)) > 1)
		return usage_error(command, "%.*s is short for several: %s", (int)len, option,
				   candidates);
	return usage_error(command, "unknown option %s", option);
}

/** is_root - complain unless the user may make and remove devices */
bool is_root(const struct command *command)
{
	if (geteuid() == 0)
		return true;
	complain("%s needs root (try: sudo fastswap %s ...)", command->name, command->name);
	return false;
}

static void on_signal(int signo)
{
	caught_signal = signo;
}

static void catch_signal(int signo)
{
	/* No SA_RESTART: a system call that waits must end. */
	const struct sigaction sa = { .sa_handler = on_signal };
	struct sigaction old;

	/* nohup, or a shell that put us into the background, does not want us to hear of it. */
	if (!sigaction(signo, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(signo, &sa, NULL);
}

/** catch_interrupts - from here on SIGINT, SIGTERM and SIGHUP only set a flag */
void catch_interrupts(void)
{
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
	catch_signal(SIGHUP);
}

/** forget_interrupts - begin something that is not to be ended by what came before */
void forget_interrupts(void)
{
	caught_signal = 0;
}

bool interrupted(void)
{
	return caught_signal;
}

void sleep_ms(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/** now_ms - a clock that only moves forward */
unsigned long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}
