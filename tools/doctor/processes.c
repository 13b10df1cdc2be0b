/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the live processes say of themselves: the areas processes and arenas. Asks "status", which each answers at once.
 */
#include "build.h"

#include <stdlib.h>
#include <string.h>

#include "tools/doctor/doctor.h"
#include "tools/each.h"

#define STUCK_MS 10000 /* a grace period that lasts longer has a reader that does not leave */

/* ---- Asking ------------------------------------------------------------------------------------------------------ */

static struct {
	struct reply *list;
	size_t count;
	uint64_t timeout_ms;
} living;

static void ask_status(size_t i, void *user)
{
	struct reply *reply = &living.list[i];
	(void)user;
	reply->code = ask_process(&reply->process, "status", living.timeout_ms, &reply->answer, reply->error,
				  sizeof reply->error);
	if (reply->code || !reply->answer.status)
		return;
	reply->code = exit_of_status(reply->answer.status);
	snprintf(reply->error, sizeof reply->error, "%s", reply->answer.text);
}

/* Once, for both areas. False, and said, without memory for it. */
static bool ask_living(struct doctor *doctor)
{
	struct process *list;
	if (living.list)
		return true;
	living.timeout_ms = doctor->timeout_ms;
	bool found = find_processes(doctor->timeout_ms, &list, &living.count);
	if (found)
		living.list = calloc(living.count + 1, sizeof *living.list);
	for (size_t i = 0; living.list && i < living.count; i++)
		living.list[i].process = list[i];
	if (found)
		free(list);
	if (living.list)
		do_each(living.count, ask_status, NULL);
	doctor->short_of_memory |= !living.list;
	return living.list;
}

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

static uint64_t number_of(const struct answer *state, const char *key)
{
	return strtoull(find_value(state, key), NULL, 10);
}

static bool is_true(const struct answer *state, const char *key)
{
	return strcmp(find_value(state, key), "true") == 0;
}

static void name_process(char text[64], const struct reply *reply)
{
	snprintf(text, 64, "process %ld (%.32s)", (long)reply->process.pid, find_value(&reply->answer, "program"));
}

/* An upgrade replaces files; who runs keeps the old ones mapped. */
static bool runs_deleted_library(pid_t pid)
{
	char path[64], line[4400];
	bool found = false;
	snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
	FILE *stream = fopen(path, "re");
	while (stream && !found && fgets(line, sizeof line, stream))
		found = strstr(line, "/libtenon.so") && strstr(line, " (deleted)");
	if (stream)
		fclose(stream);
	return found;
}

static void judge_version(struct doctor *doctor, const char *name, const struct reply *reply)
{
	const char *version = find_value(&reply->answer, "version");
	if (strcmp(version, PACKAGE_VERSION) != 0)
		add_warning(doctor, name, "restart it, so that it has the installed library",
			    "it runs libtenon %s, installed is %s", version, PACKAGE_VERSION);
	else if (runs_deleted_library(reply->process.pid))
		add_warning(doctor, name, "restart it, so that it has the installed library",
			    "the libtenon that it runs was replaced on disk since it started");
}

static void judge_state(struct doctor *doctor, const char *name, const struct answer *state)
{
	if (is_true(state, "degraded"))
		add_failure(doctor, EXIT_DIFFERS, name,
			    "tenon history says when; tenon swap to what should serve, when that is mended",
			    "degraded, %s serves: %s", find_value(state, "backend"),
			    find_value(state, "degraded_reason"));
	if (strcmp(find_value(state, "config_last_reload_successful"), "false") == 0)
		add_failure(doctor, EXIT_USAGE, name, "tenon config check, then tenon config reload",
			    "the last reload changed "
			    "nothing: %s",
			    find_value(state, "config_last_reload_error"));
	if (*find_value(state, "config_pending"))
		add_note(doctor, name, "restart it when that suits", "waits for a new process: %s",
			 find_value(state, "config_pending"));
	if (number_of(state, "quarantined"))
		add_warning(doctor, name, "tenon quarantine list; repair the backend, then tenon quarantine clear",
			    "%s kernels of backends are in quarantine", find_value(state, "quarantined"));
	if (*find_value(state, "state_reason"))
		add_refusal(doctor, 0, name, find_value(state, "state_reason"), "set [runtime] state_dir");
	if (strcmp(find_value(state, "rollout"), "paused") == 0)
		add_warning(doctor, name, "tenon resume, promote or rollback",
			    "its rollout of %s stands still at %s %% of the calls",
			    find_value(state, "rollout_backend"), find_value(state, "rollout_percent"));
	if (is_true(state, "pinned"))
		add_note(doctor, name, "tenon unpin, if automatic changes are wanted", "pinned to %s by hand",
			 find_value(state, "backend"));
}

