/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The control socket's threads. The first polls: it accepts, reads, writes and answers what is quick, so a silent client
 * holds up nobody and rollback never waits for a swap. The second, the worker, does what may take long, one at a time.
 * A client belongs to the poller except while its state is BUSY, when it is the worker's. No RCU here.
 */
#include "build.h"

#include "runtime/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/log.h"
#include "runtime/logfmt.h"
#include "runtime/socket.h"
#include "runtime/verbs.h"

#define CLIENTS_MAX 16
#define ANSWER_SIZE 131072
#define CLIENT_DEADLINE_MS 2000 /* to send a request, and again to take the answer */
#define ACCEPT_PAUSE_MS 100     /* after accept() failed for want of descriptors or memory */

enum client_state { CLIENT_FREE, CLIENT_READING, CLIENT_BUSY, CLIENT_WRITING };

struct client {
	_Atomic enum client_state state;
	int fd;
	int64_t deadline;
	unsigned turn; /* order among those that wait for the worker */
	size_t received, sent;
	struct text answer;
	char request[REQUEST_SIZE], bytes[ANSWER_SIZE];
};

static struct {
	pid_t pid; /* who started it; 0 when not started */
	int listener, wake;
	char path[SOCKET_PATH_SIZE];
	pthread_t poller, worker;
	atomic_bool stopping;
	_Atomic int64_t group; /* [control] group; -1 for none */
	int64_t accept_after;
	unsigned turns;
	pthread_mutex_t lock; /* of the worker's queue: clients that become BUSY */
	pthread_cond_t queued;
	struct client client[CLIENTS_MAX];
} control;

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

/* Room at the end of each answer for a line that says that it was cut. */
static const char cut_line[] = "\ncut=true\n";

static void answer_client(struct client *client)
{
	start_text(&client->answer, client->bytes, ANSWER_SIZE - sizeof cut_line);
	answer_request(client->request, &client->answer);
	if (client->answer.cut && !client->answer.most) {
		client->answer.cut = false;
		client->answer.size = ANSWER_SIZE;
		add_text(&client->answer, "%s", cut_line);
	}
}

static void refuse_client(struct client *client, int status, const char *text)
{
	start_text(&client->answer, client->bytes, ANSWER_SIZE);
	answer_status(&client->answer, status, text);
}

static void start_writing(struct client *client)
{
	client->sent = 0;
	client->deadline = now_ms() + CLIENT_DEADLINE_MS;
	atomic_store_explicit(&client->state, CLIENT_WRITING, memory_order_release);
}

static void wake_poller(void)
{
	uint64_t one = 1;
	/* A lost wake-up would be waited for until the next one. EAGAIN: the counter is full, so it is awake. */
	for (int i = 0; i < 100 && write(control.wake, &one, sizeof one) < 0 && errno != EAGAIN; i++)
		;
}

/* ---- The worker -------------------------------------------------------------------------------------------------- */

static struct client *first_in_queue(void)
{
	struct client *first = NULL;
	for (struct client *client = control.client; client < control.client + CLIENTS_MAX; client++)
		if (atomic_load_explicit(&client->state, memory_order_acquire) == CLIENT_BUSY &&
		    (!first || (int)(client->turn - first->turn) < 0))
			first = client;
	return first;
}

static void *work(void *argument)
{
	(void)argument;
	pthread_setname_np(pthread_self(), "tenon-worker");
	pthread_mutex_lock(&control.lock);
	while (!atomic_load(&control.stopping)) {
		struct client *client = first_in_queue();
		if (!client) {
			pthread_cond_wait(&control.queued, &control.lock);
			continue;
		}
		pthread_mutex_unlock(&control.lock);
		answer_client(client);
		start_writing(client);
		wake_poller();
		pthread_mutex_lock(&control.lock);
	}
	pthread_mutex_unlock(&control.lock);
	return NULL;
}

static void queue_client(struct client *client)
{
	pthread_mutex_lock(&control.lock);
	client->turn = control.turns++;
	atomic_store_explicit(&client->state, CLIENT_BUSY, memory_order_release);
	pthread_cond_signal(&control.queued);
	pthread_mutex_unlock(&control.lock);
}

/* ---- Clients ----------------------------------------------------------------------------------------------------- */

