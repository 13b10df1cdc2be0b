/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Flight records of the mutants: calls each that answers wrongly beside scalar, as shadowing does, on the points of the
 * quick profile until the answers differ, records that call, and has the harness call the record again, on the mutant,
 * where it must diverge, and on scalar, where it must not. TAP.
 *
 *     recorder FILE [NAME FOLDER [largest]]
 *
 * FILE is the backend of mutants. With NAME that one alone is recorded, into FOLDER; `largest`: its largest such call, and
 * into the least room.
 */
#include "build.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/flights.h"
#include "tests/conform/replay.h"
#include "tests/conform/score.h"
#include "tests/conform/subject.h"
#include "tests/conform/sweep.h"
#include "tests/conform/trial.h"

#define POISON 0xa5

enum { ROOM = 64 << 20, SCRATCH = 8 << 20 };

struct recorder {
	const struct mutant *mutant;
	tenon_kernel_fn *function;
	unsigned char *kept, *twin, *scratch;
	size_t least, largest; /* calls with less memory are passed over; of those that differed */
	bool is_dry, is_recorded;
	struct trial trial;
};
static struct recorder recorder;

/* ---- Shadowing --------------------------------------------------------------------------------------------------- */

static const void *bind_point(struct recorder *r, const struct point *point)
{
	struct trial *trial = &r->trial;
	struct placed placed;
	build_trial(trial, specs[r->mutant->kernel], 1, point);
	for (size_t b = 0; b < trial->buffers; b++) {
		const struct buffer *buffer = &trial->buffer[b];
		placed.ours[b] = buffer->content ? buffer->content : take_room(trial, size_of_buffer(buffer));
		placed.seen[b] = placed.ours[b];
		if (!buffer->content)
			memset(placed.ours[b], POISON, size_of_buffer(buffer));
	}
	void *args = take_room(trial, get_args_size(r->mutant->kernel));
	trial->spec->bind(trial, &placed, args);
	return args;
}

static void record(struct recorder *r, const struct regions *got, const struct regions *want, int status, int due)
{
	struct flight_facts facts = {
		.backend = "mutants", .version = "1.0", .path = "", .got_status = status, .want_status = due};
	struct flight_call call = {got, want, REGION_CHANGED, r->kept};
	size_t size = measure_regions(got, REGION_EVERY);
	r->largest = size > r->largest ? size : r->largest;
	if (!r->is_dry)
		announce_flight();
	r->is_recorded = r->is_dry || record_flight(&facts, &call);
}

/* visit_fn: until one is recorded. */
static bool shadow_point(void *user, const struct point *point)
{
	struct recorder *r = user;
	struct regions got, want;
	struct region_difference difference;
	const void *args = bind_point(r, point);
	if (kernels[r->mutant->kernel].check(args, NULL))
		return true; /* empty: no kernel sees it */
	find_regions(r->mutant->kernel, args, &got);
	size_t scratch = get_scratch_size(r->mutant->kernel, args);
	if (measure_copy(&got, REGION_ANSWERS) > ROOM || scratch > SCRATCH ||
	    measure_regions(&got, REGION_EVERY) < r->least)
		return true;
	save_regions(&got, REGION_CHANGED, r->kept);
	const void *beside = copy_regions(&got, REGION_ANSWERS, r->twin, &want);
	int status = r->function(args, scratch ? r->scratch : NULL);
	if (got.at_rest)
		*got.at_rest = 0;
	int due = kernels[r->mutant->kernel].scalar(beside, scratch ? r->scratch : NULL);
	if (!compare_answers(&got, &want, &difference) || status != due)
		record(r, &got, &want, status, due);
	return r->is_dry || !r->is_recorded;
}

static void sweep(struct recorder *r)
{
	struct sweep sweep = {.spec = specs[r->mutant->kernel],
			      .profile = PROFILE_QUICK,
			      .seed = 1,
			      .visitor = shadow_point,
			      .user = r};
	r->is_recorded = false;
	run_sweep(&sweep);
}

static bool load(struct recorder *r, const struct candidate *candidate)
{
	struct why why;
	struct subject subject;
	setenv("TENON_MUTANT", r->mutant->name, 1);
	if (open_subject(candidate->path, &subject, &why))
		return false;
	r->function = get_entry(subject.backend, 0)->function;
	return true;
}

