// SPDX-License-Identifier: GPL-2.0-only
/* fastswap attach: from a URL to a device, and maybe to swap. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fastswap/proto.h>

#include "cli.h"
#include "client_id.h"
#include "control.h"
#include "modules.h"
#include "secret.h"
#include "swap.h"
#include "sysfs.h"
#include "units.h"
#include "url.h"

#define NODE_TIMEOUT_MS		5000	/* for udev to make the node */
#define UNDO_TIMEOUT_MS		5000	/* for udev to let go of it */
#define HOLD_AUTO		(-1)
#define HOLD_MAX		86400	/* seconds; as the module has it */
#define SWAPOFF_TIMEOUT_MS	30000	/* for what was swapped out in the meantime */
#define PLACES_MAX		4	/* as many replicas as the module takes */

static const char help[] =
	"Usage: fastswap attach URL [OPTION...]\n"
	"\n"
	"Make a block device whose blocks are far memory, and print its path.\n"
	"\n"
	"  rdma://HOST[:PORT]   memory of the fastswap-server there; HOST is a name, an\n"
	"                       IPv4 address or an [IPv6 address]; the port is 50000\n"
	"                       unless given\n"
	"  dram://              local memory, for experiments; needs --size\n"
	"\n"
	"  --mirror URL         keep everything there as well, so that nothing is lost when\n"
	"                       one of the two is; up to three times\n"
	"  --size SIZE          bytes, or with K, M, G or T; without it everything that\n"
	"                       the server offers\n"
	"  --queues N           queue sets to the server; without it one per CPU\n"
	"  --source ADDR        local address to connect from\n"
	"  --hold SECONDS       how long I/O waits for a server that is lost before it\n"
	"                       fails; 30 unless given\n"
	"  --psk-file FILE      prove by a key in FILE who we are, and go only to servers that\n"
	"                       have the same key; lines 'IDENTITY KEY', mode 0600\n"
	"  --identity NAME      whose key in FILE, if there are several\n"
	"  --swapon             make it a swap area and swap to it\n"
	"  --priority N         priority of the swap area, 0 to 32767; without it the\n"
	"                       kernel chooses, below all areas that are there\n";

/**
 * struct place - where memory is
 * @url: as the user has it
 * @address: of the server as digits, maybe with %zone; empty for dram, and for
 *	a name that has not been resolved yet
 * @family: of the address, if it is not to be just any
 */
struct place {
	struct url url;
	char address[NI_MAXHOST];
	int family;
};

/**
 * struct attach_options - what the user wants, checked
 * @places: where the memory is; several have the same content
 * @nr: of them
 * @source: address of this machine as digits, maybe with %zone; or empty
 * @size: bytes, 0: everything
 * @queues: 0: the module's default
 * @hold: seconds, or HOLD_AUTO: the module's default
 * @psk_file: where the key is that is shared with the servers; NULL: there is none
 * @identity: whose key; NULL: the only one
 * @swapon: swap to it
 * @priority: of the swap area
 */
struct attach_options {
	struct place places[PLACES_MAX];
	unsigned int nr;
	char source[NI_MAXHOST];
	uint64_t size;
	unsigned int queues;
	int hold;
	const char *psk_file;
	const char *identity;
	bool swapon;
	int priority;
};

enum {
	OPT_HELP = UCHAR_MAX + 1,
	OPT_MIRROR,
	OPT_SIZE,
	OPT_QUEUES,
	OPT_SOURCE,
	OPT_HOLD,
	OPT_PSK_FILE,
	OPT_IDENTITY,
	OPT_SWAPON,
	OPT_PRIORITY,
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "mirror", required_argument, NULL, OPT_MIRROR },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "queues", required_argument, NULL, OPT_QUEUES },
	{ "source", required_argument, NULL, OPT_SOURCE },
	{ "hold", required_argument, NULL, OPT_HOLD },
	{ "psk-file", required_argument, NULL, OPT_PSK_FILE },
	{ "identity", required_argument, NULL, OPT_IDENTITY },
	{ "swapon", no_argument, NULL, OPT_SWAPON },
	{ "priority", required_argument, NULL, OPT_PRIORITY },
	{ }
};

