// SPDX-License-Identifier: GPL-2.0-only
/*
 * The admin endpoint over a Unix socket. With a folder as its argument the test leaves there what
 * it was told, for parsers that others have written.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "admin.h"
#include "adminaddr.h"
#include "fake_clock.h"
#include "fake_memory.h"
#include "psk.h"
#include "running.h"

static const char *keep_in;
static char dir[32], where[64];
static struct admin *admin;
static char answer[65536];
static const struct psk_list no_keys;

static int setup_admin(void **state)
{
	strcpy(dir, "/tmp/fastswap-admin-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(where, sizeof(where), "unix:%s/socket", dir);
	setup(state);
	f.cfg.admin = where;
	admin = admin_start(&f.l, f.why, sizeof(f.why));
	return admin ? 0 : -1;
}

static int teardown_admin(void **state)
{
	admin_stop(admin);
	/* Nothing stays behind. */
	assert_int_equal(access(where + strlen("unix:"), F_OK), -1);
	rmdir(dir);
	return teardown(state);
}

static int open_connection(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, where + strlen("unix:"));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* Sends @request and returns the body of the answer, whose status is to be @status. */
static const char *ask(const char *request, int status)
{
	int fd = open_connection(), got;
	size_t len = 0;
	ssize_t n = -1;
	unsigned int turns;
	char *body;

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	for (turns = 0; turns < 10000 && n; turns++) {
		pump();
		n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);
		if (n > 0)
			len += n;
		else if (n < 0)
			poll(NULL, 0, 1);
	}
	assert_int_equal(n, 0);
	close(fd);
	answer[len] = '\0';
	if (sscanf(answer, "HTTP/1.%*d %d", &got) != 1 || got != status)
		fail_msg("%s gives %s", request, answer);
	body = strstr(answer, "\r\n\r\n");
	assert_non_null(body);
	return body + 4;
}

static const char *get(const char *path, int status)
{
	char request[256];

	snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
	return ask(request, status);
}

