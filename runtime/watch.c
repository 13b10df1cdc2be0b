/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The watcher's thread; see watch.h. An event is only a hint that something happened: what is watched is found anew
 * before each reload, and the reload reads everything, so what changes meanwhile makes a new event. No RCU here.
 */
#include "build.h"

#include "runtime/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <tenon/tenon.h>
#include <time.h>
#include <unistd.h>

#include "runtime/log.h"
#include "runtime/places.h"

#define DIRECTORY_EVENTS                                                                                     \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | \
	 IN_MOVE_SELF)
#define FILE_EVENTS (IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

static struct {
	pid_t pid;             /* who started it; 0 when not started */
	int inotify, wake;     /* -1 when closed */
	struct config *config; /* whose places are watched: they are for ever those of the open */
	pthread_t thread;
	atomic_bool stopping;
	/* The thread's own. */
	struct places places;
	struct look seen;     /* when the configuration was last read */
	bool polls;           /* inotify does not see everything */
	int64_t since, until; /* of a change that is waited out, in ms; 0 for none */
	bool patient;         /* it waits for a file that vanished */
} watch;

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* ---- What is watched --------------------------------------------------------------------------------------------- */

static void start_polling(const char *what, int error)
{
	if (!watch.polls)
		log_event(TENON_LOG_WARN, FACTS(EVENT_trouble, .reason = strerror(error)),
			  "configuration: %s: %s; its files are looked at every %d s instead%s", what, strerror(error),
			  WATCH_POLL_MS / 1000,
			  error == ENOSPC   ? "; raise fs.inotify.max_user_watches to have changes at once"
			  : error == EMFILE ? "; raise fs.inotify.max_user_instances to have changes at once"
					    : "");
	watch.polls = true;
}

/* A directory on the way may be closed to us; that it is replaced is found out by nobody, and rare. */
static bool watch_place(struct place *place)
{
	uint32_t mask = place->is_file ? FILE_EVENTS : DIRECTORY_EVENTS | IN_ONLYDIR;
	place->watch = inotify_add_watch(watch.inotify, place->path, mask);
	if (place->watch >= 0 || errno == ENOENT || errno == ENOTDIR || (errno == EACCES && !place->is_vital))
		return true;
	start_polling("inotify cannot watch everything", errno);
	return false;
}

static bool was_watched(const struct places *places, int wd)
{
	for (size_t i = 0; i < places->count; i++)
		if (places->list[i].watch == wd)
			return true;
	return false;
}

/* New watches before old ones are given up: the kernel has one for each inode, and tells nothing twice. */
static void watch_places(void)
{
	struct places fresh, old = watch.places;
	if (watch.inotify < 0)
		return;
	if (!find_places(watch.config, &fresh))
		start_polling("its files cannot be followed", ENOMEM);
	for (size_t i = 0; i < fresh.count && watch_place(&fresh.list[i]); i++)
		;
	for (size_t i = 0; i < old.count; i++)
		if (old.list[i].watch >= 0 && !was_watched(&fresh, old.list[i].watch))
			inotify_rm_watch(watch.inotify, old.list[i].watch);
	free_places(&old);
	watch.places = fresh;
}

/* ---- What happened ----------------------------------------------------------------------------------------------- */

/* A new file has a writer, who will close it; a new name of an old one, or a link, has not. */
static bool is_being_written(const struct place *place, const struct inotify_event *event)
{
	char path[PATH_MAX + NAME_MAX + 1];
	struct stat status;
	snprintf(path, sizeof path, "%s/%s", place->path, event->name);
	return event->mask & IN_CREATE && lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1;
}

static bool concerns(const struct place *place, const struct inotify_event *event)
{
	if (place->watch != event->wd)
		return false;
	if (place->is_file || !event->len)
		return !(event->mask & IN_IGNORED);
	if (*place->name ? strcmp(place->name, event->name) != 0 : !is_layer_name(event->name))
		return false;
	return !is_being_written(place, event);
}

static bool is_relevant(const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	for (size_t i = 0; i < watch.places.count; i++)
		if (concerns(&watch.places.list[i], event))
			return true;
	return false;
}

/* Reads all events; is one of them about us? */
static bool take_events(void)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool relevant = false;
	for (ssize_t size; (size = read(watch.inotify, bytes, sizeof bytes)) > 0;)
		for (const char *at = bytes; at < bytes + size;) {
			const struct inotify_event *event = (const void *)at;
			relevant = relevant || is_relevant(event);
			at += sizeof *event + event->len;
		}
	return relevant;
}

