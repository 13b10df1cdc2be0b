/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the HTTP port, its thread, and the module's handle, which is never given back (what it links may not be unloaded).
 * The thread asks as the control socket's does and holds no lock while it waits.
 */
#include "build.h"

#include "runtime/scrape.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/http.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/runtime.h"
#include "runtime/verbs.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock, but for what the thread reads while it runs. */
static struct {
	pid_t pid; /* who started it; 0 when not started */
	const struct http_module *module;
	int polled, wake;
	char setting[sizeof((struct config *)0)->http];
	pthread_t thread;
	atomic_bool stopping;
} scrape;

/* ---- Pages ------------------------------------------------------------------------------------------------------- */

static bool finish_page(struct text *text, struct http_page *page)
{
	if (text->cut || !text->most) {
		free_text(text);
		return false;
	}
	page->body = text->bytes;
	page->size = text->length;
	return true;
}

static bool render_health(struct http_page *page)
{
	struct text text;
	struct tenon_status_info info;
	bool good = answers_calls();
	tenon_status_get(&info);
	start_growing_text(&text, METRICS_MOST);
	add_text(&text,
		 good ? "ok: kernel calls are answered by %s\n" : "failing: %s does not answer a kernel call rightly\n",
		 info.backend);
	if (info.degraded)
		add_text(&text, "degraded: %s\n", info.degraded_reason);
	page->status = good ? 200 : 503;
	return finish_page(&text, page);
}

/* What the verb answers, without its first line. */
static bool render_status(struct http_page *page)
{
	struct text text;
	char request[] = "TENON/1 status";
	start_growing_text(&text, METRICS_MOST);
	answer_request(request, &text);
	char *line = strchr(text.bytes, '\n');
	if (line) {
		text.length -= (size_t)(line + 1 - text.bytes);
		memmove(text.bytes, line + 1, text.length + 1);
	}
	return finish_page(&text, page);
}

static bool render_metrics(struct http_page *page)
{
	struct text text;
	start_growing_text(&text, METRICS_MOST);
	write_metrics(&text);
	page->type = "text/plain; version=0.0.4; charset=utf-8";
	return finish_page(&text, page);
}

static int render(const char *path, struct http_page *page)
{
	*page = (struct http_page){.status = 200, .type = "text/plain; charset=utf-8"};
	if (strcmp(path, "/metrics") == 0)
		return render_metrics(page);
	if (strcmp(path, "/health") == 0)
		return render_health(page);
	return strcmp(path, "/status") == 0 && render_status(page);
}

/* ---- The thread -------------------------------------------------------------------------------------------------- */

static void *serve(void *unused)
{
	(void)unused;
	pthread_setname_np(pthread_self(), "tenon-http");
	while (!atomic_load(&scrape.stopping)) {
		struct pollfd fds[2] = {{.fd = scrape.polled, .events = POLLIN}, {.fd = scrape.wake, .events = POLLIN}};
		poll(fds, 2, scrape.module->wait_ms());
		if (!fds[1].revents)
			scrape.module->run();
	}
	return NULL;
}

static int start_thread(void)
{
	sigset_t all, before;
	atomic_store(&scrape.stopping, false);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&scrape.thread, NULL, serve, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

/* ---- Start and stop ---------------------------------------------------------------------------------------------- */

static int load_module(struct why *why)
{
	const char *path = secure_getenv("TENON_HTTP_MODULE");
	if (scrape.module)
		return TENON_OK;
	path = path && *path ? path : TENON_MODULEDIR "/tenon-http.so";
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	const struct http_module *module = handle ? dlsym(handle, "tenon_http_module") : NULL;
	if (!module)
		return explain(why, TENON_ENOENT,
			       "[metrics] http: the HTTP module cannot be loaded: %.300s; install it, or set "
			       "http = off",
			       dlerror());
	if (strcmp(module->version, PACKAGE_VERSION) != 0)
		return explain(why, TENON_EREFUSED,
			       "[metrics] http: %s is of Tenon %s, this is %s; install both from one release", path,
			       module->version, PACKAGE_VERSION);
	scrape.module = module;
	return TENON_OK;
}

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

static socklen_t make_address(const char *setting, union address *address)
{
	char text[64];
	uint16_t port;
	memset(address, 0, sizeof *address);
	split_http(setting, text, sizeof text, &port);
	if (inet_pton(AF_INET6, text, &address->ipv6.sin6_addr) == 1) {
		address->ipv6.sin6_family = AF_INET6;
		address->ipv6.sin6_port = htons(port);
		return sizeof address->ipv6;
	}
	inet_pton(AF_INET, text, &address->ipv4.sin_addr);
	address->ipv4.sin_family = AF_INET;
	address->ipv4.sin_port = htons(port);
	return sizeof address->ipv4;
}

/* A listening descriptor, or -1 with errno. */
static int listen_at(const char *setting, unsigned *port)
{
	int one = 1;
	union address address;
	socklen_t size = make_address(setting, &address);
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, &address.any, size) || listen(fd, 16) || getsockname(fd, &address.any, &size)) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	*port = ntohs(address.any.sa_family == AF_INET6 ? address.ipv6.sin6_port : address.ipv4.sin_port);
	return fd;
}

