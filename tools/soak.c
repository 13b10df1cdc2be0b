/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The soak's threads. Main keeps the places of the workers filled; workers call kernels, alone and in batches, and roll
 * back when told to; the driver swaps. Counters belong to a place and are added up at the end; what all threads share is
 * atomic. Everything goes through the public API.
 */
#include "build.h"

#include "tools/soak.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/find.h"
#include "tools/cases/cases.h"
#include "tools/pause.h"
#include "tools/random.h"
#include "tools/workers.h"

#define MOST_STEPS 400    /* of a thread's life */
#define ROLLBACK_EVERY 16 /* swaps, on average */
#define SEEN_SIZE 4096    /* generations remembered, a power of two */

/* What the threads of one place have done. */
struct tally {
	uint64_t calls, wrong, failed, mixed, rollbacks;
	uint64_t batches[SOAK_BACKENDS_MAX];
	struct case_set *cases;
	struct tenon_call *batch;
};

struct soak {
	const struct soak_plan *plan;
	struct soak_result *result;
	struct case_set *learned;
	struct tally *tally;
	atomic_uint rollbacks_due; /* the driver asks for them, any worker carries them out */
	atomic_bool driven;        /* the driver has reached its number of swaps */
	atomic_bool stopping;
	struct mischief *mischief;
	struct canaries *canaries; /* NULL: none */
	atomic_bool calm;          /* a rollout is to be left alone: the driver waits for its turn */
	pthread_mutex_t turn;
	_Atomic uint64_t seen[SEEN_SIZE]; /* generation * SOAK_BACKENDS_MAX + backend: who a generation's table is */
	atomic_bool found;                /* anything wrong, by whomever */
	pthread_mutex_t lock;             /* of result->problem */
	char plugin[PATH_MAX];            /* a usable one; "" if there is none */
};

__attribute__((format(printf, 2, 3))) static void note_problem(struct soak *soak, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	atomic_store(&soak->found, true);
	pthread_mutex_lock(&soak->lock);
	if (!soak->result->problem[0])
		vsnprintf(soak->result->problem, sizeof soak->result->problem, format, list);
	pthread_mutex_unlock(&soak->lock);
	va_end(list);
}

/* ---- Workers ----------------------------------------------------------------------------------------------------- */

static void check_case(struct soak *soak, struct tally *tally, const struct kernel_case *c, int status)
{
	tally->calls++;
	if (status != c->status) {
		tally->failed++;
		note_problem(soak, "%s returned %s, on scalar %s", tenon_kernel_name(c->kernel), tenon_strerror(status),
			     tenon_strerror(c->status));
	} else if (find_difference(c) < c->size) {
		size_t at = find_difference(c);
		tally->wrong++;
		note_problem(soak, "%s gave other bits than scalar: in case %zu byte %zu of %zu is %02x, not %02x",
			     tenon_kernel_name(c->kernel), (size_t)(c - get_case(tally->cases, 0)), at, c->size,
			     c->output[at], c->expected[at]);
	}
}

static unsigned find_backend(const struct soak_result *result, const char *name)
{
	unsigned i = 0;
	while (i < result->backends && strcmp(result->backend[i].name, name) != 0)
		i++;
	return i;
}

/*
 * One generation is one table, so every batch that says it was served by a generation must name the same backend for its
 * first call, whichever thread asks. False for a batch that saw parts of two tables. What is on probation need not be usable
 * for good: all such count as one.
 */
static bool agrees_with_others(struct soak *soak, const struct tenon_served *served, unsigned backend)
{
	_Atomic uint64_t *seen = &soak->seen[served->generation % SEEN_SIZE];
	uint64_t mine = served->generation * SOAK_BACKENDS_MAX + backend, theirs = atomic_load(seen);
	while (theirs / SOAK_BACKENDS_MAX < served->generation)
		if (atomic_compare_exchange_weak(seen, &theirs, mine))
			return true;
	return theirs / SOAK_BACKENDS_MAX > served->generation || theirs == mine;
}

/* All cases in one batch, always in the same order. */
static void call_batch(struct soak *soak, struct tally *tally)
{
	struct tenon_served served = {0};
	size_t count = count_cases(tally->cases);
	for (size_t i = 0; i < count; i++) {
		struct kernel_case *c = get_case(tally->cases, i);
		reset_case(c);
		tally->batch[i] = (struct tenon_call){.kernel = c->kernel, .args = c->args, .status = TENON_EINVAL};
	}
	tenon_batch(tally->batch, count, &served);
	for (size_t i = 0; i < count; i++)
		check_case(soak, tally, get_case(tally->cases, i), tally->batch[i].status);
	unsigned backend = find_backend(soak->result, served.backend);
	bool known = backend < soak->result->backends || soak->plan->turncoats;
	if (!known || !agrees_with_others(soak, &served, backend)) {
		tally->mixed++;
		note_problem(soak,
			     "generation %" PRIu64 " was served by %s to one batch and by another backend to another",
			     served.generation, served.backend);
	} else {
		tally->batches[backend]++;
	}
}

