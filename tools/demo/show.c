/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The steps of the show: each backend that this CPU has, one that is broken, a rollback. See show.h. Acts on the
 * runtime through the public API alone; looks at files to learn which backends there are.
 */
#include "tools/demo/show.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/find.h"

#define TICK 0.2      /* seconds between two drawings */
#define PATIENCE 30.0 /* seconds for a first answer */

/* ---- Which backends ---------------------------------------------------------------------------------------------- */

struct lineup {
	char name[PHASES][32];
	unsigned count;
};

static int compare_ranks(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Those that would load, as far as one can tell without running them, slowest ISA first. */
static int line_up(struct lineup *lineup, struct why *why)
{
	struct config config;
	struct cpu cpu;
	struct candidate *list;
	size_t count;
	probe_cpu(&cpu);
	int status = load_config(&config, NULL, why);
	if (status == 0)
		status = cap_cpu(&cpu, config.max_isa, why);
	if (status == 0)
		status = find_backends(&config, &cpu, &list, &count, why);
	if (status)
		return status;
	qsort(list, count, sizeof *list, compare_ranks);
	for (size_t i = 0; i < count && lineup->count < PHASES - 2; i++)
		if (list[i].status == 0)
			snprintf(lineup->name[lineup->count++], sizeof lineup->name[0], "%s", list[i].name);
	free(list);
	return 0;
}

/* The broken backend: beside this program in a build tree, else where it was installed. */
static bool find_wrong(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	if (length > 0) {
		path[length] = '\0';
		char *slash = strrchr(path, '/');
		size_t folder = slash ? (size_t)(slash - path) : 0;
		snprintf(path + folder, size - folder, "/wrong.so");
		if (access(path, R_OK) == 0)
			return true;
	}
	snprintf(path, size, "%s/wrong.so", TENON_DEMODIR);
	return access(path, R_OK) == 0;
}

/* ---- Steps ------------------------------------------------------------------------------------------------------- */

/* The counters of the crowd go on in the next phase. What serves is read back, not assumed. */
static struct step *begin_step(struct show *show, bool counts)
{
	struct tenon_status_info info;
	struct step *step = &show->steps[show->count];
	tenon_status_get(&info);
	snprintf(step->backend, sizeof step->backend, "%s", info.backend);
	step->counts = counts;
	step->began = now_seconds();
	atomic_store(&show->crowd->phase, show->count++);
	return step;
}

/* A step lasts its share of the time, and on a slow machine until its rate is known: one pass, or a failure. */
static bool goes_on(const struct show *show, const struct step *step, double now)
{
	const struct crowd *crowd = show->crowd;
	if (now < step->began + show->seconds / show->planned)
		return true;
	return now < step->began + PATIENCE && !atomic_load(&crowd->phases[step - show->steps].queries) &&
	       !atomic_load(&crowd->failed);
}

static void play_step(struct show *show, struct step *step)
{
	for (double now; goes_on(show, step, now = now_seconds());) {
		double left = step->began + show->seconds / show->planned - now;
		double nap = left > 0 && left < TICK ? left : TICK;
		struct timespec time = {0, (long)(nap * 1e9)};
		nanosleep(&time, NULL);
		if (show->terminal)
			draw_table(show);
	}
	step->ended = now_seconds();
	if (!show->terminal)
		draw_table(show);
}

static void refuse(struct show *show, const char *name)
{
	struct refusal *refusal = &show->refusals[show->refused];
	if (show->refused == REFUSALS)
		return;
	snprintf(refusal->name, sizeof refusal->name, "%s", name);
	snprintf(refusal->reason, sizeof refusal->reason, "%s", tenon_error_detail());
	show->refused++;
}

/* A backend that turns out to be unusable when it is loaded is told with the other refusals; the show goes on. */
static void step_to(struct show *show, const char *name)
{
	double start = now_seconds();
	if (tenon_swap(name, 0) != TENON_OK) {
		refuse(show, name);
		return;
	}
	double took = now_seconds() - start;
	struct step *step = begin_step(show, true);
	snprintf(step->event, sizeof step->event, "swapped in %.2f ms", took * 1e3);
	play_step(show, step);
}

static void step_to_wrong(struct show *show)
{
	char path[4096];
	if (!find_wrong(path, sizeof path)) {
		fprintf(stderr, "tenon demo: the broken backend %s is not installed; that step is left out\n", path);
		show->planned--;
		return;
	}
	show->wrong_accepted = tenon_swap(path, 0) == TENON_OK;
	if (!show->wrong_accepted)
		refuse(show, "wrong");
	struct step *step = begin_step(show, false);
	snprintf(step->event, sizeof step->event,
		 show->wrong_accepted ? "A BROKEN ONE GOT IN" : "a broken one was refused");
	play_step(show, step);
}

static void step_back(struct show *show)
{
	double start = now_seconds();
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	double took = now_seconds() - start;
	struct step *step = begin_step(show, false);
	snprintf(step->event, sizeof step->event, "rolled back in %.1f us", took * 1e6);
	play_step(show, step);
}

int run_show(struct show *show, char *why_text, size_t size)
{
	struct lineup lineup = {.count = 0};
	struct tenon_status_info info;
	struct why why;
	if (line_up(&lineup, &why)) {
		snprintf(why_text, size, "%s", why.text);
		return -1;
	}
	show->planned = lineup.count + 2;
	for (unsigned i = 0; i < lineup.count; i++)
		step_to(show, lineup.name[i]);
	step_to_wrong(show);
	step_back(show);
	tenon_status_get(&info);
	show->swaps = info.swaps;
	show->rollbacks = info.rollbacks;
	finish_table(show);
	return 0;
}
