// SPDX-License-Identifier: GPL-2.0-only
/* fastswap: attach, watch and detach far memory. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const struct command *const commands[] = {
	&cmd_attach,
	&cmd_status,
	&cmd_detach,
};

#define NR_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	size_t i;

	puts("Usage: fastswap COMMAND [ARGUMENT...]\n\n"
	     "Swap to the memory of another machine.\n");
	for (i = 0; i < NR_COMMANDS; i++)
		printf("  %-8s  %s\n", commands[i]->name, commands[i]->summary);
	puts("\n"
	     "  fastswap COMMAND --help   says more about a command\n"
	     "  fastswap --version        prints the version\n"
	     "\n"
	     "Exit status: 0 done, 1 failed, 2 called the wrong way.");
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* A result that nobody received is a failure: full disk, closed pipe. */
static int flush_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	complain("cannot write to standard output");
	return status == EXIT_OK ? EXIT_FAILED : status;
}

static int run(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		complain("no command (see fastswap --help)");
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help();
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("fastswap " FASTSWAP_VERSION);
		return EXIT_OK;
	}

	command = find_command(argv[1]);
	if (!command) {
		complain("unknown %s '%s' (see fastswap --help)",
			 argv[1][0] == '-' ? "option" : "command", argv[1]);
		return EXIT_USAGE;
	}
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	/* Whoever ignores his children's end would have us lose that of ours. */
	signal(SIGCHLD, SIG_DFL);
	return flush_output(run(argc, argv));
}
