/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Progress on standard error. See progress.h. State: one static watcher, under its lock.
 */
#include "tools/demo/progress.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	pthread_t thread;
	const char *what;
	bool running, told;
} watcher = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

static void tell(unsigned seconds)
{
	bool terminal = isatty(STDERR_FILENO);
	fprintf(stderr, "%stenon demo: %s, %u s ...%s", terminal ? "\r" : "", watcher.what, seconds,
		terminal ? "" : "\n");
	watcher.told = terminal;
}

static void *watch(void *unused)
{
	struct timespec until;
	unsigned seconds = 0;
	clock_gettime(CLOCK_REALTIME, &until);
	pthread_mutex_lock(&watcher.lock);
	while (watcher.running) {
		until.tv_sec += 2;
		while (watcher.running && pthread_cond_timedwait(&watcher.ended, &watcher.lock, &until) == 0)
			;
		seconds += 2;
		if (watcher.running)
			tell(seconds);
	}
	if (watcher.told)
		fprintf(stderr, "\r\033[K");
	pthread_mutex_unlock(&watcher.lock);
	return unused;
}

void begin_progress(const char *what)
{
	watcher.what = what;
	watcher.told = false;
	watcher.running = true;
	if (pthread_create(&watcher.thread, NULL, watch, NULL) != 0)
		watcher.running = false;
}

void end_progress(void)
{
	if (!watcher.running)
		return;
	pthread_mutex_lock(&watcher.lock);
	watcher.running = false;
	pthread_cond_signal(&watcher.ended);
	pthread_mutex_unlock(&watcher.lock);
	pthread_join(watcher.thread, NULL);
}
