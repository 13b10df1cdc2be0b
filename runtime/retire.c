/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the lock of what is kept, and the retire thread. The lock is held for microseconds, never while waiting for
 * readers or while mapping or unmapping; the thread blocks all signals and ends when the runtime closes.
 *
 * RCU rule: garbage is marked at a moment without swap or rollback, and freed one grace period later; an image is
 * unmapped when it is to leave and no kept table uses it.
 */
#include "build.h"

#include "runtime/retire.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/count.h"
#include "runtime/kept.h"
#include "runtime/log.h"
#include "runtime/probe.h"
#include "runtime/publish.h"
#include "runtime/runtime.h"
#include "runtime/ticks.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint64_t handed_over; /* on the monotonic clock, in nanoseconds */
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;

/* Under the lock. */
static uint64_t unloaded, resident, grace_periods;
static struct timespec grace_since; /* of the one being waited for, else 0 */
static bool unload_disabled;
static char unload_reason[160];

static pthread_t thread;
static bool thread_made; /* and not joined */
static bool thread_running;
static bool closing;
static bool preparing; /* a swap holds images that no table uses yet */

/* ---- The thread -------------------------------------------------------------------------------------------------- */

static bool may_unload(void)
{
	return !preparing && has_leaving_image();
}

static bool has_work(void)
{
	return !unload_disabled && (has_garbage() || may_unload());
}

static void disable_unloading(const char *reason)
{
	unload_disabled = true;
	copy_text(unload_reason, sizeof unload_reason, reason);
}

/* Called and returns with the lock held, not while waiting. */
static void wait_one_grace_period(void)
{
	struct why why;
	clock_gettime(CLOCK_MONOTONIC, &grace_since);
	pthread_mutex_unlock(&lock);
	int status = wait_for_readers(&why);
	if (status)
		log_event(TENON_LOG_WARN, FACTS(EVENT_trouble, .reason = why.text),
			  "nothing will be unloaded any more: %s", why.text);
	pthread_mutex_lock(&lock);
	grace_since = (struct timespec){0};
	if (status) {
		disable_unloading(why.text);
		return;
	}
	grace_periods++;
	free_garbage();
}

/* Called and returns with the lock held, not while unmapping. */
static void unload_leaving_images(void)
{
	struct image *image;
	while ((image = take_leaving_image())) {
		struct why why;
		char name[sizeof image->name];
		snprintf(name, sizeof name, "%s", image->name);
		pthread_mutex_unlock(&lock);
		bool gone = unload_image(image, &why);
		if (gone)
			log_event(TENON_LOG_INFO, FACTS(EVENT_retired, .backend = name), "%s: unloaded", name);
		else
			log_event(TENON_LOG_WARN, FACTS(EVENT_resident, .backend = name, .reason = why.text), "%s",
				  why.text);
		pthread_mutex_lock(&lock);
		forget_taken_image();
		unloaded += gone;
		resident += !gone;
	}
}

static void pause_for_rollback(void)
{
	pthread_mutex_unlock(&lock);
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	pthread_mutex_lock(&lock);
}