/* An address as digits to digits in one spelling, so that it means the same to the kernel. */
static const char *canonical_address(const char *text, int *family, char *out)
{
	const struct addrinfo hints = {
		.ai_family = AF_INET6,
		.ai_flags = AI_NUMERICHOST,
		.ai_socktype = SOCK_STREAM,
	};
	const struct sockaddr_in6 *sin6;
	struct in_addr v4;
	struct addrinfo *ai;
	const char *reason = NULL;

	*family = AF_INET;
	if (inet_pton(AF_INET, text, &v4) == 1) {
		inet_ntop(AF_INET, &v4, out, NI_MAXHOST);
		return NULL;
	}

	*family = AF_INET6;
	if (!strchr(text, ':') || getaddrinfo(text, NULL, &hints, &ai))
		return strchr(text, '%') ? "is not an address, or the interface does not exist" :
					   "is not an IP address";
	sin6 = (const struct sockaddr_in6 *)ai->ai_addr;
	if (IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr) && !sin6->sin6_scope_id)
		reason = "needs its interface, as in fe80::1%eth0";
	else if (getnameinfo(ai->ai_addr, ai->ai_addrlen, out, NI_MAXHOST, NULL, 0,
			     NI_NUMERICHOST))
		reason = "is not an IP address";
	freeaddrinfo(ai);
	return reason;
}

/* @index: 0 for the URL, from 1 on for those of --mirror */
static int add_place(const char *text, unsigned int index, struct attach_options *opts)
{
	const char *reason = url_parse(text, &opts->places[index].url);

	if (reason)
		return usage_error(&cmd_attach, "%s'%s' %s", index ? "--mirror: " : "", text,
				   reason);
	return EXIT_OK;
}

static bool is_identity(const char *text)
{
	char identity[FSW_IDENTITY_MAX];

	return fsw_identity_set(identity, text);
}

static int parse_option(int c, const char *arg, struct attach_options *opts)
{
	const char *reason;
	uint64_t n;
	int family;

	switch (c) {
	case OPT_MIRROR:
		if (opts->nr == PLACES_MAX)
			return usage_error(&cmd_attach, "--mirror: at most %d times",
					   PLACES_MAX - 1);
		return add_place(arg, opts->nr++, opts);
	case OPT_SIZE:
		reason = parse_size(arg, &opts->size);
		if (reason)
			return usage_error(&cmd_attach, "--size: '%s' %s", arg, reason);
		break;
	case OPT_QUEUES:
		if (!parse_number(arg, 1, FSW_MAX_SETS, &n))
			return usage_error(&cmd_attach,
					   "--queues: '%s' is not a number from 1 to %u", arg,
					   FSW_MAX_SETS);
		opts->queues = n;
		break;
	case OPT_SOURCE:
		reason = canonical_address(arg, &family, opts->source);
		if (reason)
			return usage_error(&cmd_attach, "--source: '%s' %s", arg, reason);
		break;
	case OPT_HOLD:
		if (!parse_number(arg, 0, HOLD_MAX, &n))
			return usage_error(&cmd_attach,
					   "--hold: '%s' is not a number from 0 to %u", arg,
					   HOLD_MAX);
		opts->hold = n;
		break;
	case OPT_PSK_FILE:
		if (!*arg)
			return usage_error(&cmd_attach, "--psk-file names no file");
		opts->psk_file = arg;
		break;
	case OPT_IDENTITY:
		if (!is_identity(arg))
			return usage_error(&cmd_attach,
					   "--identity: '%s' is not up to %d letters, digits, "
					   "'.', '_', '-' and '@'",
					   arg, FSW_IDENTITY_MAX - 1);
		opts->identity = arg;
		break;
	case OPT_PRIORITY:
		if (!parse_number(arg, 0, SWAP_PRIORITY_MAX, &n))
			return usage_error(&cmd_attach,
					   "--priority: '%s' is not a number from 0 to %u", arg,
					   SWAP_PRIORITY_MAX);
		opts->priority = n;
		break;
	case OPT_SWAPON:
		opts->swapon = true;
		break;
	}
	return EXIT_OK;
}

static bool is_rdma(const struct place *place)
{
	return !strcmp(place->url.backend, "rdma");
}

