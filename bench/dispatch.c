/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: what a call costs beyond a plain function pointer (section, dereference, call, end of section; validation apart),
 * and what it costs to publish a table and to roll back. Uses the runtime's own inline functions, not copies of them.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <tenon/tenon.h>

#include "bench/bench.h"
#include "runtime/publish.h"
#include "runtime/table.h"

static int do_nothing(const void *args, void *scratch)
{
	(void)args;
	(void)scratch;
	return TENON_OK;
}

static struct table empty = {.function = {[KERNEL_vector_similarity] = do_nothing}};
static tenon_kernel_fn *volatile plain = do_nothing;

/* Eight calls a turn: a loop around one empty call is mostly loop, and can come out dearer than the loop around more. */
#define EIGHT_TIMES(call) call, call, call, call, call, call, call, call

static void run_plain(void *context, size_t times)
{
	for (size_t i = 0; i < times; i += 8)
		EIGHT_TIMES(plain(context, NULL));
}

static __attribute__((always_inline)) inline void dispatch(const void *args)
{
	bool section;
	const struct table *table = enter_table(&section);
	table->function[KERNEL_vector_similarity](args, NULL);
	leave_table(section);
}

static void run_dispatch(void *context, size_t times)
{
	for (size_t i = 0; i < times; i += 8)
		EIGHT_TIMES(dispatch(context));
}

/* The whole entry point, validation included, on the smallest legal call. */
static void run_entry(void *context, size_t times)
{
	for (size_t i = 0; i < times; i++)
		tenon_vector_similarity(context);
}

static void run_publish(void *context, size_t times)
{
	static struct table twin;
	uint64_t vetoes;
	struct why why;
	(void)context;
	twin = empty;
	if (begin_swap(&vetoes, &why))
		return;
	for (size_t i = 0; i < times; i++)
		finish_swap(vetoes, i % 2 ? &empty : &twin, &why);
}

static void run_rollback(void *context, size_t times)
{
	(void)context;
	for (size_t i = 0; i < times; i++)
		tenon_rollback(TENON_ROLLBACK_PREVIOUS);
}

bool bench_dispatch(void)
{
	float one = 1, score;
	struct tenon_vector_similarity_args args = {&one, &one, 1, 1, 1, &score};
	struct contender calls[] = {{"plain function pointer", run_plain, NULL},
				    {"dispatch", run_dispatch, NULL},
				    {"entry point, validated", run_entry, &args}};
	struct contender changes[] = {{"publish", run_publish, NULL}, {"rollback", run_rollback, NULL}};
	struct timing timings[5];
	const struct table *before = atomic_load(&active_table);
	atomic_store(&active_table, &empty);
	time_contenders(calls, 3, 200e3, timings);
	time_contenders(changes, 2, 200e3, timings + 3);
	atomic_store(&active_table, before);
	printf("\n%-24s %10s %8s %16s\n", "a call of nothing", "ns", "MAD", "over plain");
	for (int i = 0; i < 3; i++) {
		record_figure(&(struct figure){"dispatch", "a call of nothing", &calls[i], &timings[i], NAN, NAN, NAN, 0,
					       NULL, NULL});
		printf("  %-22s %10.2f %8.2f %16.2f\n", calls[i].name, timings[i].median, timings[i].deviation,
		       timings[i].median - timings[0].median);
	}
	printf("\n%-24s %10s %8s\n", "a change of tables", "ns", "MAD");
	for (int i = 0; i < 2; i++) {
		record_figure(&(struct figure){"dispatch", "a change of tables", &changes[i], &timings[3 + i], NAN, NAN, NAN,
					       0, NULL, NULL});
		printf("  %-22s %10.2f %8.2f\n", changes[i].name, timings[3 + i].median,
		       timings[3 + i].deviation);
	}
	return true;
}
