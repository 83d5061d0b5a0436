// SPDX-License-Identifier: GPL-2.0-only
#include "http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "groups.h"
#include "log.h"

#define TIMEOUT_S	5
#define PAUSE_S		1
#define MAX_REQUEST	4096

static void answer(struct evhttp_request *request, struct groups *groups, bool metrics)
{
	struct evbuffer *body = evbuffer_new();
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	bool ok = body && to && groups_tell(groups, to, metrics);

	if (to && fclose(to))
		ok = false;
	if (ok && evbuffer_add(body, text, size) == 0) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
				  metrics ? "text/plain; version=0.0.4" : "text/plain");
		evhttp_send_reply(request, HTTP_OK, "OK", body);
	} else {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
	}
	free(text);
	if (body)
		evbuffer_free(body);
}

static void on_status(struct evhttp_request *request, void *arg)
{
	answer(request, arg, false);
}

static void on_metrics(struct evhttp_request *request, void *arg)
{
	answer(request, arg, true);
}

static bool set_path(struct sockaddr_un *sun, const char *path)
{
	*sun = (struct sockaddr_un) { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sun->sun_path))
		return false;
	strcpy(sun->sun_path, path);
	return true;
}

static int connect_to(const struct sockaddr_un *sun)
{
	const struct timeval limit = { .tv_sec = TIMEOUT_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* A socket that nobody listens at any more is in the way. Return: 0, or a negative errno. */
static int remove_stale(const struct sockaddr_un *sun)
{
	struct stat st;
	int fd;

	if (lstat(sun->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = connect_to(sun);
	if (fd >= 0)
		close(fd);
	/* A daemon whose queue is full is one as well. */
	if (fd >= 0 || fd == -EAGAIN)
		return -EADDRINUSE;
	if (fd != -ECONNREFUSED)
		return fd;
	return unlink(sun->sun_path) && errno != ENOENT ? -errno : 0;
}

static void go_on(evutil_socket_t fd, short what, void *arg)
{
	evconnlistener_enable(arg);
}

/* Whoever wants to be accepted is still there, and we would be told so without end. */
static void pause_accepting(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = { .tv_sec = PAUSE_S };

	log_warn("cannot accept a connection: %s", strerror(EVUTIL_SOCKET_ERROR()));
	if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, go_on, listener,
			    &pause) == 0)
		evconnlistener_disable(listener);
}

static int listen_at_path(struct http *h, struct event_base *base)
{
	const unsigned int flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
	struct evconnlistener *listener;
	mode_t before;
	int err = remove_stale(&h->path);

	if (err)
		return err;
	/* Root and its group. */
	before = umask(0117);
	listener = evconnlistener_new_bind(base, NULL, NULL, flags, 16,
					   (const struct sockaddr *)&h->path, sizeof(h->path));
	err = listener ? 0 : -errno;
	umask(before);
	if (err)
		return err;
	if (!evhttp_bind_listener(h->server, listener)) {
		evconnlistener_free(listener);
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(listener, pause_accepting);
	return 0;
}

/* "127.0.0.1:9100", "[::1]:9100", which was checked already. */
static int listen_at_address(struct http *h, const char *metrics)
{
	const char *colon = strrchr(metrics, ':');
	struct evhttp_bound_socket *bound;
	size_t len = colon - metrics;
	char host[32];

	if (*metrics == '[') {
		metrics++;
		len -= 2;
	}
	snprintf(host, sizeof(host), "%.*s", (int)len, metrics);
	errno = 0;
	bound = evhttp_bind_socket_with_handle(h->server, host, atoi(colon + 1));
	if (!bound)
		return errno ? -errno : -EADDRNOTAVAIL;
	evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(bound), pause_accepting);
	return 0;
}

/**
 * http_start - begin to serve
 * @h: filled in
 * @base: that it runs in
 * @groups: whose figures
 * @socket: path
 * @metrics: address; NULL: none
 * @why: on an error what is wrong, in words
 * @why_size: bytes of @why
 */
bool http_start(struct http *h, struct event_base *base, struct groups *groups,
		const char *socket, const char *metrics, char *why, size_t why_size)
{
	int err;

	*h = (struct http) { .groups = groups, .server = evhttp_new(base) };
	if (!h->server || !set_path(&h->path, socket)) {
		h->path.sun_path[0] = '\0';
		snprintf(why, why_size, "no memory");
		return false;
	}
	evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET);
	evhttp_set_timeout(h->server, TIMEOUT_S);
	evhttp_set_max_headers_size(h->server, MAX_REQUEST);
	evhttp_set_max_body_size(h->server, MAX_REQUEST);
	evhttp_set_cb(h->server, "/status", on_status, groups);
	evhttp_set_cb(h->server, "/metrics", on_metrics, groups);
	err = listen_at_path(h, base);
	if (err) {
		h->path.sun_path[0] = '\0';
		snprintf(why, why_size, "cannot listen at %s: %s%s", socket, strerror(-err),
			 err == -EADDRINUSE ? "; does another fastswap-reclaimd run?" : "");
		return false;
	}
	err = metrics ? listen_at_address(h, metrics) : 0;
	if (err)
		snprintf(why, why_size, "cannot listen at %s: %s", metrics, strerror(-err));
	return !err;
}

/** http_stop - end all connections, remove the socket; also if http_start() has failed */
void http_stop(struct http *h)
{
	if (h->server)
		evhttp_free(h->server);
	h->server = NULL;
	if (h->path.sun_path[0])
		unlink(h->path.sun_path);
	h->path.sun_path[0] = '\0';
}

/* All that comes; to be freed. NULL and an errno if that fails. */
static char *read_answer(int fd)
{
	char part[4096], *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	ssize_t n = -1;
	int err;

	while (to && (n = read(fd, part, sizeof(part))) > 0)
		fwrite(part, n, 1, to);
	err = errno;
	if (to && fclose(to) && n == 0) {
		err = errno;
		n = -1;
	}
	if (n == 0)
		return text;
	free(text);
	errno = err;
	return NULL;
}

/**
 * http_ask - print the status of a daemon that runs
 * @socket: its socket
 *
 * Return: 0, or a negative errno, -EPROTO for an answer that is none.
 */
int http_ask(const char *socket)
{
	static const char request[] = "GET /status HTTP/1.0\r\n\r\n";
	struct sockaddr_un sun;
	char *text, *body;
	int fd, err = 0;

	if (!set_path(&sun, socket))
		return -ENAMETOOLONG;
	fd = connect_to(&sun);
	if (fd < 0)
		return fd;
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request)) {
		err = -errno;
		close(fd);
		return err;
	}
	text = read_answer(fd);
	if (!text)
		err = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(fd);
	if (err)
		return err;
	body = strstr(text, "\r\n\r\n");
	if (!body || !strstr(text, " 200 ") || strstr(text, " 200 ") > body)
		err = -EPROTO;
	else if (fputs(body + 4, stdout) < 0 || fflush(stdout))
		err = -errno;
	free(text);
	return err;
}