/* ---- What is done about it --------------------------------------------------------------------------------------- */

static void note_change(void)
{
	int64_t now = now_ms();
	if (!watch.until)
		watch.since = now;
	watch.until = now + (watch.patient ? WATCH_GONE_MS : WATCH_QUIET_MS);
	if (watch.until > watch.since + WATCH_PATIENCE_MS)
		watch.until = watch.since + WATCH_PATIENCE_MS;
}

/* A file younger than the clock's grain may be written again without looking different. */
static bool is_young(const struct look *look)
{
	return look->newest_ms >= clock_ms(CLOCK_REALTIME) - 1000;
}

static void follow_change(void)
{
	struct look look;
	look_at_layers(watch.config, &look);
	if (look.files < watch.seen.files && !watch.patient) {
		watch.patient = true;
		note_change();
		return;
	}
	watch.until = 0;
	watch.patient = false;
	watch_places();
	look_at_layers(watch.config, &watch.seen);
	tenon_reload();
	if (watch.polls && is_young(&watch.seen))
		watch.seen.hash = 0;
}

static void look_for_change(void)
{
	struct look look;
	look_at_layers(watch.config, &look);
	if (look.hash != watch.seen.hash)
		note_change();
}

static int time_to_wait(void)
{
	int64_t now = now_ms();
	if (watch.until)
		return watch.until > now ? (int)(watch.until - now) : 0;
	return watch.polls ? WATCH_POLL_MS : -1;
}

static void *watch_files(void *unused)
{
	(void)unused;
	pthread_setname_np(pthread_self(), "tenon-watch");
	watch_places();
	look_for_change(); /* since the configuration was read */
	if (is_young(&watch.seen))
		note_change();
	while (!atomic_load(&watch.stopping)) {
		struct pollfd polled[] = {{watch.inotify, POLLIN, 0}, {watch.wake, POLLIN, 0}};
		int count = poll(polled, 2, time_to_wait());
		if (count > 0 && polled[0].revents) {
			if (take_events())
				note_change();
		} else if (count == 0 && !watch.until) {
			look_for_change();
		}
		if (watch.until && now_ms() >= watch.until && !atomic_load(&watch.stopping))
			follow_change();
	}
	free_places(&watch.places);
	return NULL;
}

/* ---- Start and stop ---------------------------------------------------------------------------------------------- */

static void close_descriptors(void)
{
	if (watch.inotify >= 0)
		close(watch.inotify);
	if (watch.wake >= 0)
		close(watch.wake);
	watch.inotify = watch.wake = -1;
	watch.pid = 0;
}

/* New threads inherit the mask: no signal of the host is ever delivered to ours. */
static int start_thread(void)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&watch.thread, NULL, watch_files, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int start_watch(const struct config *config, struct why *why)
{
	if (!config->watch)
		return 0;
	free(watch.config); /* of the parent, in a forked child */
	watch.config = malloc(sizeof *watch.config);
	if (!watch.config)
		return explain(why, TENON_ENOMEM, "watch: no memory");
	*watch.config = *config;
	watch.seen = config->look;
	watch.polls = watch.patient = false;
	watch.until = 0;
	watch.places = (struct places){NULL, 0, 0};
	atomic_store(&watch.stopping, false);
	watch.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch.inotify < 0)
		start_polling("inotify cannot be had", errno);
	watch.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watch.pid = getpid();
	int error = watch.wake < 0 ? errno : start_thread();
	if (!error)
		return 0;
	close_descriptors();
	free(watch.config);
	watch.config = NULL;
	return explain(why, TENON_ESYSTEM,
		       "watch: cannot start its thread: %s; the configuration is reloaded by `tenon config "
		       "reload` only",
		       strerror(error));
}

void stop_watch(void)
{
	uint64_t one = 1;
	if (watch.pid == 0)
		return;
	if (watch.pid != getpid()) {
		abandon_watch();
		return;
	}
	atomic_store(&watch.stopping, true);
	while (write(watch.wake, &one, sizeof one) < 0 && errno == EINTR)
		;
	pthread_join(watch.thread, NULL);
	close_descriptors();
	free(watch.config);
	watch.config = NULL;
}

void abandon_watch(void)
{
	if (watch.pid != 0)
		close_descriptors();
}
