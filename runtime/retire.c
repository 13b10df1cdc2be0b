/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the kept tables and images, their lock, and the retire thread. The lock is held for microseconds, never while
 * waiting for readers or while mapping or unmapping; the thread blocks all signals and ends when the runtime closes.
 *
 * RCU rule: a table is garbage when neither a call nor a rollback can reach it any more (publish.c says when that is
 * certain); it is freed one grace period later. An image is unmapped when it is to leave and no kept table uses it.
 */
#include <config.h> /* not "config.h": that is runtime/config.h here */

#include "runtime/retire.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/log.h"
#include "runtime/publish.h"
#include "runtime/runtime.h"

struct kept {
	struct table table;
	struct kept *next;
	bool is_garbage; /* since before the grace period that is being waited for */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;

/* Under the lock. */
static struct kept *tables;
static struct image *images;
static size_t table_count;
static uint64_t generation;
static uint64_t unloaded, resident, grace_periods;
static struct timespec grace_since; /* of the one being waited for, else 0 */
static bool unload_disabled;
static char unload_reason[160];

static pthread_t thread;
static bool thread_made;    /* and not joined */
static bool thread_running;
static bool closing;
static bool preparing; /* a swap holds images that no table uses yet */

/* ---- What is kept ------------------------------------------------------------------------------------------------ */

static bool uses_image(const struct table *table, const struct image *image)
{
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (table->image[i] == image)
			return true;
	return false;
}

static void count_uses(const struct table *table, int change)
{
	for (struct image *image = images; image; image = image->next) {
		if (!uses_image(table, image))
			continue;
		image->uses = (size_t)((ptrdiff_t)image->uses + change);
		if (change > 0)
			image->last_use = table->generation;
	}
}

static bool is_reachable(const struct kept *kept)
{
	const struct table *reachable[2];
	find_reachable(reachable);
	return &kept->table == reachable[0] || &kept->table == reachable[1];
}

static bool same_composition(const struct table *a, const struct table *b)
{
	return a->selected == b->selected && memcmp(a->function, b->function, sizeof a->function) == 0 &&
	       memcmp(a->image, b->image, sizeof a->image) == 0;
}

static bool is_pending(const struct image *image)
{
	if (!image->is_leaving)
		return false;
	for (struct kept *kept = tables; kept; kept = kept->next)
		if (is_reachable(kept) && uses_image(&kept->table, image))
			return false;
	return true;
}

static size_t count_images(bool (*matches)(const struct image *image))
{
	size_t count = 0;
	for (struct image *image = images; image; image = image->next)
		count += matches(image);
	return count;
}

static bool is_any(const struct image *image)
{
	return image != NULL;
}

static bool is_idle(const struct image *image)
{
	return !image->uses && !image->is_leaving;
}

static bool is_leaving(const struct image *image)
{
	return !image->uses && image->is_leaving && !preparing;
}

static bool has_garbage(void)
{
	for (struct kept *kept = tables; kept; kept = kept->next)
		if (!is_reachable(kept))
			return true;
	return false;
}

static bool has_work(void)
{
	return !unload_disabled && (has_garbage() || count_images(is_leaving));
}

/* ---- The thread -------------------------------------------------------------------------------------------------- */

static void disable_unloading(const char *reason)
{
	unload_disabled = true;
	copy_text(unload_reason, sizeof unload_reason, reason);
}

/* Marks what nobody can reach from now on. False while a rollback is under way, which might. */
static bool mark_garbage(void)
{
	const struct table *reachable[2];
	if (!find_reachable(reachable))
		return false;
	for (struct kept *kept = tables; kept; kept = kept->next)
		kept->is_garbage = &kept->table != reachable[0] && &kept->table != reachable[1];
	return true;
}

static void free_garbage(void)
{
	for (struct kept **link = &tables; *link;) {
		struct kept *kept = *link;
		if (!kept->is_garbage) {
			link = &kept->next;
			continue;
		}
		*link = kept->next;
		count_uses(&kept->table, -1);
		table_count--;
		free(kept);
	}
}

/* Called and returns with the lock held, not while waiting. */
static void wait_one_grace_period(void)
{
	struct why why;
	clock_gettime(CLOCK_MONOTONIC, &grace_since);
	pthread_mutex_unlock(&lock);
	int status = wait_for_readers(&why);
	if (status)
		log_event(TENON_LOG_WARN, "nothing will be unloaded any more: %s", why.text);
	pthread_mutex_lock(&lock);
	grace_since = (struct timespec){0};
	if (status) {
		disable_unloading(why.text);
		return;
	}
	grace_periods++;
	free_garbage();
}

static struct image *take_leaving_image(void)
{
	for (struct image **link = &images; *link; link = &(*link)->next) {
		struct image *image = *link;
		if (is_leaving(image)) {
			*link = image->next;
			return image;
		}
	}
	return NULL;
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
			log_event(TENON_LOG_INFO, "%s: unloaded", name);
		else
			log_event(TENON_LOG_WARN, "%s", why.text);
		pthread_mutex_lock(&lock);
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
		} else if (count_images(is_leaving)) {
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
	pthread_attr_t attributes;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	int error = pthread_create(&thread, &attributes, retire, NULL);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

/* Starts or wakes the thread if there is work for it. Failing to start is no failure: the next swap tries again. */
static void wake_thread(void)
{
	struct why why;
	if (!has_work())
		return;
	if (!can_wait_for_readers(&why)) {
		disable_unloading(why.text);
		return;
	}
	if (!thread_running) {
		join_ended_thread();
		thread_made = thread_running = make_thread_quietly() == 0;
		if (thread_made)
			pthread_setname_np(thread, "tenon-retire");
	}
	pthread_cond_signal(&work);
}

/* ---- For swaps --------------------------------------------------------------------------------------------------- */

/* While nothing can be freed, a table that is kept anyway serves again, under its old generation. */
static struct kept *reuse_table(const struct table *composition)
{
	for (struct kept *kept = tables; kept; kept = kept->next)
		if (same_composition(&kept->table, composition)) {
			kept->is_garbage = false;
			return kept;
		}
	return NULL;
}

static struct kept *add_table(const struct table *composition)
{
	struct kept *kept = aligned_alloc(64, (sizeof *kept + 63) & ~(size_t)63);
	if (!kept)
		return NULL;
	*kept = (struct kept){.table = *composition, .next = tables};
	kept->table.generation = ++generation;
	tables = kept;
	table_count++;
	count_uses(&kept->table, 1);
	return kept;
}

static int explain_wait(struct why *why, const char *what, size_t count)
{
	if (unload_disabled)
		return explain(why, TENON_EAGAIN, "swap: %zu replaced %s cannot be freed: %s", count, what,
			       unload_reason);
	intmax_t blocker = grace_since.tv_sec ? find_blocker() : 0;
	if (blocker)
		return explain(why, TENON_EAGAIN, "swap: %zu replaced %s wait for thread %jd to end a call that began before "
			       "they were replaced", count, what, blocker);
	return explain(why, TENON_EAGAIN, "swap: %zu replaced %s wait for calls to end; try again", count, what);
}

static int publish_locked(uint64_t vetoes, const struct table *composition, struct why *why)
{
	const struct table *active = atomic_load(&active_table);
	if (same_composition(active, composition))
		return finish_swap(vetoes, active, why);
	struct kept *kept = table_count < TABLES_KEPT_MAX ? add_table(composition) : reuse_table(composition);
	if (kept)
		return finish_swap(vetoes, &kept->table, why);
	if (table_count < TABLES_KEPT_MAX)
		return explain(why, TENON_ENOMEM, "swap: no memory for a table");
	return explain_wait(why, "tables", table_count);
}

void keep_image(struct image *image)
{
	pthread_mutex_lock(&lock);
	image->last_use = generation;
	image->next = images;
	images = image;
	pthread_mutex_unlock(&lock);
}

struct image *find_warm_image(const char *path, const struct file_key *key)
{
	struct image *found = NULL;
	pthread_mutex_lock(&lock);
	for (struct image *image = images; image; image = image->next) {
		if (strcmp(image->path, path) != 0)
			continue;
		bool matches = !found && same_key(&image->key, key);
		image->is_leaving = !matches;
		if (matches)
			found = image;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

/* The one that was used least recently makes room. */
static void limit_idle_images(void)
{
	struct image *oldest = NULL;
	for (struct image *image = images; image; image = image->next)
		if (is_idle(image) && (!oldest || image->last_use < oldest->last_use))
			oldest = image;
	if (oldest && count_images(is_idle) > IMAGES_WARM_MAX)
		oldest->is_leaving = true;
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
	limit_idle_images();
	wake_thread();
	pthread_mutex_unlock(&lock);
}

int hand_over(uint64_t vetoes, const struct table *composition, struct why *why)
{
	pthread_mutex_lock(&lock);
	int status = publish_locked(vetoes, composition, why);
	pthread_mutex_unlock(&lock);
	return status;
}

int check_room(struct why *why)
{
	pthread_mutex_lock(&lock);
	size_t pending = count_images(is_pending);
	int status = pending < IMAGES_PENDING_MAX ? TENON_OK : explain_wait(why, "images", pending);
	pthread_mutex_unlock(&lock);
	return status;
}

void let_image_go(const struct image *gone)
{
	pthread_mutex_lock(&lock);
	for (struct image *image = images; image; image = image->next)
		if (image == gone)
			image->is_leaving = true;
	pthread_mutex_unlock(&lock);
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
	for (struct image *image = images; image; image = image->next)
		image->is_leaving = true;
	closing = true;
	wake_thread();
	pthread_cond_signal(&work);
	while (thread_running && pthread_cond_clockwait(&ended, &lock, CLOCK_MONOTONIC, &deadline) == 0)
		;
	join_ended_thread();
	pthread_mutex_unlock(&lock);
}

/* What waited in the parent would wait here for ever, and take the place of what this process replaces. */
static void forget_waiting(void)
{
	for (struct kept *kept = tables; kept; kept = kept->next)
		kept->is_garbage = !is_reachable(kept);
	free_garbage();
	for (struct image **link = &images; *link;)
		if ((*link)->is_leaving)
			*link = (*link)->next;
		else
			link = &(*link)->next;
}

void restart_retirement(void)
{
	/* Held at the fork by a thread that is not here: what it was changing may be half done, and is forgotten. */
	if (pthread_mutex_trylock(&lock) != 0) {
		tables = NULL;
		images = NULL;
		table_count = 0;
	}
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
	info->images_loaded = count_images(is_any);
	info->images_pending = count_images(is_pending);
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