/* Which kind of address it is to be, and the server's if that needs no resolver. */
static int check_address(const struct attach_options *opts, struct place *place)
{
	const char *host = place->url.host, *reason;
	char address[NI_MAXHOST];
	int family;

	place->family = AF_UNSPEC;
	reason = canonical_address(host, &family, address);
	if (place->url.is_ipv6 && (reason || family != AF_INET6))
		return usage_error(&cmd_attach, "'%s' %s", host,
				   reason ? reason : "is no IPv6 address");
	if (!reason) {
		place->family = family;
		strcpy(place->address, address);
	}

	if (opts->source[0]) {
		canonical_address(opts->source, &family, address);
		if (place->family != AF_UNSPEC && place->family != family)
			return usage_error(&cmd_attach,
					   "--source: '%s' is of another kind than '%s'",
					   opts->source, host);
		place->family = family;
	}
	return EXIT_OK;
}

/* The same memory twice keeps nothing from being lost. */
static bool is_same(const struct place *a, const struct place *b)
{
	return is_rdma(a) && is_rdma(b) && a->url.port == b->url.port &&
	       (!strcmp(a->url.host, b->url.host) ||
		(a->address[0] && !strcmp(a->address, b->address)));
}

static int check_distinct(const struct attach_options *opts)
{
	unsigned int i, j;

	for (i = 0; i < opts->nr; i++)
		for (j = 0; j < i; j++)
			if (is_same(&opts->places[i], &opts->places[j]))
				return usage_error(&cmd_attach, "--mirror: %s is there already",
						   opts->places[i].url.host);
	return EXIT_OK;
}

static int check_places(struct attach_options *opts)
{
	unsigned int i;
	int status;

	for (i = 0; i < opts->nr; i++) {
		if (!is_rdma(&opts->places[i]))
			continue;
		status = check_address(opts, &opts->places[i]);
		if (status != EXIT_OK)
			return status;
	}
	return check_distinct(opts);
}

/* What each option says for itself is right; do they go together? */
static int check_options(struct attach_options *opts)
{
	bool any_rdma = false;
	unsigned int i;

	if (opts->priority != SWAP_PRIORITY_AUTO && !opts->swapon)
		return usage_error(&cmd_attach, "--priority is for --swapon");
	for (i = 0; i < opts->nr; i++)
		any_rdma |= is_rdma(&opts->places[i]);
	if (!is_rdma(&opts->places[0]) && !opts->size)
		return usage_error(&cmd_attach, "dram:// needs --size");
	if (opts->identity && !opts->psk_file)
		return usage_error(&cmd_attach, "--identity is for --psk-file");
	if (!any_rdma && opts->psk_file)
		return usage_error(&cmd_attach, "dram:// takes no --psk-file");
	if (!any_rdma && (opts->queues || opts->source[0] ||
			  (opts->hold != HOLD_AUTO && opts->nr == 1)))
		return usage_error(&cmd_attach,
				   "dram:// takes neither --queues, --source nor --hold");
	return check_places(opts);
}

static int parse_command_line(int argc, char **argv, struct attach_options *opts, bool *done)
{
	int c, status;

	opts->nr = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (c) {
		case 'h':
		case OPT_HELP:
			fputs(help, stdout);
			*done = true;
			return EXIT_OK;
		case '?':
		case ':':
			return bad_option(&cmd_attach, c, argv, long_options);
		default:
			status = parse_option(c, optarg, opts);
			if (status != EXIT_OK)
				return status;
		}
	}

	if (optind == argc)
		return usage_error(&cmd_attach, "attach needs a URL");
	if (optind + 1 < argc)
		return usage_error(&cmd_attach, "one URL at a time, what is '%s'?",
				   argv[optind + 1]);
	status = add_place(argv[optind], 0, opts);
	return status == EXIT_OK ? check_options(opts) : status;
}

/*
 * The kernel takes addresses, not names. A source address decides which kind;
 * among several addresses of a name the resolver's first is the best.
 */
