/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Expands metrics.def: a function put_<symbol>() for each metric, called in that order. State: the number of backends
 * that would be refused, an atomic.
 */
#include "build.h"

#include "runtime/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/count.h"
#include "runtime/find.h"
#include "runtime/flights.h"
#include "runtime/limit.h"
#include "runtime/load.h"
#include "runtime/probe.h"
#include "runtime/publish.h"
#include "runtime/quarantine.h"
#include "runtime/reload.h"
#include "runtime/rollout.h"
#include "runtime/runtime.h"

/* ---- Facts ------------------------------------------------------------------------------------------------------- */

/* What several metrics are made of, read once; on the heap. */
struct readings {
	struct tenon_status_info status;
	struct rollout_status rollout;
	struct reload_report reload;
	struct probe_totals probes;
	struct tenon_arena_stats arena;
	uint64_t arena_threads, arenas_ended, quarantined;
};

static void count_record(const struct quarantined *record, bool saved, void *user)
{
	(void)record;
	(void)saved;
	++*(uint64_t *)user;
}

static void read_facts(struct readings *facts)
{
	struct why trouble = {0};
	report_serving(&facts->status, &facts->rollout);
	report_reload(&facts->reload);
	read_probe_totals(&facts->probes);
	tenon_arena_stats_all(&facts->arena, &facts->arena_threads, &facts->arenas_ended);
	visit_quarantine(count_record, &facts->quarantined, &trouble);
}

/* ---- The format -------------------------------------------------------------------------------------------------- */

/* Where a metric goes: its samples carry the name. */
struct family {
	const char *name;
	struct text *out;
};