static void call_alone(struct soak *soak, struct tally *tally, uint64_t random)
{
	struct kernel_case *c = get_case(tally->cases, random % count_cases(tally->cases));
	reset_case(c);
	check_case(soak, tally, c, call_case(c));
}

/* Takes one of the rollbacks that are due. */
static void roll_back(struct soak *soak, struct tally *tally, uint64_t random)
{
	unsigned due = atomic_load(&soak->rollbacks_due);
	while (due > 0)
		if (atomic_compare_exchange_weak(&soak->rollbacks_due, &due, due - 1)) {
			tenon_rollback(random & 1 ? TENON_ROLLBACK_SCALAR : TENON_ROLLBACK_PREVIOUS);
			tally->rollbacks++;
			return;
		}
}

static void step_worker(struct worker *worker)
{
	struct soak *soak = worker->context;
	struct tally *tally = &soak->tally[worker->place];
	uint64_t random = next_random(&worker->random);
	if (atomic_load_explicit(&soak->rollbacks_due, memory_order_relaxed))
		roll_back(soak, tally, random >> 8);
	if (random & 1)
		call_batch(soak, tally);
	else
		call_alone(soak, tally, random >> 8);
}

/* ---- The driver -------------------------------------------------------------------------------------------------- */

/* The first backend is scalar, for which a cold swap loads nothing. */
static struct soak_backend *choose_backend(const struct soak *soak, uint64_t random)
{
	struct soak_result *result = soak->result;
	unsigned first = soak->plan->cold && result->backends > 1;
	return &result->backend[first + random % (result->backends - first)];
}

static void swap_once(struct soak *soak, uint64_t random)
{
	struct soak_result *result = soak->result;
	struct soak_backend *backend = choose_backend(soak, random);
	int status = tenon_swap(backend->name, soak->plan->cold ? TENON_SWAP_COLD : 0);
	if (status == TENON_OK) {
		result->swaps++;
		backend->swaps++;
	} else if (status == TENON_EROLLEDBACK) {
		result->overtaken++;
	} else if (status == TENON_EAGAIN) {
		result->try_agains++;
		sleep_ns(2000000);
	} else {
		result->failed++;
		note_problem(soak, "swap to %s: %s", backend->name, tenon_error_detail());
	}
}

/* For the canaries' thread: until it is called again the driver swaps no more, and has no rollbacks done. */
static void keep_calm(void *user, bool calm)
{
	struct soak *soak = user;
	atomic_store(&soak->calm, calm);
	if (calm)
		pthread_mutex_lock(&soak->turn);
	else
		pthread_mutex_unlock(&soak->turn);
}

static void take_turn(struct soak *soak, uint64_t *random)
{
	while (atomic_load(&soak->calm) && !atomic_load(&soak->stopping))
		sleep_ns(1000000);
	pthread_mutex_lock(&soak->turn);
	if (next_random(random) % ROLLBACK_EVERY == 0)
		atomic_fetch_add(&soak->rollbacks_due, 1);
	swap_once(soak, next_random(random));
	pthread_mutex_unlock(&soak->turn);
}

/* Goes on beyond its number while other things are to be done. */
static void *drive(void *argument)
{
	struct soak *soak = argument;
	const struct soak_plan *plan = soak->plan;
	uint64_t random = plan->seed, start = now_ns(), attempts = 0,
		 wanted = plan->swaps > plan->each ? plan->swaps : plan->each;
	while (!atomic_load(&soak->stopping) && (plan->each || !atomic_load(&soak->driven))) {
		take_turn(soak, &random);
		if (wanted && soak->result->swaps >= wanted)
			atomic_store(&soak->driven, true);
		uint64_t due = plan->swaps_per_second ? start + ++attempts * 1000000000 / plan->swaps_per_second : 0;
		uint64_t now = now_ns();
		if (due > now)
			sleep_ns(due - now < 100000000 ? due - now : 100000000); /* so that it can be told to stop */
	}
	return NULL;
}

/* ---- Before and after -------------------------------------------------------------------------------------------- */

