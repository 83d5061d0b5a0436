// SPDX-License-Identifier: GPL-2.0-only
/*
 * pagewalk: use more memory than there is, and verify every byte of it.
 *
 * Fills a working set, then walks through its pages in the orders asked for.
 * What a page holds depends on its number, its version and a seed, in every
 * 8-byte word, so a page that is stale, swapped with another, zeroed, torn or
 * another process's shows. A page that cannot be read (SIGBUS) is lost, which
 * is something else than wrong.
 *
 * Everything but the working set is locked in memory: the verdict must not
 * depend on what it judges.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "workset.h"

#define MAX_CHILDREN	64
#define MAX_WALKS	16
#define MAX_REPORTS	10
#define GATE_SECONDS	240

/*
 * What is known of a page: its version, and whether it can be trusted.
 * PAGE_TORN: being written; stays if the write ended in a SIGBUS, and then
 * nobody knows what the page would hold. PAGE_LOST: its last visit did.
 */
#define PAGE_TORN	(1u << 31)
#define PAGE_LOST	(1u << 30)
#define PAGE_VERSION	(PAGE_LOST - 1)
/* Versions of what child N writes begin here; the parent's stay below. */
#define CHILD_VERSION(n)	(((n) + 1u) << 20)

enum pattern {
	SEQUENTIAL,
	BACKWARD,
	RANDOM,
	STRIDE,
	NR_PATTERNS
};

static const char *const pattern_names[NR_PATTERNS] = {
	[SEQUENTIAL] = "seq",
	[BACKWARD] = "backward",
	[RANDOM] = "random",
	[STRIDE] = "stride",
};

static struct {
	uint32_t pages;
	uint64_t seed;
	enum pattern walks[MAX_WALKS];
	unsigned int nr_walks;
	unsigned int threads;
	unsigned int children;
	unsigned int seconds;
	bool write;
	bool thp;
	bool shared;
	bool lost_ok;
	bool no_lock;
	unsigned int corrupt;
	const char *gate;
} opt = { .seed = 1, .threads = 1 };

static struct {
	uint64_t *memory;	/* the working set */
	uint32_t *state;	/* by page; one thread at a time touches a page's */
	uint32_t *order;	/* the pages, as the current walk visits them */
	char *stacks;
} ws;

static atomic_uint nr_wrong, nr_sigbus;
static atomic_ulong nr_checked;

static _Thread_local sigjmp_buf trap;
static _Thread_local volatile sig_atomic_t trap_armed;

/* The first word can be read back, to tell what a wrong page really is. */
static uint64_t first_word(uint32_t page, uint32_t version)
{
	return ((uint64_t)page << 32 | version) ^ mix(opt.seed + 1);
}

static void report_wrong(uint32_t page, uint32_t version, unsigned int word, uint64_t expected,
			 uint64_t got)
{
	const uint64_t *p = ws.memory + (size_t)page * WORDS;
	uint64_t id = p[0] ^ mix(opt.seed + 1);
	uint32_t other = id >> 32, other_version = id & UINT32_MAX;

	if (atomic_fetch_add(&nr_wrong, 1) >= MAX_REPORTS)
		return;
	fprintf(stderr,
		"pagewalk: WRONG DATA: page %u version %u, word %u at %p: "
		"expected %016llx, got %016llx\n",
		page, version, word, (const void *)(p + word), (unsigned long long)expected,
		(unsigned long long)got);
	if (!p[0] && !p[1] && !p[WORDS - 1])
		fprintf(stderr, "pagewalk:   the page is zero\n");
	else if (other < opt.pages && p[1] == later_word(mix(opt.seed ^ mix(id)), 1))
		fprintf(stderr, "pagewalk:   it holds page %u version %u\n", other, other_version);
}

static uint64_t page_base(uint32_t page, uint32_t version)
{
	return mix(opt.seed ^ mix((uint64_t)page << 32 | version));
}

static bool check_page(uint32_t page, uint32_t version)
{
	const uint64_t *p = ws.memory + (size_t)page * WORDS;
	uint64_t base = page_base(page, version);
	uint64_t expected = first_word(page, version);
	unsigned int i = 0;

	for (;;) {
		uint64_t got = *(const volatile uint64_t *)&p[i];

		if (got != expected) {
			report_wrong(page, version, i, expected, got);
			return false;
		}
		if (++i == WORDS)
			return true;
		expected = later_word(base, i);
	}
}