static void add_escaped(struct text *out, const char *value)
{
	for (; *value; value++)
		if (*value == '\n')
			add_text(out, "\\n");
		else
			add_text(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
}

/* One sample; up to three labels, in pairs of name and value. */
static void begin_sample(const struct family *f, const char *suffix, const char *const labels[6])
{
	add_text(f->out, "%s%s", f->name, suffix);
	for (int i = 0; labels && i < 6 && labels[i]; i += 2) {
		add_text(f->out, "%s%s=\"", i ? "," : "{", labels[i]);
		add_escaped(f->out, labels[i + 1]);
		add_text(f->out, "\"");
	}
	add_text(f->out, labels ? "} " : " ");
}

static void sample(const struct family *f, const char *const labels[6], uint64_t value)
{
	begin_sample(f, "", labels);
	add_text(f->out, "%" PRIu64 "\n", value);
}

/* C's digits whatever the host's locale says: in units of 10^-9. */
static void add_nano(struct text *out, uint64_t nano)
{
	add_text(out, "%" PRIu64 ".%09" PRIu64, nano / 1000000000, nano % 1000000000);
}

static void sample_nano(const struct family *f, const char *suffix, const char *const labels[6], uint64_t nano)
{
	begin_sample(f, suffix, labels);
	add_nano(f->out, nano);
	add_text(f->out, "\n");
}

#define LABELS(...) ((const char *const[6]){__VA_ARGS__})

/* ---- The metrics ------------------------------------------------------------------------------------------------- */

/* put_<symbol>(): of one number. */
#define NUMBER(symbol, value)                                                          \
	static void put_##symbol(const struct family *f, const struct readings *facts) \
	{                                                                              \
		(void)facts;                                                           \
		sample(f, NULL, (uint64_t)(value));                                    \
	}

static void put_build_info(const struct family *f, const struct readings *facts)
{
	char abi[24];
	(void)facts;
	snprintf(abi, sizeof abi, "%u.%u", (unsigned)(TENON_ABI_CURRENT >> 16), (unsigned)(TENON_ABI_CURRENT & 0xffff));
	sample(f, LABELS("version", tenon_version(), "abi", abi), 1);
}

static void put_process_info(const struct family *f, const struct readings *facts)
{
	sample(f, LABELS("label", facts->status.label), 1);
}

static void add_calls(const struct counted *counted, void *user)
{
	const struct family *f = user;
	if (counted->calls)
		sample(f, LABELS("kernel", kernels[counted->kernel].name, "backend", counted->backend), counted->calls);
}

static void put_calls_total(const struct family *f, const struct readings *facts)
{
	(void)facts;
	visit_counts(add_calls, (void *)f);
}

static void add_durations(const struct counted *counted, void *user)
{
	const struct family *f = user;
	const char *kernel = kernels[counted->kernel].name;
	uint64_t count = 0;
	if (!counted->calls)
		return;
	for (int i = 0; i < DURATION_BUCKETS; i++) {
		char bound[32];
		struct text le;
		start_text(&le, bound, sizeof bound);
		if (i + 1 < DURATION_BUCKETS)
			add_nano(&le, (uint64_t)DURATION_FIRST << i);
		else
			add_text(&le, "+Inf");
		count += counted->durations.bucket[i];
		begin_sample(f, "_bucket", LABELS("kernel", kernel, "backend", counted->backend, "le", bound));
		add_text(f->out, "%" PRIu64 "\n", count);
	}
	sample_nano(f, "_sum", LABELS("kernel", kernel, "backend", counted->backend), counted->durations.nanoseconds);
	begin_sample(f, "_count", LABELS("kernel", kernel, "backend", counted->backend));
	add_text(f->out, "%" PRIu64 "\n", count);
}

static void put_call_duration_seconds(const struct family *f, const struct readings *facts)
{
	(void)facts;
	visit_counts(add_durations, (void *)f);
}

NUMBER(calls_counted, is_counting())

/* Copied, because a section is no place to write text in. */
static void put_active_backend_info(const struct family *f, const struct readings *facts)
{
	(void)facts;
	for (int i = 0; i < KERNEL_COUNT; i++) {
		bool section;
		char name[BACKEND_NAME_SIZE], needs[sizeof scalar_image.needs];
		const struct table *table = enter_table(&section);
		const struct image *image = table->image[i];
		memcpy(name, image->name, sizeof name);
		memcpy(needs, image->needs, sizeof needs);
		leave_table(section);
		sample(f, LABELS("kernel", kernels[i].name, "backend", name, "isa", *needs ? needs : "baseline"), 1);
	}
}

NUMBER(generation, facts->status.generation)

static void put_degraded(const struct family *f, const struct readings *facts)
{
	sample(f, LABELS("reason", facts->status.degraded_reason), facts->status.degraded != 0);
}

NUMBER(pinned, facts->status.pinned != 0)
NUMBER(swaps_total, facts->status.swaps)

static void put_rollbacks_total(const struct family *f, const struct readings *facts)
{
#define NAME(name) #name,
	static const char *const names[] = {ROLLBACK_CAUSES(NAME)};
#undef NAME
	(void)facts;
	for (int i = 0; i < ROLLBACK_CAUSE_COUNT; i++)
		sample(f, LABELS("reason", names[i]), count_rollbacks_for((enum rollback_cause)i));
}

static bool is_under_way(const struct rollout_status *rollout)
{
	return rollout->state == ROLLOUT_CANARY || rollout->state == ROLLOUT_PAUSED;
}

NUMBER(rollout_step, is_under_way(&facts->rollout) ? facts->rollout.step : 0)

static void put_rollout_share(const struct family *f, const struct readings *facts)
{
	uint64_t percent = is_under_way(&facts->rollout) ? facts->rollout.percent : 100;
	sample_nano(f, "", NULL, percent * 10000000);
}

static void put_shadow_checks_total(const struct family *f, const struct readings *facts)
{
	for (int i = 0; i < KERNEL_COUNT; i++)
		sample(f, LABELS("kernel", kernels[i].name), facts->probes.shadow_checks[i]);
}

static void add_divergences(const struct counted *counted, void *user)
{
	const struct family *f = user;
	if (counted->calls || counted->divergences)
		sample(f, LABELS("kernel", kernels[counted->kernel].name, "backend", counted->backend),
		       counted->divergences);
}

static void put_divergences_total(const struct family *f, const struct readings *facts)
{
	(void)facts;
	visit_counts(add_divergences, (void *)f);
}

static void put_faults_total(const struct family *f, const struct readings *facts)
{
	sample(f, LABELS("signal", "SIGILL"), facts->probes.ill);
	sample(f, LABELS("signal", "SIGSEGV"), facts->probes.segv);
	sample(f, LABELS("signal", "SIGBUS"), facts->probes.bus);
	sample(f, LABELS("signal", "SIGFPE"), facts->probes.fpe);
}

NUMBER(quarantined, facts->quarantined)

static void put_grace_period_seconds(const struct family *f, const struct readings *facts)
{
	sample_nano(f, "", NULL, facts->status.grace_period_age_ms * 1000000);
}

static _Atomic uint64_t refused;

NUMBER(grace_period_blocker_thread_id, facts->status.grace_blocker_tid)
NUMBER(retired_pending, facts->status.images_pending)
NUMBER(resident_images, facts->status.images_resident)
NUMBER(refused_backends, atomic_load(&refused))
NUMBER(config_last_reload_successful, !*facts->reload.error)

static void put_config_last_reload_timestamp_seconds(const struct family *f, const struct readings *facts)
{
	sample_nano(f, "", NULL, (uint64_t)(facts->reload.read_at * 1000) * 1000000);
}

NUMBER(flight_records, count_recorded_flights())
NUMBER(log_suppressed_total, count_suppressed())
NUMBER(arena_threads, facts->arena_threads)
NUMBER(arena_size_bytes, facts->arena.size)
NUMBER(arena_used_bytes, facts->arena.current)
NUMBER(arena_high_water_bytes, facts->arena.high_water)

static void put_arena_utilization_ratio(const struct family *f, const struct readings *facts)
{
	double size = (double)facts->arena.size, ratio = size > 0 ? (double)facts->arena.high_water / size : 0;
	sample_nano(f, "", NULL, (uint64_t)(ratio * 1e9));
}

NUMBER(arena_resets_total, facts->arena.resets)
NUMBER(arena_overflows_total, facts->arena.overflows)

static const struct metric {
	const char *name, *type, *help;
	void (*write)(const struct family *f, const struct readings *facts);
} metrics[] = {
#define METRIC(symbol, type, labels, help) {"tenon_" #symbol, #type, help, put_##symbol},
#include "runtime/metrics.def"
#undef METRIC
};

void write_metrics(struct text *out)
{
	struct readings *facts = calloc(1, sizeof *facts);
	if (!facts) {
		out->cut = true;
		return;
	}
	read_facts(facts);
	for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
		const struct family family = {metrics[i].name, out};
		add_text(out, "# HELP %s %s\n# TYPE %s %s\n", family.name, metrics[i].help, family.name,
			 metrics[i].type);
		metrics[i].write(&family, facts);
	}
	free(facts);
}

/* ---- What it takes to know --------------------------------------------------------------------------------------- */

void note_refused_backends(void)
{
	struct candidate *list = NULL;
	size_t count = 0, wrong = 0;
	struct runtime *copy = malloc(sizeof *copy);
	if (copy && copy_runtime(copy, NULL) == TENON_OK &&
	    find_backends(&copy->config, &copy->cpu, &list, &count, NULL) == TENON_OK) {
		for (size_t i = 0; i < count; i++)
			wrong += list[i].status && list[i].status != TENON_EUNSUPPORTED;
		atomic_store(&refused, wrong);
	}
	free(list);
	free(copy);
}

/* The image's own function: a scrape is no call of the host's. */
bool answers_calls(void)
{
	bool section;
	uint32_t crc = 0;
	const struct tenon_crc32c_args args = {"123456789", 9, 0, &crc};
	const struct table *table = enter_table(&section);
	int status = table->image[KERNEL_crc32c]->function[KERNEL_crc32c](&args, NULL);
	leave_table(section);
	return status == TENON_OK && crc == 0xe3069283u;
}