static void keep(const char *name, const char *text)
{
	char path[512];
	FILE *file;

	if (!keep_in)
		return;
	snprintf(path, sizeof(path), "%s/%s", keep_in, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void metrics(void **state)
{
	const char *text;

	grant_all(attach(1), 3);
	attach_data(FSW_ROLE_DEMAND, 0, 1);
	text = get("/metrics", 200);
	keep("metrics", text);
	assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4"));
	assert_non_null(strstr(text, "pool_bytes{state=\"free\"} 5242880\n"));
	assert_non_null(strstr(text, "pool_bytes{state=\"lent\"} 3145728\n"));
	assert_non_null(strstr(text, "sessions{state=\"attached\"} 1\n"));
	assert_non_null(strstr(text, "pool_wanted_bytes 8388608\n"));
	assert_non_null(strstr(text, "fastswap_server_queue_pairs 2\n"));
	keep("status-lent", get("/status", 200));
}

static void clients(void **state)
{
	json_object *all, *one, *value;
	struct fsw_hello hello;
	const char *text;

	make_hello(&hello, FSW_ROLE_CONTROL, 0, 2, 0xab);
	memset(hello.client_id, 0xcd, sizeof(hello.client_id));
	strcpy(source_address, "10.0.0.9");
	request(&hello, sizeof(hello), 0);
	text = get("/clients", 200);
	/* Of the two ids of a session one is a secret. */
	assert_null(strstr(text, "abab"));
	assert_non_null(strstr(answer, "application/json"));
	all = json_tokener_parse(text);
	assert_int_equal(json_object_array_length(all), 1);
	one = json_object_array_get_idx(all, 0);
	assert_true(json_object_object_get_ex(one, "client_id", &value));
	assert_string_equal(json_object_get_string(value), "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
	assert_true(json_object_object_get_ex(one, "identity", &value));
	assert_string_equal(json_object_get_string(value), "");
	assert_true(json_object_object_get_ex(one, "address", &value));
	assert_string_equal(json_object_get_string(value), "10.0.0.9");
	assert_true(json_object_object_get_ex(one, "state", &value));
	assert_string_equal(json_object_get_string(value), "opening");
	json_object_put(all);

	text = get("/status", 200);
	keep("status", text);
	assert_null(strstr(text, "abab"));
	all = json_tokener_parse(text);
	assert_true(json_object_object_get_ex(all, "authentication", &value));
	assert_false(json_object_get_boolean(value));
	assert_true(json_object_object_get_ex(all, "history", &value));
	assert_int_equal(json_object_array_length(value), 1);
	json_object_put(all);
}

/* The numbers of one limit of the first client. */
static void assert_quota(json_object *all, const char *name, uint64_t used, uint64_t limit)
{
	json_object *one = json_object_array_get_idx(all, 0), *value;

	assert_true(json_object_object_get_ex(one, "quota", &one));
	assert_true(json_object_object_get_ex(one, name, &one));
	assert_true(json_object_object_get_ex(one, "used", &value));
	assert_int_equal(json_object_get_uint64(value), used);
	assert_true(json_object_object_get_ex(one, "limit", &value));
	/* Null is no limit. */
	assert_int_equal(!value, !limit);
	if (limit)
		assert_int_equal(json_object_get_uint64(value), limit);
}

/* What a client has in all its sessions. */
static void quotas(void **state)
{
	json_object *all, *value;
	char why[128];

	assert_int_equal(quota_add(&f.cfg.quota, "default size=4M sessions=2", why, sizeof(why)),
			 0);
	grant_all(attach(1), 1);
	grant_all(attach(2), 2);
	all = json_tokener_parse(get("/clients", 200));
	assert_int_equal(json_object_array_length(all), 2);
	assert_quota(all, "size", 3 * TEST_CHUNK, 4 * TEST_CHUNK);
	assert_quota(all, "queue-pairs", 14, 0);
	assert_quota(all, "sessions", 2, 2);
	json_object_put(all);

	/* Before it is known whose a session is it counts for nobody. */
	f.l.keys = &no_keys;
	request_role(FSW_ROLE_CONTROL, 0, 3);
	all = json_tokener_parse(get("/clients", 200));
	assert_int_equal(json_object_array_length(all), 3);
	assert_true(json_object_object_get_ex(json_object_array_get_idx(all, 2), "quota", &value));
	assert_null(value);
	assert_quota(all, "sessions", 2, 2);
	json_object_put(all);
}

static void health(void **state)
{
	assert_string_equal(get("/healthz", 200), "ok\n");
	raise(SIGUSR1);
	pump();
	assert_string_equal(get("/healthz", 503), "draining\n");
}

static bool has(const char *path, const char *what)
{
	return strstr(get(path, 200), what);
}

/* Clients hold more than there is to be; and then what there is to be is not to be had. */
static void another_size(void **state)
{
	struct rdma_cm_id *id = attach(1);

	grant_all(id, 5);
	resize_want(&f.l.resizer, 2);
	PUMP_UNTIL(has("/metrics", "pool_excess_bytes 3145728\n"));
	assert_true(has("/metrics", "pool_resizing{how=\"shrinking\"} 1\n"));
	assert_true(has("/metrics", "pool_resizing{how=\"growing\"} 0\n"));
	assert_true(has("/metrics", "pool_bytes{state=\"lent\"} 5242880\n"));
	assert_true(has("/metrics", "pool_bytes{state=\"free\"} 0\n"));
	assert_true(has("/metrics", "pool_wanted_bytes 2097152\n"));
	assert_true(has("/status", "\"resizing\":\"shrinking\""));
	assert_true(has("/clients", "\"recalled_bytes\":3145728"));
	assert_string_equal(get("/healthz", 200), "ok, the pool is shrinking\n");
	fake_map_errno = ENOMEM;
	resize_want(&f.l.resizer, 9);
	PUMP_UNTIL(resize_phase(&f.l.resizer) == RESIZE_STUCK);
	fake_map_errno = 0;
	assert_true(has("/metrics", "pool_resizing{how=\"stuck\"} 1\n"));
	assert_string_equal(get("/healthz", 200), "ok, the pool is stuck\n");
	resize_want(&f.l.resizer, 9);
	PUMP_UNTIL(resize_phase(&f.l.resizer) == RESIZE_NONE);
	assert_true(has("/metrics", "pool_bytes{state=\"free\"} 4194304\n"));
	assert_true(has("/metrics", "pool_excess_bytes 0\n"));
	assert_string_equal(get("/healthz", 200), "ok\n");
}

static void page(void **state)
{
	const char *text = get("/", 200);

	assert_non_null(strstr(answer, "Content-Security-Policy: default-src 'none'"));
	assert_non_null(strstr(text, "</html>"));
	/* It asks nobody but the server. */
	assert_null(strstr(text, "src="));
	assert_null(strstr(text, "https:"));
}

static void what_it_does_not_answer(void **state)
{
	static char large[16384];
	int fds[14];
	unsigned int i;

	get("/secrets", 404);
	ask("POST /clients HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 501);
	ask("POST /clients HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", 413);
	ask("nonsense\r\n\r\n", 400);
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "GET / HTTP/1.0\r\nA: ", 19);
	strcpy(large + sizeof(large) - 5, "\r\n\r\n");
	ask(large, 400);

	/* Connections that say nothing do not keep out those who do. */
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = open_connection();
	pump();
	get("/healthz", 200);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void the_path_is_taken(void **state)
{
	char why[256];
	struct stat st;

	assert_null(admin_start(&f.l, why, sizeof(why)));
	assert_non_null(strstr(why, "--admin unix:"));
	assert_non_null(strstr(why, "in use"));
	assert_int_equal(stat(where + strlen("unix:"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	/* It is still there, and answers. */
	get("/healthz", 200);
}

static void hosts(void **state)
{
	static const char *const others[] = {
		"",
		"127.example.org",
		"127.0.0.1.example.org",
		"127.1",
		"128.0.0.1",
		"localhost.org",
		"[::2]",
		"::ffff:10.0.0.1",
		"example.org",
	};
	unsigned int i;

	assert_true(adminaddr_is_ours("localhost"));
	assert_true(adminaddr_is_ours("127.0.0.1"));
	assert_true(adminaddr_is_ours("127.9.8.7"));
	assert_true(adminaddr_is_ours("::1"));
	assert_true(adminaddr_is_ours("[::1]"));
	for (i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(adminaddr_is_ours(others[i]));
}

#define ADMIN(test)	cmocka_unit_test_setup_teardown(test, setup_admin, teardown_admin)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		ADMIN(metrics),
		ADMIN(clients),
		ADMIN(quotas),
		ADMIN(health),
		ADMIN(another_size),
		ADMIN(page),
		ADMIN(what_it_does_not_answer),
		ADMIN(the_path_is_taken),
		cmocka_unit_test(hosts),
	};

	keep_in = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
