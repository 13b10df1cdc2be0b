/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns this process's copy of the quarantine, and which state directory it belongs to; see quarantine.h for the lock.
 */
#include "build.h"

#include "runtime/quarantine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/kernels.h"
#include "runtime/runtime.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int cancel; /* under the lock, like all that follows: its holder's, who must not be cancelled in a read */

static void take_lock(void)
{
	int before;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	pthread_mutex_lock(&lock);
	cancel = before;
}

static void give_lock(void)
{
	int before = cancel;
	pthread_mutex_unlock(&lock);
	pthread_setcancelstate(before, NULL);
}

static char directory[PATH_MAX];       /* "": memory alone */
static struct why trouble;             /* why it is, or what is wrong with the file */
static struct quarantine_list saved;   /* as the file was when it was read last */
static struct quarantine_list unsaved; /* what no file has taken */

int configure_state(const struct config *config, struct why *why)
{
	take_lock();
	trouble = (struct why){.status = 0};
	int status = find_state_dir(config, directory, &trouble);
	free(saved.entry);
	saved = (struct quarantine_list){.count = 0};
	if (status == TENON_OK)
		status = read_quarantine(directory, &saved, &trouble);
	if (why)
		*why = trouble;
	give_lock();
	return status;
}

void report_state(char *path, size_t path_size, char *reason, size_t reason_size)
{
	take_lock();
	copy_text(path, path_size, directory);
	copy_text(reason, reason_size, trouble.text);
	give_lock();
}

/* With the lock held. A file that cannot be read now leaves what was read before: quarantine ends by order only. */
static void refresh(void)
{
	struct quarantine_list fresh;
	if (!directory[0] || is_state_unchanged(directory, "quarantine", &saved.key))
		return;
	trouble = (struct why){.status = 0};
	if (read_quarantine(directory, &fresh, &trouble))
		return;
	free(saved.entry);
	saved = fresh;
}

/* ---- Quarantine ------------------------------------------------------------------------------------------------- */

static bool is_listed(const struct quarantine_list *list, const char *build_id, const char *kernel)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct quarantined *entry = &list->entry[i];
		if (strcmp(entry->build_id, build_id) == 0 &&
		    (strcmp(entry->kernel, kernel) == 0 || strcmp(entry->kernel, "all") == 0))
			return true;
	}
	return false;
}

bool is_quarantined(const char *build_id, int kernel)
{
	if (!build_id[0])
		return false;
	take_lock();
	refresh();
	bool found = is_listed(&saved, build_id, kernels[kernel].name) ||
		     is_listed(&unsaved, build_id, kernels[kernel].name);
	give_lock();
	return found;
}

static size_t drop_matching(struct quarantine_list *list, const char *backend, const char *kernel)
{
	size_t kept = 0, count = list->count;
	for (size_t i = 0; i < count; i++)
		if (!match_quarantined(&list->entry[i], backend, kernel))
			list->entry[kept++] = list->entry[i];
	list->count = kept;
	return count - kept;
}

static int add_locked(const struct quarantined *record, struct why *why)
{
	int status = TENON_OK;
	if (directory[0]) {
		status = write_quarantined(directory, record, why);
		refresh();
	}
	if (directory[0] && status == TENON_OK)
		return TENON_OK;
	drop_matching(&unsaved, record->build_id, record->kernel);
	if (!append_quarantined(&unsaved, record))
		return explain(why, TENON_ENOMEM, "quarantine of %s's %s: no memory", record->backend, record->kernel);
	return status;
}

int add_quarantine(const char *build_id, const char *backend, const char *kernel, const char *reason, struct why *why)
{
	struct quarantined record = {.time = time(NULL)};
	copy_text(record.build_id, sizeof record.build_id, build_id);
	copy_text(record.backend, sizeof record.backend, backend);
	copy_text(record.kernel, sizeof record.kernel, kernel);
	copy_text(record.reason, sizeof record.reason, reason);
	take_lock();
	int status = add_locked(&record, why);
	give_lock();
	return status;
}

int clear_quarantine(const char *backend, const char *kernel, unsigned *count, struct why *why)
{
	int status = TENON_OK;
	*count = 0;
	take_lock();
	if (directory[0])
		status = erase_quarantined(directory, backend, kernel, count, why);
	*count += (unsigned)drop_matching(&unsaved, backend, kernel);
	refresh();
	give_lock();
	return status;
}

void visit_quarantine(void (*visit)(const struct quarantined *record, bool saved, void *user), void *user,
		      struct why *why)
{
	take_lock();
	refresh();
	for (size_t i = 0; i < saved.count; i++)
		visit(&saved.entry[i], true, user);
	for (size_t i = 0; i < unsaved.count; i++)
		visit(&unsaved.entry[i], false, user);
	*why = trouble;
	give_lock();
}

/* ---- The pin ---------------------------------------------------------------------------------------------------- */

/* Files of few lines, at open, unpin or an operator's order: read each time. */

int find_saved_pin(const char *label, struct pin *pin, struct why *why)
{
	*pin = (struct pin){.time = 0};
	take_lock();
	int status = directory[0] ? read_pin(directory, program_invocation_short_name, label, pin, why) : TENON_OK;
	give_lock();
	return status;
}

int save_pin(const char *label, const char *backend, struct why *why)
{
	struct pin pin = {.time = time(NULL)};
	int status;
	copy_text(pin.program, sizeof pin.program, program_invocation_short_name);
	copy_text(pin.label, sizeof pin.label, label);
	copy_text(pin.backend, sizeof pin.backend, backend);
	take_lock();
	if (directory[0])
		status = write_pin(directory, &pin, why);
	else
		status = explain(why, trouble.status ? trouble.status : TENON_ENOENT, "the pin cannot be saved: %.400s",
				 trouble.text);
	give_lock();
	return status;
}

int forget_pin(const char *label, struct why *why)
{
	struct pin pin;
	unsigned count;
	int status = TENON_OK;
	take_lock();
	if (directory[0] && read_pin(directory, program_invocation_short_name, label, &pin, why) == TENON_OK &&
	    pin.backend[0])
		status = erase_pin(directory, program_invocation_short_name, label, &count, why);
	give_lock();
	return status;
}

void restart_state(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}
