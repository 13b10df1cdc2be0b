/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looks for what a closed runtime has left behind; see remains.h. Asks through the public API. No state.
 */
#include "build.h"

#include "tools/remains.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <tenon/tenon.h>

#include "tools/pause.h"

#define CLOSING_TIME_MS 20000

struct report {
	char *problem;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static void note_problem(const struct report *report, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	if (!report->problem[0])
		vsnprintf(report->problem, report->size, format, list);
	va_end(list);
}

/* Unloading happens in the background: what is still there after a bounded wait has not been unloaded. */
static void await_unloading(struct remains *remains, const struct report *report)
{
	struct tenon_status_info info;
	uint64_t left = 0;
	for (int waited = 0; waited < CLOSING_TIME_MS; waited += 10) {
		tenon_status_get(&info);
		left = info.images_loaded + info.images_pending;
		if (left == 0)
			break;
		sleep_ns(10000000);
	}
	remains->not_unloaded = left + info.images_resident;
	if (remains->not_unloaded)
		note_problem(report,
			     "%" PRIu64 " images are loaded, %" PRIu64 " wait for readers, %" PRIu64
			     " are resident%s%s",
			     info.images_loaded, info.images_pending, info.images_resident,
			     info.unload_disabled ? ": " : "", info.unload_reason);
}

static void compare_footprints(const struct footprint *before, struct remains *remains, const struct report *report)
{
	struct footprint after;
	const char *first;
	if (!take_footprint(&after)) {
		remains->unknown = 1;
		note_problem(report, "cannot read /proc/self");
		return;
	}
	remains->leaked_mappings = count_new(&before->mappings, &after.mappings, &first);
	if (*first)
		note_problem(report, "still mapped: %s", first);
	remains->leaked_fds = count_new(&before->descriptors, &after.descriptors, &first);
	if (*first)
		note_problem(report, "still open: descriptor %s", first);
	free_footprint(&after);
}

void find_remains(const struct footprint *before, struct remains *remains, char *problem, size_t size)
{
	const struct report report = {problem, size};
	*problem = '\0';
	*remains = (struct remains){0};
	await_unloading(remains, &report);
	compare_footprints(before, remains, &report);
}
