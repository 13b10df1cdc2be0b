/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon verify --replay FILE: reads a flight record, finds the backend, has the harness call both again, and prints what
 * was recorded beside what happens now. Main thread of the tool; no state.
 */
#include "tools/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/elf.h"
#include "runtime/file.h"
#include "tests/conform/data.h"
#include "tests/conform/replay.h"

struct session {
	const char *path;
	struct flight flight;
	struct why cut; /* why it cannot be called again; status 0 if it can */
	struct candidate candidate;
	char build_id[65]; /* of the candidate's file; "" where it has none */
	bool has_run;
	struct replay replay;
};

bool is_flight_file(const char *word)
{
	size_t length = strlen(word), suffix = strlen(FLIGHT_SUFFIX);
	return strchr(word, '/') || (length > suffix && strcmp(word + length - suffix, FLIGHT_SUFFIX) == 0);
}

/* ---- For people -------------------------------------------------------------------------------------------------- */

static void describe_time(uint64_t nanoseconds, char *text, size_t size)
{
	time_t seconds = (time_t)(nanoseconds / 1000000000);
	struct tm tm;
	if (!gmtime_r(&seconds, &tm) || !strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(text, size, "-");
}

static void describe_value(enum region_kind kind, uint64_t bits, char *text, size_t size)
{
	if (kind == REGION_F32)
		snprintf(text, size, "%a", (double)float_of_bits((uint32_t)bits));
	else
		snprintf(text, size, "%#" PRIx64, bits);
}

struct lane_text {
	char recorded[40], got[40], want[40];
};

static void describe_lane(const struct session *s, const struct replay_lane *lane, struct lane_text *text)
{
	enum region_kind kind = s->flight.region[s->replay.region].kind;
	*text = (struct lane_text){"-", "-", "-"};
	if (lane->has_recorded)
		describe_value(kind, lane->recorded, text->recorded, sizeof text->recorded);
	if (lane->has_now)
		describe_value(kind, lane->got, text->got, sizeof text->got);
	describe_value(kind, lane->want, text->want, sizeof text->want);
}

static void describe_first(const struct session *s, char *text, size_t size)
{
	const struct flight_header *h = s->flight.header;
	if (h->signal)
		snprintf(text, size, "it died of signal %u (%s)", h->signal, strsignal((int)h->signal));
	else if (h->first_region < h->regions)
		snprintf(text, size, "%s[%" PRIu64 "] differed", s->flight.region[h->first_region].name,
			 h->first_index);
	else
		snprintf(text, size, "it returned %d, scalar %d", h->got_status, h->want_status);
}

static void print_record(FILE *out, const struct session *s)
{
	const struct flight_header *h = s->flight.header;
	char when[40], args[512], first[128];
	describe_time(h->time, when, sizeof when);
	describe_args(&s->flight, args, sizeof args);
	describe_first(s, first, sizeof first);
	fprintf(out, "%s: %s on %s %s\n", s->path, kernels[s->flight.kernel].name, h->backend, h->version_text);
	fprintf(out, "  recorded  %s, %s (process %" PRIu64 ", thread %" PRIu64 ", core %" PRIu64 "), tenon %s\n", when,
		h->program, h->process, h->thread, h->core, h->tenon);
	fprintf(out, "  cpu       %s\n", h->cpu);
	fprintf(out, "  file      %s, build-id %s\n", *h->path ? h->path : "-", *h->build_id ? h->build_id : "-");
	fprintf(out, "  call      %s%s\n", args,
		h->flags & FLIGHT_IS_SHARE ? " (the differing share of a larger call)" : "");
	if (h->flags & FLIGHT_NO_STATE)
		fprintf(out, "  workspace its content was not kept: replayed as one that is not at rest\n");
	fprintf(out, "  then      %s\n", first);
}

static void print_lanes(FILE *out, const struct session *s)
{
	const struct replay *r = &s->replay;
	if (r->lanes)
		fprintf(out, "    %10s  %-18s  %-18s  %s\n", s->flight.region[r->region].name, "recorded", "now",
			"scalar");
	for (size_t i = 0; i < r->lanes; i++) {
		const struct replay_lane *lane = &r->lane[i];
		struct lane_text text;
		describe_lane(s, lane, &text);
		bool differs =
			lane->has_now ? lane->got != lane->want : lane->has_recorded && lane->recorded != lane->want;
		fprintf(out, "  %c %10zu  %-18s  %-18s  %s\n", differs ? '*' : ' ', lane->index, text.recorded,
			text.got, text.want);
	}
}

static bool is_other_build(const struct session *s)
{
	const char *recorded = s->flight.header->build_id;
	return *recorded && strcmp(recorded, s->build_id) != 0;
}

static void print_session(FILE *out, const struct session *s)
{
	static const char *const words[] = {[REPLAY_AGREES] = "does not diverge",
					    [REPLAY_DIVERGES] = "diverges",
					    [REPLAY_REFUSED] = "cannot be loaded",
					    [REPLAY_BAD_RECORD] = "the record is damaged",
					    [REPLAY_NOT_COMPARED] = "not compared"};
	print_record(out, s);
	if (s->has_run)
		fprintf(out, "  now       %s: %s %s%s\n", *s->candidate.path ? s->candidate.path : s->candidate.name,
			words[s->replay.verdict], s->replay.text, is_other_build(s) ? " (another build)" : "");
	else
		fprintf(out, "  now       cannot be called again: %s\n", s->cut.text);
	print_lanes(out, s);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
static json_t *number_as_json(uint64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRIu64, number);
	return json_string(text);
}

static json_t *text_or_null(const char *text)
{
	json_t *string = *text ? json_string(text) : NULL;
	return string ? string : json_null();
}

static json_t *first_as_json(const struct session *s)
{
	const struct flight_header *h = s->flight.header;
	if (h->first_region >= h->regions)
		return json_null();
	return json_pack("{s:s, s:o}", "output", s->flight.region[h->first_region].name, "index",
			 number_as_json(h->first_index));
}

static json_t *record_as_json(const struct session *s)
{
	const struct flight_header *h = s->flight.header;
	char when[40], args[512];
	describe_time(h->time, when, sizeof when);
	describe_args(&s->flight, args, sizeof args);
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:s, s:i, s:i, s:i, s:o, "
			 "s:b, s:b, s:o}",
			 "file", s->path, "kernel", kernels[s->flight.kernel].name, "backend", h->backend, "version",
			 text_or_null(h->version_text), "build_id", text_or_null(h->build_id), "path",
			 text_or_null(h->path), "cpu", text_or_null(h->cpu), "program", text_or_null(h->program),
			 "tenon", h->tenon, "time", when, "process", (json_int_t)h->process, "thread",
			 (json_int_t)h->thread, "core", (json_int_t)h->core, "args", args, "got_status", h->got_status,
			 "want_status", h->want_status, "signal", (int)h->signal, "first", first_as_json(s), "share",
			 (h->flags & FLIGHT_IS_SHARE) != 0, "replayable", s->cut.status == 0, "reason",
			 text_or_null(s->cut.text));
}

