// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel counts for others than the threads: files of NAME VALUE lines,
 * CPU time of processes and of the machine. Reported is the growth in a phase.
 */
#include "swapload.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_FILES	8
#define MAX_PROCESSES	8
#define MAX_LINES	400
#define MAX_NAME	64

/* Of the long lists that are always read, these are of interest. */
static const char *const interesting[] = {
	"allocstall",
	"pgfault",
	"pgmajfault",
	"pgscan_direct",
	"pgscan_kswapd",
	"pgsteal_direct",
	"pgsteal_kswapd",
	"pswpin",
	"pswpout",
	"swap_ra",
	"thp_fault_alloc",
	"thp_swpin",
	"thp_swpout",
	"workingset_refault_anon",
};

struct line {
	char name[MAX_NAME];
	uint64_t value;
	uint64_t before;
};

static struct file {
	char name[MAX_NAME];
	char path[256];
	bool all;
	unsigned int nr_lines;
	struct line lines[MAX_LINES];
} files[MAX_FILES];

static struct process {
	char name[MAX_NAME];
	long pid;
	uint64_t ticks;
	uint64_t before;
	bool gone;
} processes[MAX_PROCESSES];

static unsigned int nr_files, nr_processes;
static uint64_t busy_before, busy;
static struct timespec begin, end;

/* Splits NAME=REST, and returns the rest. */
static const char *split(const char *option, const char *text, char *name)
{
	const char *rest = strchr(text, '=');
	const char *p;

	if (!rest || rest == text || rest - text >= MAX_NAME || !rest[1])
		die(EXIT_USAGE, "%s: '%s' is not NAME=VALUE", option, text);
	for (p = text; p < rest; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			die(EXIT_USAGE, "%s: a name has letters, digits, -, _ and .", option);
	memcpy(name, text, (size_t)(rest - text));
	name[rest - text] = '\0';
	return rest + 1;
}

static struct file *add_file(const char *name, const char *path)
{
	struct file *file = &files[nr_files++];

	snprintf(file->name, sizeof(file->name), "%s", name);
	if ((size_t)snprintf(file->path, sizeof(file->path), "%s", path) >= sizeof(file->path))
		die(EXIT_USAGE, "--counters: the path is too long");
	return file;
}

void counters_add_file(const char *text)
{
	char name[MAX_NAME];
	const char *path = split("--counters", text, name);

	/* Two are for counters_add_own(). */
	if (nr_files + 2 >= MAX_FILES)
		die(EXIT_USAGE, "more than %d --counters", MAX_FILES - 2);
	if (access(path, R_OK))
		die(EXIT_TROUBLE, "cannot read %s: %s", path, strerror(errno));
	add_file(name, path)->all = true;
}

void counters_add_process(const char *text)
{
	struct process *process = &processes[nr_processes];

	if (nr_processes == MAX_PROCESSES)
		die(EXIT_USAGE, "more than %d --cpu", MAX_PROCESSES);
	process->pid = (long)number("--cpu", split("--cpu", text, process->name), 1, 1ul << 22);
	nr_processes++;
}

void counters_add_own(void)
{
	char line[128], path[256];
	FILE *file = fopen("/proc/self/cgroup", "re");

	add_file("vmstat", "/proc/vmstat");
	if (!file)
		return;
	/* Reclaim on behalf of a group is counted for the group only. */
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::/", 4))
			continue;
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.stat", line + 3);
		if (!access(path, R_OK))
			add_file("memory", path);
	}
	fclose(file);
}

static bool is_interesting(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(interesting) / sizeof(interesting[0]); i++)
		if (!strncmp(name, interesting[i], strlen(interesting[i])))
			return true;
	return false;
}

static void read_file(struct file *file)
{
	FILE *in = fopen(file->path, "re");
	char text[256], name[MAX_NAME];
	struct line *line;
	uint64_t value;

	file->nr_lines = 0;
	if (!in)
		die(EXIT_TROUBLE, "cannot read %s: %s", file->path, strerror(errno));
	while (fgets(text, sizeof(text), in)) {
		if (sscanf(text, "%63s %" SCNu64, name, &value) != 2)
			continue;
		if (file->nr_lines == MAX_LINES || (!file->all && !is_interesting(name)))
			continue;
		line = &file->lines[file->nr_lines++];
		memcpy(line->name, name, sizeof(name));
		line->value = value;
	}
	fclose(in);
}

/* User and system time of a process, in clock ticks. */
static uint64_t process_ticks(struct process *process)
{
	char path[64], text[1024];
	uint64_t user = 0, system = 0;
	const char *p;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%ld/stat", process->pid);
	in = fopen(path, "re");
	if (!in || !fgets(text, sizeof(text), in))
		text[0] = '\0';
	if (in)
		fclose(in);
	/* The name, in parentheses, may hold anything. */
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
			 &user, &system) != 2)
		process->gone = true;
	return user + system;
}

/* What all CPUs did but idle and wait, in clock ticks. */
static uint64_t machine_ticks(void)
{
	FILE *in = fopen("/proc/stat", "re");
	uint64_t user = 0, nice = 0, system = 0, irq = 0, softirq = 0;

	if (in && fscanf(in, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64, &user, &nice, &system) == 3)
		if (fscanf(in, " %*u %*u %" SCNu64 " %" SCNu64, &irq, &softirq) != 2)
			irq = 0;
	if (in)
		fclose(in);
	return user + nice + system + irq + softirq;
}

static void read_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_files; i++)
		read_file(&files[i]);
	for (i = 0; i < nr_processes; i++)
		processes[i].ticks = process_ticks(&processes[i]);
}

void counters_begin(void)
{
	unsigned int i, k;

	read_all();
	for (i = 0; i < nr_files; i++)
		for (k = 0; k < files[i].nr_lines; k++)
			files[i].lines[k].before = files[i].lines[k].value;
	for (i = 0; i < nr_processes; i++)
		processes[i].before = processes[i].ticks;
	busy_before = machine_ticks();
	clock_gettime(CLOCK_MONOTONIC, &begin);
}

void counters_end(void)
{
	clock_gettime(CLOCK_MONOTONIC, &end);
	busy = machine_ticks();
	read_all();
}

static double seconds(uint64_t ticks)
{
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

void counters_print(void)
{
	const char *separator;
	unsigned int i, k;

	printf("\"seconds\": %.9f, \"machine_busy\": %.2f, ",
	       (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9,
	       seconds(busy - busy_before));
	printf("\"cpu\": {");
	separator = "";
	for (i = 0; i < nr_processes; i++) {
		if (processes[i].gone)
			continue;
		printf("%s\"%s\": %.2f", separator, processes[i].name,
		       seconds(processes[i].ticks - processes[i].before));
		separator = ", ";
	}
	printf("}, \"counters\": {");
	for (i = 0; i < nr_files; i++) {
		printf("%s\"%s\": {", i ? ", " : "", files[i].name);
		separator = "";
		for (k = 0; k < files[i].nr_lines; k++) {
			const struct line *line = &files[i].lines[k];

			/* Some of memory.stat go down: they are no counters. */
			if (line->value < line->before)
				continue;
			printf("%s\"%s\": %" PRIu64, separator, line->name,
			       line->value - line->before);
			separator = ", ";
		}
		printf("}");
	}
	printf("}, ");
}
