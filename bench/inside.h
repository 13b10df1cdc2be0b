/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What only code inside the runtime can time: a call's way through the table, and its publication. The tool opens
 * inside.so, which is the runtime built as libtenon is, in a copy of its own whose tables nobody else uses.
 */
#ifndef BENCH_INSIDE_H
#define BENCH_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <tenon/backend.h>

enum inside_table { TABLE_PLAIN, TABLE_ON_PROBATION, TABLE_GUARDED, TABLE_PROMOTED, TABLE_KINDS };

struct inside {
	void (*run_plain)(void *context, size_t times);    /* a call of nothing through a plain function pointer */
	void (*run_dispatch)(void *context, size_t times); /* the same through the active table */
	bool (*make_counted)(void);                       /* before run_counted; false: it cannot be had; why is said */
	void (*run_counted)(void *context, size_t times); /* the same where calls are counted and timed */
	void (*run_publish)(void *context, size_t times);
	void (*run_rollback)(void *context, size_t times);
	/*
	 * Calls of function through a table: a plain one, or one on probation, half of whose calls the candidate gets (it is
	 * function, too). *pair lasts for the process. False: it cannot be had; why is said.
	 */
	bool (*make_pair)(tenon_kernel_fn *function, const void *args, enum inside_table kind, void **pair);
	void (*run_pair)(void *pair, size_t times);
	/* Nanoseconds from before a publication until another core sees it. False: no second core. Puts back scalar. */
	bool (*time_sight)(double *delays, size_t count);
};

/* Opens it once. NULL, with a message, if it is not there. */
const struct inside *open_inside(void);

/* The module's one symbol. */
extern const struct inside tenon_bench_inside;

#endif