static void *retire(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	for (;;) {
		if (!has_work()) {
			if (closing)
				break;
			pthread_cond_wait(&work, &lock);
		} else if (may_unload()) {
			unload_leaving_images();
		} else if (mark_garbage()) {
			wait_one_grace_period();
		} else {
			pause_for_rollback();
		}
	}
	thread_running = false;
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void join_ended_thread(void)
{
	if (thread_made && !thread_running) {
		pthread_join(thread, NULL);
		thread_made = false;
	}
}

/* The host's signals are for the host's threads. */
static int make_thread_quietly(void)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int error = pthread_create(&thread, NULL, retire, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

/* Starts or wakes the thread if there is work for it. Why it could not be started, or 0; the next swap tries again. */
static int wake_thread(void)
{
	struct why why;
	int error = 0;
	if (!has_work())
		return 0;
	if (!can_wait_for_readers(&why)) {
		disable_unloading(why.text);
		return 0;
	}
	if (!thread_running) {
		join_ended_thread();
		error = make_thread_quietly();
		thread_made = thread_running = error == 0;
		if (thread_made)
			pthread_setname_np(thread, "tenon-retire");
	}
	pthread_cond_signal(&work);
	return error;
}

/* Without the lock, because the host's callback may call us. */
static void report_wake(int error)
{
	if (error)
		log_event(TENON_LOG_WARN, FACTS(EVENT_trouble, .reason = strerror(error)),
			  "what was replaced stays mapped until the next swap: cannot start a thread: %s",
			  strerror(error));
}

/* ---- For swaps --------------------------------------------------------------------------------------------------- */

static int explain_wait(struct why *why, const char *what, size_t count)
{
	if (unload_disabled)
		return explain(why, TENON_EAGAIN, "swap: %zu replaced %s cannot be freed: %s", count, what,
			       unload_reason);
	intmax_t blocker = grace_since.tv_sec ? find_blocker() : 0;
	if (blocker)
		return explain(why, TENON_EAGAIN,
			       "swap: %zu replaced %s wait for thread %jd to end a call that began "
			       "before they were replaced",
			       count, what, blocker);
	return explain(why, TENON_EAGAIN, "swap: %zu replaced %s wait for calls to end; try again", count, what);
}

/* While nothing can be freed, a table that is kept anyway serves again, under its old generation. */
static int keep_table(const struct table *composition, const struct table **table, struct why *why)
{
	bool room = count_tables() < TABLES_KEPT_MAX;
	*table = room ? add_table(composition) : find_table(composition);
	if (*table)
		return TENON_OK;
	return room ? explain(why, TENON_ENOMEM, "swap: no memory for a table")
		    : explain_wait(why, "tables", count_tables());
}

/* A probe counts by itself. Where counting fails, nobody will give back the slots of images that no table uses. */
static int count_if_wanted(struct table *table, struct why *why)
{
	if (!is_counting() || table->probe)
		return TENON_OK;
	const struct table plain = *table;
	int status = count_table(table, why);
	for (int i = 0; i < KERNEL_COUNT && status; i++)
		if (!plain.image[i]->uses)
			end_counting(plain.image[i]);
	return status;
}

static int publish_locked(uint64_t vetoes, const struct table *composition, unsigned flags, struct why *why)
{
	struct table counted = *composition;
	const struct table *table, *active = atomic_load(&active_table);
	int status = count_if_wanted(&counted, why);
	if (status)
		return status;
	if (same_composition(active, &counted))
		return finish_swap(vetoes, active, PUBLISH_STEP, why);
	enum publication publication = serves_same(active, &counted) ? PUBLISH_SAME : PUBLISH_STEP;
	status = keep_table(&counted, &table, why);
	if (status)
		return status;
	status = finish_swap(vetoes, table, publication, why);
	/* active is not freed before the lock is given up, whatever rollbacks do meanwhile */
	if (status == TENON_OK && flags & TENON_SWAP_COLD)
		let_replaced_go(active, table);
	return status;
}

void keep_image(struct image *image)
{
	pthread_mutex_lock(&lock);
	add_image(image);
	pthread_mutex_unlock(&lock);
}

struct image *find_warm_image(const char *path, const struct file_key *key, unsigned policy)
{
	pthread_mutex_lock(&lock);
	struct image *image = find_image(path, key, policy);
	pthread_mutex_unlock(&lock);
	return image;
}

void drop_image(const struct image *image)
{
	pthread_mutex_lock(&lock);
	let_image_go(image);
	pthread_mutex_unlock(&lock);
}

void hold_images(void)
{
	pthread_mutex_lock(&lock);
	preparing = true;
	closing = false;
	pthread_mutex_unlock(&lock);
}

void release_images(void)
{
	pthread_mutex_lock(&lock);
	preparing = false;
	limit_idle_images(IMAGES_WARM_MAX);
	int error = wake_thread();
	pthread_mutex_unlock(&lock);
	report_wake(error);
}

int hand_over(uint64_t vetoes, const struct table *composition, unsigned flags, struct why *why)
{
	pthread_mutex_lock(&lock);
	uint64_t moment = read_nanoseconds();
	int status = publish_locked(vetoes, composition, flags, why);
	if (status == TENON_OK)
		atomic_store(&handed_over, moment);
	pthread_mutex_unlock(&lock);
	return status;
}

uint64_t last_hand_over(void)
{
	return atomic_load(&handed_over);
}

static int renew_table(const struct table *before, struct why *why)
{
	const struct table *after;
	struct table renewed = *plain_of(before);
	uncount_table(&renewed);
	int status = count_if_wanted(&renewed, why);
	if (status || same_composition(before, &renewed))
		return status;
	status = keep_table(&renewed, &after, why);
	if (status == TENON_OK)
		replace_previous(before, after);
	return status;
}

int renew_previous(struct why *why)
{
	pthread_mutex_lock(&lock);
	const struct table *before = previous_table();
	int status =
		before->generation ? renew_table(before, why) : TENON_OK; /* scalar's own has none, and is seen to */
	pthread_mutex_unlock(&lock);
	return status;
}

int check_room(struct why *why)
{
	pthread_mutex_lock(&lock);
	size_t pending = count_pending_images();
	int status = pending < IMAGES_PENDING_MAX ? TENON_OK : explain_wait(why, "images", pending);
	pthread_mutex_unlock(&lock);
	return status;
}

/* ---- The end ----------------------------------------------------------------------------------------------------- */

static void reset_to_scalar(void)
{
	for (int i = 0; i < 20 && !reset_publication(); i++)
		pause_for_rollback();
}

void retire_everything(void)
{
	struct timespec deadline;
	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec++;
	pthread_mutex_lock(&lock);
	reset_to_scalar();
	let_all_go();
	closing = true;
	int error = wake_thread();
	pthread_cond_signal(&work);
	while (thread_running && pthread_cond_clockwait(&ended, &lock, CLOCK_MONOTONIC, &deadline) == 0)
		;
	join_ended_thread();
	pthread_mutex_unlock(&lock);
	report_wake(error);
}

void restart_retirement(void)
{
	/* Held at the fork by a thread that is not here: what it was changing may be half done, and is forgotten. */
	if (pthread_mutex_trylock(&lock) != 0)
		forget_kept();
	forget_waiting();
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	work = ended = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	thread_made = thread_running = closing = preparing = false;
	grace_since = (struct timespec){0};
	struct why why;
	if (!can_wait_for_readers(&why))
		disable_unloading(why.text);
}

/* ---- Status ------------------------------------------------------------------------------------------------------ */

static uint64_t milliseconds_since(const struct timespec *since)
{
	struct timespec now;
	if (!since->tv_sec && !since->tv_nsec)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)((now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000);
}

static void report_images(struct tenon_status_info *info)
{
	info->images_loaded = count_images();
	info->images_pending = count_pending_images();
	info->images_unloaded = unloaded;
	info->images_resident = resident;
	info->grace_periods = grace_periods;
	info->unload_disabled = unload_disabled;
	copy_text(info->unload_reason, sizeof info->unload_reason, unload_reason);
}

void report_retirement(struct tenon_status_info *info)
{
	struct why why;
	if (is_forked()) {
		can_wait_for_readers(&why);
		info->unload_disabled = 1;
		copy_text(info->unload_reason, sizeof info->unload_reason, why.text);
		return;
	}
	pthread_mutex_lock(&lock);
	report_images(info);
	/* A rollback cannot wake the thread; whoever looks at the result does. */
	if (thread_running && has_work())
		pthread_cond_signal(&work);
	info->grace_period_age_ms = milliseconds_since(&grace_since);
	pthread_mutex_unlock(&lock);
	if (info->grace_period_age_ms)
		info->grace_blocker_tid = find_blocker();
}
