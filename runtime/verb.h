/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files with verbs share: a request taken apart, and the pieces of answers. verbs.c parses and owns the table;
 * called by the threads of control.c.
 */
#ifndef RUNTIME_VERB_H
#define RUNTIME_VERB_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/logfmt.h"
#include "runtime/rollout.h"
#include "runtime/verbs.h"
#include "runtime/why.h"

#define WORDS_MAX 10

/* The words behind the verb. value is NULL but for key=value, which only some verbs take. */
struct request {
	const char *word[WORDS_MAX], *value[WORDS_MAX];
	int words;
};

typedef void verb_fn(const struct request *request, struct text *answer);

/* verbs_change.c */
verb_fn say_swap, say_promote, say_pause, say_resume, say_rollback, say_unpin;

/* verbs_record.c */
verb_fn say_history, say_quarantine;

/* verbs_explain.c */
verb_fn say_explain;

/* verbs_trace.c */
verb_fn say_trace;

/* verbs_metrics.c; its answer is on the heap */
verb_fn say_metrics;

/* One line, key=value. */
void add_line(struct text *answer, const char *key, const char *value);
void add_count(struct text *answer, const char *key, uint64_t count);
void add_flag(struct text *answer, const char *key, int flag);

/* The whole answer to what failed. */
void answer_why(struct text *answer, const struct why *why);
void answer_failure(struct text *answer, int status); /* why is this thread's tenon_error_detail() */

/* What serves, and the rollout, of one moment. */
struct serving {
	struct tenon_status_info info;
	struct rollout_status rollout;
};

/* Tells the events that led there first. */
void read_serving(struct serving *serving);

/* The whole answer to what went well: what the verb did, and the state, or the state now. */
void answer_with(struct text *answer, const char *text, const struct serving *serving);
void answer_state(struct text *answer, const char *text);

#endif