static json_t *lanes_as_json(const struct session *s)
{
	json_t *lanes = json_array();
	for (size_t i = 0; i < s->replay.lanes; i++) {
		struct lane_text text;
		describe_lane(s, &s->replay.lane[i], &text);
		json_array_append_new(lanes,
				      json_pack("{s:I, s:s, s:s, s:s}", "index", (json_int_t)s->replay.lane[i].index,
						"recorded", text.recorded, "now", text.got, "scalar", text.want));
	}
	return lanes;
}

static json_t *replay_as_json(const struct session *s)
{
	if (!s->has_run)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:b, s:s, s:s, s:i, s:i}", "backend", s->candidate.name, "path",
			 text_or_null(s->candidate.path), "build_id", text_or_null(s->build_id), "other_build",
			 is_other_build(s), "verdict", name_replay(s->replay.verdict), "reason", s->replay.text,
			 "got_status", s->replay.got_status, "want_status", s->replay.want_status);
}
#endif

static int report(struct tool *tool, const struct session *s)
{
#ifdef HAVE_JANSSON
	if (tool->json)
		return emit_json(tool, json_pack("{s:o, s:o, s:o}", "record", record_as_json(s), "replay",
						 replay_as_json(s), "lanes", lanes_as_json(s)));
#endif
	print_session(tool->out, s);
	return EXIT_DONE;
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

/* Whose the file is matters to those who load it into a process that serves. */
static int find_subject(struct tool *tool, const struct machine *machine, const char *name, struct session *s)
{
	struct candidate *c = &s->candidate;
	struct why why;
	int status = resolve_backend(&machine->config, &machine->cpu, name, c, &why);
	if (status == TENON_ENOENT || status == TENON_ENOMEM)
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	if (*c->path && c->status) {
		char path[PATH_MAX];
		memcpy(path, c->path, sizeof path);
		examine_backend(&machine->config, &machine->cpu, path, c);
	}
	if (c->status)
		return fail(tool, c->status == TENON_EUNSUPPORTED ? EXIT_NOTHING_RUN : EXIT_REFUSED, "%s", c->why.text);
	snprintf(s->build_id, sizeof s->build_id, "%s", c->vetted.build_id);
	return EXIT_DONE;
}

/* The file that misbehaved, if it is still there, else what has its name. */
static const char *choose_subject(const struct session *s, const char *asked)
{
	const struct flight_header *h = s->flight.header;
	if (asked)
		return asked;
	return strchr(h->path, '/') && access(h->path, F_OK) == 0 ? h->path : h->backend;
}

static int run(struct tool *tool, const struct machine *machine, const char *name, struct session *s)
{
	struct why why;
	int code = find_subject(tool, machine, name, s);
	if (code)
		return code;
	if (!replay_flight(&s->flight, &s->candidate, &machine->cpu, &s->replay, &why))
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	if (s->replay.verdict == REPLAY_BAD_RECORD)
		return fail(tool, EXIT_USAGE, "%s: no call to replay: %s", s->path, s->replay.text);
	if (s->replay.verdict == REPLAY_REFUSED)
		return fail(tool, EXIT_REFUSED, "%s", s->replay.text);
	s->has_run = true;
	return EXIT_DONE;
}

static int conclude(const struct session *s)
{
	if (!s->has_run || s->replay.verdict == REPLAY_NOT_COMPARED)
		return EXIT_NOTHING_RUN;
	return s->replay.verdict == REPLAY_DIVERGES ? EXIT_DIFFERS : EXIT_DONE;
}

static int replay(struct tool *tool, const struct machine *machine, const char *backend, struct session *s)
{
	int code = EXIT_DONE;
	if (judge_flight(&s->flight, &s->cut))
		list_recorded(&s->flight, &s->replay);
	else
		code = run(tool, machine, choose_subject(s, backend), s);
	if (!code)
		code = report(tool, s);
	return code ? code : conclude(s);
}

int replay_file(struct tool *tool, const struct machine *machine, const char *path, const char *backend)
{
	struct session s = {.path = path, .replay.region = -1};
	struct file file;
	struct why why;
	if (read_file(path, FLIGHT_FILE_MAX, TENON_EINVAL, &file, &why))
		return fail(tool, EXIT_USAGE, "--replay: %s", why.text);
	int code = read_flight(file.bytes, file.size, &s.flight, &why)
			   ? fail(tool, EXIT_USAGE, "--replay: %s: %s", path, why.text)
			   : replay(tool, machine, backend, &s);
	free(file.bytes);
	return code;
}