static int fail_to_start(const char *setting, int error, struct why *why)
{
	return explain(why, TENON_ESYSTEM,
		       "[metrics] http = %s: cannot serve there: %s; name another port, or see who has it with "
		       "ss -ltnp",
		       setting, strerror(error));
}

static int open_port(unsigned *port, struct why *why)
{
	int listener = listen_at(scrape.setting, port);
	if (listener < 0)
		return fail_to_start(scrape.setting, errno, why);
	scrape.polled = scrape.module->open(listener, render);
	if (scrape.polled < 0)
		return fail_to_start(scrape.setting, errno, why);
	scrape.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int error = scrape.wake < 0 ? errno : start_thread();
	if (!error)
		return TENON_OK;
	scrape.module->close();
	if (scrape.wake >= 0)
		close(scrape.wake);
	return fail_to_start(scrape.setting, error, why);
}

static int start_locked(const char *setting, struct why *why)
{
	unsigned port = 0;
	char address[64];
	uint16_t unused;
	if (strcmp(setting, "off") == 0 || scrape.pid)
		return TENON_OK;
	if (getauxval(AT_SECURE))
		return explain(why, TENON_EREFUSED, "[metrics] http: a setuid process serves nothing");
	snprintf(scrape.setting, sizeof scrape.setting, "%s", setting);
	int status = load_module(why);
	if (status == TENON_OK)
		status = open_port(&port, why);
	if (status)
		return status;
	scrape.pid = getpid();
	split_http(setting, address, sizeof address, &unused);
	log_event(TENON_LOG_INFO, FACTS(EVENT_metrics),
		  strchr(address, ':') ? "metrics: http://[%s]:%u/metrics" : "metrics: http://%s:%u/metrics", address,
		  port);
	return TENON_OK;
}

static void stop_locked(void)
{
	uint64_t one = 1;
	if (scrape.pid != getpid())
		return;
	atomic_store(&scrape.stopping, true);
	while (write(scrape.wake, &one, sizeof one) < 0 && errno == EINTR)
		;
	pthread_join(scrape.thread, NULL);
	scrape.module->close();
	close(scrape.wake);
	scrape.pid = 0;
}

int start_scrape(const struct config *config, struct why *why)
{
	pthread_mutex_lock(&lock);
	int status = start_locked(config->http, why);
	pthread_mutex_unlock(&lock);
	return status;
}

void stop_scrape(void)
{
	pthread_mutex_lock(&lock);
	stop_locked();
	pthread_mutex_unlock(&lock);
}

static int renew_locked(const struct config *config, struct why *why)
{
	if (scrape.pid && strcmp(scrape.setting, config->http) == 0)
		return TENON_OK;
	stop_locked();
	return start_locked(config->http, why);
}

int renew_scrape(struct why *why)
{
	struct runtime *copy = malloc(sizeof *copy);
	int status = copy ? TENON_OK : explain(why, TENON_ENOMEM, "[metrics] http: no memory");
	pthread_mutex_lock(&lock);
	if (copy && copy_runtime(copy, NULL) == TENON_OK) /* else it is being closed */
		status = renew_locked(&copy->config, why);
	pthread_mutex_unlock(&lock);
	free(copy);
	return status;
}

void abandon_scrape(void)
{
	if (!scrape.pid)
		return;
	scrape.module->abandon();
	close(scrape.wake);
	scrape.pid = 0;
}

void restart_scrape(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}
