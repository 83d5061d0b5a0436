// SPDX-License-Identifier: GPL-2.0-only
/*
 * swapload: the load of tools/bench. Fills a working set, accesses its pages in
 * the orders asked for, and prints what each phase took as one JSON object.
 *
 * Every access is timed on its own, around the first load or store of a page,
 * and goes to a histogram. Which accesses were faults is not asked for each, as
 * the system call would cost as much as a fault on local memory: the kernel's
 * counts of faults tell how many of the slowest accesses they were.
 *
 * One half of a page is pseudo-random and the other repeats one word, so that
 * pages compress by about 2:1. CHECKS words all over the page are verified with
 * every access; --phase verify looks at all of them.
 *
 * Everything but the working set is locked in memory.
 */
#include "swapload.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECKS		16u
#define MAX_PHASES	32u
#define STRIDE_PAGES	16u

static struct {
	uint32_t pages;
	uint64_t seed;
	bool thp;
	bool no_lock;
	struct phase phases[MAX_PHASES];
	unsigned int nr_phases;
} opt = { .seed = 1 };

static struct {
	uint64_t *memory;	/* the working set */
	uint32_t *version;	/* by page; 0: not filled yet */
	uint32_t *order;	/* pages, as the phase visits them */
	double *weight;		/* of ranks, summed up: for zipf */
	char *stacks;
} ws;

/* A thread of a phase. */
struct worker {
	const struct phase *phase;
	unsigned int index;
	uint32_t accesses;
	struct usage usage;
	struct histogram histogram;
};

static struct worker *workers;
static pthread_barrier_t start;
static atomic_ulong nr_wrong;
static pid_t holder;

/* However we end: nobody waits for the holder. */
static void end_holder(void)
{
	if (holder)
		kill(holder, SIGKILL);
}

/* Never zero: the kernel does not write zero pages to a device. */
static uint64_t page_base(uint32_t page, uint32_t version)
{
	return mix(opt.seed ^ mix((uint64_t)page << 32 | version)) | 1;
}

static uint64_t word_of(uint64_t base, unsigned int i)
{
	return i < WORDS / 2 ? later_word(base, i) : base;
}

static void wrong(uint32_t page, unsigned int word)
{
	if (!atomic_fetch_add(&nr_wrong, 1))
		fprintf(stderr, "swapload: WRONG DATA: page %u version %u, word %u\n", page,
			ws.version[page], word);
}

static void check_page(uint32_t page, unsigned int step)
{
	const volatile uint64_t *p = ws.memory + (size_t)page * WORDS;
	uint64_t base = page_base(page, ws.version[page]);
	unsigned int i;

	for (i = 0; i < WORDS; i += step) {
		if (p[i] != word_of(base, i)) {
			wrong(page, i);
			return;
		}
	}
}

