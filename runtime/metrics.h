/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a process says of itself to a monitoring system, as text of the Prometheus exposition format 0.0.4. Everything is
 * asked of those who own it when somebody reads; nothing is kept here but what reading would be too dear for. From any
 * thread of ours, never from a call.
 */
#ifndef RUNTIME_METRICS_H
#define RUNTIME_METRICS_H

#include "runtime/logfmt.h"

#define METRICS_MOST ((size_t)8 << 20) /* for start_growing_text() */
#define ANSWER_MOST (2 * METRICS_MOST) /* of the verb, which quotes each line; no verb's answer is longer */

void write_metrics(struct text *out);

/*
 * Looks through the backends that would be found, which reads files: how many would be refused is a metric. When the
 * runtime opens with a way to ask for metrics, and after a reload.
 */
void note_refused_backends(void);

/* Is a kernel call answered rightly by what serves? Not counted. */
bool answers_calls(void);

#endif
