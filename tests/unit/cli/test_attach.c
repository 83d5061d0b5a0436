// SPDX-License-Identifier: GPL-2.0-only
/*
 * fastswap attach: what reaches the kernel for which command line, that
 * nothing does for a bad one, and that a step that fails undoes those before.
 */
#include <errno.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "client_id.h"
#include "control.h"
#include "mock_cli.h"
#include "modules.h"
#include "secret.h"
#include "swap.h"
#include "sysfs.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static struct fastswap_ctl_attach seen;	/* what the kernel was asked for */
static int calls;			/* how often anything but parsing was done */
static int lookups;			/* how often a name was looked up */
static int undone;			/* how often a device was removed again */
static int swapped_off;			/* how often swap was taken off it */
static int swap_priority;		/* as asked for; -2: not asked */
static int attach_result;
static const char *attach_error;
static const char *machine;		/* its client id, or NULL */
static char secret_path[64], secret_owner[64];	/* as asked for */
static bool secret_is_there, secret_is_lent;
static const char *secret_name;
static int secrets_held;		/* loaded and not dropped */
static bool load_works, open_works, node_comes, swap_works, off_works;
static bool interrupt_in_attach, interrupt_in_swap_on;

static int setup(void **state)
{
	mock_reset();
	memset(&seen, 0, sizeof(seen));
	calls = 0;
	lookups = 0;
	undone = 0;
	swapped_off = 0;
	swap_priority = -2;
	attach_result = 0;
	attach_error = "";
	machine = NULL;
	secret_path[0] = '\0';
	secret_owner[0] = '\0';
	secret_is_there = true;
	secret_is_lent = false;
	secret_name = "fastswap:4711";
	secrets_held = 0;
	load_works = true;
	open_works = true;
	node_comes = true;
	swap_works = true;
	off_works = true;
	interrupt_in_attach = false;
	interrupt_in_swap_on = false;
	return 0;
}

bool client_id(char *text)
{
	if (machine)
		strcpy(text, machine);
	return machine;
}

bool secret_load(struct secret *secret, const char *path, const char *identity)
{
	secrets_held++;
	snprintf(secret_path, sizeof(secret_path), "%s", path);
	snprintf(secret_owner, sizeof(secret_owner), "%s", identity ? identity : "(any)");
	strcpy(secret->identity, identity ? identity : "node1");
	if (!secret_is_there)
		strcpy(mock_message, "no such key");
	return secret_is_there;
}

bool secret_lend(struct secret *secret)
{
	assert_int_equal(secrets_held, 1);
	secret_is_lent = true;
	strcpy(secret->name, secret_name);
	secret->serial = 1;
	return true;
}

void secret_drop(struct secret *secret)
{
	if (secret->identity[0])
		secrets_held--;
	memset(secret, 0, sizeof(*secret));
	secret_is_lent = false;
}

bool load_backend(const char *backend)
{
	calls++;
	return load_works;
}

int control_attach(struct fastswap_ctl_attach *args)
{
	calls++;
	seen = *args;
	assert_int_equal(secret_is_lent, strstr(args->options, "psk=") != NULL);
	args->index = 5;
	strcpy(args->error, attach_error);
	mock_interrupted = interrupt_in_attach;
	return attach_result;
}

int control_detach_retry(int index, unsigned int timeout_ms)
{
	assert_int_equal(index, 5);
	undone++;
	return 0;
}

bool device_open(int index, struct device *dev)
{
	dev->index = index;
	snprintf(dev->name, sizeof(dev->name), "fastswap%d", index);
	snprintf(dev->path, sizeof(dev->path), "/dev/fastswap%d", index);
	return open_works;
}

bool device_wait_node(const struct device *dev, unsigned int timeout_ms)
{
	return node_comes && !mock_interrupted;
}

bool swap_on(const struct device *dev, int priority)
{
	calls++;
	/* Nobody needs it any more. */
	assert_int_equal(secrets_held, 0);
	swap_priority = priority;
	mock_interrupted = interrupt_in_swap_on;
	return swap_works;
}

bool swap_off(const struct device *dev, unsigned int timeout_ms)
{
	assert_int_equal(dev->index, 5);
	assert_int_equal(undone, 0);
	assert_true(timeout_ms);
	/* It would stop at once. */
	assert_false(mock_interrupted);
	swapped_off++;
	return off_works;
}

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **res);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **res);