static void write_page(uint32_t page, uint32_t version)
{
	uint64_t *p = ws.memory + (size_t)page * WORDS;
	uint64_t base = page_base(page, version);
	unsigned int i;

	p[0] = first_word(page, version);
	for (i = 1; i < WORDS; i++)
		p[i] = later_word(base, i);
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	static const char text[] = "pagewalk: SIGBUS: a page is lost\n";
	const char *p = info->si_addr;
	const char *memory = (const char *)ws.memory;
	ssize_t ignored;

	/* Only the working set may be lost; anything else is a bug of ours or of the kernel. */
	if (trap_armed && opt.lost_ok && p >= memory && p < memory + (size_t)opt.pages * PAGE)
		siglongjmp(trap, 1);

	/* stdio is not for signal handlers. */
	ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)ignored;
	_exit(EXIT_TROUBLE);
}

/* Verify a page (version 0: it has no content yet), then write its next version if told to. */
static void touch(uint32_t page, uint32_t next_version)
{
	uint32_t state = ws.state[page];

	if (state & PAGE_VERSION) {
		check_page(page, state & PAGE_VERSION);
		atomic_fetch_add(&nr_checked, 1);
	}
	if (next_version) {
		ws.state[page] = next_version | PAGE_TORN;
		write_page(page, next_version);
		ws.state[page] = next_version;
	} else {
		ws.state[page] = state & ~PAGE_LOST;
	}
}

static void visit(uint32_t page, uint32_t next_version)
{
	if (ws.state[page] & PAGE_TORN)
		return;
	if (sigsetjmp(trap, 0)) {
		ws.state[page] |= PAGE_LOST;
		atomic_fetch_add(&nr_sigbus, 1);
	} else {
		trap_armed = true;
		touch(page, next_version);
	}
	trap_armed = false;
}

static void make_order(enum pattern pattern, uint64_t seed)
{
	/* Coprime or not: every remainder is walked through in turn. */
	const uint32_t stride = 17;
	uint32_t n = opt.pages, i, k = 0;

	switch (pattern) {
	case SEQUENTIAL:
		for (i = 0; i < n; i++)
			ws.order[i] = i;
		break;
	case BACKWARD:
		for (i = 0; i < n; i++)
			ws.order[i] = n - 1 - i;
		break;
	case STRIDE:
		for (uint32_t first = 0; first < stride; first++)
			for (i = first; i < n; i += stride)
				ws.order[k++] = i;
		break;
	default:
		for (i = 0; i < n; i++) {
			uint32_t j = random_below(&seed, i + 1);

			ws.order[i] = ws.order[j];
			ws.order[j] = i;
		}
	}
}

/* Thread T of N visits every Nth page of the order: neighbours fault at the same time. */
static void *walk_thread(void *arg)
{
	unsigned int first = (uintptr_t)arg;
	uint32_t i;

	for (i = first; i < opt.pages; i += opt.threads) {
		uint32_t page = ws.order[i];
		uint32_t version = ws.state[page] & PAGE_VERSION;

		visit(page, opt.write ? version % (CHILD_VERSION(0) - 1) + 1 : 0);
	}
	return NULL;
}

static void walk(enum pattern pattern, unsigned int round)
{
	pthread_t threads[MAX_THREADS];
	unsigned int i;

	make_order(pattern, opt.seed * 1000 + round);
	if (opt.threads == 1) {
		walk_thread(NULL);
		return;
	}
	for (i = 0; i < opt.threads; i++)
		start_thread(&threads[i], ws.stacks, i, walk_thread, (void *)(uintptr_t)i);
	for (i = 0; i < opt.threads; i++)
		pthread_join(threads[i], NULL);
}