static void judge_unloading(struct doctor *doctor, const char *name, const struct answer *state)
{
	if (is_true(state, "unload_disabled"))
		add_warning(doctor, name, "allow membarrier() in the service's seccomp profile and restart it",
			    "it never unloads: %s", find_value(state, "unload_reason"));
	if (number_of(state, "grace_age_ms") > STUCK_MS)
		add_warning(
			doctor, name,
			"look what that thread does (gdb -p, or its stack in /proc): it does not leave a kernel call",
			"thread %s holds up unloading since %s ms", find_value(state, "grace_blocker_tid"),
			find_value(state, "grace_age_ms"));
	if (number_of(state, "images_resident"))
		add_note(doctor, name, "a restart frees them; tenon history says what kept them",
			 "%s replaced backends stay in memory", find_value(state, "images_resident"));
}

static void judge_process(struct doctor *doctor, const struct reply *reply)
{
	char name[64];
	size_t before = doctor->count;
	name_process(name, reply);
	if (reply->code) {
		snprintf(name, sizeof name, "process %ld", (long)reply->process.pid);
		add_failure(doctor, reply->code, name,
			    "look whether it hangs (its state in /proc, gdb -p); kernel calls may still be "
			    "answered",
			    "%s", reply->error);
		return;
	}
	judge_version(doctor, name, reply);
	judge_state(doctor, name, &reply->answer);
	judge_unloading(doctor, name, &reply->answer);
	if (doctor->count == before)
		add_ok(doctor, name, "%s serves, generation %s", find_value(&reply->answer, "backend"),
		       find_value(&reply->answer, "generation"));
}

void examine_processes(struct doctor *doctor)
{
	if (!ask_living(doctor))
		return;
	for (size_t i = 0; i < living.count; i++)
		judge_process(doctor, &living.list[i]);
	if (!living.count)
		add_note(doctor, "processes", "set [control] socket = on; ask as the service's user or as root",
			 "no process can be reached");
}

/* ---- Arenas ------------------------------------------------------------------------------------------------------ */

/* A size that has been enough by half, in whole powers of two. */
static void advise_size(char text[96], uint64_t size, uint64_t needed)
{
	uint64_t advice = size ? size : 65536;
	while (advice < needed + needed / 2 && advice < (uint64_t)1 << 30)
		advice *= 2;
	snprintf(text, 96, "[arena] size = %lluKiB, then tenon config reload: new threads have it",
		 (unsigned long long)(advice / 1024));
}

static void judge_arena(struct doctor *doctor, const struct reply *reply)
{
	const struct answer *state = &reply->answer;
	uint64_t size = number_of(state, "arena_size"), most = number_of(state, "arena_high_water");
	uint64_t overflows = number_of(state, "arena_overflows");
	char name[64], remedy[96];
	name_process(name, reply);
	if (overflows) { /* what was refused is not in the high-water mark: so ask for more than there is */
		advise_size(remedy, size, most > size ? most : size + 1);
		add_failure(doctor, EXIT_DIFFERS, name, remedy, "%llu calls did not fit into an arena of %llu bytes",
			    (unsigned long long)overflows, (unsigned long long)size);
	} else if (most > size / 10 * 9) {
		advise_size(remedy, size, most);
		add_warning(doctor, name, remedy, "a thread has used %llu of its %llu bytes", (unsigned long long)most,
			    (unsigned long long)size);
	} else {
		add_ok(doctor, name, "at most %llu of %llu bytes used, no overflows", (unsigned long long)most,
		       (unsigned long long)size);
	}
}

void examine_arenas(struct doctor *doctor)
{
	if (!ask_living(doctor))
		return;
	for (size_t i = 0; i < living.count; i++)
		if (!living.list[i].code)
			judge_arena(doctor, &living.list[i]);
	if (!living.count)
		add_note(doctor, "arenas", "set [control] socket = on; ask as the service's user or as root",
			 "no process can be reached");
}