/* "both.test" has addresses of both kinds, "six.test" one; nobody else is asked. */
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **res)
{
	const struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST };

	if (hints->ai_flags & AI_NUMERICHOST)
		return __real_getaddrinfo(node, service, hints, res);
	lookups++;
	if (!strcmp(node, "both.test") && hints->ai_family != AF_INET6)
		return __real_getaddrinfo("192.0.2.7", NULL, &numeric, res);
	if (!strcmp(node, "both.test") ||
	    (!strcmp(node, "six.test") && hints->ai_family != AF_INET))
		return __real_getaddrinfo("2001:db8::7", NULL, &numeric, res);
	return EAI_NONAME;
}

static int run(const char *line)
{
	return mock_run(cmd_attach.run, line);
}

static void test_requests(void **state)
{
	static const struct {
		const char *line, *backend, *options;
		uint64_t size;
		int priority;
	} t[] = {
		{ "attach rdma://10.0.0.1", "rdma", "addr=10.0.0.1,port=50000", 0, -2 },
		{ "attach rdma://10.0.0.1:7 --size 2G --queues 8 --source 10.0.0.2", "rdma",
		  "addr=10.0.0.1,port=7,source=10.0.0.2,queues=8", 2ull << 30, -2 },
		{ "attach --queues 1024 rdma://10.0.0.1", "rdma",
		  "addr=10.0.0.1,port=50000,queues=1024", 0, -2 },
		{ "attach rdma://10.0.0.1 --hold 0 --queues 2", "rdma",
		  "addr=10.0.0.1,port=50000,queues=2,hold=0", 0, -2 },
		{ "attach rdma://10.0.0.1 --hold=86400", "rdma",
		  "addr=10.0.0.1,port=50000,hold=86400", 0, -2 },
		{ "attach rdma://[FD00:0::1]:9", "rdma", "addr=fd00::1,port=9", 0, -2 },
		{ "attach rdma://[fe80::1%lo]", "rdma", "addr=fe80::1%lo,port=50000", 0, -2 },
		{ "attach rdma://[fd00::1] --source fd00::2", "rdma",
		  "addr=fd00::1,port=50000,source=fd00::2", 0, -2 },
		{ "attach rdma://both.test:9", "rdma", "addr=192.0.2.7,port=9", 0, -2 },
		{ "attach rdma://six.test", "rdma", "addr=2001:db8::7,port=50000", 0, -2 },
		{ "attach rdma://both.test --source 2001:db8::1", "rdma",
		  "addr=2001:db8::7,port=50000,source=2001:db8::1", 0, -2 },
		{ "attach rdma://10.0.0.1 --mirror rdma://10.0.0.2:7", "mirror",
		  "rdma:addr=10.0.0.1,port=50000;rdma:addr=10.0.0.2,port=7", 0, -2 },
		{ "attach rdma://10.0.0.1 --mirror rdma://10.0.0.1:7 --hold 5 --queues 2", "mirror",
		  "hold=5;rdma:addr=10.0.0.1,port=50000,queues=2;"
		  "rdma:addr=10.0.0.1,port=7,queues=2",
		  0, -2 },
		{ "attach --mirror rdma://six.test --mirror dram:// rdma://both.test --size 1M",
		  "mirror", "rdma:addr=192.0.2.7,port=50000;rdma:addr=2001:db8::7,port=50000;dram:",
		  1 << 20, -2 },
		{ "attach dram:// --mirror dram:// --mirror dram:// --mirror dram:// --size 1M "
		  "--hold 9",
		  "mirror", "hold=9;dram:;dram:;dram:;dram:", 1 << 20, -2 },
		{ "attach rdma://10.0.0.1 --psk-file /k", "rdma",
		  "addr=10.0.0.1,port=50000,psk=fastswap:4711,identity=node1", 0, -2 },
		{ "attach rdma://10.0.0.1 --identity a@b --psk-file=/k --queues 2", "rdma",
		  "addr=10.0.0.1,port=50000,queues=2,psk=fastswap:4711,identity=a@b", 0, -2 },
		/* Every replica gets the same key. */
		{ "attach rdma://10.0.0.1 --mirror rdma://10.0.0.2 --mirror dram:// --psk-file /k "
		  "--size 1M --swapon",
		  "mirror",
		  "rdma:addr=10.0.0.1,port=50000,psk=fastswap:4711,identity=node1;"
		  "rdma:addr=10.0.0.2,port=50000,psk=fastswap:4711,identity=node1;dram:",
		  1 << 20, SWAP_PRIORITY_AUTO },
		{ "attach dram:// --size 64K", "dram", "", 65536, -2 },
		{ "attach dram:// --size=64K --swapon", "dram", "", 65536, SWAP_PRIORITY_AUTO },
		{ "attach dram:// --swapon --priority 0 --size 64K", "dram", "", 65536, 0 },
		{ "attach dram:// --swapon --priority 32767 --size 64K", "dram", "", 65536, 32767 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		setup(NULL);
		assert_int_equal(run(t[i].line), EXIT_OK);
		assert_string_equal(seen.backend, t[i].backend);
		assert_string_equal(seen.options, t[i].options);
		assert_true(seen.size == t[i].size);
		assert_int_equal(seen.flags, 0);
		assert_int_equal(swap_priority, t[i].priority);
		assert_int_equal(undone, 0);
		assert_int_equal(secrets_held, 0);
	}
}

static void test_keys(void **state)
{
	assert_int_equal(run("attach rdma://10.0.0.1 --psk-file /etc/k"), EXIT_OK);
	assert_string_equal(secret_path, "/etc/k");
	assert_string_equal(secret_owner, "(any)");
	assert_int_equal(run("attach rdma://10.0.0.1 --psk-file /k --identity me"), EXIT_OK);
	assert_string_equal(secret_owner, "me");

	/* The file is nobody's business without root, and nothing is done without the key. */
	setup(NULL);
	mock_root = false;
	assert_int_equal(run("attach rdma://10.0.0.1 --psk-file /k"), EXIT_FAILED);
	assert_string_equal(secret_path, "");
	setup(NULL);
	secret_is_there = false;
	assert_int_equal(run("attach rdma://10.0.0.1 --psk-file /k"), EXIT_FAILED);
	assert_string_equal(mock_message, "no such key");
	assert_int_equal(calls, 0);
	assert_int_equal(secrets_held, 0);

	/* However it ends, the key is taken back. */
	setup(NULL);
	load_works = false;
	assert_int_equal(run("attach rdma://10.0.0.1 --psk-file /k"), EXIT_FAILED);
	assert_int_equal(secrets_held, 0);
	setup(NULL);
	attach_result = -EACCES;
	attach_error = "no such identity, or not with this key";
	assert_int_equal(run("attach rdma://10.0.0.1 --psk-file /k"), EXIT_FAILED);
	assert_non_null(strstr(mock_message, "no such identity"));
	assert_int_equal(secrets_held, 0);
}

/* Whatever a command line may say of four servers, it fits. */
static void test_longest(void **state)
{
	static const char host[] = "1111:2222:3333:4444:5555:6666:7777:888";
	char line[1024] = "attach rdma://", identity[FSW_IDENTITY_MAX], end[32 + sizeof(identity)];
	unsigned int i;

	memset(identity, 'x', sizeof(identity) - 1);
	identity[sizeof(identity) - 1] = '\0';
	for (i = 1; i < 5; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s[%s%u]:65535",
			 i > 1 ? " --mirror rdma://" : "", host, i);
	snprintf(line + strlen(line), sizeof(line) - strlen(line),
		 " --source %s9 --queues 1024 --hold 86400 --psk-file /k --identity %s", host,
		 identity);
	secret_name = "fastswap:4194304";
	machine = "00112233445566778899aabbccddeeff";
	assert_int_equal(run(line), EXIT_OK);
	snprintf(end, sizeof(end), "psk=%s,identity=%s", secret_name, identity);
	assert_string_equal(seen.options + strlen(seen.options) - strlen(end), end);
	/* Both addresses may be link-local, and have an interface of up to 15 letters. */
	assert_true(strlen(seen.options) + 4 * 2 * 16 < FASTSWAP_CTL_OPTIONS_MAX);
}

static void test_client_id(void **state)
{
	machine = "00112233445566778899aabbccddeeff";
	assert_int_equal(run("attach rdma://10.0.0.1 --queues 2"), EXIT_OK);
	assert_string_equal(seen.options,
			    "addr=10.0.0.1,port=50000,queues=2,"
			    "client_id=00112233445566778899aabbccddeeff");

	assert_int_equal(run("attach dram:// --size 64K"), EXIT_OK);
	assert_string_equal(seen.options, "");
}

static void test_bad_lines(void **state)
{
	static const char *const t[] = {
		"attach",
		"attach --swapon",
		"attach rdma://10.0.0.1 rdma://10.0.0.2",
		"attach rdma://10.0.0.1 --nonsense",
		"attach -x rdma://10.0.0.1",
		"attach rdma://10.0.0.1 --size",
		"attach rdma://10.0.0.1 --swapon=1",
		"attach rdma://10.0.0.1 --size 0",
		"attach rdma://10.0.0.1 --size 5",
		"attach rdma://10.0.0.1 --size x",
		"attach rdma://10.0.0.1 --queues 0",
		"attach rdma://10.0.0.1 --queues 1025",
		"attach rdma://10.0.0.1 --queues -1",
		"attach rdma://10.0.0.1 --hold",
		"attach rdma://10.0.0.1 --hold -1",
		"attach rdma://10.0.0.1 --hold 86401",
		"attach rdma://10.0.0.1 --hold 1s",
		"attach rdma://10.0.0.1 --source host",
		"attach rdma://10.0.0.1 --source 10.1",
		"attach rdma://10.0.0.1 --source fd00::1",
		"attach rdma://[fd00::1] --source 10.0.0.1",
		"attach rdma://[fe80::1]",
		"attach rdma://[fe80::1%nosuchinterface]",
		"attach rdma://[10.0.0.1.2]",
		"attach rdma://[10.0.0.1]",
		"attach rdma://[host]",
		"attach rdma://10.0.0.1:0",
		"attach rdma://10.0.0.1 --priority 1",
		"attach rdma://10.0.0.1 --swapon --priority 32768",
		"attach rdma://10.0.0.1 --swapon --priority -1",
		"attach dram://",
		"attach dram:// --size 1M --queues 1",
		"attach dram:// --size 1M --source 10.0.0.1",
		"attach dram:// --size 1M --hold 1",
		"attach rdma://10.0.0.1 --psk-file",
		"attach rdma://10.0.0.1 --psk-file=",
		"attach rdma://10.0.0.1 --identity node1",
		"attach rdma://10.0.0.1 --psk-file /k --identity a,b",
		"attach rdma://10.0.0.1 --psk-file /k --identity=",
		"attach rdma://10.0.0.1 --psk-file /k --identity "
		"a234567890123456789012345678901234567890123456789012345678901234",
		"attach dram:// --size 1M --psk-file /k",
		"attach nfs://10.0.0.1",
		"attach rdma://10.0.0.1 --mirror",
		"attach --mirror rdma://10.0.0.1",
		"attach rdma://10.0.0.1 --mirror nfs://10.0.0.2",
		"attach rdma://10.0.0.1 --mirror rdma://10.0.0.1",
		"attach rdma://10.0.0.1 --mirror rdma://10.0.0.2 --mirror rdma://10.0.0.1:50000",
		"attach rdma://[fd00::1] --mirror rdma://[fd00:0::1]",
		"attach rdma://10.0.0.1 --mirror rdma://[fd00::1] --source 10.0.0.2",
		"attach dram:// --mirror rdma://10.0.0.1",
		"attach dram:// --mirror dram:// --size 1M --queues 1",
		"attach dram:// --size 1M --mirror dram:// --mirror dram:// --mirror dram:// "
		"--mirror dram://",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		setup(NULL);
		if (run(t[i]) != EXIT_USAGE || calls || !mock_message[0])
			fail_msg("%s: %d calls, message '%s'", t[i], calls, mock_message);
	}
}

static void test_unknown_name(void **state)
{
	assert_int_equal(run("attach rdma://nowhere.test"), EXIT_FAILED);
	assert_non_null(strstr(mock_message, "nowhere.test"));
	assert_int_equal(run("attach rdma://six.test --source 10.0.0.1"), EXIT_FAILED);
	assert_int_equal(run("attach rdma://192.0.2.7 --mirror rdma://both.test"), EXIT_USAGE);
	assert_non_null(strstr(mock_message, "both.test"));
	assert_int_equal(calls, 0);
}

static void test_not_root(void **state)
{
	mock_root = false;
	assert_int_equal(run("attach dram:// --size 1M"), EXIT_FAILED);
	assert_int_equal(run("attach rdma://both.test"), EXIT_FAILED);
	assert_int_equal(calls, 0);
	assert_int_equal(lookups, 0);
	/* How it was called is judged without root. */
	assert_int_equal(run("attach rdma://[fe80::1]"), EXIT_USAGE);
	mock_root = true;
	assert_int_equal(run("attach rdma://both.test"), EXIT_OK);
	assert_int_equal(lookups, 1);
}

static void test_help(void **state)
{
	assert_int_equal(run("attach --help"), EXIT_OK);
	assert_int_equal(calls, 0);
}

static void test_no_module(void **state)
{
	load_works = false;
	assert_int_equal(run("attach dram:// --size 1M"), EXIT_FAILED);
	assert_int_equal(calls, 1);
}

static void test_kernel_refuses(void **state)
{
	static const struct {
		int result;
		const char *error, *message;
	} t[] = {
		{ -ECONNREFUSED, "server is full", "rdma://[fd00::1]:50000: server is full" },
		{ -ENOENT, "no backend", "no backend" },
		{ -ENOENT, "", "/dev/fastswap-control" },
		{ -ENOTTY, "", "do not fit" },
		{ -EPERM, "", "not permitted" },
		{ -EACCES, "", "not permitted" },
		{ -EINTR, "", "interrupted" },
		{ -ENOMEM, "", "Cannot allocate memory" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		setup(NULL);
		attach_result = t[i].result;
		attach_error = t[i].error;
		assert_int_equal(run("attach rdma://[fd00::1] --swapon"), EXIT_FAILED);
		assert_non_null(strstr(mock_message, t[i].message));
		assert_int_equal(undone, 0);
		assert_int_equal(swap_priority, -2);
	}
}

static void test_no_node(void **state)
{
	node_comes = false;
	assert_int_equal(run("attach dram:// --size 1M --swapon"), EXIT_FAILED);
	assert_int_equal(undone, 1);
	assert_int_equal(swap_priority, -2);
}

static void test_no_swap(void **state)
{
	swap_works = false;
	assert_int_equal(run("attach dram:// --size 1M --swapon"), EXIT_FAILED);
	assert_int_equal(undone, 1);
}

/* Run it with a standard output that takes nothing. */
static int run_unheard(const char *line)
{
	FILE *saved = stdout;
	int status;

	stdout = fopen("/dev/full", "w");
	assert_non_null(stdout);
	status = run(line);
	fclose(stdout);
	stdout = saved;
	return status;
}

static void test_nobody_hears(void **state)
{
	assert_int_equal(run_unheard("attach dram:// --size 1M"), EXIT_FAILED);
	assert_int_equal(swapped_off, 0);
	assert_int_equal(undone, 1);

	setup(NULL);
	assert_int_equal(run_unheard("attach dram:// --size 1M --swapon"), EXIT_FAILED);
	assert_int_equal(swapped_off, 1);
	assert_int_equal(undone, 1);

	/* What holds pages stays. */
	setup(NULL);
	off_works = false;
	assert_int_equal(run_unheard("attach dram:// --size 1M --swapon"), EXIT_FAILED);
	assert_int_equal(undone, 0);
}

static void test_gone_at_once(void **state)
{
	open_works = false;
	assert_int_equal(run("attach dram:// --size 1M --swapon"), EXIT_FAILED);
	assert_int_equal(undone, 0);
}

static void test_interrupted(void **state)
{
	interrupt_in_attach = true;
	assert_int_equal(run("attach dram:// --size 1M --swapon"), EXIT_FAILED);
	assert_string_equal(mock_message, "interrupted");
	assert_int_equal(undone, 1);
	assert_int_equal(swap_priority, -2);

	/* After the last look before it is done. */
	setup(NULL);
	interrupt_in_swap_on = true;
	assert_int_equal(run("attach dram:// --size 1M --swapon"), EXIT_FAILED);
	assert_int_equal(swapped_off, 1);
	assert_int_equal(undone, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_requests, setup),
		cmocka_unit_test_setup(test_keys, setup),
		cmocka_unit_test_setup(test_longest, setup),
		cmocka_unit_test_setup(test_client_id, setup),
		cmocka_unit_test_setup(test_bad_lines, setup),
		cmocka_unit_test_setup(test_unknown_name, setup),
		cmocka_unit_test_setup(test_not_root, setup),
		cmocka_unit_test_setup(test_help, setup),
		cmocka_unit_test_setup(test_no_module, setup),
		cmocka_unit_test_setup(test_kernel_refuses, setup),
		cmocka_unit_test_setup(test_no_node, setup),
		cmocka_unit_test_setup(test_no_swap, setup),
		cmocka_unit_test_setup(test_nobody_hears, setup),
		cmocka_unit_test_setup(test_gone_at_once, setup),
		cmocka_unit_test_setup(test_interrupted, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