static void drop_client(struct client *client)
{
	close(client->fd);
	client->fd = -1;
	free_text(&client->answer);
	atomic_store_explicit(&client->state, CLIENT_FREE, memory_order_release);
}

static void take_request(struct client *client, size_t length)
{
	client->request[length] = '\0';
	if (memchr(client->request, '\0', length)) {
		refuse_client(client, TENON_EINVAL, "not a request: it holds a NUL byte");
		start_writing(client);
	} else if (is_slow_request(client->request)) {
		queue_client(client);
	} else {
		answer_client(client);
		start_writing(client);
	}
}

static void read_client(struct client *client)
{
	size_t room = REQUEST_SIZE - client->received;
	ssize_t got = recv(client->fd, client->request + client->received, room, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop_client(client);
		return;
	}
	client->received += (size_t)got;
	char *end = memchr(client->request, '\n', client->received);
	if (end) {
		take_request(client, (size_t)(end - client->request));
	} else if (client->received == REQUEST_SIZE) {
		refuse_client(client, TENON_EINVAL, "the request is too long");
		start_writing(client);
	}
}

static void write_client(struct client *client)
{
	while (client->sent < client->answer.length) {
		ssize_t put = send(client->fd, client->answer.bytes + client->sent,
				   client->answer.length - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN)
			return;
		if (put < 0)
			break;
		client->sent += (size_t)put;
	}
	drop_client(client);
}

/* A free place; when all are taken, that of the client that has kept us waiting longest for its request. */
static struct client *find_place(void)
{
	struct client *oldest = NULL;
	for (struct client *client = control.client; client < control.client + CLIENTS_MAX; client++) {
		enum client_state state = atomic_load_explicit(&client->state, memory_order_acquire);
		if (state == CLIENT_FREE)
			return client;
		if (state == CLIENT_READING && (!oldest || client->deadline < oldest->deadline))
			oldest = client;
	}
	if (oldest)
		drop_client(oldest);
	return oldest;
}

static void accept_client(void)
{
	int fd = accept4(control.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			control.accept_after = now_ms() + ACCEPT_PAUSE_MS;
		return;
	}
	struct client *client = find_place();
	if (!client) {
		close(fd);
		return;
	}
	uid_t uid = (uid_t)-1;
	client->fd = fd;
	client->received = 0;
	client->deadline = now_ms() + CLIENT_DEADLINE_MS;
	if (is_trusted_peer(fd, atomic_load(&control.group), &uid)) {
		atomic_store_explicit(&client->state, CLIENT_READING, memory_order_release);
		return;
	}
	log_event(TENON_LOG_WARN, FACTS(EVENT_control), "control socket: refused a connection by user %u", uid);
	refuse_client(client, TENON_EREFUSED,
		      "only root, the user of this process and [control] group may give it orders");
	start_writing(client);
}

/* ---- The poller -------------------------------------------------------------------------------------------------- */

struct polled {
	struct pollfd fd[CLIENTS_MAX + 2]; /* the clients, the listener, the wake-up */
	int timeout;
};

static void sooner(struct polled *polled, int64_t deadline, int64_t now)
{
	int wait = deadline <= now ? 0 : (int)(deadline - now);
	if (polled->timeout < 0 || wait < polled->timeout)
		polled->timeout = wait;
}

static void prepare_poll(struct polled *polled)
{
	int64_t now = now_ms();
	polled->timeout = -1;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &control.client[i];
		enum client_state state = atomic_load_explicit(&client->state, memory_order_acquire);
		polled->fd[i] = (struct pollfd){.fd = -1};
		if (state != CLIENT_READING && state != CLIENT_WRITING)
			continue;
		polled->fd[i].fd = client->fd;
		polled->fd[i].events = state == CLIENT_READING ? POLLIN : POLLOUT;
		sooner(polled, client->deadline, now);
	}
	bool paused = control.accept_after > now;
	if (paused)
		sooner(polled, control.accept_after, now);
	polled->fd[CLIENTS_MAX] = (struct pollfd){.fd = paused ? -1 : control.listener, .events = POLLIN};
	polled->fd[CLIENTS_MAX + 1] = (struct pollfd){.fd = control.wake, .events = POLLIN};
}