static void write_page(uint32_t page)
{
	uint64_t *p = ws.memory + (size_t)page * WORDS;
	uint64_t base = page_base(page, ++ws.version[page]);
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		p[i] = word_of(base, i);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The part that may fault, and nothing else, is what is timed. */
static void access_page(struct worker *worker, uint32_t page)
{
	volatile uint64_t *p = ws.memory + (size_t)page * WORDS;
	enum operation operation = worker->phase->operation;
	uint64_t before = now_ns();

	if (operation == FILL)
		*p = 1;
	else
		(void)*p;
	histogram_add(&worker->histogram, now_ns() - before);

	if (operation != FILL)
		check_page(page, operation == VERIFY ? 1 : WORDS / CHECKS);
	if (operation == FILL || operation == WRITE)
		write_page(page);
}

/* Thread T of N visits a Tth part of the order: neighbours are not the same thread's only once. */
static void *work(void *arg)
{
	struct worker *worker = arg;
	const struct phase *phase = worker->phase;
	uint64_t first = (uint64_t)phase->count * worker->index / phase->threads;
	uint64_t end = (uint64_t)phase->count * (worker->index + 1) / phase->threads;
	struct usage before;
	uint64_t i;

	/* A thread's start costs faults of its own: they are not the working set's. */
	histogram_clear(&worker->histogram);
	pthread_barrier_wait(&start);
	usage_now(&before);
	for (i = first; i < end; i++)
		access_page(worker, ws.order[i]);
	usage_now(&worker->usage);
	usage_subtract(&worker->usage, &before);
	worker->accesses = (uint32_t)(end - first);
	return NULL;
}

static void shuffle(uint32_t *list, uint32_t n, uint64_t *seed)
{
	uint32_t i, j, other;

	for (i = n; i > 1; i--) {
		j = (uint32_t)random_below(seed, i);
		other = list[j];
		list[j] = list[i - 1];
		list[i - 1] = other;
	}
}

/* Rank k is visited 1/k as often as rank 1; which page has which rank is random. */
static void make_zipf(uint32_t count, uint64_t seed)
{
	uint32_t n = opt.pages, i, low, high;
	uint64_t scatter = opt.seed * 31;
	double sum = 0, want;

	for (i = 0; i < n; i++) {
		sum += 1.0 / (i + 1);
		ws.weight[i] = sum;
		/* The second half of the buffer: which page has rank i. */
		ws.order[n + i] = i;
	}
	shuffle(ws.order + n, n, &scatter);
	for (i = 0; i < count; i++) {
		want = sum * (double)random_below(&seed, 1ull << 53) / (double)(1ull << 53);
		low = 0;
		high = n - 1;
		while (low < high) {
			uint32_t middle = low + (high - low) / 2;

			if (ws.weight[middle] > want)
				high = middle;
			else
				low = middle + 1;
		}
		ws.order[i] = ws.order[n + low];
	}
}

static void make_order(const struct phase *phase, uint64_t seed)
{
	uint32_t n = opt.pages, i, k = 0, first;

	switch (phase->order) {
	case ZIPF:
		make_zipf(phase->count, seed);
		break;
	case BACKWARD:
		for (i = 0; i < n; i++)
			ws.order[i] = n - 1 - i;
		break;
	case STRIDED:
		for (first = 0; first < STRIDE_PAGES; first++)
			for (i = first; i < n; i += STRIDE_PAGES)
				ws.order[k++] = i;
		break;
	default:
		for (i = 0; i < n; i++)
			ws.order[i] = i;
		if (phase->order == RANDOM)
			shuffle(ws.order, n, &seed);
	}
}

static void set_up(void)
{
	unsigned int threads = 1, i;
	bool lock = !opt.no_lock;

	for (i = 0; i < opt.nr_phases; i++) {
		struct phase *phase = &opt.phases[i];

		if (!phase->count || phase->count > opt.pages)
			phase->count = opt.pages;
		if (phase->threads > threads)
			threads = phase->threads;
	}
	ws.version = locked_memory(opt.pages * sizeof(*ws.version), lock);
	ws.order = locked_memory(2ul * opt.pages * sizeof(*ws.order), lock);
	ws.weight = locked_memory(opt.pages * sizeof(*ws.weight), lock);
	ws.stacks = locked_memory(threads * STACK, lock);
	workers = locked_memory(threads * sizeof(*workers), lock);
	if (lock && mlockall(MCL_CURRENT))
		die(EXIT_TROUBLE, "cannot lock my own memory: %s", strerror(errno));

	ws.memory = map_working_set(opt.pages, MAP_PRIVATE, opt.thp);
}

/*
 * A child that shares the pages and never touches them. Its reference keeps the
 * copy of a page on the device, whatever the device is: without it a page that
 * comes from a synchronous one (brd, zram) loses its slot, and has to be written
 * when it goes again. With it a working set that is only read stays clean.
 */
static void hold(void)
{
	pid_t parent = getpid();

	if (holder)
		return;
	fflush(NULL);
	holder = fork();
	if (holder < 0)
		die(EXIT_TROUBLE, "fork: %s", strerror(errno));
	if (!holder) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
}

static void set_cluster(int cluster)
{
	static const char path[] = "/proc/sys/vm/page-cluster";
	FILE *file;

	if (cluster < 0)
		return;
	file = fopen(path, "we");
	if (!file || fprintf(file, "%d\n", cluster) < 0 || fclose(file))
		die(EXIT_TROUBLE, "cannot set %s: %s", path, strerror(errno));
}

static void run_threads(const struct phase *phase)
{
	pthread_t threads[MAX_THREADS];
	unsigned int i;

	pthread_barrier_init(&start, NULL, phase->threads + 1);
	for (i = 0; i < phase->threads; i++) {
		workers[i].phase = phase;
		workers[i].index = i;
		start_thread(&threads[i], ws.stacks, i, work, &workers[i]);
	}
	/* What is counted for the machine begins here: the threads are up and wait. */
	counters_begin();
	pthread_barrier_wait(&start);
	for (i = 0; i < phase->threads; i++)
		pthread_join(threads[i], NULL);
	counters_end();
	pthread_barrier_destroy(&start);
}

static void run_phase(const struct phase *phase, unsigned int number)
{
	struct histogram histogram;
	struct usage usage = { };
	unsigned long accesses = 0;
	unsigned int i;

	set_cluster(phase->cluster);
	if (phase->operation == HOLD) {
		hold();
		return;
	}
	make_order(phase, opt.seed * 1000 + number);
	run_threads(phase);
	if (phase->quiet)
		return;
	histogram_clear(&histogram);
	for (i = 0; i < phase->threads; i++) {
		histogram_merge(&histogram, &workers[i].histogram);
		usage_add(&usage, &workers[i].usage);
		accesses += workers[i].accesses;
	}
	print_phase(phase, accesses, &usage, &histogram);
}

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: swapload --size MIB --phase PHASE... [OPTION...]\n"
		"Access memory in phases and print what each took, as JSON.\n"
		"\n"
		"  --size MIB            working set\n"
		"  --phase OP[,KEY=VALUE...]\n"
		"      OP      fill, read, write (reads the page as well), verify (all of its\n"
		"              words), hold (a child shares the pages from here on)\n"
		"      order   seq, backward, random, strided, zipf (default: seq)\n"
		"      count   accesses, at most one per page of the working set (default)\n"
		"      threads that share them (default: 1)\n"
		"      cluster set vm.page-cluster to this first\n"
		"      label   name of the phase in the output (default: OP)\n"
		"      quiet   1: do it, and do not report it\n"
		"  --thp                 ask for huge pages\n"
		"  --counters NAME=FILE  report the growth of the file's NAME VALUE lines\n"
		"  --cpu NAME=PID        report the CPU time of that process\n"
		"  --seed N              orders and content differ by it\n"
		"  --no-lock             do without locked memory\n"
		"\n"
		"Exit status: 0 all right, 1 wrong data, 2 bad usage, 3 other trouble.\n");
}

