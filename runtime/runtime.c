/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the runtime's state, its lock, and the knowledge of which process it belongs to. A child of a fork is recognised
 * by its process id, so that no hook needs to have run (clone, vfork).
 */
#include "build.h"

#include "runtime/runtime.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "runtime/log.h"

static struct runtime runtime;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int lock_cancel; /* under the lock: the holder's cancellation state */
static _Atomic pid_t owner;

static pthread_mutex_t facts_lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_open;
static char degraded_reason[sizeof((struct tenon_status_info *)0)->degraded_reason];
static char label[sizeof((struct tenon_status_info *)0)->label];

bool is_forked(void)
{
	pid_t pid = atomic_load(&owner);
	return pid && pid != getpid();
}

void adopt_runtime(void)
{
	atomic_store(&owner, getpid());
}

void reset_runtime_lock(void)
{
	lock = facts_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

int lock_runtime(struct runtime **out, struct why *why)
{
	int cancel;
	if (is_forked())
		return explain(why, TENON_EFORKED, "this is a forked child; call tenon_after_fork() in it first");
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&lock);
	lock_cancel = cancel;
	*out = &runtime;
	return TENON_OK;
}

void unlock_runtime(void)
{
	int cancel = lock_cancel;
	pthread_mutex_unlock(&lock);
	tell_held_events();
	pthread_setcancelstate(cancel, NULL);
}

int copy_runtime(struct runtime *copy, struct why *why)
{
	struct runtime *current;
	int status = lock_runtime(&current, why);
	if (status)
		return status;
	*copy = *current;
	unlock_runtime();
	return copy->references ? TENON_OK : explain(why, TENON_ENOTOPEN, "the runtime is not open");
}

void set_degraded(const char *reason)
{
	pthread_mutex_lock(&facts_lock);
	copy_text(degraded_reason, sizeof degraded_reason, reason);
	pthread_mutex_unlock(&facts_lock);
}

void set_open(bool open, const char *name)
{
	pthread_mutex_lock(&facts_lock);
	is_open = open;
	copy_text(label, sizeof label, name);
	pthread_mutex_unlock(&facts_lock);
}

void report_runtime(struct tenon_status_info *info)
{
	/* A child has no other thread that could write; the lock may be held by one that it does not have. */
	bool forked = is_forked();
	if (!forked)
		pthread_mutex_lock(&facts_lock);
	info->forked = forked;
	info->open = is_open;
	info->degraded = degraded_reason[0] != '\0';
	memcpy(info->degraded_reason, degraded_reason, sizeof degraded_reason);
	memcpy(info->label, label, sizeof label);
	if (!forked)
		pthread_mutex_unlock(&facts_lock);
}