/* The usable backends, as this process's configuration has them. */
static int find_usable(struct soak *soak, struct why *why)
{
	struct soak_result *result = soak->result;
	struct config *config = malloc(sizeof *config);
	struct candidate *list = NULL;
	struct cpu cpu;
	size_t count = 0;
	probe_cpu(&cpu);
	int status = config ? load_config(config, NULL, why) : explain(why, TENON_ENOMEM, "out of memory");
	if (status == 0)
		status = cap_cpu(&cpu, config->max_isa, why);
	if (status == 0)
		status = find_backends(config, &cpu, &list, &count, why);
	for (size_t i = 0; status == 0 && i < count && result->backends < SOAK_BACKENDS_MAX - 1; i++)
		if (list[i].status == 0) {
			snprintf(result->backend[result->backends++].name, sizeof result->backend[0].name, "%s",
				 list[i].name);
			if (list[i].path[0])
				snprintf(soak->plugin, sizeof soak->plugin, "%s", list[i].path);
		}
	free(list);
	free(config);
	return status;
}

static bool make_tallies(struct soak *soak)
{
	soak->tally = calloc(soak->plan->threads, sizeof *soak->tally);
	soak->learned = make_cases();
	bool good = soak->tally && soak->learned && learn_cases(soak->learned);
	for (uint64_t i = 0; good && i < soak->plan->threads; i++) {
		struct tally *tally = &soak->tally[i];
		tally->cases = make_cases();
		tally->batch = calloc(count_cases(soak->learned), sizeof *tally->batch);
		good = tally->cases && tally->batch;
		if (good)
			share_answers(tally->cases, soak->learned);
	}
	return good;
}

static void free_tallies(struct soak *soak)
{
	for (uint64_t i = 0; soak->tally && i < soak->plan->threads; i++) {
		free_cases(soak->tally[i].cases);
		free(soak->tally[i].batch);
	}
	free(soak->tally);
	free_cases(soak->learned);
}

static void add_up(struct soak *soak)
{
	struct soak_result *result = soak->result;
	for (uint64_t i = 0; i < soak->plan->threads; i++) {
		const struct tally *tally = &soak->tally[i];
		result->calls += tally->calls;
		result->wrong += tally->wrong;
		result->failed += tally->failed;
		result->mixed += tally->mixed;
		result->rollbacks += tally->rollbacks;
		for (unsigned j = 0; j < result->backends; j++)
			result->backend[j].batches += tally->batches[j];
	}
}

static void add_findings(struct soak *soak, uint64_t wrong, uint64_t failed, const char *problem)
{
	soak->result->wrong += wrong;
	soak->result->failed += failed;
	if (*problem)
		note_problem(soak, "%s", problem);
}

static void look_behind(struct soak *soak, const struct footprint *before)
{
	char problem[sizeof soak->result->problem];
	find_remains(before, &soak->result->left, problem, sizeof problem);
	add_findings(soak, 0, soak->result->left.unknown, problem);
}

/* ---- The run ----------------------------------------------------------------------------------------------------- */

static void show_progress(const struct soak *soak, double elapsed)
{
	struct tenon_status_info info;
	tenon_status_get(&info);
	fprintf(stderr,
		"\rtenon soak: %.0f s, %" PRIu64 " swaps, %" PRIu64 " rollbacks, %s serves, %" PRIu64
		" images wait for readers \033[K",
		elapsed, info.swaps, info.rollbacks, info.backend, info.images_pending);
	if (soak->result->problem[0])
		fprintf(stderr, "! ");
}

static bool is_done(const struct soak *soak)
{
	uint64_t each = soak->plan->each;
	if (!each || atomic_load(&soak->found))
		return each || atomic_load(&soak->driven);
	return atomic_load(&soak->driven) && count_mischief(soak->mischief) >= each &&
	       (!soak->canaries || count_canary_ends(soak->canaries) >= each);
}

static void tend(struct soak *soak, struct workers *workers)
{
	uint64_t start = now_ns(), shown = start, end = start + soak->plan->seconds * 1000000000;
	for (uint64_t now = start; now < end && !is_done(soak); now = now_ns()) {
		tend_workers(workers, end - now < 100000000 ? (unsigned)((end - now) / 1000000) + 1 : 100);
		if (soak->plan->progress && now - shown >= 1000000000) {
			show_progress(soak, (double)(now - start) * 1e-9);
			shown = now;
		}
	}
	if (soak->plan->progress)
		fprintf(stderr, "\r\033[K");
	soak->result->complete = is_done(soak) || !(soak->plan->swaps || soak->plan->each);
	soak->result->seconds = (double)(now_ns() - start) * 1e-9;
}

static int fail_to_start(struct soak *soak, int error)
{
	note_problem(soak, "cannot start a thread: %s", strerror(error));
	return TENON_ESYSTEM;
}

static int run_threads(struct soak *soak)
{
	pthread_t driver;
	struct workers *workers =
		start_workers((unsigned)soak->plan->threads, soak->plan->seed, MOST_STEPS, step_worker, soak);
	int error = !workers ? ENOMEM : pthread_create(&driver, NULL, drive, soak);
	if (!error) {
		tend(soak, workers);
		atomic_store(&soak->stopping, true);
		pthread_join(driver, NULL);
	}
	soak->result->threads_created = workers ? stop_workers(workers) : 0;
	return error ? fail_to_start(soak, error) : 0;
}