static void serve_client(struct client *client, short events, int64_t now)
{
	enum client_state state = atomic_load_explicit(&client->state, memory_order_acquire);
	if (state == CLIENT_READING && events)
		read_client(client);
	else if (state == CLIENT_WRITING && events)
		write_client(client);
	else if ((state == CLIENT_READING || state == CLIENT_WRITING) && client->deadline <= now)
		drop_client(client);
}

static void *serve(void *argument)
{
	(void)argument;
	pthread_setname_np(pthread_self(), "tenon-control");
	while (!atomic_load(&control.stopping)) {
		struct polled polled;
		uint64_t wakes;
		prepare_poll(&polled);
		if (poll(polled.fd, CLIENTS_MAX + 2, polled.timeout) < 0)
			continue;
		if (polled.fd[CLIENTS_MAX + 1].revents && read(control.wake, &wakes, sizeof wakes) < 0)
			continue;
		int64_t now = now_ms();
		/* Whom the worker had meanwhile had no chance yet to take the answer, however late it is. */
		for (int i = 0; i < CLIENTS_MAX; i++)
			if (polled.fd[i].fd >= 0)
				serve_client(&control.client[i], polled.fd[i].revents, now);
		if (polled.fd[CLIENTS_MAX].revents)
			accept_client();
		tell_suppressed(false);
	}
	return NULL;
}

/* ---- Start and stop ---------------------------------------------------------------------------------------------- */

/* New threads inherit the mask: no signal of the host is ever delivered to ours. */
static int start_threads(void)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&control.poller, NULL, serve, NULL);
	if (!error && (error = pthread_create(&control.worker, NULL, work, NULL))) {
		atomic_store(&control.stopping, true);
		wake_poller();
		pthread_join(control.poller, NULL);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void close_descriptors(void)
{
	for (struct client *client = control.client; client < control.client + CLIENTS_MAX; client++)
		if (client->fd >= 0)
			close(client->fd);
	close(control.listener);
	if (control.wake >= 0)
		close(control.wake);
	control.pid = 0;
}

int start_control(const struct config *config, struct why *why)
{
	if (strcmp(config->socket, "off") == 0)
		return 0;
	int listener = bind_socket(config->socket, control.path, why);
	if (listener < 0)
		return listener;
	control.listener = listener;
	control.accept_after = 0;
	atomic_store(&control.stopping, false);
	atomic_store(&control.group, -1);
	pthread_mutex_init(&control.lock, NULL);
	pthread_cond_init(&control.queued, NULL);
	for (struct client *client = control.client; client < control.client + CLIENTS_MAX; client++) {
		client->fd = -1;
		atomic_store(&client->state, CLIENT_FREE);
	}
	control.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	control.pid = getpid();
	int error = control.wake < 0 ? errno : start_threads();
	if (error) {
		unlink(control.path);
		close_descriptors();
		return explain(why, TENON_ESYSTEM, "control socket: cannot start its threads: %s", strerror(error));
	}
	set_control_group(config->group);
	log_event(TENON_LOG_INFO, FACTS(EVENT_control), "control socket: listening at %s", control.path);
	return 0;
}

void set_control_group(int64_t group)
{
	struct why why;
	if (control.pid != getpid() || atomic_exchange(&control.group, group) == group)
		return;
	if (grant_socket(control.path, group, &why))
		log_event(TENON_LOG_WARN, FACTS(EVENT_control, .reason = why.text), "%s", why.text);
}

void stop_control(void)
{
	if (control.pid == 0)
		return;
	if (control.pid != getpid()) {
		abandon_control();
		return;
	}
	pthread_mutex_lock(&control.lock);
	atomic_store(&control.stopping, true);
	pthread_cond_signal(&control.queued);
	pthread_mutex_unlock(&control.lock);
	wake_poller();
	pthread_join(control.poller, NULL);
	pthread_join(control.worker, NULL);
	unlink(control.path);
	for (struct client *client = control.client; client < control.client + CLIENTS_MAX; client++)
		if (client->fd >= 0)
			drop_client(client);
	close_descriptors();
	pthread_cond_destroy(&control.queued);
	pthread_mutex_destroy(&control.lock);
}

void abandon_control(void)
{
	if (control.pid != 0)
		close_descriptors();
}