static int resolve(struct place *place)
{
	const struct addrinfo hints = {
		.ai_family = place->family,
		.ai_socktype = SOCK_STREAM,
	};
	const char *host = place->url.host;
	struct addrinfo *ai;
	int err;

	if (place->address[0])
		return EXIT_OK;

	err = getaddrinfo(host, NULL, &hints, &ai);
	if (err) {
		complain("cannot find the address of %s: %s", host,
			 err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err));
		return EXIT_FAILED;
	}
	err = getnameinfo(ai->ai_addr, ai->ai_addrlen, place->address, sizeof(place->address),
			  NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(ai);
	if (err) {
		complain("cannot find the address of %s: %s", host, gai_strerror(err));
		return EXIT_FAILED;
	}
	tell("%s is %s", host, place->address);
	return EXIT_OK;
}

/* What the backend of one place is told. Return: false if it does not fit. */
static bool fill_options(const struct attach_options *opts, const struct place *place,
			 const struct secret *secret, char *out, size_t size)
{
	char psk[SECRET_NAME_MAX + FSW_IDENTITY_MAX + 16] = "";
	char source[NI_MAXHOST + 16] = "", queues[32] = "", hold[32] = "";
	char client[CLIENT_ID_MAX + 16] = "";
	char id[CLIENT_ID_MAX];

	out[0] = '\0';
	if (!is_rdma(place))
		return true;
	if (opts->source[0])
		snprintf(source, sizeof(source), ",source=%s", opts->source);
	if (opts->queues)
		snprintf(queues, sizeof(queues), ",queues=%u", opts->queues);
	if (opts->hold != HOLD_AUTO && opts->nr == 1)
		snprintf(hold, sizeof(hold), ",hold=%d", opts->hold);
	/* Without one the module draws a number that lasts as long as the device. */
	if (client_id(id))
		snprintf(client, sizeof(client), ",client_id=%s", id);
	/* Where the key is, not the key. */
	if (secret->serial)
		snprintf(psk, sizeof(psk), ",psk=%s,identity=%s", secret->name, secret->identity);
	return snprintf(out, size, "addr=%s,port=%u%s%s%s%s%s", place->address, place->url.port,
			source, queues, hold, client, psk) < (int)size;
}

/* "hold=30;rdma:OPTIONS;rdma:OPTIONS". Return: false if it does not fit. */
static bool fill_mirror(const struct attach_options *opts, const struct secret *secret, char *out,
			size_t size)
{
	char options[FASTSWAP_CTL_OPTIONS_MAX];
	unsigned int i;
	size_t n = 0;

	if (opts->hold != HOLD_AUTO)
		n = snprintf(out, size, "hold=%d;", opts->hold);
	for (i = 0; i < opts->nr; i++) {
		const struct place *place = &opts->places[i];

		if (!fill_options(opts, place, secret, options, sizeof(options)))
			return false;
		n += snprintf(out + n, size - n, "%s%s:%s", i ? ";" : "", place->url.backend,
			      options);
		if (n >= size)
			return false;
	}
	return true;
}

static const char *backend_of(const struct attach_options *opts)
{
	return opts->nr > 1 ? "mirror" : opts->places[0].url.backend;
}

/* Return: false if the options do not fit. */
static bool fill_request(const struct attach_options *opts, const struct secret *secret,
			 struct fastswap_ctl_attach *args)
{
	memset(args, 0, sizeof(*args));
	args->size = opts->size;
	strcpy(args->backend, backend_of(opts));
	if (opts->nr > 1)
		return fill_mirror(opts, secret, args->options, sizeof(args->options));
	return fill_options(opts, &opts->places[0], secret, args->options, sizeof(args->options));
}

static void print_place(const struct place *place, char *out, size_t size)
{
	bool bare = strchr(place->address, ':');

	if (place->address[0])
		snprintf(out, size, "%s://%s%s%s:%u", place->url.backend, bare ? "[" : "",
			 place->address, bare ? "]" : "", place->url.port);
	else
		snprintf(out, size, "%s://", place->url.backend);
}

static void complain_attach(const struct attach_options *opts, int err, const char *reason)
{
	char where[PLACES_MAX * (NI_MAXHOST + 40)];
	unsigned int i;
	size_t n = 0;

	for (i = 0; i < opts->nr; i++) {
		if (i)
			n += snprintf(where + n, sizeof(where) - n, " and ");
		print_place(&opts->places[i], where + n, sizeof(where) - n);
		n += strlen(where + n);
	}

	if (reason[0])
		complain("cannot attach %s: %s", where, reason);
	else if (err == -ENOENT)
		complain("there is no " FASTSWAP_CONTROL_PATH ", though the module is loaded");
	else if (err == -ENOTTY)
		complain("the modules do not fit to this program (version " FASTSWAP_VERSION ")");
	else if (err == -EPERM || err == -EACCES)
		complain("not permitted to use " FASTSWAP_CONTROL_PATH);
	else if (err == -EINTR)
		complain("interrupted");
	else
		complain("cannot attach %s: %s", where, strerror(-err));
}