static void pause_at_gate(void)
{
	const struct timespec nap = { .tv_nsec = 20 * 1000 * 1000 };
	int naps = GATE_SECONDS * 50;
	int fd;

	if (!opt.gate)
		return;
	fd = open(opt.gate, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		die(EXIT_TROUBLE, "cannot create %s: %s", opt.gate, strerror(errno));
	close(fd);
	while (!access(opt.gate, F_OK)) {
		if (!naps--)
			die(EXIT_TROUBLE, "nobody removed %s in %d s", opt.gate, GATE_SECONDS);
		nanosleep(&nap, NULL);
	}
}

static void set_up(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	if (sigaction(SIGBUS, &action, NULL))
		die(EXIT_TROUBLE, "sigaction: %s", strerror(errno));
	ws.state = locked_memory(opt.pages * sizeof(*ws.state), !opt.no_lock);
	ws.order = locked_memory(opt.pages * sizeof(*ws.order), !opt.no_lock);
	ws.stacks = locked_memory(opt.threads * STACK, !opt.no_lock);
	if (!opt.no_lock && mlockall(MCL_CURRENT))
		die(EXIT_TROUBLE, "cannot lock my own memory: %s", strerror(errno));
	ws.memory = map_working_set(opt.pages, opt.shared ? MAP_SHARED : MAP_PRIVATE, opt.thp);
}

/*
 * A child sees what the parent had when it forked: verifies all of it, writes
 * a third of the pages (copy-on-write of swapped-out pages), verifies again.
 */
static int child_main(unsigned int index)
{
	uint32_t i;

	/* Stays copy-on-write shared with the parent's until it is written: no lock inherited. */
	if (!opt.no_lock && (mlock(ws.state, opt.pages * sizeof(*ws.state)) ||
			     mlock(ws.order, opt.pages * sizeof(*ws.order))))
		die(EXIT_TROUBLE, "a child cannot lock its state: %s", strerror(errno));

	make_order(RANDOM, opt.seed * 1000 + 500 + index);
	for (i = 0; i < opt.pages; i++) {
		uint32_t page = ws.order[i];
		bool write = !opt.shared && page % 3 == index % 3;

		visit(page, write ? CHILD_VERSION(index) : 0);
	}
	for (i = 0; i < opt.pages; i++)
		visit(i, 0);
	return atomic_load(&nr_wrong) ? EXIT_WRONG : EXIT_GOOD;
}

static void start_children(pid_t *pids)
{
	unsigned int i;

	fflush(NULL);
	for (i = 0; i < opt.children; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die(EXIT_TROUBLE, "fork: %s", strerror(errno));
		if (!pids[i])
			_exit(child_main(i));
	}
}

/* The worst of the children's exit codes. */
static int wait_for_children(const pid_t *pids)
{
	int worst = EXIT_GOOD;
	unsigned int i;

	for (i = 0; i < opt.children; i++) {
		int status, code = EXIT_TROUBLE;

		if (waitpid(pids[i], &status, 0) < 0)
			die(EXIT_TROUBLE, "waitpid: %s", strerror(errno));
		if (WIFEXITED(status))
			code = WEXITSTATUS(status);
		if (code)
			fprintf(stderr, "pagewalk: child %u ended with status %#x\n", i, status);
		/* Wrong data is the graver verdict, though the smaller number. */
		if (code && worst != EXIT_WRONG)
			worst = code;
	}
	return worst;
}

static void fill(void)
{
	uint32_t i;

	for (i = 0; i < opt.pages; i++)
		visit(i, 1);
	for (i = 0; i < opt.corrupt && i < opt.pages; i++)
		ws.memory[(size_t)i * WORDS + i % WORDS] ^= 1ull << i % 64;
}

static void all_walks(void)
{
	time_t end = time(NULL) + opt.seconds;
	unsigned int i, round = 0;

	do {
		for (i = 0; i < opt.nr_walks; i++) {
			pause_at_gate();
			walk(opt.walks[i], round++);
		}
	} while (time(NULL) < end);
}

static int run(void)
{
	pid_t pids[MAX_CHILDREN];
	int code = EXIT_GOOD;
	uint32_t lost = 0, i;

	fill();
	if (opt.children) {
		pause_at_gate();
		start_children(pids);
	}
	all_walks();
	if (opt.children)
		code = wait_for_children(pids);

	for (i = 0; i < opt.pages; i++)
		lost += !!(ws.state[i] & PAGE_LOST);
	printf("pagewalk: pages=%u checked=%lu wrong=%u lost=%u sigbus=%u\n", opt.pages,
	       atomic_load(&nr_checked), atomic_load(&nr_wrong), lost, atomic_load(&nr_sigbus));
	return atomic_load(&nr_wrong) ? EXIT_WRONG : code;
}

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: pagewalk --size MIB [OPTION...]\n"
		"Fill memory, walk through it, verify every word of every page.\n"
		"\n"
		"  --size MIB         working set\n"
		"  --walk NAME[,...]  orders: seq, backward, random, stride (default: seq)\n"
		"  --write            write a new version of every page visited\n"
		"  --threads N        of a walk (default: 1)\n"
		"  --fork N           fork children after the fill; they verify and copy on write\n"
		"  --thp              ask for huge pages\n"
		"  --shm              shared memory\n"
		"  --seconds N        repeat the walks for so long\n"
		"  --gate FILE        before every walk create FILE and wait until it is removed\n"
		"  --lost-ok          count pages that end in SIGBUS, and go on\n"
		"  --no-lock          do without locked memory (no swap to judge)\n"
		"  --seed N           content differs by it\n"
		"  --corrupt N        flip a bit in N pages after the fill, to see it found\n"
		"\n"
		"Exit status: 0 all right, 1 wrong data, 2 bad usage,\n"
		"             3 a lost page or other trouble.\n");
}

