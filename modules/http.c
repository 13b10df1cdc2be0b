/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The HTTP module: GET and HEAD by libmicrohttpd, driven from outside (no thread of its own). libtenon opens it when
 * [metrics] http asks for it; it links nothing of libtenon. State: one daemon and its descriptors.
 */
#include "build.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/http.h"
#include "runtime/public.h"

#define CONNECTIONS_MAX 16
#define TIMEOUT_SECONDS 10

static struct MHD_Daemon *http_daemon;
static render_page_fn *render_page;
static _Atomic int listening = -1, polled = -1;
static _Atomic int connections[CONNECTIONS_MAX]; /* descriptor + 1; 0: none */

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_page(struct MHD_Connection *connection, const struct http_page *page)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(page->size, page->body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(page->body);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", page->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	enum MHD_Result result = MHD_queue_response(connection, page->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_size, void **request)
{
	struct http_page page;
	(void)user, (void)version, (void)upload;
	*request = NULL;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		*upload_size = 0;
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	}
	if (!render_page(url, &page))
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there are /metrics, /health and /status\n");
	return answer_page(connection, &page);
}

/* ---- Descriptors ------------------------------------------------------------------------------------------------- */

static void exchange_connection(int before, int after)
{
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		if (atomic_load(&connections[i]) == before) {
			atomic_store(&connections[i], after);
			return;
		}
}

static void note_connection(void *user, struct MHD_Connection *connection, void **context,
			    enum MHD_ConnectionNotificationCode code)
{
	(void)user, (void)context;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info && code == MHD_CONNECTION_NOTIFY_STARTED)
		exchange_connection(0, info->connect_fd + 1);
	else if (info)
		exchange_connection(info->connect_fd + 1, 0);
}

static void close_http(void)
{
	MHD_stop_daemon(http_daemon);
	http_daemon = NULL;
	listening = polled = -1;
}

static int open_http(int listener, render_page_fn *render)
{
	render_page = render;
	http_daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL, MHD_OPTION_LISTEN_SOCKET, listener,
				       MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
				       (unsigned)TIMEOUT_SECONDS, MHD_OPTION_NOTIFY_CONNECTION, note_connection, NULL, MHD_OPTION_END);
	if (!http_daemon) {
		int error = errno;
		close(listener);
		errno = error;
		return -1;
	}
	listening = listener;
	polled = MHD_get_daemon_info(http_daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	return polled;
}

static int get_wait_ms(void)
{
	MHD_UNSIGNED_LONG_LONG wait;
	if (MHD_get_timeout(http_daemon, &wait) != MHD_YES)
		return -1;
	return wait > 1000 ? 1000 : (int)wait;
}

static void run_http(void)
{
	MHD_run(http_daemon);
}

static void abandon_http(void)
{
	if (listening < 0)
		return;
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		if (connections[i])
			close(connections[i] - 1);
	close(listening);
	close(polled);
	memset((void *)connections, 0, sizeof connections);
	listening = polled = -1;
	http_daemon = NULL;
}

TENON_PUBLIC const struct http_module tenon_http_module = {PACKAGE_VERSION, open_http, get_wait_ms, run_http, close_http,
							   abandon_http};