/* ---- Calling again ----------------------------------------------------------------------------------------------- */

/* The newest record must diverge on the mutant and agree on scalar. */
static bool replay_newest(const struct candidate *candidate, const struct cpu *cpu)
{
	static _Alignas(8) unsigned char bytes[FLIGHT_ROOM];
	static const struct candidate scalar = {.name = "scalar"};
	struct replay there, here;
	struct flight flight;
	struct why why = {0};
	size_t size = copy_flight(count_flights() - 1, bytes, sizeof bytes);
	if (read_flight(bytes, size, &flight, &why) || judge_flight(&flight, &why) ||
	    !replay_flight(&flight, candidate, cpu, &there, &why) ||
	    !replay_flight(&flight, &scalar, cpu, &here, &why)) {
		printf("# %s\n", why.text);
		return false;
	}
	printf("# on the mutant: %s, %s; on scalar: %s, %s\n", name_replay(there.verdict), there.text,
	       name_replay(here.verdict), here.text);
	return there.verdict == REPLAY_DIVERGES && here.verdict == REPLAY_AGREES;
}

/* Others do no harm to an answer, or more harm than to it. */
static bool answers_wrongly(const struct mutant *mutant)
{
	return mutant->check == CHECK_BITS || mutant->check == CHECK_UNWRITTEN || mutant->check == CHECK_STATUS;
}

static bool report_mutant(size_t number, const struct mutant *mutant, const struct candidate *candidate,
			  const struct cpu *cpu)
{
	recorder.mutant = mutant;
	bool good = load(&recorder, candidate);
	if (good)
		sweep(&recorder);
	good = good && recorder.is_recorded && replay_newest(candidate, cpu);
	printf("%sok %zu - %s: %s\n", good ? "" : "not ", number, kernels[mutant->kernel].name, mutant->name);
	return good;
}

static int report_all(const struct candidate *candidate, const struct cpu *cpu)
{
	size_t number = 0, failures = 0;
	for (size_t i = 0; i < count_mutants(); i++)
		if (answers_wrongly(&mutants[i]))
			failures += !report_mutant(++number, &mutants[i], candidate, cpu);
	printf("1..%zu\n", number);
	return failures != 0 || number == 0;
}

/* ---- One ---------------------------------------------------------------------------------------------------------- */

static void print_written(void *user, const char *path)
{
	++*(unsigned *)user;
	printf("%s\n", path);
}

static int record_one(const struct candidate *candidate, const char *name, const char *folder, bool is_largest)
{
	unsigned written = 0;
	struct why why;
	for (size_t i = 0; i < count_mutants(); i++)
		if (strcmp(mutants[i].name, name) == 0)
			recorder.mutant = &mutants[i];
	if (!recorder.mutant || !load(&recorder, candidate))
		return 1;
	recorder.is_dry = is_largest;
	if (is_largest)
		sweep(&recorder);
	recorder.is_dry = false;
	recorder.least = recorder.largest;
	sweep(&recorder);
	if (write_flights(folder, print_written, &written, &why))
		fprintf(stderr, "%s\n", why.text);
	return written != 1;
}

static bool take_memory(void)
{
	recorder.kept = malloc(ROOM);
	recorder.twin = aligned_alloc(64, ROOM);
	recorder.scratch = aligned_alloc(64, SCRATCH);
	return recorder.kept && recorder.twin && recorder.scratch && make_room();
}

int main(int argc, char **argv)
{
	static struct config config;
	static struct candidate candidate;
	const char *top = getenv("top_builddir");
	char path[PATH_MAX];
	struct cpu cpu;
	struct why why;
	setvbuf(stdout, NULL, _IOLBF, 0); /* a child must find nothing to print a second time */
	snprintf(path, sizeof path, "%s/tests/mutants/.libs/mutants.so", top ? top : ".");
	probe_cpu(&cpu);
	default_config(&config);
	if (!take_memory() || prepare_flights(argc > 4 ? FLIGHT_ROOM_LEAST : FLIGHT_ROOM, cpu.model, &why) ||
	    examine_backend(&config, &cpu, argc > 1 ? argv[1] : path, &candidate)) {
		printf("Bail out! %s\n", candidate.why.text);
		return 1;
	}
	return argc > 3 ? record_one(&candidate, argv[2], argv[3], argc > 4) : report_all(&candidate, &cpu);
}