static void undo(int index)
{
	int err = control_detach_retry(index, UNDO_TIMEOUT_MS);

	if (err && err != -ENODEV)
		complain("and cannot remove /dev/fastswap%d again: %s", index, strerror(-err));
}

/* From a device to one that can be used; complains. */
static bool finish(const struct attach_options *opts, const struct device *dev)
{
	if (!device_wait_node(dev, NODE_TIMEOUT_MS) && !interrupted()) {
		complain("%s does not appear, though the device is there", dev->path);
		return false;
	}
	if (interrupted()) {
		complain("interrupted");
		return false;
	}
	return !opts->swapon || swap_on(dev, opts->priority);
}

/* The path is the result: what nobody hears of, nobody would detach. */
static bool print_path(const struct device *dev)
{
	return puts(dev->path) >= 0 && fflush(stdout) == 0;
}

static int attach(const struct attach_options *opts, struct secret *secret)
{
	struct fastswap_ctl_attach args;
	struct device dev;
	unsigned int i;
	int err;

	if (opts->psk_file && !secret_lend(secret))
		return EXIT_FAILED;
	if (!fill_request(opts, secret, &args)) {
		complain("the addresses%s are too long", opts->psk_file ? " and the identity" : "");
		return EXIT_FAILED;
	}
	for (i = 0; i < opts->nr; i++)
		if (!load_backend(opts->places[i].url.backend))
			return EXIT_FAILED;
	if (opts->nr > 1 && !load_backend("mirror"))
		return EXIT_FAILED;

	err = control_attach(&args);
	/* The module has a copy. */
	secret_drop(secret);
	if (err) {
		complain_attach(opts, err, args.error);
		return EXIT_FAILED;
	}
	if (!device_open(args.index, &dev)) {
		complain("/dev/fastswap%d went away at once", args.index);
		return EXIT_FAILED;
	}
	if (!finish(opts, &dev)) {
		undo(args.index);
		return EXIT_FAILED;
	}
	/* A signal while swap was turned on: whoever sent it does not wait for a device. */
	if (interrupted() || !print_path(&dev)) {
		/* What is wrong with the output, main() says. */
		tell("removing %s again, %s", dev.path,
		     interrupted() ? "as it was interrupted" : "as its path cannot be printed");
		forget_interrupts();
		if (!opts->swapon || swap_off(&dev, SWAPOFF_TIMEOUT_MS))
			undo(args.index);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

static int run_attach(int argc, char **argv)
{
	struct attach_options opts = { .priority = SWAP_PRIORITY_AUTO, .hold = HOLD_AUTO };
	struct secret secret = { 0 };
	bool done = false;
	int status = parse_command_line(argc, argv, &opts, &done);
	unsigned int i;

	if (status != EXIT_OK || done)
		return status;
	/* Before anybody else is asked for anything. */
	if (!is_root(&cmd_attach))
		return EXIT_FAILED;
	for (i = 0; i < opts.nr && status == EXIT_OK; i++)
		if (is_rdma(&opts.places[i]))
			status = resolve(&opts.places[i]);
	/* Two names may mean one machine. */
	if (status == EXIT_OK)
		status = check_distinct(&opts);
	if (status != EXIT_OK)
		return status;

	catch_interrupts();
	/* A reader that is gone is an error, which can be acted on, instead of the end. */
	signal(SIGPIPE, SIG_IGN);
	if (opts.psk_file && !secret_load(&secret, opts.psk_file, opts.identity))
		status = EXIT_FAILED;
	else
		status = attach(&opts, &secret);
	secret_drop(&secret);
	return status;
}

const struct command cmd_attach = {
	.name = "attach",
	.summary = "make a device of far memory, and swap to it",
	.run = run_attach,
};
