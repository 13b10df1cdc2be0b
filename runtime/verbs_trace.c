/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verb trace: start MILLISECONDS, read ID, stop ID. No state.
 */
#include "build.h"

#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"
#include "runtime/trace.h"
#include "runtime/verb.h"

#define TRACE_MS_MAX 3600000u

static void answer_start(uint64_t ms, struct text *answer)
{
	struct why why;
	uint64_t id;
	if (start_trace(ms, &id, &why)) {
		answer_why(answer, &why);
		return;
	}
	answer_status(answer, TENON_OK, "trace begun");
	add_count(answer, "trace", id);
	add_line(answer, "version", tenon_version());
	for (int i = 0; i < KERNEL_COUNT; i++)
		add_line(answer, "kernel", kernels[i].name);
}

static void answer_read(uint64_t id, struct text *answer)
{
	struct why why;
	struct text rest = *answer;
	answer_status(&rest, TENON_OK, "trace");
	if (read_trace(id, &rest, &why))
		answer_why(answer, &why);
	else
		*answer = rest;
}

static void answer_stop(uint64_t id, struct text *answer)
{
	struct why why;
	if (stop_trace(id, &why))
		answer_why(answer, &why);
	else
		answer_status(answer, TENON_OK, "trace ended");
}

void say_trace(const struct request *request, struct text *answer)
{
	char *end;
	const char *action = request->word[0], *word = request->word[1];
	uint64_t number = strtoull(word, &end, 10);
	bool good = *word >= '0' && *word <= '9' && !*end;
	if (good && strcmp(action, "start") == 0 && number > 0 && number <= TRACE_MS_MAX)
		answer_start(number, answer);
	else if (good && strcmp(action, "read") == 0)
		answer_read(number, answer);
	else if (good && strcmp(action, "stop") == 0)
		answer_stop(number, answer);
	else
		answer_status(
			answer, TENON_EINVAL,
			"trace takes start and 1 to 3600000 milliseconds, or read or stop and the trace's number");
}
