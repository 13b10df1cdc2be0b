/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verb metrics: the text, a line= for each of its lines. No state.
 */
#include "build.h"

#include <string.h>
#include <tenon/tenon.h>

#include "runtime/metrics.h"
#include "runtime/verb.h"

void say_metrics(const struct request *request, struct text *answer)
{
	struct text text;
	(void)request;
	start_growing_text(&text, METRICS_MOST);
	write_metrics(&text);
	if (text.cut) {
		answer_status(answer, TENON_ENOMEM, "metrics: no memory for the text");
		free_text(&text);
		return;
	}
	start_growing_text(answer, ANSWER_MOST);
	answer_status(answer, TENON_OK, "metrics");
	for (char *line = text.bytes, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		add_line(answer, "line", line);
	}
	free_text(&text);
}
