/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: how soon another core sees a published table, and what a whole swap costs, warm, cold to the end of its first call,
 * and its parts: judging a file, making a private copy of it, and proving that. Medians of single events, not of rounds.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <tenon/tenon.h>
#include <time.h>
#include <unistd.h>

#include "bench/inside.h"
#include "bench/run.h"
#include "runtime/file.h"
#include "runtime/prove.h"
#include "runtime/stage.h"
#include "runtime/vet.h"

#define EVENTS 301
#define COLD_EVENTS 51
#define PROOF_EVENTS 9
#define PLUGIN_MAX ((size_t)64 << 20)

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void record_events(const char *what, double *values, size_t count)
{
	sort_values(values, count);
	double median = find_median(values, count);
	record_time("swap", "one", what, median, find_deviation(values, count));
}

static double time_swap(const char *backend, unsigned flags)
{
	double start = now();
	int status = tenon_swap(backend, flags);
	double end = now();
	if (status)
		fprintf(stderr, "tenon bench: %s: %s\n", backend, tenon_error_detail());
	return end - start;
}

/* With the file in memory, as a load has it. */
static void time_parts(const struct backend *backend)
{
	static double vet[EVENTS], stage[EVENTS];
	struct file file;
	struct staged staged;
	struct vetted vetted;
	struct why why = {0};
	struct cpu cpu;
	int status = read_file(backend->candidate.path, PLUGIN_MAX, TENON_EREFUSED, &file, &why);
	probe_cpu(&cpu);
	for (int i = 0; i < EVENTS && status == TENON_OK; i++) {
		double start = now();
		status = vet_bytes(file.bytes, file.size, backend->candidate.path, &cpu, &vetted, &why);
		double between = now();
		if (status == TENON_OK)
			status = stage_source(&file, backend->candidate.path, backend->candidate.name, "auto", &staged,
					      &why);
		stage[i] = now() - between;
		vet[i] = between - start;
		if (status == TENON_OK) {
			close_staged(&staged);
			unstage(&staged);
		}
	}
	free(file.bytes);
	if (status) {
		fprintf(stderr, "tenon bench: %s\n", why.text);
		return;
	}
	record_events("vet", vet, EVENTS);
	record_events("stage", stage, EVENTS);
}

/* ---- Proofs ------------------------------------------------------------------------------------------------------- */

static void forget_verdicts(const char *state)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/verdicts", state);
	DIR *list = opendir(path);
	for (const struct dirent *entry; list && (entry = readdir(list));)
		unlinkat(dirfd(list), entry->d_name, 0);
	if (list)
		closedir(list);
	rmdir(path);
}

/* Neither this process nor the state directory knows of an earlier proof; both take note of this one. */
static int time_proof(const struct config *config, const struct cpu *cpu, const struct backend *backend,
		      const struct file *file, double *time, struct why *why)
{
	struct staged staged;
	int status = stage_source(file, backend->candidate.path, backend->candidate.name, "auto", &staged, why);
	if (status)
		return status;
	forget_verdicts(config->state_dir);
	forget_proofs();
	double start = now();
	status = prove_staged(config, cpu, &backend->candidate, file, &staged, why);
	*time = now() - start;
	close_staged(&staged);
	unstage(&staged);
	return status;
}

static int time_greetings(const struct config *config, const struct cpu *cpu, struct why *why)
{
	static double greet[EVENTS];
	int status = TENON_OK;
	for (int i = 0; i < EVENTS && status == TENON_OK; i++) {
		double start = now();
		status = greet_helper(config, cpu, why);
		greet[i] = now() - start;
	}
	if (status == TENON_OK)
		record_events("helper", greet, EVENTS);
	return status;
}

static int time_proofs_in(const char *state, const struct backend *backend, struct why *why)
{
	static double prove[PROOF_EVENTS];
	static struct config config;
	struct file file;
	struct cpu cpu;
	default_config(&config);
	snprintf(config.state_dir, sizeof config.state_dir, "%s", state);
	probe_cpu(&cpu);
	int status = time_greetings(&config, &cpu, why);
	if (status == TENON_OK)
		status = read_file(backend->candidate.path, PLUGIN_MAX, TENON_EREFUSED, &file, why);
	if (status)
		return status;
	for (int i = 0; i < PROOF_EVENTS && status == TENON_OK; i++)
		status = time_proof(&config, &cpu, backend, &file, &prove[i], why);
	if (status == TENON_OK)
		record_events("prove", prove, PROOF_EVENTS);
	free(file.bytes);
	return status;
}

static void time_proofs(const struct backend *backend)
{
	char state[] = "/tmp/tenon-bench-XXXXXX";
	struct why why = {0};
	if (!mkdtemp(state)) {
		say("\nswap one\n  prove: no temporary directory can be made\n");
		return;
	}
	if (time_proofs_in(state, backend, &why))
		fprintf(stderr, "tenon bench: %s\n", why.text);
	forget_verdicts(state);
	rmdir(state);
}

/* ---- Swaps -------------------------------------------------------------------------------------------------------- */

static double time_first_call(const char *backend)
{
	static const float row[16] = {1};
	float score;
	struct tenon_inner_product_args args = {
		.query = row, .rows = row, .count = 1, .dim = 16, .stride = 16, .scores = &score};
	double start = now();
	time_swap(backend, TENON_SWAP_COLD);
	tenon_inner_product(&args);
	return now() - start;
}

/* The warm swaps come first, so that the proof of the cold ones is remembered: what is timed is all else. */
static void time_swaps(const char *backend)
{
	static double warm[EVENTS], cold[COLD_EVENTS];
	for (int i = 0; i < EVENTS; i++)
		warm[i] = time_swap(i % 2 ? backend : "scalar", 0);
	for (int i = 0; i < COLD_EVENTS; i++) {
		time_swap("scalar", 0);
		cold[i] = time_first_call(backend);
		/* so that unloading, on its own thread, is not what is timed */
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	record_events("warm", warm, EVENTS);
	record_events("cold", cold, COLD_EVENTS);
}

bool bench_swap(void)
{
	static double sight[EVENTS];
	const struct inside *inside = open_inside();
	if (!is_wanted("swap", "one"))
		return true;
	if (inside && inside->time_sight(sight, EVENTS))
		record_events("until seen elsewhere", sight, EVENTS);
	else if (inside)
		say("\nswap one\n  until seen elsewhere: needs a second processor\n");
	if (backend_count > 1) {
		time_parts(&backends[backend_count - 1]);
		time_proofs(&backends[backend_count - 1]);
		time_swaps(backends[backend_count - 1].candidate.name);
	}
	return true;
}