static void add_walks(char *list)
{
	char *save, *name;
	unsigned int i;

	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < NR_PATTERNS && strcmp(name, pattern_names[i]); i++)
			;
		if (i == NR_PATTERNS)
			die(EXIT_USAGE, "--walk: no order is called '%s'", name);
		if (opt.nr_walks == MAX_WALKS)
			die(EXIT_USAGE, "--walk: more than %d", MAX_WALKS);
		opt.walks[opt.nr_walks++] = i;
	}
}

static void parse(int argc, char **argv)
{
	enum {
		SIZE = 256,
		WALK,
		WRITE,
		THREADS,
		FORK,
		THP,
		SHM,
		SECONDS,
		GATE,
		LOST,
		NO_LOCK,
		SEED,
		CORRUPT,
		HELP
	};
	static const struct option options[] = {
		{ "size", required_argument, NULL, SIZE },
		{ "walk", required_argument, NULL, WALK },
		{ "write", no_argument, NULL, WRITE },
		{ "threads", required_argument, NULL, THREADS },
		{ "fork", required_argument, NULL, FORK },
		{ "thp", no_argument, NULL, THP },
		{ "shm", no_argument, NULL, SHM },
		{ "seconds", required_argument, NULL, SECONDS },
		{ "gate", required_argument, NULL, GATE },
		{ "lost-ok", no_argument, NULL, LOST },
		{ "no-lock", no_argument, NULL, NO_LOCK },
		{ "seed", required_argument, NULL, SEED },
		{ "corrupt", required_argument, NULL, CORRUPT },
		{ "help", no_argument, NULL, HELP },
		{ }
	};
	int c, i;

	while ((c = getopt_long(argc, argv, "", options, &i)) != -1) {
		switch (c) {
		case SIZE:
			opt.pages = number("--size", optarg, 1, 1ul << 20) * ((1u << 20) / PAGE);
			break;
		case WALK:
			add_walks(optarg);
			break;
		case WRITE:
			opt.write = true;
			break;
		case THREADS:
			opt.threads = number("--threads", optarg, 1, MAX_THREADS);
			break;
		case FORK:
			opt.children = number("--fork", optarg, 1, MAX_CHILDREN);
			break;
		case THP:
			opt.thp = true;
			break;
		case SHM:
			opt.shared = true;
			break;
		case SECONDS:
			opt.seconds = number("--seconds", optarg, 1, 3600);
			break;
		case GATE:
			opt.gate = optarg;
			break;
		case LOST:
			opt.lost_ok = true;
			break;
		case NO_LOCK:
			opt.no_lock = true;
			break;
		case SEED:
			opt.seed = number("--seed", optarg, 0, ~0ul);
			break;
		case CORRUPT:
			opt.corrupt = number("--corrupt", optarg, 1, ~0u);
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
	if (opt.children && opt.shared && opt.write)
		die(EXIT_USAGE, "--fork --shm --write: children would see the parent write");
	if (!opt.nr_walks)
		opt.walks[opt.nr_walks++] = SEQUENTIAL;
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	set_up();
	return run();
}