/* The driver may wait for the canaries' thread, never that for the driver. */
static int run_canaries(struct soak *soak)
{
	int error = soak->canaries ? start_canaries(soak->canaries) : 0;
	if (error)
		return fail_to_start(soak, error);
	int status = run_threads(soak);
	if (soak->canaries)
		stop_canaries(soak->canaries);
	return status;
}

static int run_troubled(struct soak *soak)
{
	int error = start_mischief(soak->mischief);
	if (error)
		return fail_to_start(soak, error);
	int status = run_canaries(soak);
	stop_mischief(soak->mischief);
	return status;
}

/* A process keeps the HTTP module and its libraries once they are loaded; that is no leak of what is soaked. */
static void load_modules(const struct soak_plan *plan)
{
	if (plan->metrics && tenon_open(NULL) == TENON_OK)
		tenon_close();
}

static int soak_open_runtime(struct soak *soak)
{
	struct footprint before;
	load_modules(soak->plan);
	if (!take_footprint(&before)) {
		note_problem(soak, "cannot read /proc/self");
		return TENON_ESYSTEM;
	}
	int status = tenon_open(NULL);
	if (status) {
		note_problem(soak, "%s", tenon_error_detail());
		free_footprint(&before);
		return status;
	}
	status = run_troubled(soak);
	for (uint64_t end = now_ns() + soak->plan->linger * 1000000000; !status && now_ns() < end;)
		sleep_ns(10000000);
	tenon_close();
	add_up(soak);
	look_behind(soak, &before);
	free_footprint(&before);
	return status;
}

/* With a configuration that is not ours there is no socket to order rollouts at. */
static int soak_with_canaries(struct soak *soak)
{
	const struct soak_plan *plan = soak->plan;
	const char *names[SOAK_BACKENDS_MAX];
	struct canary_result *done = &soak->result->canary;
	for (unsigned i = 0; i < soak->result->backends; i++)
		names[i] = soak->result->backend[i].name;
	const struct canary_plan wanted = {plan->canaries_per_second,
					   plan->seed,
					   mischief_socket(soak->mischief),
					   plan->turncoats,
					   names,
					   soak->result->backends,
					   keep_calm,
					   soak,
					   &soak->found};
	if (!wanted.rate || !*wanted.socket)
		return soak_open_runtime(soak);
	soak->canaries = prepare_canaries(&wanted);
	if (!soak->canaries) {
		note_problem(soak, "cannot prepare rollouts: %s: %s", plan->turncoats, strerror(errno));
		return TENON_ESYSTEM;
	}
	int status = soak_open_runtime(soak);
	end_canaries(soak->canaries, done);
	add_findings(soak, done->wrong, done->failed, done->problem);
	return status;
}

static int soak_with_mischief(struct soak *soak)
{
	const struct soak_plan *plan = soak->plan;
	struct mischief_plan wanted = {plan->forks_per_second,
				       plan->signals_per_second,
				       plan->faults_per_second,
				       plan->reloads_per_second,
				       plan->seed,
				       "",
				       plan->crashing,
				       plan->metrics,
				       &soak->found};
	struct mischief_result *done = &soak->result->mischief;
	snprintf(wanted.plugin, sizeof wanted.plugin, "%s", soak->plugin);
	soak->mischief = prepare_mischief(&wanted, soak->learned);
	if (!soak->mischief) {
		note_problem(soak, "cannot prepare children and bad backends in /tmp%s%s: %s",
			     plan->crashing ? " and " : "", plan->crashing ? plan->crashing : "", strerror(errno));
		return TENON_ESYSTEM;
	}
	int status = soak_with_canaries(soak);
	end_mischief(soak->mischief, done);
	add_findings(soak, done->wrong, done->failed, done->problem);
	return status;
}

int soak_runtime(const struct soak_plan *plan, struct soak_result *result)
{
	struct why why = {0};
	struct soak *soak = calloc(1, sizeof *soak);
	*result = (struct soak_result){0};
	if (!soak)
		return TENON_ENOMEM;
	soak->plan = plan;
	soak->result = result;
	pthread_mutex_init(&soak->lock, NULL);
	pthread_mutex_init(&soak->turn, NULL);
	int status = find_usable(soak, &why);
	if (status)
		note_problem(soak, "%s", why.text);
	else if (!make_tallies(soak))
		status = TENON_ENOMEM;
	else
		status = soak_with_mischief(soak);
	if (status == TENON_ENOMEM)
		note_problem(soak, "out of memory");
	free_tallies(soak);
	pthread_mutex_destroy(&soak->turn);
	pthread_mutex_destroy(&soak->lock);
	free(soak);
	return status;
}