static void parse(int argc, char **argv)
{
	enum {
		SIZE = 256,
		PHASE,
		THP,
		COUNTERS,
		CPU,
		SEED,
		NO_LOCK,
		HELP
	};
	static const struct option options[] = {
		{ "size", required_argument, NULL, SIZE },
		{ "phase", required_argument, NULL, PHASE },
		{ "thp", no_argument, NULL, THP },
		{ "counters", required_argument, NULL, COUNTERS },
		{ "cpu", required_argument, NULL, CPU },
		{ "seed", required_argument, NULL, SEED },
		{ "no-lock", no_argument, NULL, NO_LOCK },
		{ "help", no_argument, NULL, HELP },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case SIZE:
			opt.pages = (uint32_t)number("--size", optarg, 1, 1ul << 20) *
				    ((1u << 20) / PAGE);
			break;
		case PHASE:
			if (opt.nr_phases == MAX_PHASES)
				die(EXIT_USAGE, "more than %u phases", MAX_PHASES);
			parse_phase(optarg, &opt.phases[opt.nr_phases++], MAX_THREADS);
			break;
		case THP:
			opt.thp = true;
			break;
		case COUNTERS:
			counters_add_file(optarg);
			break;
		case CPU:
			counters_add_process(optarg);
			break;
		case SEED:
			opt.seed = number("--seed", optarg, 0, UINT32_MAX);
			break;
		case NO_LOCK:
			opt.no_lock = true;
			break;
		case HELP:
			usage(stdout);
			exit(EXIT_GOOD);
		default:
			usage(stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind < argc)
		die(EXIT_USAGE, "what is '%s'?", argv[optind]);
	if (!opt.pages)
		die(EXIT_USAGE, "--size is missing");
	if (!opt.nr_phases)
		die(EXIT_USAGE, "--phase is missing");
	if (opt.phases[0].operation != FILL)
		die(EXIT_USAGE, "the first phase must be a fill");
	if (opt.phases[0].count)
		die(EXIT_USAGE, "the first phase fills everything: no count");
}

int main(int argc, char **argv)
{
	unsigned int i;

	parse(argc, argv);
	atexit(end_holder);
	counters_add_own();
	set_up();
	printf("{\"pages\": %u, \"thp\": %s, \"phases\": [", opt.pages, opt.thp ? "true" : "false");
	for (i = 0; i < opt.nr_phases; i++)
		run_phase(&opt.phases[i], i);
	printf("], \"wrong\": %lu}\n", atomic_load(&nr_wrong));
	if (holder) {
		end_holder();
		waitpid(holder, NULL, 0);
		holder = 0;
	}
	return atomic_load(&nr_wrong) ? EXIT_WRONG : EXIT_GOOD;
}
